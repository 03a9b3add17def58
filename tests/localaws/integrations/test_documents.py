"""What services pass to one another: log documents, table changes, events, embedded metrics."""

import gzip
import json
import time
import uuid
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import (
    create,
    create_role,
    invoke,
    log_lines,
    refused,
)
from workbook import deployment
from workbook.localaws.integrations import embedded_metrics, events, table_changes
from workbook.target import Aws


@pytest.fixture
def stream(local: Aws) -> tuple[str, str]:
    """Name and ARN of a stream."""
    name = f"s-{uuid.uuid4().hex[:8]}"
    return name, deployment.create_stream(local.client("kinesis"), name)


def arrived(aws: Aws, stream: str, count: int) -> list[Any]:
    """Return the records of a stream once there are enough."""
    kinesis = aws.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found: list[Any] = []
    deadline = time.monotonic() + 30
    while len(found) < count:
        assert time.monotonic() < deadline, found
        page = kinesis.get_records(ShardIterator=iterator)
        found, iterator = found + page["Records"], page["NextShardIterator"]
    return found


def test_a_subscription_sends_a_control_message_then_matching_events(
    local: Aws, stream: tuple[str, str]
) -> None:
    """[OBS, SEEN] Gzipped JSON; ids are strings of digits."""
    logs, (name, arn) = local.client("logs"), stream
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    wanted = {"logGroupName": name, "filterName": "f", "destinationArn": arn}
    error = refused(logs.put_subscription_filter, **wanted, filterPattern="ERROR")
    assert error["Error"]["Message"] == (
        "destinationArn for vendor kinesis cannot be used without roleArn"
    )
    logs.put_subscription_filter(**wanted, filterPattern="ERROR", roleArn=create_role(local))
    now = int(local.now() * 1000)
    texts = ["ERROR one", "fine", "ERROR two"]
    logs.put_log_events(
        logGroupName=name,
        logStreamName="s",
        logEvents=[{"timestamp": now, "message": text} for text in texts],
    )
    control, data = (json.loads(gzip.decompress(one["Data"])) for one in arrived(local, name, 2))
    assert (control["messageType"], control["owner"]) == ("CONTROL_MESSAGE", "CloudwatchLogs")
    assert (data["messageType"], data["owner"]) == ("DATA_MESSAGE", local.account_id)
    assert (data["logGroup"], data["logStream"], data["subscriptionFilters"]) == (name, "s", ["f"])
    assert [event["message"] for event in data["logEvents"]] == ["ERROR one", "ERROR two"]
    assert all(len(event["id"]) == 56 for event in data["logEvents"])


def test_a_subscription_invokes_a_function(local: Aws) -> None:
    """[OBS] {"awslogs": {"data": base64 of gzip}}."""
    code = """
import base64, gzip, json
def handler(event, context):
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    print("got", data["logEvents"][0]["message"])
"""
    name, logs = create(local, code), local.client("logs")
    arn = local.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    group = f"g-{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    logs.put_subscription_filter(
        logGroupName=group, filterName="f", filterPattern="", destinationArn=arn
    )
    events = [{"timestamp": int(local.now() * 1000), "message": "hello"}]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    deadline = time.monotonic() + 30
    while True:
        groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
        if groups and "got hello\n" in log_lines(local, name):
            break
        assert time.monotonic() < deadline


def test_embedded_metrics_become_metrics(local: Aws) -> None:
    """The embedded metric format [D23], as Powertools prints it."""
    namespace = f"n-{uuid.uuid4().hex[:8]}"
    code = f"""
import json, time
def handler(event, context):
    print(json.dumps({{
        "_aws": {{"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [
            {{"Namespace": "{namespace}", "Dimensions": [["service"]],
              "Metrics": [{{"Name": "Seen", "Unit": "Count"}}]}}]}},
        "service": "s", "Seen": [3, 4],
    }}))
"""
    invoke(local, create(local, code))
    cloudwatch = local.client("cloudwatch")
    local.client("logs").describe_log_groups()  # so that the printed lines are there
    (metric,) = cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
    assert metric["MetricName"] == "Seen"
    assert metric["Dimensions"] == [{"Name": "service", "Value": "s"}]


@pytest.mark.parametrize(
    "message",
    [
        "no JSON",
        '{"_aws": 1}',
        '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "n"}]}}',
        '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "n", "Metrics": '
        '[{"Name": "a"}]}]}, "a": "text"}',
    ],
)
def test_invalid_embedded_metrics_are_ignored(message: str) -> None:
    assert embedded_metrics.find(message) == []


def test_an_events_targets_may_be_streams_and_functions(
    local: Aws, stream: tuple[str, str]
) -> None:
    """[OBS] The event in AWS's order; a fixed input, or a part."""
    client, (name, arn) = local.client("events"), stream
    client.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    role = create_role(local)
    targets = [
        {"Id": "whole", "Arn": arn, "RoleArn": role},
        {
            "Id": "part",
            "Arn": arn,
            "RoleArn": role,
            "InputPath": "$.detail.plane",
            "KinesisParameters": {"PartitionKeyPath": "$.detail-type"},
        },
        {
            "Id": "made",
            "Arn": arn,
            "RoleArn": role,
            "InputTransformer": {
                "InputPathsMap": {"plane": "$.detail.plane"},
                "InputTemplate": '{"tail": <plane>}',
            },
        },
    ]
    client.put_targets(Rule=name, Targets=targets)
    detail = json.dumps({"plane": "N1"})
    entry = {"Source": name, "DetailType": "landed", "Detail": detail}
    assert client.put_events(Entries=[entry])["FailedEntryCount"] == 0
    records = arrived(local, name, 3)
    whole, part, made = (json.loads(record["Data"]) for record in records)
    assert list(whole) == list(events.ORDER)
    assert whole["detail"] == {"plane": "N1"}
    assert (part, made) == ("N1", {"tail": "N1"})
    assert records[0]["PartitionKey"] == whole["id"]
    assert records[1]["PartitionKey"] == "landed"


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ('{"a": <text>, "b": <number>, "c": <none>}', '{"a": "N1", "b": 5, "c": ""}'),
        ('{"a": "<text> landed <none>"}', '{"a": "N1 landed "}'),
        ('"<object> <list>"', '"{k:v} [A,B]"'),
        ('"<text>"\n"<number>"', '"N1"\n"5"'),
        ('{"a": <second>}', '{"a": "B"}'),
        ('{"a": <object>}', '{"a": {"k":"v"}}'),
        ('"<text> landed"', '"N1 landed"'),
        ('{"r": <aws.events.rule-name>}', '{"r": "r"}'),
    ],
)
def test_an_input_template_is_filled(template: str, made: str) -> None:
    """[OBS] JSON outside of strings, text without quotes inside."""
    paths = {name: f"$.detail.{name}" for name in ("text", "number", "none", "object", "list")}
    paths["second"] = "$.detail.list[1]"
    detail = {"text": "N1", "number": 5, "object": {"k": "v"}, "list": ["A", "B"]}
    arn = "arn:aws:events:us-east-1:123456789012:rule/r"
    assert events.transformed(template, paths, {"detail": detail}, arn).decode() == made


def test_targets_that_cannot_be_reached_are_refused(local: Aws, stream: tuple[str, str]) -> None:
    """[SEEN] A stream needs a role; a target that only AWS supports is named."""
    client, (name, arn) = local.client("events"), stream
    client.put_rule(Name=name, EventPattern='{"source": ["x"]}')
    error = refused(client.put_targets, Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    assert error["Error"]["Message"] == f"RoleArn is required for target {arn}."
    other = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    error = refused(client.put_targets, Rule=name, Targets=[{"Id": "1", "Arn": other}])
    assert "The local AWS does not deliver events to states" in error["Error"]["Message"]


def test_an_object_in_a_string_of_a_json_template_cannot_be_delivered() -> None:
    """[OBS]"""
    arn, paths = "arn:aws:events:us-east-1:123456789012:rule/r", {"object": "$.detail"}
    with pytest.raises(events.UndeliverableError, match="<object> is an object or a list"):
        events.transformed('{"a": "<object>"}', paths, {"detail": {"k": "v"}}, arn)


def test_each_change_of_a_table_is_a_record(local: Aws, stream: tuple[str, str]) -> None:
    """[SEEN] INSERT, MODIFY and REMOVE with both images; no record without a change."""
    dynamodb, (name, arn) = local.client("dynamodb"), stream
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    answer = dynamodb.enable_kinesis_streaming_destination(TableName=name, StreamArn=arn)
    assert answer["DestinationStatus"] == "ENABLING"
    told = dynamodb.describe_kinesis_streaming_destination(TableName=name)
    assert told["KinesisDataStreamDestinations"] == [
        {"StreamArn": arn, "DestinationStatus": "ACTIVE"}
    ]
    item, key = {"id": {"S": "1"}, "n": {"N": "1"}}, {"id": {"S": "1"}}
    dynamodb.put_item(TableName=name, Item=item)
    dynamodb.put_item(TableName=name, Item=item)
    dynamodb.update_item(
        TableName=name,
        Key=key,
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "2"}},
    )
    dynamodb.delete_item(TableName=name, Key=key)
    records = arrived(local, name, 3)
    changes = [json.loads(record["Data"]) for record in records]
    assert [change["eventName"] for change in changes] == ["INSERT", "MODIFY", "REMOVE"]
    assert changes[0]["dynamodb"]["NewImage"] == item
    assert "OldImage" not in changes[0]["dynamodb"]
    assert changes[1]["dynamodb"]["OldImage"] == item
    assert "NewImage" not in changes[2]["dynamodb"]
    assert len({record["PartitionKey"] for record in records}) == 1
    dynamodb.disable_kinesis_streaming_destination(TableName=name, StreamArn=arn)
    told = dynamodb.describe_kinesis_streaming_destination(TableName=name)
    assert told["KinesisDataStreamDestinations"][0]["DestinationStatus"] == "DISABLED"


def test_a_missing_streaming_destination_is_refused(local: Aws) -> None:
    """[OBS]"""
    dynamodb = local.client("dynamodb")
    arn = "arn:aws:kinesis:us-east-1:123456789012:stream/none"
    enable = dynamodb.enable_kinesis_streaming_destination
    error = refused(enable, TableName="none", StreamArn=arn)
    assert error["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "Requested resource not found: Table: none not found",
    }


def test_times_have_the_configured_precision() -> None:
    """[SEEN] 13 digits of milliseconds; 16 of microseconds, with the precision beside them."""
    given: dict[str, Any] = {
        "region": "us-east-1",
        "table": "t",
        "keys": {},
        "old": None,
        "new": {},
        "size": 0,
        "seconds": 1_700_000_000.5,
    }
    coarse = json.loads(table_changes.record(**given, precision=None) or b"")["dynamodb"]
    fine = json.loads(table_changes.record(**given, precision="MICROSECOND") or b"")["dynamodb"]
    assert coarse["ApproximateCreationDateTime"] == 1_700_000_000_500
    assert "ApproximateCreationDateTimePrecision" not in coarse
    assert fine["ApproximateCreationDateTime"] == 1_700_000_000_500_000
    assert fine["ApproximateCreationDateTimePrecision"] == "MICROSECOND"
