"""Registered consumers and SubscribeToShard (enhanced fan-out)."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from botocore.eventstream import EventStreamBuffer

from tests.localaws.fakes import ACCOUNT
from tests.localaws.kinesis.harness import AwsError, Kinesis
from workbook.localaws.interfaces import (
    AfterSequenceNumber,
    ReadThrottledError,
    SourceGoneError,
    TrimHorizon,
)
from workbook.target import Aws

SHARD = "shardId-000000000000"


@pytest.fixture
def kinesis() -> Iterator[Kinesis]:
    with Kinesis() as kinesis:
        kinesis.create()
        yield kinesis


def register(kinesis: Kinesis, name: str = "c") -> Any:
    arn = kinesis("RegisterStreamConsumer", StreamARN=kinesis.arn(), ConsumerName=name)["Consumer"][
        "ConsumerARN"
    ]
    kinesis.advance(1)
    return arn


class Subscription:
    """Reads the events of one SubscribeToShard, with botocore's own decoder."""

    def __init__(
        self, kinesis: Kinesis, arn: str, kind: str = "TRIM_HORIZON", **start: Any
    ) -> None:
        self._kinesis = kinesis
        body = {
            "ConsumerARN": arn,
            "ShardId": SHARD,
            "StartingPosition": {"Type": kind, **start},
        }
        response = kinesis.send("SubscribeToShard", orjson.dumps(body))
        if response.status != 200:
            error = orjson.loads(response.body)
            raise AwsError(response.status, error["__type"], error["message"])
        assert response.headers["content-type"] == "application/vnd.amazon.eventstream"
        assert response.stream is not None
        self._stream = response.stream
        assert self.next()[0] == "initial-response"

    def next(self) -> Any:
        """Wait for the next message and return its kind and content; None at the end."""
        return self._kinesis.run(self._next())

    async def _next(self) -> Any:
        task = asyncio.ensure_future(anext(self._stream, None))
        while not task.done():
            await asyncio.sleep(0)
            if not task.done():
                await self._kinesis.clock.advance(0.1)
        frame = task.result()
        if frame is None:
            return None
        buffer = EventStreamBuffer()
        buffer.add_data(frame)
        message = buffer.next().to_response_dict()
        headers = message["headers"]
        kind = headers.get(":event-type") or headers.get(":exception-type")
        return kind, orjson.loads(message["body"])


def test_a_consumer_is_creating_then_active_then_deleting_then_gone(kinesis: Kinesis) -> None:
    created = kinesis("RegisterStreamConsumer", StreamARN=kinesis.arn(), ConsumerName="c")
    now = kinesis.clock.now()
    assert created["Consumer"] == {
        "ConsumerName": "c",
        "ConsumerARN": f"{kinesis.arn()}/consumer/c:{int(now)}",
        "ConsumerStatus": "CREATING",
        "ConsumerCreationTimestamp": now,
    }
    arn = {"ConsumerARN": created["Consumer"]["ConsumerARN"]}
    kinesis.advance(1)
    described = kinesis("DescribeStreamConsumer", **arn)["ConsumerDescription"]
    assert described == created["Consumer"] | {
        "ConsumerStatus": "ACTIVE",
        "StreamARN": kinesis.arn(),
    }
    kinesis("DeregisterStreamConsumer", StreamARN=kinesis.arn(), ConsumerName="c")
    described = kinesis("DescribeStreamConsumer", **arn)["ConsumerDescription"]
    assert described["ConsumerStatus"] == "DELETING"
    kinesis.advance(1)
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        kinesis("DescribeStreamConsumer", **arn)


def test_a_consumer_name_is_unique_in_its_stream(kinesis: Kinesis) -> None:
    register(kinesis)
    with pytest.raises(AwsError, match="ResourceInUseException"):
        register(kinesis)


def test_a_stream_has_at_most_20_consumers_and_5_creating(kinesis: Kinesis) -> None:
    """[KD:service-sizes-and-limits]"""
    for number in range(5):
        kinesis("RegisterStreamConsumer", StreamARN=kinesis.arn(), ConsumerName=f"c{number}")
    kinesis.advance(0.19)  # all 5 are still CREATING
    with pytest.raises(AwsError, match="LimitExceededException"):
        kinesis("RegisterStreamConsumer", StreamARN=kinesis.arn(), ConsumerName="c5")
    for number in range(5, 20):
        kinesis.advance(1)
        register(kinesis, f"c{number}")
    with pytest.raises(AwsError, match="limit of 20 registered consumers"):
        register(kinesis, "c20")
    summary = kinesis("DescribeStreamSummary", StreamName="s")["StreamDescriptionSummary"]
    assert summary["ConsumerCount"] == 20
    page = kinesis("ListStreamConsumers", StreamARN=kinesis.arn(), MaxResults=15)
    rest = kinesis("ListStreamConsumers", StreamARN=kinesis.arn(), NextToken=page["NextToken"])
    assert len(page["Consumers"]) + len(rest["Consumers"]) == 20
    assert "NextToken" not in rest


def test_records_are_pushed_in_order(kinesis: Kinesis) -> None:
    subscription = Subscription(kinesis, register(kinesis))
    kind, event = subscription.next()
    assert (kind, event["Records"]) == ("SubscribeToShardEvent", [])
    numbers = kinesis.put("a", "b")
    _, event = subscription.next()
    assert [record["SequenceNumber"] for record in event["Records"]] == numbers
    assert event["ContinuationSequenceNumber"] == numbers[-1]
    assert event["MillisBehindLatest"] == 0


def test_a_consumer_that_is_creating_cannot_be_used_yet(kinesis: Kinesis) -> None:
    """The message was observed."""
    arn = kinesis("RegisterStreamConsumer", StreamARN=kinesis.arn(), ConsumerName="c")["Consumer"][
        "ConsumerARN"
    ]
    created = int(kinesis.clock.now())
    for use in (
        lambda: Subscription(kinesis, arn),
        lambda: kinesis("PutResourcePolicy", ResourceARN=arn, Policy='{"Statement": []}'),
    ):
        with pytest.raises(AwsError) as error:
            use()
        assert (error.value.code, error.value.message) == (
            "ResourceInUseException",
            f"Consumer c with creation timestamp {created} under stream: s , account {ACCOUNT} is "
            "not in ACTIVE status.",
        )


def test_records_put_together_come_in_one_event(kinesis: Kinesis) -> None:
    """[OBS]"""
    subscription = Subscription(kinesis, register(kinesis), "LATEST")
    subscription.next()
    records = [{"Data": b"x", "PartitionKey": "k"}] * 3
    kinesis("PutRecords", StreamName="s", Records=records)
    assert len(subscription.next()[1]["Records"]) == 3


def test_a_subscription_continues_from_a_continuation_number(kinesis: Kinesis) -> None:
    """[BC]"""
    arn = register(kinesis)
    kinesis.put("a")
    _, event = Subscription(kinesis, arn).next()
    kinesis.advance(5)
    kinesis.put("b")
    number = event["ContinuationSequenceNumber"]
    again = Subscription(kinesis, arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=number)
    assert [record["Data"] for record in again.next()[1]["Records"]] == ["Yg=="]


def test_a_subscription_ends_after_5_minutes(kinesis: Kinesis) -> None:
    """[KD:service-sizes-and-limits]"""
    subscription = Subscription(kinesis, register(kinesis))
    began = kinesis.clock.now()
    while subscription.next() is not None:
        pass
    assert 300 <= kinesis.clock.now() - began <= 306


def test_the_same_pair_waits_5_seconds_and_then_takes_over(kinesis: Kinesis) -> None:
    """[BC, KD:service-sizes-and-limits]"""
    arn = register(kinesis)
    first = Subscription(kinesis, arn)
    first.next()
    with pytest.raises(AwsError) as error:
        Subscription(kinesis, arn)
    assert (error.value.code, error.value.message) == (
        "ResourceInUseException",
        f"Another active subscription exists for this consumer: {ACCOUNT}:s:{SHARD}:c",
    )
    kinesis.advance(5)
    Subscription(kinesis, arn)
    kind, _ = first.next()
    assert kind == "ResourceInUseException"
    assert first.next() is None


def test_the_last_event_of_a_closed_shard_names_its_children(kinesis: Kinesis) -> None:
    """[BC]"""
    kinesis.put("a")
    subscription = Subscription(kinesis, register(kinesis))
    kinesis("SplitShard", StreamName="s", ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
    _, event = subscription.next()
    assert len(event["Records"]) == 1
    assert [child["ParentShards"] for child in event["ChildShards"]] == [[SHARD], [SHARD]]
    assert subscription.next() is None


def test_a_deleted_stream_ends_its_subscriptions(kinesis: Kinesis) -> None:
    subscription = Subscription(kinesis, register(kinesis))
    subscription.next()
    kinesis("DeleteStream", StreamName="s", EnforceConsumerDeletion=True)
    assert subscription.next()[0] == "ResourceNotFoundException"


def test_boto3_subscribes_as_on_aws(local: Aws) -> None:
    kinesis = local.client("kinesis")
    kinesis.create_stream(StreamName="fan-out", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(
        StreamName="fan-out", WaiterConfig={"Delay": 1, "MaxAttempts": 10}
    )
    arn = kinesis.describe_stream_summary(StreamName="fan-out")["StreamDescriptionSummary"][
        "StreamARN"
    ]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]
    deadline = time.monotonic() + 10
    while consumer["ConsumerStatus"] != "ACTIVE":
        assert time.monotonic() < deadline
        time.sleep(0.05)
        consumer = kinesis.describe_stream_consumer(ConsumerARN=consumer["ConsumerARN"])[
            "ConsumerDescription"
        ]
    events = iter(
        kinesis.subscribe_to_shard(
            ConsumerARN=consumer["ConsumerARN"],
            ShardId=SHARD,
            StartingPosition={"Type": "TRIM_HORIZON"},
        )["EventStream"]
    )
    assert next(events)["SubscribeToShardEvent"]["Records"] == []
    kinesis.put_record(StreamName="fan-out", PartitionKey="k", Data=b"pushed")
    (record,) = next(events)["SubscribeToShardEvent"]["Records"]
    assert record["Data"] == b"pushed"


def test_a_consumer_reads_with_its_own_throughput(kinesis: Kinesis) -> None:
    """[DG:with-kinesis, KD:service-sizes-and-limits]"""
    source = kinesis.source(register(kinesis))
    shared = kinesis.source()
    kinesis.put("a")
    for _ in range(5):
        shared.read(SHARD, TrimHorizon(), 10)
    with pytest.raises(ReadThrottledError):
        shared.read(SHARD, TrimHorizon(), 10)
    for _ in range(20):
        assert len(source.read(SHARD, TrimHorizon(), 10).records) == 1


def test_a_deregistered_consumer_is_gone_as_a_source(kinesis: Kinesis) -> None:
    arn = register(kinesis)
    source = kinesis.source(arn)
    kinesis("DeregisterStreamConsumer", ConsumerARN=arn)
    with pytest.raises(SourceGoneError):
        source.read(SHARD, AfterSequenceNumber(0), 1)
    kinesis.advance(1)
    with pytest.raises(SourceGoneError):
        kinesis.source(arn)


def test_tags_and_policy_of_a_consumer(kinesis: Kinesis) -> None:
    arn = register(kinesis)
    kinesis("TagResource", ResourceARN=arn, Tags={"a": "1"})
    assert kinesis("ListTagsForResource", ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    assert kinesis("GetResourcePolicy", ResourceARN=arn) == {"Policy": "{}"}
    unknown = arn.replace("/consumer/c:", "/consumer/d:")
    with pytest.raises(AwsError) as error:
        kinesis("ListTagsForResource", ResourceARN=unknown)
    assert error.value.message == f"Consumer {unknown}, account {ACCOUNT} not found."
