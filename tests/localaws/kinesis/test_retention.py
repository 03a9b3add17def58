"""Retention: how long records stay, and that their memory is freed."""

import gc
from typing import Any

import psutil
import pytest

from tests.localaws.kinesis.harness import AwsError, Kinesis
from workbook.localaws.interfaces import AfterSequenceNumber, AtTimestamp

HOUR = 3600


def test_records_stay_for_24_hours(kinesis: Kinesis) -> None:
    """[KD:service-sizes-and-limits]"""
    kinesis.put("old")
    kinesis.advance(1)
    kinesis.put("young")
    kinesis.advance(24 * HOUR - 1)
    assert kinesis.texts() == ["old", "young"]
    kinesis.advance(1)
    assert kinesis.texts() == ["young"]


def test_reading_from_before_the_horizon_starts_at_the_horizon(kinesis: Kinesis) -> None:
    """[KD]"""
    old, _ = kinesis.put("old", "old too")
    before = kinesis.clock.now()
    kinesis.advance(24 * HOUR + 1)
    kinesis.put("young")
    assert kinesis.texts("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=old) == ["young"]
    assert kinesis.texts("AT_TIMESTAMP", Timestamp=before) == ["young"]
    source = kinesis.source()
    for position in (AfterSequenceNumber(int(old)), AtTimestamp(before)):
        read = source.read("shardId-000000000000", position, 10)
        assert [record.data for record in read.records] == [b"young"]
    assert source.oldest() == kinesis.clock.now() - 24 * HOUR


def test_an_iterator_whose_records_expire_continues_with_the_rest(kinesis: Kinesis) -> None:
    kinesis.put("old")
    kinesis.advance(24 * HOUR - 100)
    iterator = kinesis.iterator()
    kinesis.put("young")
    kinesis.advance(200)
    assert [record["Data"] for record in kinesis.get(iterator)["Records"]] == ["young"]


@pytest.mark.parametrize("goes", ["expiry", "deletion"])
def test_the_memory_of_expired_records_is_returned_to_the_system(
    kinesis: Kinesis, goes: str
) -> None:
    """Small records too, many of which share a piece of Python's memory."""
    before = private_bytes()
    for first in range(0, 100_000, 500):
        records = [{"Data": b"x" * 350, "PartitionKey": str(first + n)} for n in range(500)]
        kinesis("PutRecords", StreamName="s", Records=records)
    full = private_bytes()
    kinesis.advance(61)  # so that the search for expired records has found these
    assert full - before > 30_000_000
    if goes == "expiry":
        kinesis.advance(24 * HOUR + 61)
    else:
        kinesis("DeleteStream", StreamName="s")
        kinesis.advance(5)
        assert kinesis("ListStreams")["StreamNames"] == []
    assert private_bytes() - before < (full - before) / 5


def private_bytes() -> int:
    """Return this process' own memory without garbage, wherever the system keeps it.

    The resident size would not do: a system that is short of memory takes libraries out of it.
    """
    gc.collect()
    memory = psutil.Process().memory_full_info()
    return int(memory.uss + getattr(memory, "swap", 0))


def test_a_longer_retention_keeps_more_and_a_shorter_one_less(kinesis: Kinesis) -> None:
    kinesis("IncreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=48)
    kinesis.put("old")
    kinesis.advance(30 * HOUR)
    assert kinesis.texts() == ["old"]
    kinesis("DecreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=24)
    assert kinesis.texts() == []


def test_a_longer_retention_does_not_bring_expired_records_back(kinesis: Kinesis) -> None:
    """[BC]"""
    kinesis.put("expired")
    kinesis.advance(2 * HOUR)
    kinesis.put("kept")
    kinesis.advance(23 * HOUR)
    kinesis("IncreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=48)
    assert kinesis.texts() == ["kept"]


@pytest.mark.parametrize(
    ("operation", "hours", "message"),
    [
        (
            "Increase",
            23,
            "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) "
            "is too short.",
        ),
        (
            "Increase",
            8761,
            "Maximum allowed retention period is 8760 hours. Requested retention period (8761 "
            "hours) is too long.",
        ),
        (
            "Increase",
            30,
            "Requested retention period (30 hours) for stream s can not be shorter than existing "
            "retention period (48 hours). Use DecreaseRetentionPeriod API.",
        ),
        (
            "Decrease",
            50,
            "Requested retention period (50 hours) for stream s can not be longer than existing "
            "retention period (48 hours). Use IncreaseRetentionPeriod API.",
        ),
    ],
)
def test_invalid_retention_periods_are_refused(
    kinesis: Kinesis, operation: str, hours: Any, message: str
) -> None:
    """[KL]"""
    kinesis("IncreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=48)
    kinesis.advance(1)
    with pytest.raises(AwsError) as error:
        kinesis(f"{operation}StreamRetentionPeriod", StreamName="s", RetentionPeriodHours=hours)
    assert (error.value.code, error.value.message) == ("InvalidArgumentException", message)


def test_a_closed_shard_expires_with_its_records(kinesis: Kinesis) -> None:
    """[KD] OPEN, CLOSED, EXPIRED."""
    kinesis.put("old")
    kinesis(
        "SplitShard",
        StreamName="s",
        ShardToSplit="shardId-000000000000",
        NewStartingHashKey=str(2**127),
    )
    kinesis.advance(24 * HOUR - 1)
    assert len(kinesis.shards()) == 3
    kinesis.advance(2)
    assert [shard["ParentShardId"] for shard in kinesis.shards()] == ["shardId-000000000000"] * 2
    read = kinesis.source().read("shardId-000000000000", AtTimestamp(0), 10)
    assert read.closed
