"""Streams, mappings, functions and destinations together, through boto3 only."""

import base64
import json
import re
from math import ceil
from typing import Any

from tests.localaws.functions.lambda_functions import settle, zipped
from tests.localaws.mapping.aws import FAILING, PRINTING, World, until


def data(event: Any) -> list[Any]:
    return [json.loads(base64.b64decode(one["kinesis"]["data"])) for one in event["Records"]]


def arrival(hurried: World, stream: str) -> float:
    """Return when the newest record of a one-shard stream arrived, by the local AWS's clock."""
    iterator = hurried.kinesis.get_shard_iterator(
        StreamARN=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = hurried.kinesis.get_records(ShardIterator=iterator)["Records"]
    return float(records[-1]["ApproximateArrivalTimestamp"].timestamp())


def test_the_event_that_a_function_receives(hurried: World) -> None:
    """[OBS] Every key of the event, in order, with the stream's and the function's values."""
    stream, function = hurried.stream(), hurried.function()
    (number,) = hurried.put(stream, {"n": 1}, key="key")
    with hurried.mapping(stream, function) as mapping:
        (event,) = hurried.events(function, 1)
        until(lambda: hurried.get(mapping)["LastProcessingResult"] == "OK")
    (record,) = event["Records"]
    role = hurried.functions.get_function_configuration(FunctionName=function)["Role"]
    arrived = record["kinesis"].pop("approximateArrivalTimestamp")
    assert isinstance(arrived, float)
    assert arrived == arrival(hurried, stream)
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


def test_many_records_are_processed_in_order(hurried: World) -> None:
    """[DG:with-kinesis] Several shards, order per shard, nothing lost or repeated."""
    stream, function = hurried.stream(3), hurried.function()
    for start in range(0, 3000, 500):
        hurried.kinesis.put_records(
            StreamARN=stream,
            Records=[
                {"Data": json.dumps(n).encode(), "PartitionKey": str(n % 50)}
                for n in range(start, start + 500)
            ],
        )

    def all_seen() -> list[Any] | None:
        events = hurried.printed(function)
        return events if sum(len(event["Records"]) for event in events) >= 3000 else None

    with hurried.mapping(stream, function, BatchSize=250):
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


def test_at_timestamp(hurried: World) -> None:
    """[BC] Only records that arrived at or after it."""
    stream, function, other = hurried.stream(), hurried.function(), hurried.stream()
    hurried.put(stream, "early")
    then = ceil(arrival(hurried, stream)) + 1  # boto3 sends whole seconds

    def is_past() -> bool:
        hurried.put(other, "what is the time?")
        return arrival(hurried, other) > then

    until(is_past)
    hurried.put(stream, "late")
    with hurried.mapping(
        stream, function, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=then
    ):
        (event,) = hurried.events(function, 1)
    assert data(event) == ["late"]


def test_disable_and_enable_keep_the_position(hurried: World) -> None:
    """[DG:with-kinesis]"""
    stream, function = hurried.stream(), hurried.function()
    update = hurried.functions.update_event_source_mapping
    with hurried.mapping(stream, function) as mapping:
        hurried.put(stream, 1)
        hurried.events(function, 1)
        update(UUID=mapping, Enabled=False)
        hurried.in_state(mapping, "Disabled")
        hurried.put(stream, 2)
        update(UUID=mapping, Enabled=True)
        events = hurried.events(function, 2)
    assert [data(event) for event in events] == [[1], [2]]


def failure(hurried: World, stream: str, function: str, destination: str) -> None:
    """Let one batch fail once, with this destination."""
    hurried.put(stream, 1, 2)
    with hurried.mapping(
        stream,
        function,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": destination}},
    ):
        hurried.events(function, 1)
        _seen_failure(hurried, function)


def _seen_failure(hurried: World, function: str) -> None:
    listed = hurried.functions.list_event_source_mappings
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


def test_failures_go_to_a_queue(hurried: World) -> None:
    """[OBS] SQS: the document is the message's body."""
    stream, function = hurried.stream(), hurried.function(FAILING)
    url, arn = hurried.queue()
    failure(hurried, stream, function, arn)
    check_document(hurried.message(url), stream, function)


def test_failures_go_to_a_topic(hurried: World) -> None:
    """[OBS] SNS: the document is the Message of a notification, key by key."""
    stream, function = hurried.stream(), hurried.function(FAILING)
    url, queue = hurried.queue()
    sns = hurried.aws.client("sns")
    topic = sns.create_topic(Name=hurried.name())["TopicArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    failure(hurried, stream, function, topic)
    notification = hurried.message(url)
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


def test_failures_go_to_a_bucket(hurried: World) -> None:
    """[DG:kinesis-on-failure-destination, OBS] S3: key, and the event as payload."""
    stream, function = hurried.stream(), hurried.function(FAILING)
    s3, bucket = hurried.aws.client("s3"), hurried.name()
    s3.create_bucket(Bucket=bucket)
    failure(hurried, stream, function, f"arn:aws:s3:::{bucket}")
    (found,) = until(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"))
    day = r"\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d"
    assert re.fullmatch(
        rf"aws/lambda/[0-9a-f-]{{36}}/shardId-000000000000/{day}-[0-9a-f-]{{36}}", found["Key"]
    )
    document = json.loads(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    payload = json.loads(document.pop("payload"))
    assert data(payload) == [1, 2]
    check_document(document, stream, function)


def test_a_failed_delivery_to_a_missing_destination_is_counted(hurried: World) -> None:
    """[DG:monitoring-metrics-types] In CloudWatch; the shard continues."""
    stream, function = hurried.stream(), hurried.function(FAILING)
    hurried.put(stream, 1)
    gone = "arn:aws:sqs:us-east-1:123456789012:not-there"
    with hurried.mapping(
        stream,
        function,
        MaximumRetryAttempts=0,
        MetricsConfig={"Metrics": ["EventCount"]},
        DestinationConfig={"OnFailure": {"Destination": gone}},
    ) as mapping:
        by_function = {"Name": "FunctionName", "Value": function}
        by_mapping = {"Name": "EventSourceMappingUUID", "Value": mapping}
        assert hurried.metric("DestinationDeliveryFailures", by_function, "Sum") == 1
        assert hurried.metric("DroppedEventCount", by_mapping, "Sum") == 1
        assert hurried.metric("InvokedEventCount", by_mapping, "Sum") == 1
        assert hurried.metric("FailedInvokeEventCount", by_mapping, "Sum") == 1
        assert hurried.metric("PolledEventCount", by_mapping, "Sum") == 1
        assert hurried.metric("IteratorAge", by_function, "Maximum") >= 0
        hurried.put(stream, 2)
        hurried.events(function, 2)


def test_aliases_and_versions_as_targets(hurried: World) -> None:
    """[OBS] The mapping keeps the qualifier; an alias resolves to its version, updated or not."""
    stream = hurried.stream()
    code = "import json\ndef handler(event, context):\n    print(json.dumps({'says': %r}))\n"
    function = hurried.function(code % "one")
    api = hurried.functions
    settle(hurried.aws, function)
    first = api.publish_version(FunctionName=function)["Version"]
    alias = api.create_alias(FunctionName=function, Name="live", FunctionVersion=first)
    settle(hurried.aws, function)
    api.update_function_code(FunctionName=function, ZipFile=zipped(app=code % "two"))
    settle(hurried.aws, function)
    second = api.publish_version(FunctionName=function)["Version"]
    hurried.put(stream, 1)
    with hurried.mapping(stream, f"{function}:live") as mapping:
        assert hurried.get(mapping)["FunctionArn"] == alias["AliasArn"]
        assert hurried.events(function, 1) == [{"says": "one"}]
        api.update_alias(FunctionName=function, Name="live", FunctionVersion=second)
        hurried.put(stream, 2)
        printed = hurried.events(function, 2)
    assert sorted(one["says"] for one in printed) == ["one", "two"]


def test_the_function_is_updated_while_running(hurried: World) -> None:
    """[OBS] The next invocation runs the new code; nothing is lost."""
    stream, function = hurried.stream(), hurried.function(FAILING)
    hurried.put(stream, 1)
    with hurried.mapping(stream, function):
        _seen_failure(hurried, function)
        settle(hurried.aws, function)
        hurried.functions.update_function_code(FunctionName=function, ZipFile=zipped(app=PRINTING))
        mapping = hurried.functions.list_event_source_mappings(FunctionName=function)
        uuid = mapping["EventSourceMappings"][0]["UUID"]
        until(lambda: hurried.get(uuid)["LastProcessingResult"] == "OK")
        events = hurried.printed(function)
    assert {tuple(data(event)) for event in events} == {(1,)}


def test_reserved_concurrency_of_zero_stops_the_mapping_without_loss(hurried: World) -> None:
    """[DG:kinesis-on-failure-destination] Throttles use up no retry; CloudWatch counts them."""
    stream, function = hurried.stream(), hurried.function()
    hurried.functions.put_function_concurrency(
        FunctionName=function, ReservedConcurrentExecutions=0
    )
    hurried.put(stream, 1)
    with hurried.mapping(stream, function, MaximumRetryAttempts=0) as mapping:
        until(lambda: hurried.get(mapping)["LastProcessingResult"].startswith("PROBLEM"))
        assert hurried.printed(function) == []
        assert hurried.metric("Throttles", {"Name": "FunctionName", "Value": function}, "Sum") >= 1
        hurried.functions.delete_function_concurrency(FunctionName=function)
        (event,) = hurried.events(function, 1)
    assert data(event) == [1]


def test_an_updated_setting_takes_effect_at_once(hurried: World) -> None:
    """[BC] Here a blocked shard, freed by limiting its retries."""
    stream, function = hurried.stream(), hurried.function(FAILING)
    url, queue = hurried.queue()
    hurried.put(stream, 1)
    with hurried.mapping(stream, function) as mapping:
        _seen_failure(hurried, function)
        hurried.functions.update_event_source_mapping(
            UUID=mapping,
            MaximumRetryAttempts=0,
            DestinationConfig={"OnFailure": {"Destination": queue}},
        )
        assert hurried.message(url)["KinesisBatchInfo"]["batchSize"] == 1


def test_a_consumer_as_event_source(hurried: World) -> None:
    """[DG:with-kinesis] Enhanced fan-out: the consumer's ARN."""
    stream, function = hurried.stream(), hurried.function()
    consumer = hurried.kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="c")
    arn = consumer["Consumer"]["ConsumerARN"]
    describe = hurried.kinesis.describe_stream_consumer
    until(lambda: describe(ConsumerARN=arn)["ConsumerDescription"]["ConsumerStatus"] == "ACTIVE")
    hurried.put(stream, 1)
    with hurried.mapping(arn, function) as mapping:
        assert hurried.get(mapping)["EventSourceArn"] == arn
        (event,) = hurried.events(function, 1)
    assert data(event) == [1]
    assert event["Records"][0]["eventSourceARN"] == arn


def test_resharding_under_load(hurried: World) -> None:
    """[design rule] Split and merge: nothing lost or repeated, order per key kept."""
    stream, function = hurried.stream(2), hurried.function()
    name = stream.partition("/")[2]

    def put(start: int) -> None:
        hurried.kinesis.put_records(
            StreamARN=stream,
            Records=[
                {"Data": json.dumps(n).encode(), "PartitionKey": str(n % 20)}
                for n in range(start, start + 200)
            ],
        )

    def active() -> bool:
        summary = hurried.kinesis.describe_stream_summary(StreamName=name)
        return bool(summary["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")

    def all_seen() -> list[Any] | None:
        events = hurried.printed(function)
        return events if sum(len(event["Records"]) for event in events) >= 800 else None

    with hurried.mapping(stream, function, BatchSize=50):
        put(0)
        hurried.kinesis.split_shard(
            StreamName=name,
            ShardToSplit="shardId-000000000000",
            NewStartingHashKey=str(2**126),
        )
        until(active)
        put(200)
        hurried.kinesis.merge_shards(
            StreamName=name,
            ShardToMerge="shardId-000000000003",
            AdjacentShardToMerge="shardId-000000000001",
        )
        until(active)
        put(400)
        hurried.kinesis.update_shard_count(
            StreamName=name, TargetShardCount=4, ScalingType="UNIFORM_SCALING"
        )
        until(active)
        put(600)
        events = until(all_seen)
    assert sorted(n for event in events for n in data(event)) == list(range(800))


def test_deleting_a_stream_stops_nothing_else(hurried: World) -> None:
    """[?] The mapping shows the problem, and can be deleted."""
    stream, function = hurried.stream(), hurried.function()
    with hurried.mapping(stream, function) as mapping:
        hurried.kinesis.delete_stream(StreamARN=stream)
        until(lambda: hurried.get(mapping)["LastProcessingResult"].startswith("PROBLEM"))
        assert hurried.get(mapping)["State"] == "Enabled"
