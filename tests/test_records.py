"""Records come out of each kind of file as they were meant."""

import base64
import json
from pathlib import Path

import pandas as pd
import pytest

from workbook.records import Record, read
from workbook.trial import UsageError

ROWS = [{"n": 1, "plane": "a"}, {"n": 2, "plane": "b"}]
COMPACT = [b'{"n":1,"plane":"a"}', b'{"n":2,"plane":"b"}']


@pytest.mark.parametrize("kind", ["lines.jsonl", "list.json", "table.csv", "table.parquet"])
def test_each_kind_of_file_gives_the_same_records(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    match path.suffix:
        case ".jsonl":
            path.write_bytes(b"\n".join(COMPACT) + b"\n\n")
        case ".json":
            path.write_text(json.dumps(ROWS, indent=2))
        case ".csv":
            pd.DataFrame(ROWS).to_csv(path, index=False)
        case ".parquet":
            pd.DataFrame(ROWS).to_parquet(path)
    assert [record.data for record in read(path)] == COMPACT
    assert [record.key for record in read(path)] == ["1", "2"]
    assert [record.key for record in read(path, "plane")] == ["a", "b"]


def test_a_recorded_event_keeps_keys_and_data(tmp_path: Path) -> None:
    kinesis = {"partitionKey": "k", "data": base64.b64encode(b"\x00 any").decode()}
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"Records": [{"kinesis": kinesis}]}))
    assert read(path) == [Record(b"\x00 any", "k")]


def test_a_capture_keeps_keys_and_data(tmp_path: Path) -> None:
    line = {"data": base64.b64encode(b"x").decode(), "partition_key": "k", "sequence_number": "1"}
    path = tmp_path / "capture.jsonl"
    path.write_text(json.dumps(line) + "\n")
    assert read(path) == [Record(b"x", "k")]


@pytest.mark.parametrize(
    ("name", "text", "key", "said"),
    [
        ("a.jsonl", '{"n": 1}\nno JSON\n', None, "line 2 is not JSON: 'no JSON'"),
        ("a.jsonl", "", None, "it has no records"),
        ("a.json", "[]", None, "it has no records"),
        ("a.jsonl", '{"n": 1}\n', "plane", "--key plane: record 1 has no such field; it has: n"),
        ("a.jsonl", '{"n": ""}\n', "n", "record 1 has a value of 0 characters"),
        ("a.json", '{"Records": [{"s3": {}}]}', None, "Records[0] is not a record of Kinesis"),
        ("a.parquet", "no Parquet", None, "--records"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, name: str, text: str, key: str | None, said: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read(path, key)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it cannot be read"):
        read(tmp_path / "missing.jsonl")
