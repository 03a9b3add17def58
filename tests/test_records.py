"""Records are read from each kind of file as intended."""

import base64
import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from workbook.records import Record, read
from workbook.trial import UsageError

ROWS = [{"n": 1, "plane": "a"}, {"n": 2, "plane": "b"}]
EVENT = {"Records": [{"kinesis": {"partitionKey": "k", "data": "AA=="}}]}
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
        ("a.jsonl", '\n{"n": 1}\nno JSON\n', None, "line 3 is not JSON: 'no JSON'"),
        ("a.jsonl", '{"n": 1}\n{"n": 2,,}', None, "(column 9: "),
        ("a.csv", "n,plane\n1,a,x\n2,b,y\n", None, "more values than its first line has names"),
        ("a.csv", "n,plane\n1,a\n2,b,y\n", None, "line 3"),
        ("a.jsonl", "", None, "it has no records"),
        ("a.json", "[]", None, "it has no records"),
        ("a.jsonl", '{"n": 1}\n', "plane", "--key plane: record 1 has no such field; it has: n"),
        ("a.jsonl", '{"n": ""}\n', "n", "record 1 has a value of 0 characters"),
        ("a.json", '{"Records": [{"s3": {}}]}', None, "Records[0] is not a record of Kinesis"),
        ("a.jsonl", '{"n": null}\n', "n", "--key n: record 1 has no value there"),
        ("a.json", '{"Records": [{"kinesis": {"data": ""}}]}', None, "it needs partitionKey"),
        ("a.json", '{"Records": []}\n{"n": 1}', None, "line 2: it is not a Lambda event"),
        ("a.json", json.dumps(EVENT), "n", "--key n: leave it out; the records have keys"),
        ("a.parquet", "no Parquet", None, "it is not Parquet"),
        ("a.csv", "", None, "it has no records"),
        ("a.csv", "n,plane\n", None, "it has no records"),
        ("a.jsonl.gz", "no gzip", None, "it is not a whole gzip file"),
    ],
)
def test_the_error_names_what_cannot_be_used(
    tmp_path: Path, name: str, text: str, key: str | None, said: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read(path, key)
    assert said in str(caught.value)


def test_the_error_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        read(tmp_path / "missing.jsonl")


@pytest.mark.parametrize(
    ("name", "content", "data"),
    [
        ("bom.jsonl", b'\xef\xbb\xbf{"n": 1}\r\n\r\n{"n": 2}\r\n', [b'{"n": 1}', b'{"n": 2}']),
        (
            "text.jsonl",
            '{"a": "x\u2028y\x85z"}\n{}'.encode(),
            ['{"a": "x\u2028y\x85z"}'.encode(), b"{}"],
        ),
        ("one.json", b'{\n "n": 1\n}\n', [b'{"n":1}']),
        ("one.jsonl", b'{"n":  1}\n', [b'{"n":  1}']),
        ("null.jsonl", b"null\n1\n", [b"null", b"1"]),
        (
            "packed.jsonl.gz",
            gzip.compress(b'{"n": 1}\n{"n": 2}', mtime=0),
            [b'{"n": 1}', b'{"n": 2}'],
        ),
        ("packed.csv.gz", gzip.compress(b"n\n1\n", mtime=0), [b'{"n":1}']),
        ("events.jsonl", b"\n".join([json.dumps(EVENT).encode()] * 2), [b"\0", b"\0"]),
        (
            "cells.csv",
            b'\xef\xbb\xbfcountry,delay,note\r\nNA,NA,"a ""b"",\nc"\r\nDE,2,\r\n',
            [
                b'{"country":"NA","delay":null,"note":"a \\"b\\",\\nc"}',
                b'{"country":"DE","delay":2,"note":null}',
            ],
        ),
        ("exact.csv", b"x\n0.12345678901234\n", [b'{"x":0.12345678901234}']),
    ],
)
def test_unusual_files_are_read_as_intended(
    tmp_path: Path, name: str, content: bytes, data: list[bytes]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert [record.data for record in read(path)] == data


def test_times_and_lists_of_parquet_are_json(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    moment = pd.Timestamp("2013-01-01T05:00:00.123456Z")
    pd.DataFrame({"at": [moment], "list": [[1, 2]], "struct": [{"a": 1}]}).to_parquet(path)
    (record,) = read(path)
    assert json.loads(record.data) == {
        "at": "2013-01-01T05:00:00.123456Z",
        "list": [1, 2],
        "struct": {"a": 1},
    }


def test_bytes_in_a_table_are_refused_with_their_column(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"n": [1], "blob": [b"\xff"]}).to_parquet(path)
    with pytest.raises(UsageError, match="column blob holds bytes"):
        read(path)


def test_a_key_that_is_not_a_string_becomes_json(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"k": 7}\n{"k": {"a": true}}\n')
    assert [record.key for record in read(path, "k")] == ["7", '{"a":true}']


def test_days_and_decimals_of_parquet_keep_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "payments.parquet"
    rows = {"day": [date(2026, 1, 31), None], "amount": [Decimal("12345678901234567.89"), None]}
    pd.DataFrame(rows).to_parquet(path)
    first, second = (json.loads(record.data) for record in read(path))
    assert first == {"day": "2026-01-31", "amount": "12345678901234567.89"}
    assert second == {"day": None, "amount": None}
