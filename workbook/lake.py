"""The lake: Firehose writes the processed stream as Parquet to a bucket; DuckDB queries it.

processed_stream -> Firehose, with the columns of a Glue table -> Parquet in S3 -> DuckDB
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from workbook import answers, deployment
from workbook.target import Aws
from workbook.waiting import wait_until

DELIVERY_STREAM = "flights-to-lake"
ROLE = "flights-to-lake-role"
DATABASE, TABLE = "flights_lake", "flights"
SIZE_MIB = 64  # of JSON in one file: the minimum with conversion [FH:record-format-conversion]
INTERVAL_SECONDS = 5  # after which a file is written at any size
ROLE_UNKNOWN = (  # parts of Firehose's messages about a role or policy that has not reached it yet
    "unable to assume role",
    "is not authorized to perform",
    "Access was denied",
)
GONE = (  # errors of a deletion that is done already, of Firehose, IAM, Glue and S3
    "ResourceNotFoundException",
    "NoSuchEntity",
    "EntityNotFoundException",
    "NoSuchBucket",
)
MEMORY = "128MB"  # for DuckDB; larger queries spill to files
COLUMNS = {  # of the processed stream, in Hive's types
    "event_id": "string",
    **dict.fromkeys(("year", "month", "day"), "int"),
    **dict.fromkeys(("dep_time", "sched_dep_time", "dep_delay"), "int"),
    **dict.fromkeys(("arr_time", "sched_arr_time", "arr_delay"), "int"),
    "carrier": "string",
    "flight": "int",
    **dict.fromkeys(("tailnum", "origin", "dest"), "string"),
    **dict.fromkeys(("air_time", "distance", "hour", "minute"), "int"),
    **dict.fromkeys(("time_hour", "event_time"), "timestamp"),
    "delay_class": "string",
    "late": "boolean",
    "route": "string",
    "local_hour": "int",
    **dict.fromkeys(("source_shard_id", "source_sequence_number"), "string"),
}


@dataclass(frozen=True)
class Files:
    """The number of files in the lake, and their total size in bytes."""

    count: int
    bytes: int


def create(aws: Aws, stream: str = deployment.OUTPUT_STREAM) -> str:
    """Create the bucket, table, role and delivery stream, and return the bucket's name.

    Records written to the stream earlier are not delivered.

    Args:
        aws: the AWS to create them in.
        stream: the name of the stream to deliver to the lake.
    """
    bucket = create_bucket(aws)
    glue = aws.client("glue")
    glue.create_database(DatabaseInput={"Name": DATABASE})
    columns = [{"Name": name, "Type": kind} for name, kind in COLUMNS.items()]
    storage = {"Columns": columns, "Location": f"s3://{bucket}/{TABLE}/"}
    glue.create_table(
        DatabaseName=DATABASE, TableInput={"Name": TABLE, "StorageDescriptor": storage}
    )
    summary = aws.client("kinesis").describe_stream_summary(StreamName=stream)
    stream_arn = summary["StreamDescriptionSummary"]["StreamARN"]
    role_arn = create_role(aws, stream_arn, bucket)
    create_delivery_stream(aws, stream_arn, role_arn, _destination(bucket, role_arn))
    return bucket


def create_bucket(aws: Aws) -> str:
    """Create the lake's bucket in the region of the target, and return its name."""
    bucket, settings = bucket_name(aws), {}
    if aws.region != "us-east-1":  # the default, which S3 refuses if it is named [BC]
        settings["CreateBucketConfiguration"] = {"LocationConstraint": aws.region}
    aws.client("s3").create_bucket(Bucket=bucket, **settings)
    return bucket


def bucket_name(aws: Aws) -> str:
    """Return the name of the lake's bucket; bucket names are unique in all of AWS."""
    return f"flights-lake-{aws.account_id}-{aws.region}"


def create_delivery_stream(
    aws: Aws, stream_arn: str, role_arn: str, destination: dict[str, Any]
) -> None:
    """Create the delivery stream, and return once it is ACTIVE.

    On AWS a new role takes seconds to be known everywhere; until then creation is retried.

    Args:
        aws: the AWS to create it in.
        stream_arn: the ARN of the stream to read.
        role_arn: the ARN of the role that may read it.
        destination: its ``ExtendedS3DestinationConfiguration``.

    Raises:
        deployment.NoRoleError: the role does not exist.
        NotReadyError: the role was not known, or the delivery stream not ACTIVE, after five
            minutes.
    """
    firehose = aws.client("firehose")

    def created() -> bool:
        try:
            firehose.create_delivery_stream(
                DeliveryStreamName=DELIVERY_STREAM,
                DeliveryStreamType="KinesisStreamAsSource",
                KinesisStreamSourceConfiguration={
                    "KinesisStreamARN": stream_arn,
                    "RoleARN": role_arn,
                },
                ExtendedS3DestinationConfiguration=destination,
            )
        except ClientError as error:
            if not any(text in str(error) for text in ROLE_UNKNOWN):
                raise
            deployment.check_role(aws, role_arn)
            return False
        return True

    def active() -> bool:
        description = firehose.describe_delivery_stream(DeliveryStreamName=DELIVERY_STREAM)
        return bool(description["DeliveryStreamDescription"]["DeliveryStreamStatus"] == "ACTIVE")

    wait_until(f"role {role_arn} to be known to Firehose", created)
    wait_until(f"delivery stream {DELIVERY_STREAM}", active)


def _destination(bucket: str, role_arn: str) -> dict[str, Any]:
    schema = {"RoleARN": role_arn, "DatabaseName": DATABASE, "TableName": TABLE}
    return {
        "BucketARN": f"arn:aws:s3:::{bucket}",
        "RoleARN": role_arn,
        "Prefix": f"{TABLE}/",
        "ErrorOutputPrefix": "errors/",
        "BufferingHints": {"SizeInMBs": SIZE_MIB, "IntervalInSeconds": INTERVAL_SECONDS},
        "DataFormatConversionConfiguration": {
            "SchemaConfiguration": schema,
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
        },
    }


def create_role(aws: Aws, stream_arn: str, bucket: str) -> str:
    """Create the delivery stream's role, with only the permissions it needs; return its ARN.

    Args:
        aws: the AWS to create it in.
        stream_arn: the ARN of the stream to read.
        bucket: the name of the bucket to write to.
    """
    _, partition, _, region, account, _ = stream_arn.split(":", 5)
    catalog = f"arn:{partition}:glue:{region}:{account}"
    read = ["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator"]
    schema = ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"]
    table = [
        f"{catalog}:catalog",
        f"{catalog}:database/{DATABASE}",
        f"{catalog}:table/{DATABASE}/{TABLE}",
    ]
    allowed: list[tuple[Any, Any]] = [
        (read, stream_arn),
        ("s3:PutObject", f"arn:{partition}:s3:::{bucket}/*"),
        (schema, table),
    ]
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": resource}
        for actions, resource in allowed
    ]
    trust = deployment.trust_policy("firehose.amazonaws.com")
    iam = aws.client("iam")
    role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=ROLE, PolicyName=deployment.POLICY, PolicyDocument=document)
    return str(role["Role"]["Arn"])


def delivered(aws: Aws) -> int:
    """Return the number of records delivered to the bucket, from CloudWatch."""
    now = datetime.fromtimestamp(aws.now(), UTC)
    answer = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Firehose",
        MetricName="DeliveryToS3.Records",
        Dimensions=[{"Name": "DeliveryStreamName", "Value": DELIVERY_STREAM}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return int(sum(point["Sum"] for point in answer["Datapoints"]))


def download(aws: Aws, bucket: str, folder: Path) -> Files:
    """Copy the lake's Parquet files to a folder, and return their number and size."""
    s3, sizes = aws.client("s3"), []
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{TABLE}/")
    for page in pages:
        for one in page.get("Contents", []):
            path = folder / Path(one["Key"]).name
            s3.download_file(bucket, one["Key"], str(path))
            sizes.append(path.stat().st_size)
    return Files(len(sizes), sum(sizes))


def connect(folder: Path) -> Any:
    """Return a DuckDB connection to the files in a folder.

    Its view ``delivered`` has every row; its table ``flights`` has each flight once, with the
    columns that the published answers need.
    """
    import duckdb  # late: most runs do not need it

    database = duckdb.connect(
        config={"memory_limit": MEMORY, "temp_directory": str(folder), "threads": 2}
    )
    if any(folder.glob("*.parquet")):
        files = str(folder / "*.parquet").replace("'", "''")
        database.execute(f"CREATE VIEW delivered AS SELECT * FROM read_parquet('{files}')")
    else:
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        database.execute(f"CREATE TABLE delivered ({columns})")
    wanted = ", ".join(("event_id", *answers.COLUMNS))
    database.execute(
        f"CREATE TABLE flights AS SELECT DISTINCT ON (event_id) {wanted} FROM delivered"
    )
    return database


def row(database: Any, query: str) -> tuple[Any, ...]:
    """Return the only row of a query's result."""
    (found,) = database.execute(query).fetchall()
    return tuple(found)


def count(database: Any) -> tuple[int, int]:
    """Return the number of rows delivered, and of distinct flights among them."""
    received, unique = row(database, "SELECT count(*), count(DISTINCT event_id) FROM delivered")
    return received, unique


def clean_up(aws: Aws, bucket: str) -> None:
    """Delete the delivery stream, its role, the table, and the bucket with its contents.

    You can call it again, for instance after an error: it passes over what no longer exists.

    Args:
        aws: the AWS that contains the lake.
        bucket: the bucket's name.
    """
    with _may_be_gone():
        aws.client("firehose").delete_delivery_stream(DeliveryStreamName=DELIVERY_STREAM)
    iam, glue, s3 = map(aws.client, ("iam", "glue", "s3"))
    with _may_be_gone():
        iam.delete_role_policy(RoleName=ROLE, PolicyName=deployment.POLICY)
    with _may_be_gone():
        iam.delete_role(RoleName=ROLE)
    with _may_be_gone():
        glue.delete_table(DatabaseName=DATABASE, Name=TABLE)
    with _may_be_gone():
        glue.delete_database(Name=DATABASE)
    with _may_be_gone():
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            keys = [{"Key": one["Key"]} for one in page.get("Contents", [])]
            if keys:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
        s3.delete_bucket(Bucket=bucket)


@contextmanager
def _may_be_gone() -> Iterator[None]:
    """Ignore AWS's error if the resource to delete does not exist."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
