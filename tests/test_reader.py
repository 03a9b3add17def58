"""The reader: every record of every shard, typed."""

import base64
import json
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.api import types

from workbook import flights, producer, reader
from workbook.reader import read_stream
from workbook.target import Aws

Stream = tuple[Any, str]


@pytest.fixture
def stream(unlimited: Aws) -> Iterator[Stream]:
    """A stream of two shards: its client, its name."""
    kinesis = unlimited.client("kinesis")
    name = f"read-{uuid.uuid4().hex}"
    kinesis.create_stream(StreamName=name, ShardCount=2)
    _wait(kinesis, name)
    yield kinesis, name
    kinesis.delete_stream(StreamName=name)


def _wait(kinesis: Any, name: str) -> None:
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})


def put(stream: Stream, *payloads: bytes) -> list[dict[str, Any]]:
    kinesis, name = stream
    records = [{"Data": data, "PartitionKey": str(i)} for i, data in enumerate(payloads)]
    answers: list[dict[str, Any]] = kinesis.put_records(StreamName=name, Records=records)["Records"]
    return answers


def test_flights_come_back_as_they_were(stream: Stream, unlimited: Aws) -> None:
    kinesis, name = stream
    sent = flights.load(first=12_000)
    producer.send(kinesis, name, flights.events(sent), key=flights.event_id, progress=False)
    got = read_stream(unlimited, name, progress=False)
    assert list(got.columns) == [
        *sent.columns, "shard_id", "sequence_number", "partition_key", "arrival_time"
    ]  # fmt: skip
    assert got["shard_id"].nunique() == 2
    ids = pd.Index([flights.event_id(event) for event in flights.events(sent)])
    back = got.set_index("partition_key").loc[ids, sent.columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(back, sent)


def test_sequence_numbers_and_shard_ids_are_kinesiss(stream: Stream, unlimited: Aws) -> None:
    answers = put(stream, b'{"n":1}', b'{"n":2}', b'{"n":3}')
    got = read_stream(unlimited, stream[1], progress=False).sort_values("n")
    assert list(got["sequence_number"]) == [answer["SequenceNumber"] for answer in answers]
    assert list(got["shard_id"]) == [answer["ShardId"] for answer in answers]
    assert (pd.Timestamp.now("UTC") - got["arrival_time"]).max() < pd.Timedelta("1min")


def test_records_of_a_shard_keep_their_order(stream: Stream, unlimited: Aws) -> None:
    put(stream, *(b'{"n":%d}' % n for n in range(300)))
    got = read_stream(unlimited, stream[1], progress=False)
    for _, shard in got.groupby("shard_id", observed=True):
        assert shard["n"].is_monotonic_increasing
        assert shard["sequence_number"].map(int).is_monotonic_increasing


def test_parents_and_children_of_a_reshard_are_read(stream: Stream, unlimited: Aws) -> None:
    kinesis, name = stream
    put(stream, *(b'{"n":%d}' % n for n in range(100)))
    shard = kinesis.list_shards(StreamName=name)["Shards"][0]
    low, high = (int(shard["HashKeyRange"][f"{end}HashKey"]) for end in ("Starting", "Ending"))
    kinesis.split_shard(
        StreamName=name, ShardToSplit=shard["ShardId"], NewStartingHashKey=str((low + high) // 2)
    )
    _wait(kinesis, name)
    put(stream, *(b'{"n":%d}' % n for n in range(100, 200)))
    got = read_stream(unlimited, name, progress=False)
    assert sorted(got["n"]) == list(range(200))
    assert got["shard_id"].nunique() == 4


def test_columns_can_be_chosen(stream: Stream, unlimited: Aws) -> None:
    put(stream, b'{"a":1,"b":2}', b'{"a":3}')
    got = read_stream(unlimited, stream[1], columns=["b", "nowhere"], progress=False)
    assert list(got.columns[:2]) == ["b", "nowhere"]
    assert sorted(got["b"].dropna()) == [2]
    assert got["nowhere"].isna().all()
    assert len(got) == 2


def test_data_of_any_kind_can_be_read_without_its_fields(stream: Stream, unlimited: Aws) -> None:
    put(stream, b"\x1f\x8b\x00", b"not JSON")
    got = read_stream(unlimited, stream[1], columns=[], progress=False)
    assert list(got.columns) == list(reader.METADATA)
    assert len(got) == 2


def test_an_empty_stream_has_the_columns_of_every_record(stream: Stream, unlimited: Aws) -> None:
    got = read_stream(unlimited, stream[1], progress=False)
    assert len(got) == 0
    assert list(got.columns) == ["shard_id", "sequence_number", "partition_key", "arrival_time"]


@pytest.mark.parametrize("data", [b"not JSON", b"[1]", b"7", b"", b"{} {}"])
def test_the_error_names_a_record_that_is_not_a_json_object(
    stream: Stream, unlimited: Aws, data: bytes
) -> None:
    put(stream, b"{}")
    (answer,) = put(stream, data)
    with pytest.raises(reader.PayloadError, match=answer["SequenceNumber"]):
        read_stream(unlimited, stream[1], progress=False)


def test_an_unknown_stream_is_refused(unlimited: Aws) -> None:
    with pytest.raises(unlimited.client("kinesis").exceptions.ResourceNotFoundException):
        read_stream(unlimited, "nowhere", progress=False)


def frame(*pages: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the reader's DataFrame for pages of payloads."""
    return reader.to_frame([_table(page) for page in pages])


def _table(payloads: list[dict[str, Any]]) -> pa.Table:
    record = {"SequenceNumber": "1", "PartitionKey": "k", "ApproximateArrivalTimestamp": 1.5}
    return reader.to_table(
        "shardId-000000000000",
        [{**record, "Data": _base64(json.dumps(payload))} for payload in payloads],
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_types_of_values() -> None:
    got = frame([{"i": 1, "f": 1.5, "b": True, "s": "x", "t": "2013-01-01T10:15:00Z"}, {}])
    assert str(got["i"].dtype) == "Int64"
    assert str(got["f"].dtype) == "Float64"
    assert str(got["b"].dtype) == "boolean"
    assert got["s"].dtype == "str"
    assert types.is_datetime64_any_dtype(got["t"])
    assert got["t"][0] == pd.Timestamp("2013-01-01T10:15:00Z")
    assert got.iloc[1, :5].isna().all()


def test_integers_beside_floats_become_floats() -> None:
    assert list(frame([{"v": 1}], [{"v": 2.5}])["v"]) == [1.0, 2.5]


TOO_LARGE = 2**53 + 1  # the first integer that Float64 would round


@pytest.mark.parametrize("pages", [[[TOO_LARGE, 0.5]], [[TOO_LARGE], [0.5]], [[1, 0.5], [2**62]]])
def test_integers_that_a_float_would_round_become_text(pages: Any) -> None:
    got = frame(*[[{"v": value} for value in page] for page in pages])
    assert got["v"].dtype == "str"
    assert [json.loads(text) for text in got["v"]] == [value for page in pages for value in page]


@pytest.mark.parametrize("value", [2**63, 2**64 - 1])
def test_integers_too_large_for_int64_become_text(value: Any) -> None:
    assert list(frame([{"v": value}, {"v": -1}])["v"]) == [str(value), "-1"]


def test_a_boolean_beside_a_float_does_not_become_a_number() -> None:
    assert list(frame([{"v": 1.5}, {"v": True}])["v"]) == ["1.5", "true"]


def test_lists_objects_and_mixed_types_become_json_text() -> None:
    assert list(frame([{"v": [1]}], [{"v": {"a": None}}])["v"]) == ["[1]", '{"a":null}']
    assert list(frame([{"v": 1}], [{"v": "x"}], [{"v": None}])["v"].dropna()) == ["1", "x"]
    assert list(frame([{"v": True}, {"v": "x"}])["v"]) == ["true", "x"]


def test_deeply_nested_values_become_json_text() -> None:
    value: list[Any] = []
    for _ in range(400):
        value = [value]
    assert json.loads(frame([{"v": value}])["v"][0]) == value


def test_half_a_surrogate_pair_is_read_as_a_replacement_character() -> None:
    """Python's json writes it, and so does the handler; a DataFrame's strings cannot contain it."""
    assert list(frame([{"v": "a\ud83d", "n": 1}])["v"]) == ["a\ufffd"]


@pytest.mark.parametrize(
    "text", ["soon", "2013-02-30T10:00:00Z", "2013-01-01T10:00:00.1234567Z", "0000-01-01T00:00:00Z"]
)
def test_text_that_is_not_always_a_time_stays_text(text: str) -> None:
    """February never has 30 days, and no datetime has seven digits or the year 0."""
    texts = ["2013-01-01T10:15:00Z", text]
    assert list(frame(*[[{"t": each}] for each in texts])["t"]) == texts


def test_partition_keys_stay_text_when_they_are_times() -> None:
    record = {"SequenceNumber": "1", "ApproximateArrivalTimestamp": 1.5, "Data": _base64("{}")}
    key = "2013-01-01T10:15:00Z"
    table = reader.to_table("shardId-000000000000", [{**record, "PartitionKey": key}])
    assert list(reader.to_frame([table])["partition_key"]) == [key]


NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TIMES = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
PLAIN = st.none() | st.booleans() | NUMBERS | st.text() | TIMES
VALUES = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.text(), PLAIN, max_size=3)
ONE_KIND = [st.booleans(), st.integers(-(2**63), 2**63 - 1), NUMBERS, st.text(), TIMES, VALUES]
COLUMNS = st.sampled_from(ONE_KIND).flatmap(
    lambda kind: st.lists(st.lists(st.none() | kind, max_size=5), min_size=1, max_size=4)
)


@settings(max_examples=200)
@given(pages=COLUMNS)
def test_every_value_and_every_gap_is_kept_for_any_types(pages: Any) -> None:
    column: Any = frame(*[[{"v": value} for value in page] for page in pages]).get("v", [])
    values = [value for page in pages for value in page]
    assert len(column) == len(values)
    for got, value in zip(column, values, strict=True):
        if value is None:
            assert pd.isna(got)
        elif isinstance(got, pd.Timestamp):
            assert got == pd.Timestamp(value)
        elif isinstance(got, str):
            assert value == (got if isinstance(value, str) else json.loads(got))
        else:
            assert got == value
            assert isinstance(value, bool) == isinstance(got, bool | np.bool_)


@settings(max_examples=60)
@given(pages=st.lists(st.lists(st.dictionaries(st.sampled_from("abc"), VALUES)), max_size=4))
def test_every_record_and_every_gap_is_kept_for_any_fields(pages: Any) -> None:
    got = frame(*pages)
    rows = [row for page in pages for row in page]
    assert len(got) == len(rows)
    for name in {name for row in rows for name in row}:
        assert list(got[name].isna()) == [row.get(name) is None for row in rows]
