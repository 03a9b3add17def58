"""Properties of writing: nothing is lost or invented, and the order per key is kept."""

import itertools
import json
from collections import Counter, defaultdict
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.events import flight_event, kinesis_event

# The machine's speed is not a property of the function.

CALL_MILLIS = 100
KEYS = st.lists(st.sampled_from("abcdefgh"), max_size=30)


class FakeKinesis:
    """A stream that refuses entries at random and keeps the others in the order of each call."""

    def __init__(self, refusing: float, seed: int) -> None:
        self.refusing = refusing
        self.random = Random(seed)
        self.stored: list[dict[str, Any]] = []
        self.calls: list[list[dict[str, Any]]] = []

    def put_records(self, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        assert StreamName == "processed_stream"
        self.calls.append(Records)
        return {"Records": [self.put(record) for record in Records]}

    def put(self, record: dict[str, Any]) -> dict[str, str]:
        if self.random.random() < self.refusing:
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "Internal service failure."}
        self.stored.append(record)
        return {"SequenceNumber": str(len(self.stored)), "ShardId": "shardId-000000000000"}


class FakeTime:
    """Time that passes only in pauses and calls."""

    def __init__(self, millis: float, kinesis: FakeKinesis) -> None:
        self.millis = millis
        self.kinesis = kinesis

    def sleep(self, seconds: float) -> None:
        self.millis -= 1000 * seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.millis - CALL_MILLIS * len(self.kinesis.calls))


def invoke(
    handler: ModuleType, event: dict[str, Any], kinesis: FakeKinesis, millis: float
) -> dict[str, Any] | None:
    """Invoke the function with these; return None if it failed for lack of time."""
    context = FakeTime(millis, kinesis)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handler, "KINESIS", kinesis)
        patch.setattr(handler.time, "sleep", context.sleep)
        try:
            response: dict[str, Any] = handler.lambda_handler(event, context)
        except handler.NotWritten:
            return None
    return response


def batch(keys: list[str]) -> dict[str, Any]:
    """A departure for each key, numbered by its flight from 1."""
    payloads = [flight_event(flight=number) for number in range(1, len(keys) + 1)]
    return kinesis_event(payloads, partition_keys=keys)


def numbers_by_key(stored: list[dict[str, Any]]) -> dict[str, list[int]]:
    found = defaultdict(list)
    for record in stored:
        found[record["PartitionKey"]].append(json.loads(record["Data"])["flight"])
    return found


@given(keys=KEYS, refusing=st.floats(0, 0.9), seed=st.integers(0, 1000))
def test_all_written_once_and_in_order_per_key(
    handler: ModuleType, keys: list[str], refusing: float, seed: int
) -> None:
    kinesis = FakeKinesis(refusing, seed)
    assert invoke(handler, batch(keys), kinesis, millis=10**9) == {"batchItemFailures": []}
    expected = defaultdict(list)
    for number, key in enumerate(keys, start=1):
        expected[key].append(number)
    assert numbers_by_key(kinesis.stored) == expected


@given(
    keys=KEYS, refusing=st.floats(0, 0.9), seed=st.integers(0, 1000), millis=st.integers(0, 5000)
)
def test_when_time_runs_out_all_before_the_reported_record_is_written(
    handler: ModuleType, keys: list[str], refusing: float, seed: int, millis: int
) -> None:
    """Records that Lambda will not repeat are written; the reported record is not."""
    event = batch(keys)
    kinesis = FakeKinesis(refusing, seed)
    response = invoke(handler, event, kinesis, millis)
    numbers = [r["kinesis"]["sequenceNumber"] for r in event["Records"]]
    if response is None:
        first = 0
    elif response["batchItemFailures"]:
        first = numbers.index(response["batchItemFailures"][0]["itemIdentifier"])
        assert first > 0
    else:
        first = len(keys)
    stored = [json.loads(record["Data"])["flight"] for record in kinesis.stored]
    assert len(stored) == len(set(stored))
    assert {*range(1, first + 1)} <= {*stored} <= {*range(1, len(keys) + 1)} - {first + 1}
    for found in numbers_by_key(kinesis.stored).values():
        assert found == sorted(found)


@given(keys=KEYS, refusing=st.floats(0, 0.8), seed=st.integers(0, 1000))
def test_over_all_invocations_first_copies_are_complete_and_in_order(
    handler: ModuleType, keys: list[str], refusing: float, seed: int
) -> None:
    """If Lambda repeats what was reported, dropping duplicates leaves the input."""
    event = batch(keys)
    kinesis = FakeKinesis(refusing, seed)
    remaining = event["Records"]
    for attempt in itertools.count(1):
        response = invoke(
            handler, {"Records": remaining}, kinesis, 2000 + CALL_MILLIS * len(kinesis.calls)
        )
        if response == {"batchItemFailures": []}:
            break
        if response is not None:
            wanted = response["batchItemFailures"][0]["itemIdentifier"]
            numbers = [record["kinesis"]["sequenceNumber"] for record in remaining]
            remaining = remaining[numbers.index(wanted) :]
        assert attempt < 1000
    first_copies = {
        key: list(dict.fromkeys(found)) for key, found in numbers_by_key(kinesis.stored).items()
    }
    expected = defaultdict(list)
    for number, key in enumerate(keys, start=1):
        expected[key].append(number)
    assert first_copies == expected


@given(
    sizes=st.lists(st.integers(0, 60), max_size=40),
    keys=st.lists(st.sampled_from("abcdefgh"), min_size=40, max_size=40),
    most_records=st.integers(1, 5),
)
def test_calls_stay_within_the_limits(
    handler: ModuleType, sizes: list[int], keys: list[str], most_records: int
) -> None:
    outputs = [
        handler.Output(str(i), key, b"x" * size)
        for i, (size, key) in enumerate(zip(sizes, keys, strict=False))
    ]
    kinesis = FakeKinesis(0, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handler, "KINESIS", kinesis)
        patch.setattr(handler, "MAX_CALL_RECORDS", most_records)
        patch.setattr(handler, "MAX_CALL_BYTES", 100)
        assert handler.write(outputs, lambda: 10**9) == Counter()
    for call in kinesis.calls:
        assert 1 <= len(call) <= most_records
        assert sum(len(r["Data"]) + len(r["PartitionKey"]) for r in call) <= 100
    assert len(kinesis.stored) == len(outputs)
