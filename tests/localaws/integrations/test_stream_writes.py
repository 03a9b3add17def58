"""How other services write to streams: in order, and again when a shard throttles."""

import asyncio
import logging
import time
import uuid
from dataclasses import replace
from typing import Any

import pytest

from tests.localaws.fakes import STREAM, HandClock, settle
from workbook import deployment, target
from workbook.localaws.api.errors import ApiError
from workbook.localaws.integrations import stream_writes
from workbook.localaws.integrations.stream_writes import Loss, StreamWrites, Write

DAY = 24 * 3600.0
THROTTLED = ApiError("ProvisionedThroughputExceededException", "Rate exceeded")
GONE = ApiError("ResourceNotFoundException", "Stream s not found")


def write(data: bytes, writer: str = "the table t") -> Write:
    return Write(writer, STREAM, "k", data)


class Stream:
    """A stream that raises ``refusal`` if there is one."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.tries = 0
        self.records: list[bytes] = []

    async def put(self, arn: str, key: str, data: bytes) -> None:
        self.tries += 1
        if self.refusal is not None:
            raise self.refusal
        assert (arn, key) == (STREAM, "k")
        self.records.append(data)


def test_throttled_writes_are_repeated_in_order() -> None:
    """[D23]"""

    async def run() -> None:
        clock, stream = HandClock(), Stream(THROTTLED)
        writes = StreamWrites(clock, stream.put)
        for number in range(5):
            writes.add(write(b"%d" % number))
        await clock.advance(60)
        assert stream.tries > 5
        assert stream.records == []
        stream.refusal = None
        await clock.advance(60)
        assert stream.records == [b"0", b"1", b"2", b"3", b"4"]
        writes.add(write(b"5"))  # a writer that had nothing left begins again
        await settle()
        assert stream.records[-1] == b"5"

    asyncio.run(run())


def test_a_throttled_write_is_given_up_after_a_day(caplog: pytest.LogCaptureFixture) -> None:
    """[BC, ?]"""

    async def run() -> None:
        clock, stream = HandClock(), Stream(THROTTLED)
        StreamWrites(clock, stream.put).add(write(b"old"))
        await clock.advance(DAY - 60)
        assert caplog.messages == []
        await clock.advance(120)
        (message,) = caplog.messages
        tries = stream.tries
        assert message == (
            f"a record of the table t for {STREAM} is lost ({tries - 1} retries): "
            "ProvisionedThroughputExceededException: Rate exceeded"
        )
        await clock.advance(DAY)
        assert stream.tries == tries

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("given", "refusal", "limit"),
    [
        ({"retries": 2}, THROTTLED, "retries"),
        ({"seconds": 60.0}, THROTTLED, "age"),
        ({}, GONE, None),
    ],
)
def test_a_writer_learns_why_its_record_is_given_up(
    given: dict[str, Any], refusal: ApiError, limit: str | None
) -> None:
    """[BC] EventBridge tries as often, and as long, as a target's retry policy says."""

    async def run() -> None:
        clock, stream = HandClock(), Stream(refusal)
        losses: list[Loss] = []
        made = replace(write(b"lost"), **given, lost=losses.append)
        StreamWrites(clock, stream.put).add(made)
        await clock.advance(120)
        (loss,) = losses
        assert (loss.code, loss.limit) == (refusal.code, limit)
        assert loss.retries == stream.tries - 1

    asyncio.run(run())


@pytest.mark.parametrize("refusal", [GONE, RuntimeError("a fault")])
def test_a_refused_write_is_lost_with_a_reason_and_the_next_one_is_tried(
    refusal: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        stream = Stream(refusal)
        writes = StreamWrites(HandClock(), stream.put)
        writes.add(write(b"first"))
        await settle()
        stream.refusal = None
        writes.add(write(b"second"))
        await settle()
        assert stream.records == [b"second"]

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    (message,) = caplog.messages
    assert message.startswith(f"a record of the table t for {STREAM} is lost: ")
    assert str(refusal) in message


def test_what_waits_has_a_limit(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stream_writes, "MOST_BYTES", 10)

    async def run() -> None:
        clock, stream = HandClock(), Stream(THROTTLED)
        writes = StreamWrites(clock, stream.put)
        for data in (b"12345", b"67890", b"x"):
            writes.add(write(data))
        writes.add(write(b"other", writer="the table u"))  # has its own limit
        await settle()
        stream.refusal = None
        await clock.advance(60)
        assert sorted(stream.records) == [b"12345", b"67890", b"other"]
        writes.add(write(b"again"))
        await settle()
        assert stream.records[-1] == b"again"

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert ["10 bytes wait for the stream" in message for message in caplog.messages] == [True]


def test_close_stops_waiting_writes() -> None:
    async def run() -> None:
        clock, stream = HandClock(), Stream(THROTTLED)
        writes = StreamWrites(clock, stream.put)
        writes.add(write(b"1"))
        await settle()
        await writes.close()
        stream.refusal = None
        await clock.advance(60)
        assert stream.records == []

    asyncio.run(run())


def test_a_table_writes_on_while_its_stream_throttles(local: target.Aws) -> None:
    """[D23] PutItem succeeds at once; the shard's limit of 1 MB a second holds for the changes."""
    name = f"changes-{uuid.uuid4().hex[:8]}"
    kinesis, dynamodb = local.client("kinesis"), local.client("dynamodb")
    arn = deployment.create_stream(kinesis, name)
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
    )
    dynamodb.enable_kinesis_streaming_destination(TableName=name, StreamArn=arn)
    for number in range(6):
        item = {"id": {"N": str(number)}, "text": {"S": "x" * 300_000}}
        dynamodb.put_item(TableName=name, Item=item)
    (shard,) = kinesis.list_shards(StreamName=name)["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    arrived: list[float] = []
    deadline = time.monotonic() + 60
    while len(arrived) < 6:
        assert time.monotonic() < deadline, arrived
        answer = kinesis.get_records(ShardIterator=iterator)
        iterator = answer["NextShardIterator"]
        arrived += [one["ApproximateArrivalTimestamp"].timestamp() for one in answer["Records"]]
        time.sleep(0.25)
    assert arrived[-1] - arrived[0] > 0.5  # 1.8 MB, of which the first second takes 1 MB


def test_a_table_outlives_its_stream(local: target.Aws) -> None:
    name = f"gone-{uuid.uuid4().hex[:8]}"
    kinesis, dynamodb = local.client("kinesis"), local.client("dynamodb")
    arn = deployment.create_stream(kinesis, name)
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
    )
    dynamodb.enable_kinesis_streaming_destination(TableName=name, StreamArn=arn)
    kinesis.delete_stream(StreamName=name)
    kinesis.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    item = {"id": {"N": "1"}}
    dynamodb.put_item(TableName=name, Item=item)
    assert dynamodb.get_item(TableName=name, Key=item)["Item"] == item
