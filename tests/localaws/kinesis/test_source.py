"""How event source mappings read a stream, inside the process."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.localaws.kinesis.harness import Kinesis
from workbook.localaws.interfaces import (
    AfterSequenceNumber,
    AtTimestamp,
    Latest,
    ReadThrottledError,
    ShardInfo,
    SourceGoneError,
    TrimHorizon,
)

SHARD = "shardId-000000000000"


@pytest.fixture
def kinesis() -> Iterator[Kinesis]:
    with Kinesis() as kinesis:
        kinesis.create()
        yield kinesis


def data(read: Any) -> Any:
    return [record.data for record in read.records]


def test_a_read_returns_records_and_the_next_position(kinesis: Kinesis) -> None:
    numbers = kinesis.put("a", "b", "c")
    source = kinesis.source()
    first = source.read(SHARD, TrimHorizon(), 2)
    assert data(first) == [b"a", b"b"]
    assert [str(record.sequence_number) for record in first.records] == numbers[:2]
    assert first.position == AfterSequenceNumber(int(numbers[1]))
    second = source.read(SHARD, first.position, 2)
    assert data(second) == [b"c"]
    assert not second.closed


def test_a_reader_that_started_at_latest_misses_nothing(kinesis: Kinesis) -> None:
    kinesis.put("before")
    source = kinesis.source()
    empty = source.read(SHARD, Latest(), 10)
    kinesis.put("after")
    assert data(empty) == []
    assert data(source.read(SHARD, empty.position, 10)) == [b"after"]


def test_a_reader_of_an_empty_shard_misses_nothing(kinesis: Kinesis) -> None:
    source = kinesis.source()
    empty = source.read(SHARD, AtTimestamp(kinesis.clock.now()), 10)
    kinesis.put("first")
    assert data(source.read(SHARD, empty.position, 10)) == [b"first"]


def test_the_last_read_of_a_closed_shard_names_its_children(
    kinesis: Kinesis,
) -> None:
    kinesis.put("a", "b")
    kinesis("SplitShard", StreamName="s", ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
    source = kinesis.source()
    assert source.shards() == [
        ShardInfo(SHARD, ()),
        ShardInfo("shardId-000000000001", (SHARD,)),
        ShardInfo("shardId-000000000002", (SHARD,)),
    ]
    first = source.read(SHARD, TrimHorizon(), 1)
    last = source.read(SHARD, first.position, 10)
    assert (first.closed, last.closed) == (False, True)
    assert source.read(SHARD, last.position, 10).closed


def test_reads_share_the_shards_read_limits_with_clients(kinesis: Kinesis) -> None:
    """[DG:with-kinesis] 5 reads a second."""
    source = kinesis.source()
    iterator = kinesis.iterator()
    for _ in range(2):
        kinesis.get(iterator)
    for _ in range(3):
        source.read(SHARD, TrimHorizon(), 1)
    with pytest.raises(ReadThrottledError):
        source.read(SHARD, TrimHorizon(), 1)
    kinesis.advance(0.25)
    source.read(SHARD, TrimHorizon(), 1)


def test_a_deleted_stream_stays_gone_for_its_readers_if_it_is_created_again(
    kinesis: Kinesis,
) -> None:
    source = kinesis.source()
    kinesis("DeleteStream", StreamName="s")
    with pytest.raises(SourceGoneError):
        source.shards()
    kinesis.advance(1)
    kinesis.create()
    with pytest.raises(SourceGoneError):
        source.read(SHARD, TrimHorizon(), 1)


@pytest.mark.parametrize(
    "arn",
    [
        "nonsense",
        "arn:aws:kinesis:us-east-1:123456789012:stream/unknown",
        "arn:aws:kinesis:eu-west-1:123456789012:stream/s",
        "arn:aws:kinesis:us-east-1:123456789012:stream/s/consumer/c:1",
        "arn:aws:sqs:us-east-1:123456789012:s",
    ],
)
def test_an_arn_of_another_kind_is_not_a_source(kinesis: Kinesis, arn: str) -> None:
    with pytest.raises(SourceGoneError):
        kinesis.source(arn)
