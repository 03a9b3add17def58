"""The partitions of AWS [BC]: ARNs and host names of regions in China and of GovCloud."""

import json
import time
import uuid
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.localaws.functions.lambda_functions import create, create_role, invoke, settle
from workbook.localaws.api import partitions
from workbook.target import Aws

REGIONS = {"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}


class Region:
    """A local AWS, in another region."""

    def __init__(self, local: Aws, region: str) -> None:
        self._local, self.region = local, region

    def client(self, service: str) -> Any:
        """Return a boto3 client."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name=self.region,
            endpoint_url=self._local.endpoint_url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture(params=REGIONS)
def there(local: Aws, request: pytest.FixtureRequest) -> Aws:
    return cast(Aws, Region(local, request.param))


def region_of(there: Aws) -> str:
    return cast(Region, there).region


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-central-1", "aws", "amazonaws.com"),
        ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-east-1", "aws-us-gov", "amazonaws.com"),
        ("nowhere", "aws", "amazonaws.com"),
    ],
)
def test_each_region_belongs_to_a_partition(region: str, partition: str, suffix: str) -> None:
    """[BC]"""
    assert partitions.partition(region) == partition
    assert partitions.dns_suffix(region) == suffix


def test_arns_have_their_regions_partition(there: Aws) -> None:
    """[BC] Of streams, functions, mappings, the function's own variables, and its log."""
    region, name = region_of(there), f"s-{uuid.uuid4().hex[:8]}"
    own = f"arn:{REGIONS[region]}"
    kinesis, functions = there.client("kinesis"), there.client("lambda")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert summary["StreamARN"] == f"{own}:kinesis:{region}:123456789012:stream/{name}"
    kinesis.get_waiter("stream_exists").wait(
        StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    code = """
import boto3
def handler(event, context):
    return [context.invoked_function_arn, boto3.client("sts").get_caller_identity()["Arn"]]
"""
    function = create(there, code)
    settle(there, function)
    arn = f"{own}:lambda:{region}:123456789012:function:{function}"
    seen = invoke(there, arn)[1]
    assert seen[0] == arn
    assert seen[1].startswith(f"{own}:sts::123456789012:assumed-role/")
    described = functions.get_function(FunctionName=function)["Configuration"]
    assert described["FunctionArn"] == arn
    assert described["RuntimeVersionConfig"]["RuntimeVersionArn"].startswith(f"{own}:lambda:")
    mapping = functions.create_event_source_mapping(
        EventSourceArn=summary["StreamARN"], FunctionName=arn, StartingPosition="TRIM_HORIZON"
    )
    assert mapping["EventSourceMappingArn"].startswith(f"{own}:lambda:{region}:")
    assert mapping["FunctionArn"] == arn
    logs = there.client("logs")
    (group,) = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{function}")["logGroups"]
    assert group["arn"].startswith(f"{own}:logs:{region}:")
    assert logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]


def test_an_arn_of_another_partition_matches_nothing(there: Aws) -> None:
    """[BC] Its partition and its region must match; Lambda's message is ours [?]."""
    region = region_of(there)
    wrong = "aws-cn" if REGIONS[region] == "aws" else "aws"
    function = create(there, "def handler(event, context): return 1")
    arn = f"arn:{wrong}:lambda:{region}:123456789012:function:{function}"
    with pytest.raises(ClientError) as refusal:
        there.client("lambda").get_function(FunctionName=arn)
    assert refusal.value.response["Error"]["Code"] == "ResourceNotFoundException"
    with pytest.raises(ClientError) as refusal:
        there.client("kinesis").describe_stream_summary(
            StreamARN=f"arn:{wrong}:kinesis:{region}:123456789012:stream/s"
        )
    assert refusal.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_failures_go_to_a_bucket_of_the_partition(there: Aws) -> None:
    """[BC] Buckets exist in their partition only."""
    region, name = region_of(there), f"b-{uuid.uuid4().hex[:8]}"
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3 = there.client("s3")
    s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
    kinesis = there.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(
        StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    kinesis.put_record(StreamName=name, PartitionKey="k", Data=b"x")
    function = create(there, "def handler(event, context): raise ValueError('no')")
    there.client("lambda").create_event_source_mapping(
        EventSourceArn=f"arn:{REGIONS[region]}:kinesis:{region}:123456789012:stream/{name}",
        FunctionName=function,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"arn:{REGIONS[region]}:s3:::{name}"}},
    )
    deadline = time.monotonic() + 60
    while not s3.list_objects_v2(Bucket=name).get("Contents"):
        assert time.monotonic() < deadline


def test_a_stack_has_its_partition(there: Aws) -> None:
    """[BC] AWS::Partition and AWS::URLSuffix; the ARNs of the stack and of its resources."""
    region, name = region_of(there), f"k-{uuid.uuid4().hex[:8]}"
    own = f"arn:{REGIONS[region]}"
    template = {
        "Resources": {
            "Stream": {"Type": "AWS::Kinesis::Stream"},
            "Bucket": {"Type": "AWS::S3::Bucket"},
        },
        "Outputs": {
            "Partition": {"Value": {"Ref": "AWS::Partition"}},
            "Suffix": {"Value": {"Ref": "AWS::URLSuffix"}},
            "Stream": {"Value": {"Fn::GetAtt": ["Stream", "Arn"]}},
            "Bucket": {"Value": {"Fn::GetAtt": ["Bucket", "Arn"]}},
            "Host": {"Value": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]}},
        },
    }
    cloudformation = there.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    found = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert stack["StackId"].startswith(f"{own}:cloudformation:{region}:")
    assert found["Partition"] == REGIONS[region]
    assert found["Suffix"] == partitions.dns_suffix(region)
    assert found["Stream"].startswith(f"{own}:kinesis:{region}:")
    assert found["Bucket"].startswith(f"{own}:s3:::")
    assert found["Host"].endswith(f".s3.{region}.{found['Suffix']}")


def test_a_rule_reaches_functions_of_its_partition(there: Aws) -> None:
    """[BC] Roles, rules and targets have the partition's ARNs."""
    region, name = region_of(there), f"r-{uuid.uuid4().hex[:8]}"
    role = create_role(there)
    assert role.startswith(f"arn:{REGIONS[region]}:iam::")
    kinesis, events = there.client("kinesis"), there.client("events")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(
        StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "s", "Arn": arn, "RoleArn": role}])
    entry = {"Source": name, "DetailType": "d", "Detail": "{}"}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    (shard,) = kinesis.list_shards(StreamARN=arn)["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamARN=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = kinesis.get_records(ShardIterator=iterator)["Records"]
    assert json.loads(record["Data"])["region"] == region
