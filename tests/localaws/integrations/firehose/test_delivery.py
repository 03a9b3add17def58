"""Delivery streams from direct puts or a Kinesis stream to a bucket, through boto3."""

import gzip
import io
import json
import re
import zipfile
from functools import partial
from typing import Any

import boto3
import pytest

from tests.localaws.functions.lambda_functions import refused
from tests.localaws.integrations.firehose.delivering import Lake, until
from workbook import target
from workbook.target import Aws

ROLE = "arn:aws:iam::123456789012:role/r"
NAME = r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9a-f-]{36}"


def processing(*kinds: str, **parameters: str) -> dict[str, Any]:
    """Return a processing configuration of some processors with the same parameters."""
    given = [{"ParameterName": k, "ParameterValue": v} for k, v in parameters.items()]
    processors = [{"Type": kind, "Parameters": given} for kind in kinds]
    return {"ProcessingConfiguration": {"Enabled": True, "Processors": processors}}


def test_records_of_a_stream_are_delivered_in_order_from_the_creation_on(lake: Lake) -> None:
    """[BC, SEEN] Reading starts when the delivery stream is created; earlier records stay out."""
    kinesis, arn = lake.aws.client("kinesis"), lake.make_stream()

    def write(data: bytes) -> None:
        kinesis.put_record(StreamName=lake.name, PartitionKey="k", Data=data)

    write(b"before")
    lake.deliver(stream_arn=arn)
    for index in range(5):
        write(b"%d" % index)
    found = until(lambda: b"".join(lake.arrived(0).values()), lambda found: len(found) >= 5)
    assert found == b"01234"
    told = lake.firehose.describe_delivery_stream(DeliveryStreamName=lake.name)
    source = told["DeliveryStreamDescription"]["Source"]["KinesisStreamSourceDescription"]
    assert source["KinesisStreamARN"] == arn
    assert source["DeliveryStartTimestamp"] is not None
    assert until(lambda: lake.metric("DataReadFromKinesisStream.Records"), lambda n: n >= 5) == 5


def test_every_shard_is_read_and_its_children_after_a_split(lake: Lake) -> None:
    """[design rule] Each record arrives once, even if shards split."""
    kinesis, arn = lake.aws.client("kinesis"), lake.make_stream()
    lake.deliver(stream_arn=arn)

    def write(indices: range) -> None:
        records = [{"PartitionKey": f"k{one}", "Data": b"%d," % one} for one in indices]
        kinesis.put_records(StreamName=lake.name, Records=records)

    write(range(50))
    kinesis.update_shard_count(
        StreamName=lake.name, TargetShardCount=2, ScalingType="UNIFORM_SCALING"
    )
    kinesis.get_waiter("stream_exists").wait(
        StreamName=lake.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    write(range(50, 100))

    def found() -> list[int]:
        whole = b"".join(lake.arrived(0).values())
        return sorted(int(one) for one in whole.split(b",") if one)

    assert until(found, lambda found: len(found) >= 100) == list(range(100))


def test_objects_have_awss_names_and_no_delimiter_by_default(lake: Lake) -> None:
    """[FH:basic-deliver]"""
    lake.deliver(Prefix="flights/")
    lake.put(b"one", b"two")
    ((key, body),) = lake.arrived().items()
    assert re.fullmatch(rf"flights/\d{{4}}/\d\d/\d\d/\d\d/{lake.name}-1-{NAME}", key)
    assert body == b"onetwo"


def test_a_delimiter_separates_records_if_configured(lake: Lake) -> None:
    """[SEEN] AppendDelimiterToRecord: between records, and not after the last."""
    processor = {"Type": "AppendDelimiterToRecord", "Parameters": []}
    lake.deliver(ProcessingConfiguration={"Enabled": True, "Processors": [processor]})
    lake.put(b"one", b"two")
    assert list(lake.arrived().values()) == [b"one\ntwo"]


@pytest.mark.parametrize(("compression", "extension"), [("GZIP", ".gz"), ("ZIP", ".zip")])
def test_objects_are_compressed_as_configured(lake: Lake, compression: str, extension: str) -> None:
    """[BC, SEEN] With an extension and a Content-Encoding."""
    lake.deliver(CompressionFormat=compression)
    lake.put(b"one", b"two")
    ((key, body),) = lake.arrived().items()
    assert key.endswith(extension)
    headers = lake.s3.head_object(Bucket=lake.name, Key=key)
    assert headers["ContentEncoding"] == compression.lower()
    if compression == "GZIP":
        assert gzip.decompress(body) == b"onetwo"
    else:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert [archive.read(name) for name in archive.namelist()] == [b"onetwo"]


def test_a_custom_extension_replaces_the_default(lake: Lake) -> None:
    """[BC] FileExtension"""
    lake.deliver(CompressionFormat="GZIP", FileExtension=".json.gz")
    lake.put(b"{}")
    ((key, _),) = lake.arrived().items()
    assert re.search(r"[0-9a-f]\.json\.gz$", key)


def test_a_full_buffer_does_not_wait_for_its_interval(lake: Lake) -> None:
    """[BC] SizeInMBs"""
    lake.deliver(seconds=900)
    lake.put(*[b"x" * 512 * 1024] * 3)
    assert list(map(len, lake.arrived().values())) == [1024 * 1024]


def test_a_buffer_is_delivered_after_its_interval() -> None:
    """[BC] IntervalInSeconds, by the services' clock: here a minute takes a second."""
    with target.connect(target.LOCAL, speed=60) as aws:
        lake = Lake(aws)
        lake.make_bucket()
        lake.deliver(seconds=60)
        lake.put(b"one", b"two")
        assert list(lake.arrived().values()) == [b"onetwo"]
        freshness = until(
            lambda: lake.metric("DeliveryToS3.DataFreshness", "Maximum"), lambda found: found > 0
        )
        assert freshness >= 60


def test_defaults_are_described(lake: Lake) -> None:
    """[OBS]"""
    lake.firehose.create_delivery_stream(
        DeliveryStreamName=lake.name,
        S3DestinationConfiguration={"BucketARN": lake.bucket_arn, "RoleARN": lake.role},
    )
    told = lake.firehose.describe_delivery_stream(DeliveryStreamName=lake.name)
    described = told["DeliveryStreamDescription"]
    assert described["VersionId"] == "1"
    assert described["DeliveryStreamType"] == "DirectPut"
    (destination,) = described["Destinations"]
    common = {
        "BucketARN": lake.bucket_arn,
        "RoleARN": lake.role,
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
    }
    assert destination == {
        "DestinationId": "destinationId-000000000001",
        "S3DestinationDescription": common,
        "ExtendedS3DestinationDescription": {
            **common,
            "S3BackupMode": "Disabled",
            "DataFormatConversionConfiguration": {"Enabled": False},
        },
    }


def test_an_update_applies_to_buffered_records_and_raises_the_version(lake: Lake) -> None:
    """[BC, SEEN]"""
    lake.deliver(seconds=900)
    lake.put(b"one")
    update: dict[str, Any] = {
        "DeliveryStreamName": lake.name,
        "CurrentDeliveryStreamVersionId": "1",
        "DestinationId": "destinationId-000000000001",
        "ExtendedS3DestinationUpdate": {
            "Prefix": "new/",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
        },
    }
    lake.put(b"two")
    lake.firehose.update_destination(**update)
    ((key, body),) = lake.arrived(prefix="new/").items()
    assert f"{lake.name}-2-" in key
    assert body == b"onetwo"
    error = refused(lake.firehose.update_destination, **update)
    assert error["Error"]["Code"] == "ConcurrentModificationException"


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({}, "Exactly one of ExtendedS3DestinationUpdate and S3DestinationUpdate"),
        (
            {"S3DestinationUpdate": {}, "ExtendedS3DestinationUpdate": {}},
            "Exactly one of ExtendedS3DestinationUpdate and S3DestinationUpdate",
        ),
        ({"SplunkDestinationUpdate": {}}, "does not deliver to SplunkDestinationUpdate"),
        (
            {"ExtendedS3DestinationUpdate": {"S3BackupUpdate": {"Prefix": "x"}}},
            "does not support S3BackupUpdate",
        ),
        (
            {
                "ExtendedS3DestinationUpdate": {
                    "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
                    "DynamicPartitioningConfiguration": {"Enabled": True},
                    **processing("Lambda", LambdaArn="arn:aws:lambda:us-east-1:1:function:f"),
                    "Prefix": "!{partitionKeyFromLambda:k}/",
                    "ErrorOutputPrefix": "failed/!{firehose:error-output-type}/",
                }
            },
            "only be enabled when a delivery stream is created",
        ),
    ],
)
def test_an_update_that_has_no_effect_is_refused(
    lake: Lake, update: dict[str, Any], words: str
) -> None:
    """[BC, design rule, ?] In AWS's sense or by name."""
    lake.deliver()
    error = refused(
        lake.firehose.update_destination,
        DeliveryStreamName=lake.name,
        CurrentDeliveryStreamVersionId="1",
        DestinationId="destinationId-000000000001",
        **update,
    )
    assert error["Error"]["Code"] == "InvalidArgumentException"
    assert words in error["Error"]["Message"]


def test_metrics_are_those_of_aws(lake: Lake) -> None:
    """[FH:monitoring-with-cloudwatch-metrics]"""
    lake.deliver()
    lake.put(b"one", b"two")
    lake.arrived()
    assert until(lambda: lake.metric("DeliveryToS3.Records"), bool) == 2
    assert lake.metric("IncomingRecords") == 2
    assert lake.metric("IncomingBytes") == 6
    assert lake.metric("DeliveryToS3.Bytes") == 6
    assert lake.metric("DeliveryToS3.Success", "Maximum") == 1
    assert 0 <= lake.metric("DeliveryToS3.DataFreshness", "Maximum") < 60


def test_a_missing_bucket_gets_its_records_once_it_exists(local: Aws) -> None:
    """[FH:basic-deliver] Writing is retried for a day; errors are logged as configured."""
    lake, logs = Lake(local), local.client("logs")
    logs.create_log_group(logGroupName=lake.name)
    logs.create_log_stream(logGroupName=lake.name, logStreamName="s")
    options = {"Enabled": True, "LogGroupName": lake.name, "LogStreamName": "s"}
    lake.deliver(CloudWatchLoggingOptions=options)
    lake.put(b"one")

    def logged() -> list[Any]:
        events = logs.get_log_events(logGroupName=lake.name, logStreamName="s")["events"]
        return [json.loads(event["message"]) for event in events]

    errors = until(logged, bool)
    assert errors[0]["errorCode"] == "S3.NoSuchBucket"
    assert lake.metric("DeliveryToS3.Success", "Maximum") == 0
    lake.make_bucket()
    assert list(lake.arrived().values()) == [b"one"]


def test_a_role_that_lost_a_permission_delivers_when_it_is_back(lake: Lake) -> None:
    """[FH:controlling-access] Writing needs s3:PutObject, reading three actions of Kinesis."""
    kinesis, arn = lake.aws.client("kinesis"), lake.make_stream()
    lake.deliver(stream_arn=arn)
    lake.allow(lake.role, "kinesis:*")
    kinesis.put_record(StreamName=lake.name, PartitionKey="k", Data=b"one")
    until(lambda: lake.metric("DeliveryToS3.Success", "SampleCount"), bool)
    lake.allow(lake.role, "s3:*")
    assert list(lake.arrived().values()) == [b"one"]
    kinesis.put_record(StreamName=lake.name, PartitionKey="k", Data=b"two")
    lake.allow(lake.role, "s3:*", "kinesis:*")
    assert b"".join(sorted(lake.arrived(2).values())) == b"onetwo"


@pytest.mark.parametrize("key", ["sts:ExternalId", "aws:SourceAccount"])
def test_a_role_may_trust_firehose_for_one_account(lake: Lake, key: str) -> None:
    """Firehose names the account that it acts for [FH:controlling-access]."""
    another = lake.make_role("*", Condition={"StringEquals": {key: "210987654321"}})
    assert refused(lake.deliver, RoleARN=another)["Error"]["Code"] == "InvalidArgumentException"
    own = lake.make_role("*", Condition={"StringEquals": {key: "123456789012"}})
    assert lake.deliver(RoleARN=own)


def test_roles_are_checked_when_a_delivery_stream_is_created(lake: Lake) -> None:
    """[SEEN]"""
    arn = lake.make_stream()
    role = lake.make_role("*", service="lambda.amazonaws.com")
    error = refused(lake.deliver, RoleARN=role)
    assert error["Error"] == {
        "Code": "InvalidArgumentException",
        "Message": f"Firehose is unable to assume role {role}. Please check the role provided.",
    }
    role = lake.make_role("s3:*")
    error = refused(lake.deliver, stream_arn=arn, source_role=role)
    assert error["Error"] == {
        "Code": "AccessDeniedException",
        "Message": f"Role {role} is not authorized to perform: kinesis:DescribeStream on resource "
        f"{arn}.",
    }
    error = refused(lake.deliver, stream_arn=f"{arn}-none")
    assert error["Error"]["Code"] == "ResourceNotFoundException"
    assert lake.name not in lake.firehose.list_delivery_streams()["DeliveryStreamNames"]


def test_a_delivery_stream_with_a_source_refuses_direct_puts(lake: Lake) -> None:
    """[BC]"""
    lake.deliver(stream_arn=lake.make_stream())
    put = lake.firehose.put_record
    error = refused(put, DeliveryStreamName=lake.name, Record={"Data": b"x"})
    assert error["Error"]["Code"] == "InvalidArgumentException"


def test_a_put_has_awss_limits(lake: Lake) -> None:
    """[BC, SEEN] 1,024,000 bytes in a record, 500 records and 4 MiB in a batch."""
    lake.deliver(seconds=900, mib=128)
    lake.put(b"x" * 1_024_000)
    batch = lake.firehose.put_record_batch

    def code(records: list[bytes]) -> str:
        error = refused(
            batch, DeliveryStreamName=lake.name, Records=[{"Data": one} for one in records]
        )
        return str(error["Error"]["Code"])

    assert code([b"x" * 1_024_001]) == "ValidationException"
    assert code([b"x"] * 501) == "ValidationException"
    assert code([b"x" * 1_000_000] * 5) == "InvalidArgumentException"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"CompressionFormat": "Snappy"}, "The local AWS does not compress with the Compression"),
        ({"S3BackupMode": "Enabled"}, "The local AWS keeps no S3 backup"),
        ({"CompressionFormat": "HADOOP_SNAPPY"}, "does not compress with the CompressionFormat"),
        *(
            (
                processing(processor),
                f"The local AWS does not support the processor {processor}",
            )
            for processor in ("Decompression", "RecordDeAggregation", "CloudWatchLogProcessing")
        ),
        (
            {"S3BackupConfiguration": {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::b"}},
            "does not support S3BackupConfiguration",
        ),
        (
            {"DynamicPartitioningConfiguration": {"RetryOptions": {"DurationInSeconds": 300}}},
            "does not support RetryOptions",
        ),
        (
            processing("AppendDelimiterToRecord", Delimiter=";"),
            "does not support the Delimiter ';'",
        ),
        (processing("AppendDelimiterToRecord", LambdaArn="f"), "has no parameter LambdaArn"),
        (processing("MetadataExtraction"), "needs DynamicPartitioningConfiguration enabled"),
        (
            processing(*["AppendDelimiterToRecord"] * 2),
            "Only one processor of the type AppendDelimiterToRecord is allowed",
        ),
        ({"BufferingHints": {"SizeInMBs": 1}}, "Both SizeInMBs and IntervalInSeconds"),
        ({"CustomTimeZone": "Mars/Olympus"}, "CustomTimeZone 'Mars/Olympus' is not a time zone"),
        ({"Prefix": "!{timestamp:yyyy}/"}, "ErrorOutputPrefix cannot be null"),
        ({"CloudWatchLoggingOptions": {"Enabled": True}}, "LogGroupName and LogStreamName"),
    ],
)
def test_invalid_or_unsupported_settings_are_refused_by_name(
    lake: Lake, given: dict[str, Any], words: str
) -> None:
    """[BC, design rule]"""
    error = refused(lake.deliver, **given)["Error"]
    assert error["Code"] == "InvalidArgumentException"
    assert words in error["Message"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (
            {"BufferingHints": {"SizeInMBs": 129, "IntervalInSeconds": 0}},
            "bufferingHints.sizeInMBs",
        ),
        ({"FileExtension": "json"}, "fileExtension"),
        ({"CompressionFormat": "BZIP"}, "compressionFormat"),
        ({"RoleARN": "role"}, "roleARN"),
    ],
)
def test_the_error_names_values_outside_the_models_constraints(
    lake: Lake, given: dict[str, Any], field: str
) -> None:
    """[BC]"""
    error = refused(lake.deliver, **given)["Error"]
    assert error["Code"] == "ValidationException"
    assert f"at 'extendedS3DestinationConfiguration.{field}' failed to satisfy" in error["Message"]


@pytest.mark.parametrize(
    ("destination", "needed"),
    [
        (
            "Redshift",
            {
                "RoleARN": "",
                "ClusterJDBCURL": "jdbc:redshift://c.x.us-east-1.redshift.amazonaws.com:5439/d",
                "CopyCommand": {"DataTableName": "t"},
            },
        ),
        ("Elasticsearch", {"RoleARN": "", "IndexName": "i"}),
        ("Amazonopensearchservice", {"RoleARN": "", "IndexName": "i"}),
        ("AmazonOpenSearchServerless", {"RoleARN": "", "IndexName": "i"}),
        ("Splunk", {"HECEndpoint": "https://example.com", "HECEndpointType": "Raw"}),
        ("HttpEndpoint", {"EndpointConfiguration": {"Url": "https://example.com"}}),
        (
            "Snowflake",
            {
                "RoleARN": "",
                "AccountUrl": "a.snowflakecomputing.com",
                "Database": "d",
                "Schema": "s",
                "Table": "t",
            },
        ),
        (
            "Iceberg",
            {
                "RoleARN": "",
                "CatalogConfiguration": {
                    "CatalogARN": "arn:aws:glue:us-east-1:123456789012:catalog"
                },
            },
        ),
    ],
)
def test_other_destinations_are_refused_by_name(
    lake: Lake, destination: str, needed: dict[str, Any]
) -> None:
    """[design rule]"""
    name = f"{destination}DestinationConfiguration"
    role = {"RoleARN": lake.role} if "RoleARN" in needed else {}
    s3 = {"BucketARN": lake.bucket_arn, "RoleARN": lake.role}
    given = {name: {**needed, **role, "S3Configuration": s3}}
    error = refused(lake.firehose.create_delivery_stream, DeliveryStreamName=lake.name, **given)
    assert error["Error"]["Code"] == "InvalidArgumentException"
    assert f"does not deliver to {name}" in error["Error"]["Message"]


def test_other_sources_are_refused_by_name(lake: Lake) -> None:
    """[design rule]"""
    create = lake.firehose.create_delivery_stream
    source = {
        "MSKClusterARN": "arn:aws:kafka:us-east-1:123456789012:cluster/c/x",
        "TopicName": "t",
        "AuthenticationConfiguration": {"RoleARN": lake.role, "Connectivity": "PUBLIC"},
    }
    error = refused(
        create,
        DeliveryStreamName=lake.name,
        DeliveryStreamType="MSKAsSource",
        MSKSourceConfiguration=source,
        S3DestinationConfiguration={"BucketARN": lake.bucket_arn, "RoleARN": lake.role},
    )
    assert "does not support the source MSKAsSource" in error["Error"]["Message"]
    error = refused(
        create,
        DeliveryStreamName=lake.name,
        DirectPutSourceConfiguration={"ThroughputHintInMBs": 1},
        S3DestinationConfiguration={"BucketARN": lake.bucket_arn, "RoleARN": lake.role},
    )
    words = "The local AWS does not support DirectPutSourceConfiguration."
    assert error["Error"]["Message"] == words


def test_a_batch_is_accepted_in_part_if_the_quota_is_exceeded(lake: Lake) -> None:
    """[BC, FH:limits] A second's quota in this region is 1 MiB; the rest may be sent again."""
    lake.firehose = boto3.client(
        "firehose",
        endpoint_url=lake.aws.endpoint_url,
        region_name="eu-central-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    lake.deliver(seconds=900, mib=128)
    put = partial(lake.firehose.put_record_batch, DeliveryStreamName=lake.name)
    records = [{"Data": b"x" * 400_000}] * 4
    answer = put(Records=records)
    assert answer["FailedPutCount"] == 2
    told = answer["RequestResponses"]
    assert ["RecordId" in one for one in told] == [True, True, False, False]
    assert told[3] == {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
    until(lambda: put(Records=records[2:]), lambda one: one["FailedPutCount"] == 0)


def test_direct_puts_can_be_encrypted(lake: Lake) -> None:
    """[BC] By an owned key or your own; a delivery stream with a source cannot."""
    lake.deliver()
    name = {"DeliveryStreamName": lake.name}
    firehose, start = lake.firehose, lake.firehose.start_delivery_stream_encryption

    def is_encrypted() -> bool:
        return bool(firehose.put_record(**name, Record={"Data": b"x"})["Encrypted"])

    assert not is_encrypted()
    start(**name, DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"})
    assert is_encrypted()
    described = firehose.describe_delivery_stream(**name)["DeliveryStreamDescription"]
    assert described["DeliveryStreamEncryptionConfiguration"] == {
        "KeyType": "AWS_OWNED_CMK",
        "Status": "ENABLED",
    }
    firehose.stop_delivery_stream_encryption(**name)
    assert not is_encrypted()
    own = {"KeyType": "CUSTOMER_MANAGED_CMK"}
    error = refused(start, **name, DeliveryStreamEncryptionConfigurationInput=own)
    assert "KeyARN must be given" in error["Error"]["Message"]
    firehose.delete_delivery_stream(**name)
    lake.deliver(stream_arn=lake.make_stream())
    error = refused(start, **name)
    assert "only for delivery streams of the type DirectPut" in error["Error"]["Message"]


def test_a_deleted_delivery_stream_is_gone(lake: Lake) -> None:
    """[BC]"""
    lake.deliver()
    lake.firehose.delete_delivery_stream(DeliveryStreamName=lake.name)
    put = lake.firehose.put_record
    error = refused(put, DeliveryStreamName=lake.name, Record={"Data": b"x"})
    assert error["Error"]["Code"] == "ResourceNotFoundException"


def test_log_events_of_a_subscription_are_delivered(lake: Lake) -> None:
    """[OBS, SEEN] As gzipped JSON, after a control message."""
    logs, arn = lake.aws.client("logs"), lake.deliver()
    logs.create_log_group(logGroupName=lake.name)
    logs.create_log_stream(logGroupName=lake.name, logStreamName="s")
    logs.put_subscription_filter(
        logGroupName=lake.name,
        filterName="f",
        filterPattern="",
        destinationArn=arn,
        roleArn=lake.role,
    )
    event = {"timestamp": int(lake.aws.now() * 1000), "message": "hello"}
    logs.put_log_events(logGroupName=lake.name, logStreamName="s", logEvents=[event])
    bodies = until(lambda: lake.arrived().values(), lambda some: len(some) == 2)
    documents = {one["messageType"]: one for one in map(json.loads, map(gzip.decompress, bodies))}
    (control,) = documents["CONTROL_MESSAGE"]["logEvents"]
    assert control["message"].endswith("Checking health of destination Firehose.")
    (told,) = documents["DATA_MESSAGE"]["logEvents"]
    assert (told["message"], type(told["id"])) == ("hello", str)
