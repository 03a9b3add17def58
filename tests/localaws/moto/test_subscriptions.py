"""Subscription filters: what is refused, replaced, described and delivered."""

import time
import uuid
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import create, create_role, refused
from workbook import deployment
from workbook.target import Aws

ARN = "arn:aws:{}:us-east-1:123456789012:{}"
NO_STREAM = (
    "Could not deliver test message to specified {}. Check if the given {} is in ACTIVE state."
)


class Group:
    """A log group with a log stream, and its subscription filters."""

    def __init__(self, aws: Aws) -> None:
        self.aws, self.logs = aws, aws.client("logs")
        self.name = f"g-{uuid.uuid4().hex[:8]}"
        self.role = create_role(aws)
        self.logs.create_log_group(logGroupName=self.name)
        self.logs.create_log_stream(logGroupName=self.name, logStreamName="s")

    def settings(self, arn: str, **given: Any) -> dict[str, Any]:
        named = {"logGroupName": self.name, "filterName": "f", "filterPattern": ""}
        return {**named, "destinationArn": arn, **given}

    def subscribe(self, arn: str, **given: Any) -> None:
        self.logs.put_subscription_filter(**self.settings(arn, **given))

    def log(self, *messages: str) -> None:
        now = int(self.aws.now() * 1000)
        events = [{"timestamp": now, "message": one} for one in messages]
        self.logs.put_log_events(logGroupName=self.name, logStreamName="s", logEvents=events)

    def filters(self, prefix: str) -> list[Any]:
        told = self.logs.describe_subscription_filters(
            logGroupName=self.name, filterNamePrefix=prefix
        )
        return list(told["subscriptionFilters"])


@pytest.fixture
def group(local: Aws) -> Group:
    return Group(local)


@pytest.fixture
def stream(local: Aws) -> str:
    """The ARN of a stream."""
    return deployment.create_stream(local.client("kinesis"), f"s-{uuid.uuid4().hex[:8]}")


def keys(aws: Aws, stream_arn: str, count: int) -> list[str]:
    """Return the partition keys of a stream's records once there are enough."""
    kinesis = aws.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamARN=stream_arn, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found: list[str] = []
    deadline = time.monotonic() + 30
    while len(found) < count:
        assert time.monotonic() < deadline, found
        page = kinesis.get_records(ShardIterator=iterator)
        found, iterator = (
            found + [one["PartitionKey"] for one in page["Records"]],
            page["NextShardIterator"],
        )
    return found


@pytest.mark.parametrize(
    ("service", "resource", "with_role", "message"),
    [
        ("kinesis", "stream/none", True, NO_STREAM.format("Kinesis stream", "kinesis stream")),
        (
            "firehose",
            "deliverystream/none",
            True,
            NO_STREAM.format("Firehose stream", "Firehose stream"),
        ),
        (
            "firehose",
            "deliverystream/none",
            False,
            "destinationArn for vendor firehose cannot be used without roleArn",
        ),
        (
            "lambda",
            "function:none",
            False,
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs "
            "permission to execute your function.",
        ),
        (
            "sqs",
            "queue",
            False,
            "PutSubscriptionFilter operation cannot work with destinationArn for vendor sqs",
        ),
        (
            "logs",
            "destination:d",
            False,
            "The local AWS does not support destinations of CloudWatch Logs.",
        ),
    ],
)
def test_a_destination_that_gets_nothing_is_refused(
    group: Group, service: str, resource: str, with_role: bool, message: str
) -> None:
    """[OBS, SEEN]"""
    role = {"roleArn": group.role} if with_role else {}
    settings = group.settings(ARN.format(service, resource), **role)
    error = refused(group.logs.put_subscription_filter, **settings)
    assert error["Error"]["Code"] == "InvalidParameterException"
    assert error["Error"]["Message"] == message


def test_a_function_of_another_account_is_refused_before_the_group_is_looked_up(
    group: Group,
) -> None:
    """[OBS]"""
    arn = ARN.format("lambda", "function:f").replace("123456789012", "999999999999")
    settings = group.settings(arn, logGroupName="none")
    error = refused(group.logs.put_subscription_filter, **settings)
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert error["Error"]["Message"].startswith("Cross-account lambda invocation passing is not")


def test_a_function_of_another_region_is_refused(group: Group, local: Aws) -> None:
    """[SEEN for a function that may not be invoked; ?] Even if this region has one of the name."""
    name = create(local, "def handler(event, context): pass")
    found = local.client("lambda").get_function_configuration(FunctionName=name)
    arn = found["FunctionArn"]
    settings = group.settings(arn.replace("us-east-1", "eu-west-1"))
    error = refused(group.logs.put_subscription_filter, **settings)
    assert error["Error"]["Message"].startswith("Could not execute the lambda function.")


def test_a_filter_is_replaced_even_if_the_group_has_two(group: Group, stream: str) -> None:
    """[OBS]"""
    for name in ("one", "two"):
        group.subscribe(stream, roleArn=group.role, filterName=name)
    third = group.settings(stream, roleArn=group.role, filterName="three")
    error = refused(group.logs.put_subscription_filter, **third)
    assert error["Error"]["Message"] == "Resource limit exceeded."
    group.subscribe(stream, roleArn=group.role, filterName="one", filterPattern="ERROR")
    (described,) = group.filters("o")
    assert described.pop("creationTime") > 0
    assert described == {
        "filterName": "one",
        "logGroupName": group.name,
        "filterPattern": "ERROR",
        "destinationArn": stream,
        "roleArn": group.role,
        "distribution": "ByLogStream",
        "applyOnTransformedLogs": False,
    }


def test_log_events_are_distributed_by_log_stream_or_at_random(group: Group, stream: str) -> None:
    """[BC] By default, records of a log stream have the same partition key."""
    group.subscribe(stream, roleArn=group.role)
    group.log("1")
    group.log("2")
    assert len(set(keys(group.aws, stream, 3)[1:])) == 1
    group.subscribe(stream, roleArn=group.role, distribution="Random")
    group.log("3")
    group.log("4")
    assert len(set(keys(group.aws, stream, 6)[4:])) == 2


def test_log_events_are_kept_if_their_destination_is_gone(group: Group, stream: str) -> None:
    """And other subscriptions get them."""
    function = create(group.aws, "def handler(event, context): pass")
    client = group.aws.client("lambda")
    arn = client.get_function_configuration(FunctionName=function)["FunctionArn"]
    group.subscribe(arn, filterName="function")
    group.subscribe(stream, filterName="stream", roleArn=group.role)
    client.delete_function(FunctionName=function)
    group.log("still here")
    assert len(keys(group.aws, stream, 2)) == 2
    told = group.logs.filter_log_events(logGroupName=group.name)["events"]
    assert [one["message"] for one in told] == ["still here"]
