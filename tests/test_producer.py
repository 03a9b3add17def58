"""The producer: nothing lost or sent twice, calls within Kinesis' limits."""

import json
import random
from collections.abc import Callable, Iterable
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from workbook import flights, producer

THROTTLED = {
    "ErrorCode": "ProvisionedThroughputExceededException",
    "ErrorMessage": "Rate exceeded for shard shardId-000000000000 in stream s under account 1.",
}


class Kinesis:
    """A Kinesis that refuses the records selected by ``refuses``, and keeps the others."""

    def __init__(self, refuses: Callable[[Any], bool] = lambda record: False) -> None:
        self.refuses = refuses
        self.taken: list[dict[str, Any]] = []
        self.sizes: list[tuple[int, int]] = []

    def put_records(self, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        size = sum(len(record["Data"]) + len(record["PartitionKey"]) for record in Records)
        self.sizes.append((len(Records), size))
        answers = []
        for record in Records:
            if self.refuses(record):
                answers.append(THROTTLED)
            else:
                self.taken.append(record)
                answers.append({"ShardId": "shardId-000000000000", "SequenceNumber": "1"})
        return {"Records": answers}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer, "FIRST_PAUSE", 0)


def send(kinesis: Any, events: Iterable[Any], **options: Any) -> producer.SendResult:
    return producer.send(kinesis, "s", events, progress=False, **options)


@settings(max_examples=50)
@given(count=st.integers(0, 60), batch_size=st.integers(1, 20), seed=st.integers(0, 999))
def test_every_event_is_accepted_once_whatever_is_refused(
    count: int, batch_size: int, seed: int
) -> None:
    """PutRecords may refuse any of its entries; only those are sent again [BC]."""
    chance = random.Random(seed)
    kinesis = Kinesis(lambda record: chance.random() < 0.3)
    result = send(kinesis, ({"n": n} for n in range(count)), key="n", batch_size=batch_size)
    assert sorted(json.loads(record["Data"])["n"] for record in kinesis.taken) == list(range(count))
    assert result.records == result.per_shard.sum() == count
    assert result.calls["records"].sum() == count + result.retried
    assert all(records <= batch_size for records, _ in kinesis.sizes)


def test_without_refusals_order_is_kept() -> None:
    kinesis = Kinesis()
    send(kinesis, ({"n": n} for n in range(1_200)), key="n")
    assert [json.loads(record["Data"])["n"] for record in kinesis.taken] == list(range(1_200))
    assert [records for records, _ in kinesis.sizes] == [500, 500, 200]


def test_a_call_never_has_more_than_10_mib() -> None:
    """Keys count too [BC]."""
    kinesis = Kinesis()
    send(kinesis, ({"n": n, "text": "x" * 1_000_000} for n in range(25)), key="n")
    assert max(size for _, size in kinesis.sizes) <= 10 * 1024 * 1024
    assert len(kinesis.taken) == 25
    assert len(kinesis.sizes) == 3


def test_the_error_has_the_remaining_records_when_patience_ends() -> None:
    kinesis = Kinesis(lambda record: record["PartitionKey"] == "7")
    with pytest.raises(
        producer.NotSentError, match=r"s did not accept 1 records.*such as 7.*Prov"
    ) as caught:
        send(kinesis, ({"n": n} for n in range(20)), key="n", patience=0)
    assert [entry.partition_key for entry in caught.value.remaining] == ["7"]
    assert len(kinesis.taken) == 19


def test_attempts_are_counted() -> None:
    refusals = iter([True, True, False])
    result = send(Kinesis(lambda record: next(refusals)), [{"n": 1}], key="n")
    assert list(result.calls["attempt"]) == [1, 2, 3]
    assert list(result.calls["failed"]) == [1, 1, 0]
    assert result.retried == 2


def test_the_key_is_the_tail_number_or_else_the_event_id() -> None:
    event = next(flights.events(flights.load(first=1)))
    kinesis = Kinesis()
    send(kinesis, [event, {**event, "tailnum": None}])
    assert [record["PartitionKey"] for record in kinesis.taken] == [
        event["tailnum"],
        flights.event_id(event),
    ]


def test_the_key_can_be_another_field_or_a_function() -> None:
    kinesis = Kinesis()
    send(kinesis, [{"n": 1}], key="n")
    send(kinesis, [{"n": 1}], key=lambda event: "constant")
    send(kinesis, [{"n": 1}], key=lambda event: event["n"] + 1)
    assert [record["PartitionKey"] for record in kinesis.taken] == ["1", "constant", "2"]


@pytest.mark.parametrize(
    ("options", "named"), [({"key": "m"}, "'m'"), ({"batch_size": 501}, "501")]
)
def test_the_error_names_an_invalid_argument(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        send(Kinesis(), [{"n": 1}], **options)


def test_a_table_in_place_of_events_is_refused() -> None:
    with pytest.raises(TypeError, match=r"not 'year'; flights\.events makes them of a table"):
        send(Kinesis(), flights.load(first=1))


@mock_aws
def test_flights_arrive_in_a_real_streams_shards() -> None:
    kinesis = boto3.client("kinesis", region_name="us-east-1")
    kinesis.create_stream(StreamName="s", ShardCount=3)
    result = send(kinesis, flights.events(flights.load(first=600)))
    assert len(result.per_shard) == 3
    assert result.records == 600
    stored = 0
    for shard_id, count in result.per_shard.to_dict().items():
        iterator = kinesis.get_shard_iterator(
            StreamName="s", ShardId=str(shard_id), ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = kinesis.get_records(ShardIterator=iterator)["Records"]
        assert len(records) == count
        stored += len(records)
    assert stored == 600
