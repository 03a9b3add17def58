"""A shard's throughput limits: the arithmetic, and their effect on a client."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.fakes import ACCOUNT
from tests.localaws.kinesis.harness import AwsError, Kinesis
from workbook.localaws.kinesis.limits import MIB, Bucket, ReadLimit, WriteLimit

RATE_EXCEEDED = f"Rate exceeded for shard shardId-000000000000 in stream s under account {ACCOUNT}."


@given(
    st.integers(1, 1000),
    st.lists(st.tuples(st.floats(0, 3), st.integers(1, 1500)), max_size=60),
)
def test_a_token_bucket_agrees_with_a_reference_model(rate: Any, requests: Any) -> None:
    """The reference recomputes the level from the whole history."""
    bucket, now = Bucket(rate), 0.0
    history: list[tuple[float, int]] = []
    for pause, amount in requests:
        now += pause
        level, last = float(rate), 0.0
        for at, taken in history:
            level = min(rate, level + (at - last) * rate) - taken
            last = at
        level = min(rate, level + (now - last) * rate)
        wanted = min(amount, rate)
        if abs(level - wanted) > 1e-6:  # otherwise rounding decides
            assert bucket.has(amount, now) == (level >= wanted)
        if bucket.has(amount, now):
            bucket.take(amount)
            history.append((now, amount))


@given(st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, MIB)), max_size=80))
def test_a_shard_takes_at_most_a_second_more_than_its_rate(writes: Any) -> None:
    limit, now, taken, records = WriteLimit(), 0.0, 0, 0
    for pause, size in writes:
        now += pause
        if limit.admit(size, now):
            taken += size
            records += 1
        assert taken <= (1 + now) * MIB + 1
        assert records <= (1 + now) * 1000 + 1


def test_a_shard_takes_1000_records_in_a_second() -> None:
    """[KD:service-sizes-and-limits]"""
    with Kinesis() as kinesis:
        kinesis.create()
        for _ in range(2):
            answer = kinesis("PutRecords", StreamName="s", Records=_records(500))
            assert answer["FailedRecordCount"] == 0
        with pytest.raises(AwsError) as error:
            kinesis.put("one too many")
        assert error.value.code == "ProvisionedThroughputExceededException"
        assert error.value.message == RATE_EXCEEDED
        assert error.value.status == 400
        kinesis.advance(0.125)
        kinesis.put(*"0123456789")


def test_a_shard_takes_1_mib_in_a_second() -> None:
    """[KD:service-sizes-and-limits]"""
    with Kinesis() as kinesis:
        kinesis.create()
        big = b"x" * (MIB // 2 - 1)
        kinesis("PutRecord", StreamName="s", PartitionKey="k", Data=big)
        kinesis("PutRecord", StreamName="s", PartitionKey="k", Data=big)
        with pytest.raises(AwsError, match="ProvisionedThroughputExceeded"):
            kinesis.put("one byte too many")
        kinesis.advance(0.6)
        kinesis("PutRecord", StreamName="s", PartitionKey="k", Data=big)


def test_put_records_can_refuse_single_records() -> None:
    """[BC, KL] Same length and order as the request; a number or an error for each."""
    with Kinesis() as kinesis:
        kinesis.create(shards=2)
        low = [{"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": "0"}] * 499
        high = {"Data": b"y", "PartitionKey": "k", "ExplicitHashKey": str(2**128 - 1)}
        for _ in range(2):
            kinesis("PutRecords", StreamName="s", Records=[*low, high])
        answer = kinesis("PutRecords", StreamName="s", Records=[*low, high])
        assert answer["FailedRecordCount"] == 497  # 2 of 1,000 were left in the low shard
        assert len(answer["Records"]) == 500
        assert answer["Records"][2] == {
            "ErrorCode": "ProvisionedThroughputExceededException",
            "ErrorMessage": RATE_EXCEEDED,
        }
        assert set(answer["Records"][0]) == {"SequenceNumber", "ShardId"}
        assert answer["Records"][499]["ShardId"] == "shardId-000000000001"


def test_large_records_use_burst_capacity() -> None:
    """[KD:service-sizes-and-limits] A 10 MiB record is accepted; the shard then recovers."""
    with Kinesis() as kinesis:
        kinesis.create(MaxRecordSizeInKiB=10_240)
        data = b"x" * (10 * MIB - 1)
        kinesis("PutRecord", StreamName="s", PartitionKey="k", Data=data)
        kinesis.advance(5)
        with pytest.raises(AwsError, match="ProvisionedThroughputExceeded"):
            kinesis.put("too early")
        kinesis.advance(5)
        kinesis.put("in time")


def test_a_shard_is_read_5_times_in_a_second() -> None:
    """[KD:service-sizes-and-limits]"""
    with Kinesis() as kinesis:
        kinesis.create()
        iterator = kinesis.iterator()
        for _ in range(5):
            iterator = kinesis.get(iterator)["NextShardIterator"]
        with pytest.raises(AwsError) as error:
            kinesis.get(iterator)
        assert (error.value.code, error.value.message) == (
            "ProvisionedThroughputExceededException",
            RATE_EXCEEDED,
        )
        kinesis.advance(0.2)
        kinesis.get(iterator)


def test_reads_share_2_mib_in_a_second() -> None:
    limit, now = ReadLimit(), 0.0
    assert limit.admit(now)
    limit.record(3 * MIB, now)
    assert not limit.admit(now + 0.4)
    assert limit.admit(now + 0.6)


def test_after_a_10_mb_answer_reads_are_refused_for_5_seconds() -> None:
    """[KD:service-sizes-and-limits]"""
    with Kinesis() as kinesis:
        kinesis.create(shards=1)
        data = b"x" * (MIB - 1)
        for _ in range(12):
            kinesis("PutRecord", StreamName="s", PartitionKey="k", Data=data)
            kinesis.advance(1)
        answer = kinesis.get(kinesis.iterator())
        assert len(answer["Records"]) == 10
        kinesis.advance(4.9)
        with pytest.raises(AwsError, match="ProvisionedThroughputExceeded"):
            kinesis.get(answer["NextShardIterator"])
        kinesis.advance(0.1)
        assert len(kinesis.get(answer["NextShardIterator"])["Records"]) == 2


def test_get_shard_iterator_is_called_5_times_in_a_second_per_shard() -> None:
    """[KD:service-sizes-and-limits]"""
    with Kinesis() as kinesis:
        kinesis.create()
        for _ in range(5):
            kinesis.iterator()
        with pytest.raises(AwsError, match="ProvisionedThroughputExceeded"):
            kinesis.iterator()


def test_create_stream_is_called_5_times_in_a_second() -> None:
    """[KD:service-sizes-and-limits]"""
    with Kinesis() as kinesis:
        for number in range(5):
            kinesis("CreateStream", StreamName=f"s{number}", ShardCount=1)
        with pytest.raises(AwsError, match=f"Rate exceeded for stream s5 under account {ACCOUNT}."):
            kinesis("CreateStream", StreamName="s5", ShardCount=1)


def test_list_streams_is_called_5_times_in_a_second() -> None:
    """[KD:service-sizes-and-limits] The account's rates apply without a stream."""
    with Kinesis() as kinesis:
        for _ in range(5):
            kinesis("ListStreams")
        with pytest.raises(AwsError) as error:
            kinesis("ListStreams")
        assert (error.value.code, error.value.message) == (
            "LimitExceededException",
            f"Rate exceeded for account {ACCOUNT}.",
        )


def test_without_limits_nothing_is_throttled_but_record_sizes_are_checked() -> None:
    with Kinesis(limits=False) as kinesis:
        kinesis.create()
        for _ in range(5):
            answer = kinesis("PutRecords", StreamName="s", Records=_records(500))
            assert answer["FailedRecordCount"] == 0
        iterator = kinesis.iterator()
        for _ in range(20):
            iterator = kinesis.get(iterator)["NextShardIterator"]
        with pytest.raises(AwsError, match="ValidationException"):
            kinesis("PutRecord", StreamName="s", PartitionKey="k", Data=b"x" * MIB)


def test_an_on_demand_stream_starts_with_4_shards_and_doubles_for_twice_its_peak() -> None:
    """[KD:how-do-i-size-a-stream] At most doubling within 15 minutes."""
    with Kinesis() as kinesis:
        kinesis.create(StreamModeDetails={"StreamMode": "ON_DEMAND"})
        assert len(kinesis.shards()) == 4
        _write_for(kinesis, seconds=130, per_second=3800)
        assert len(kinesis.shards(ShardFilter={"Type": "AT_LATEST"})) == 8
        _write_for(kinesis, seconds=130, per_second=7600)
        assert len(kinesis.shards(ShardFilter={"Type": "AT_LATEST"})) == 8
        _write_for(kinesis, seconds=900, per_second=7600)
        assert len(kinesis.shards(ShardFilter={"Type": "AT_LATEST"})) == 16


def test_an_on_demand_stream_throttles_one_hot_key_at_one_shard() -> None:
    """[KD:how-do-i-size-a-stream]"""
    with Kinesis() as kinesis:
        kinesis.create(StreamModeDetails={"StreamMode": "ON_DEMAND"})
        failed = 0
        for _ in range(3):
            records = [{"Data": b"x", "PartitionKey": "hot"}] * 500
            failed += kinesis("PutRecords", StreamName="s", Records=records)["FailedRecordCount"]
        assert failed == 500


def _records(count: int) -> list[dict[str, Any]]:
    return [{"Data": b"x", "PartitionKey": f"k{number}"} for number in range(count)]


def _write_for(kinesis: Kinesis, seconds: int, per_second: int) -> None:
    """Send that many records each second directly to the service's stream; requests are slow."""
    (stream,) = kinesis.service.region("us-east-1").all(kinesis.clock.now())
    for _ in range(seconds):
        stream.demand.count(per_second, per_second)
        kinesis.advance(1)
        kinesis.put("x")
