"""GetShardIterator and GetRecords."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.fakes import ACCOUNT
from tests.localaws.kinesis.harness import AwsError, Kinesis


def refusal(kinesis: Kinesis, *args: Any, **parameters: Any) -> Any:
    with pytest.raises(AwsError) as error:
        kinesis.iterator(*args, **parameters)
    assert error.value.status == 400
    return error.value.code, error.value.message


def test_trim_horizon_starts_at_the_oldest_record(kinesis: Kinesis) -> None:
    kinesis.put("a", "b")
    assert kinesis.texts("TRIM_HORIZON") == ["a", "b"]


def test_latest_starts_after_the_newest_record(kinesis: Kinesis) -> None:
    kinesis.put("a", "b")
    iterator = kinesis.iterator("LATEST")
    kinesis.put("c")
    assert [record["Data"] for record in kinesis.get(iterator)["Records"]] == ["c"]


def test_at_and_after_a_sequence_number(kinesis: Kinesis) -> None:
    _, number, _ = kinesis.put("a", "b", "c")
    assert kinesis.texts("AT_SEQUENCE_NUMBER", StartingSequenceNumber=number) == ["b", "c"]
    assert kinesis.texts("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=number) == ["c"]


def test_a_shards_own_starting_number_is_before_all_its_records(kinesis: Kinesis) -> None:
    kinesis.put("a")
    (shard,) = kinesis.shards()
    number = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    assert kinesis.texts("AT_SEQUENCE_NUMBER", StartingSequenceNumber=number) == ["a"]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=20), st.integers(0, 30))
def test_at_timestamp_starts_with_the_first_record_of_that_time(pauses: Any, ago: Any) -> None:
    """[KD]"""
    with Kinesis(limits=False) as kinesis:
        kinesis.create()
        arrived = []
        for number, pause in enumerate(pauses):
            kinesis.advance(pause)
            kinesis.put(str(number))
            arrived.append(kinesis.clock.now())
        moment = kinesis.clock.now() - ago
        expected = [str(number) for number, at in enumerate(arrived) if at >= moment]
        assert kinesis.texts("AT_TIMESTAMP", Timestamp=moment) == expected


@given(st.floats(0, 1))
def test_at_timestamp_accepts_a_records_own_arrival_time(moment: Any) -> None:
    """A consumer that returns to a record's own time gets the record again."""
    with Kinesis(limits=False) as kinesis:
        kinesis.advance(moment)
        kinesis.create()
        kinesis.put("a")
        (record,) = kinesis.get(kinesis.iterator("TRIM_HORIZON"))["Records"]
        told = record["ApproximateArrivalTimestamp"]
        assert kinesis.texts("AT_TIMESTAMP", Timestamp=told) == ["a"]


def test_a_future_timestamp_is_refused(kinesis: Kinesis) -> None:
    """[KL]"""
    now = int(kinesis.clock.now())
    code, message = refusal(kinesis, "AT_TIMESTAMP", Timestamp=now + 10)
    assert code == "InvalidArgumentException"
    assert message == (
        "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
        f"timestampInMillis: {now + 10}000, currentTimestampInMillis: {now}000"
    )


def test_a_timestamp_is_needed_for_at_timestamp(kinesis: Kinesis) -> None:
    """[KL]"""
    assert refusal(kinesis, "AT_TIMESTAMP") == (
        "InvalidArgumentException",
        "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current "
        "request has no timestamp parameter.",
    )


@pytest.mark.parametrize(
    ("kind", "number", "ending"),
    [
        ("AT_SEQUENCE_NUMBER", None, "Request specified AT_SEQUENCE_NUMBER and no"),
        ("TRIM_HORIZON", "1", "Request specified TRIM_HORIZON and also a"),
    ],
)
def test_iterator_types_and_sequence_numbers_must_match(
    kinesis: Kinesis, kind: str, number: Any, ending: Any
) -> None:
    """[KL]"""
    parameters = {} if number is None else {"StartingSequenceNumber": number}
    code, message = refusal(kinesis, kind, **parameters)
    assert code == "InvalidArgumentException"
    assert message == (
        "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
        "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
        f"{ending} StartingSequenceNumber."
    )


def test_a_sequence_number_not_of_this_shard_is_refused(kinesis: Kinesis) -> None:
    """[KL]"""
    kinesis.create("two", shards=2)
    (other,) = kinesis.put("x", name="two", ExplicitHashKey=str(2**128 - 1))
    used = "used in GetShardIterator on shard shardId-000000000000 in stream s under account"
    assert refusal(kinesis, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=other) == (
        "InvalidArgumentException",
        "Invalid StartingSequenceNumber. It encodes shardId-000000000001, while it was used in a "
        "call to a shard with shardId-000000000000",
    )
    assert refusal(kinesis, "AT_SEQUENCE_NUMBER", StartingSequenceNumber="5") == (
        "InvalidArgumentException",
        f"StartingSequenceNumber 5 {used} {ACCOUNT} is invalid.",
    )
    kinesis.advance(10)
    kinesis.create("later")
    (later,) = kinesis.put("x", name="later")
    assert refusal(kinesis, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=later) == (
        "InvalidArgumentException",
        f"StartingSequenceNumber {later} {used} {ACCOUNT} is invalid because it did not come from "
        "this stream.",
    )


def test_unknown_shards_are_not_found(kinesis: Kinesis) -> None:
    """[KL]"""
    assert refusal(kinesis, shard=5) == (
        "ResourceNotFoundException",
        f"Shard shardId-000000000005 in stream s under account {ACCOUNT} does not exist",
    )
    with pytest.raises(AwsError) as error:
        kinesis(
            "GetShardIterator",
            StreamName="s",
            ShardId="nonsense",
            ShardIteratorType="LATEST",
        )
    assert error.value.message == (
        f"Could not find shard nonsense in stream s under account {ACCOUNT}."
    )


def test_an_iterator_expires_after_5_minutes() -> None:
    """[KL]"""
    with Kinesis(limits=False, moment=1_800_580_921.0) as kinesis:
        kinesis.create()
        iterator = kinesis.iterator("LATEST")
        kinesis.advance(300)
        kinesis.get(iterator)
        kinesis.advance(1)
        with pytest.raises(AwsError) as error:
            kinesis.get(iterator)
    assert (error.value.code, error.value.message) == (
        "ExpiredIteratorException",
        "Iterator expired. The iterator was created at time Fri Jan 22 01:22:02 UTC 2027 while "
        "right now it is Fri Jan 22 01:27:03 UTC 2027 which is further in the future than the "
        "tolerated delay of 300000 milliseconds.",
    )


def test_an_invalid_iterator_is_refused(kinesis: Kinesis) -> None:
    """[KL]"""
    real = kinesis.iterator()
    broken = real[:-8] + ("AAAAAAA=" if real[-8:] != "AAAAAAA=" else "BBBBBBB=")
    for text in ("nonsense", "", base64.b64encode(bytes(200)).decode(), broken):
        with pytest.raises(AwsError) as error:
            kinesis.get(text)
        if text:
            assert (error.value.code, error.value.message) == (
                "InvalidArgumentException",
                "Invalid ShardIterator.",
            )


def test_an_operation_refuses_the_tokens_of_another(kinesis: Kinesis) -> None:
    """Design rule: iterators and page tokens are valid for the operation that returned them."""
    kinesis.create("t", shards=2)
    shards = kinesis("ListShards", StreamName="t", MaxResults=1)["NextToken"]
    streams = kinesis("ListStreams", Limit=1)["NextToken"]
    for text in (shards, streams):
        with pytest.raises(AwsError, match="Invalid ShardIterator"):
            kinesis("GetRecords", ShardIterator=text)
    iterator = kinesis.iterator()
    for operation, text in (
        ("ListShards", streams),
        ("ListShards", iterator),
        ("ListStreams", shards),
        ("ListStreams", iterator),
    ):
        with pytest.raises(AwsError, match=r"Invalid NextToken\."):
            kinesis(operation, NextToken=text)


def test_an_iterator_may_be_in_double_quotes_and_differs_every_time(
    kinesis: Kinesis,
) -> None:
    """[OBS]"""
    kinesis.put("a")
    iterator = kinesis.iterator()
    assert kinesis.iterator() != iterator
    first, second = kinesis.get(f'"{iterator}"'), kinesis.get(iterator)
    assert first["Records"] == second["Records"]
    assert first["NextShardIterator"] != second["NextShardIterator"]


def test_an_iterator_can_be_used_repeatedly(kinesis: Kinesis) -> None:
    kinesis.put("a", "b", "c")
    iterator = kinesis.iterator()
    for _ in range(2):
        answer = kinesis.get(iterator, Limit=2)
        assert [record["Data"] for record in answer["Records"]] == ["a", "b"]
        (last,) = kinesis.get(answer["NextShardIterator"])["Records"]
        assert last["Data"] == "c"


def test_millis_behind_latest_is_0_at_the_tip_and_otherwise_the_records_age(
    kinesis: Kinesis,
) -> None:
    """[BC]"""
    kinesis.put("a")
    kinesis.advance(2)
    kinesis.put("b")
    kinesis.advance(3)
    answer = kinesis.get(kinesis.iterator(), Limit=1)
    assert answer["MillisBehindLatest"] == 5000
    answer = kinesis.get(answer["NextShardIterator"], Limit=1)
    assert answer["MillisBehindLatest"] == 0
    assert kinesis.get(answer["NextShardIterator"])["MillisBehindLatest"] == 0


def test_get_records_returns_at_most_10000_records_and_10_mib(kinesis: Kinesis) -> None:
    """[KD:service-sizes-and-limits]"""
    for _ in range(21):
        records = [{"Data": b"x", "PartitionKey": "k"}] * 500
        kinesis("PutRecords", StreamName="s", Records=records)
    assert len(kinesis.get(kinesis.iterator())["Records"]) == 10_000


def test_a_record_has_what_was_put_and_no_encryption_type(kinesis: Kinesis) -> None:
    """[OBS]"""
    (number,) = kinesis.put("é", key="schlüssel")
    assert kinesis.get(kinesis.iterator())["Records"] == [
        {
            "SequenceNumber": number,
            "ApproximateArrivalTimestamp": kinesis.clock.now(),
            "Data": "é",
            "PartitionKey": "schlüssel",
        }
    ]


def test_the_iterators_of_a_deleted_stream_are_invalid(kinesis: Kinesis) -> None:
    iterator = kinesis.iterator()
    kinesis("DeleteStream", StreamName="s")
    kinesis.advance(1)
    kinesis.create()
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        kinesis.get(iterator)
