"""Streams, mappings, functions and destinations together, through boto3 alone."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.localaws.mapping.aws import FAILING, PRINTING, World, until, zipped
from workbook import target


@pytest.fixture(scope="module")
def world(unlimited: target.Aws) -> World:
    return World(unlimited)


def data(event: Any) -> list[Any]:
    return [json.loads(base64.b64decode(one["kinesis"]["data"])) for one in event["Records"]]


def test_what_the_function_sees(world: World) -> None:
    """[OBS] Every key of the event, in order, with the stream's and the function's values."""
    stream, function = world.stream(), world.function()
    (number,) = world.put(stream, {"n": 1}, key="key")
    with world.mapping(stream, function) as mapping:
        (event,) = world.events(function, 1)
        until(lambda: world.get(mapping)["LastProcessingResult"] == "OK")
    (record,) = event["Records"]
    role = world.functions.get_function_configuration(FunctionName=function)["Role"]
    arrived = record["kinesis"].pop("approximateArrivalTimestamp")
    assert abs(arrived - datetime.now(UTC).timestamp()) < 3600
    assert isinstance(arrived, float)
    assert json.dumps(record) == json.dumps(
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": "key",
                "sequenceNumber": number,
                "data": base64.b64encode(b'{"n": 1}').decode(),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"shardId-000000000000:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": role,
            "awsRegion": "us-east-1",
            "eventSourceARN": stream,
        }
    )


def test_many_records_in_order(world: World) -> None:
    """[DG:with-kinesis] Several shards, order per shard, nothing lost, nothing twice."""
    stream, function = world.stream(3), world.function()
    for start in range(0, 3000, 500):
        world.kinesis.put_records(
            StreamARN=stream,
            Records=[
                {"Data": json.dumps(n).encode(), "PartitionKey": str(n % 50)}
                for n in range(start, start + 500)
            ],
        )

    def all_seen() -> list[Any] | None:
        events = world.printed(function)
        return events if sum(len(event["Records"]) for event in events) >= 3000 else None

    with world.mapping(stream, function, BatchSize=250):
        events = until(all_seen)
    assert max(len(event["Records"]) for event in events) <= 250
    per_shard: dict[str, list[int]] = {}
    for event in events:
        (shard,) = {record["eventID"].split(":")[0] for record in event["Records"]}
        per_shard.setdefault(shard, []).extend(
            int(record["kinesis"]["sequenceNumber"]) for record in event["Records"]
        )
    assert len(per_shard) == 3
    assert sorted(n for event in events for n in data(event)) == list(range(3000))


def this_second() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def test_at_timestamp(world: World) -> None:
    """[BC] Only what arrived at or after it."""
    stream, function = world.stream(), world.function()
    world.put(stream, "early")
    answer = world.kinesis.get_records(
        ShardIterator=world.kinesis.get_shard_iterator(
            StreamARN=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
    )
    arrived = answer["Records"][0]["ApproximateArrivalTimestamp"]
    until(lambda: this_second() > arrived)  # boto3 sends whole seconds
    then = this_second()
    world.put(stream, "late")
    with world.mapping(
        stream, function, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=then
    ):
        (event,) = world.events(function, 1)
    assert data(event) == ["late"]


def test_disable_and_enable_keep_the_position(world: World) -> None:
    """[DG:with-kinesis]"""
    stream, function = world.stream(), world.function()
    update = world.functions.update_event_source_mapping
    with world.mapping(stream, function) as mapping:
        world.put(stream, 1)
        world.events(function, 1)
        update(UUID=mapping, Enabled=False)
        world.in_state(mapping, "Disabled")
        world.put(stream, 2)
        update(UUID=mapping, Enabled=True)
        events = world.events(function, 2)
    assert [data(event) for event in events] == [[1], [2]]


def failure(world: World, stream: str, function: str, destination: str) -> None:
    """Let one batch fail once, with that destination."""
    world.put(stream, 1, 2)
    with world.mapping(
        stream,
        function,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": destination}},
    ):
        world.events(function, 1)
        _seen_failure(world, function)


def _seen_failure(world: World, function: str) -> None:
    listed = world.functions.list_event_source_mappings
    until(
        lambda: (
            listed(FunctionName=function)["EventSourceMappings"][0]["LastProcessingResult"]
            == "PROBLEM: Function call failed"
        )
    )


def check_document(document: Any, stream: str, function: str) -> None:
    """[OBS] The failure document, key by key."""
    assert list(document)[:5] == [
        "requestContext",
        "responseContext",
        "version",
        "timestamp",
        "KinesisBatchInfo",
    ]
    context = document["requestContext"]
    assert re.fullmatch("[0-9a-f-]{36}", context.pop("requestId"))
    assert context == {
        "functionArn": f"arn:aws:lambda:us-east-1:123456789012:function:{function}",
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 1,
    }
    assert document["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(instant, document["timestamp"])
    batch = document["KinesisBatchInfo"]
    assert re.fullmatch(instant, batch["approximateArrivalOfFirstRecord"])
    assert re.fullmatch(instant, batch["approximateArrivalOfLastRecord"])
    assert (batch["shardId"], batch["batchSize"], batch["streamArn"]) == (
        "shardId-000000000000",
        2,
        stream,
    )
    assert int(batch["startSequenceNumber"]) < int(batch["endSequenceNumber"])


def test_failures_go_to_a_queue(world: World) -> None:
    """[OBS] SQS: the document is the message's body."""
    stream, function = world.stream(), world.function(FAILING)
    url, arn = world.queue()
    failure(world, stream, function, arn)
    check_document(world.message(url), stream, function)


def test_failures_go_to_a_topic(world: World) -> None:
    """[OBS] SNS: the document is the Message of a notification, key by key."""
    stream, function = world.stream(), world.function(FAILING)
    url, queue = world.queue()
    sns = world.aws.client("sns")
    topic = sns.create_topic(Name=world.name())["TopicArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    failure(world, stream, function, topic)
    notification = world.message(url)
    check_document(json.loads(notification.pop("Message")), stream, function)
    for varying in ("MessageId", "Signature", "Timestamp"):
        assert notification.pop(varying)
    certificate = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-"
    assert notification.pop("SigningCertURL").startswith(certificate)
    assert notification == {
        "Type": "Notification",
        "TopicArn": topic,
        "SignatureVersion": "1",
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe"
        f"&SubscriptionArn={subscription}",
    }


def test_failures_go_to_a_bucket(world: World) -> None:
    """[DG:kinesis-on-failure-destination, OBS] S3: key, and the event as payload."""
    stream, function = world.stream(), world.function(FAILING)
    s3, bucket = world.aws.client("s3"), world.name()
    s3.create_bucket(Bucket=bucket)
    failure(world, stream, function, f"arn:aws:s3:::{bucket}")
    (found,) = until(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"))
    day = r"\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d"
    assert re.fullmatch(
        rf"aws/lambda/[0-9a-f-]{{36}}/shardId-000000000000/{day}-[0-9a-f-]{{36}}", found["Key"]
    )
    document = json.loads(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    payload = json.loads(document.pop("payload"))
    assert data(payload) == [1, 2]
    check_document(document, stream, function)


def test_a_destination_that_is_not_there_is_counted(world: World) -> None:
    """[DG:monitoring-metrics-types] In CloudWatch, and the shard goes on."""
    stream, function = world.stream(), world.function(FAILING)
    world.put(stream, 1)
    gone = "arn:aws:sqs:us-east-1:123456789012:not-there"
    with world.mapping(
        stream,
        function,
        MaximumRetryAttempts=0,
        MetricsConfig={"Metrics": ["EventCount"]},
        DestinationConfig={"OnFailure": {"Destination": gone}},
    ) as mapping:
        by_function = {"Name": "FunctionName", "Value": function}
        by_mapping = {"Name": "EventSourceMappingUUID", "Value": mapping}
        assert world.metric("DestinationDeliveryFailures", by_function, "Sum") == 1
        assert world.metric("DroppedEventCount", by_mapping, "Sum") == 1
        assert world.metric("InvokedEventCount", by_mapping, "Sum") == 1
        assert world.metric("FailedInvokeEventCount", by_mapping, "Sum") == 1
        assert world.metric("PolledEventCount", by_mapping, "Sum") == 1
        assert world.metric("IteratorAge", by_function, "Maximum") >= 0
        world.put(stream, 2)
        world.events(function, 2)


def test_aliases_and_versions_as_targets(world: World) -> None:
    """[OBS] The mapping keeps the qualifier; an alias leads to its version, updated or not."""
    stream = world.stream()
    code = "import json\ndef handler(event, context):\n    print(json.dumps({'says': %r}))\n"
    function = world.function(code % "one")
    api = world.functions
    first = api.publish_version(FunctionName=function)["Version"]
    alias = api.create_alias(FunctionName=function, Name="live", FunctionVersion=first)
    api.update_function_code(FunctionName=function, ZipFile=zipped(code % "two"))
    second = api.publish_version(FunctionName=function)["Version"]
    world.put(stream, 1)
    with world.mapping(stream, f"{function}:live") as mapping:
        assert world.get(mapping)["FunctionArn"] == alias["AliasArn"]
        assert world.events(function, 1) == [{"says": "one"}]
        api.update_alias(FunctionName=function, Name="live", FunctionVersion=second)
        world.put(stream, 2)
        printed = world.events(function, 2)
    assert sorted(one["says"] for one in printed) == ["one", "two"]


def test_the_function_is_updated_while_running(world: World) -> None:
    """[OBS] The next invocation runs the new code; nothing is lost."""
    stream, function = world.stream(), world.function(FAILING)
    world.put(stream, 1)
    with world.mapping(stream, function):
        _seen_failure(world, function)
        world.functions.update_function_code(FunctionName=function, ZipFile=zipped(PRINTING))
        mapping = world.functions.list_event_source_mappings(FunctionName=function)
        uuid = mapping["EventSourceMappings"][0]["UUID"]
        until(lambda: world.get(uuid)["LastProcessingResult"] == "OK")
        events = world.printed(function)
    assert {tuple(data(event)) for event in events} == {(1,)}


def test_reserved_concurrency_of_zero_stops_the_mapping_without_loss(world: World) -> None:
    """[DG:kinesis-on-failure-destination] Throttles use up no retry; CloudWatch counts them."""
    stream, function = world.stream(), world.function()
    world.functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    world.put(stream, 1)
    with world.mapping(stream, function, MaximumRetryAttempts=0) as mapping:
        until(lambda: world.get(mapping)["LastProcessingResult"].startswith("PROBLEM"))
        assert world.printed(function) == []
        assert world.metric("Throttles", {"Name": "FunctionName", "Value": function}, "Sum") >= 1
        world.functions.delete_function_concurrency(FunctionName=function)
        (event,) = world.events(function, 1)
    assert data(event) == [1]


def test_an_updated_setting_holds_at_once(world: World) -> None:
    """[BC] Here a blocked shard, freed by an end to its retries."""
    stream, function = world.stream(), world.function(FAILING)
    url, queue = world.queue()
    world.put(stream, 1)
    with world.mapping(stream, function) as mapping:
        _seen_failure(world, function)
        world.functions.update_event_source_mapping(
            UUID=mapping,
            MaximumRetryAttempts=0,
            DestinationConfig={"OnFailure": {"Destination": queue}},
        )
        assert world.message(url)["KinesisBatchInfo"]["batchSize"] == 1


def test_a_consumer_as_event_source(world: World) -> None:
    """[DG:with-kinesis] Enhanced fan-out: the consumer's ARN."""
    stream, function = world.stream(), world.function()
    consumer = world.kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="c")
    arn = consumer["Consumer"]["ConsumerARN"]
    describe = world.kinesis.describe_stream_consumer
    until(lambda: describe(ConsumerARN=arn)["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE")
    world.put(stream, 1)
    with world.mapping(arn, function) as mapping:
        assert world.get(mapping)["EventSourceArn"] == arn
        (event,) = world.events(function, 1)
    assert data(event) == [1]
    assert event["Records"][0]["eventSourceARN"] == arn


def test_resharding_under_load(world: World) -> None:
    """[design rule] Split and merge: nothing lost, nothing twice, order per key kept."""
    stream, function = world.stream(2), world.function()
    name = stream.partition("/")[2]

    def put(start: int) -> None:
        world.kinesis.put_records(
            StreamARN=stream,
            Records=[
                {"Data": json.dumps(n).encode(), "PartitionKey": str(n % 20)}
                for n in range(start, start + 200)
            ],
        )

    def active() -> bool:
        summary = world.kinesis.describe_stream_summary(StreamName=name)
        return bool(summary["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")

    def all_seen() -> list[Any] | None:
        events = world.printed(function)
        return events if sum(len(event["Records"]) for event in events) >= 800 else None

    with world.mapping(stream, function, BatchSize=50):
        put(0)
        world.kinesis.split_shard(
            StreamName=name,
            ShardToSplit="shardId-000000000000",
            NewStartingHashKey=str(2**126),
        )
        until(active)
        put(200)
        world.kinesis.merge_shards(
            StreamName=name,
            ShardToMerge="shardId-000000000003",
            AdjacentShardToMerge="shardId-000000000001",
        )
        until(active)
        put(400)
        world.kinesis.update_shard_count(
            StreamName=name, TargetShardCount=4, ScalingType="UNIFORM_SCALING"
        )
        until(active)
        put(600)
        events = until(all_seen)
    assert sorted(n for event in events for n in data(event)) == list(range(800))


def test_a_deleted_stream_ends_nothing_else(world: World) -> None:
    """[?] The mapping says what is the matter, and can be deleted."""
    stream, function = world.stream(), world.function()
    with world.mapping(stream, function) as mapping:
        world.kinesis.delete_stream(StreamARN=stream)
        until(lambda: world.get(mapping)["LastProcessingResult"].startswith("PROBLEM"))
        assert world.get(mapping)["State"] == "Enabled"
