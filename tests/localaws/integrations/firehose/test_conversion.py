"""Conversion of JSON records to Parquet."""

import base64
import io
import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.functions.lambda_functions import refused
from tests.localaws.integrations.firehose.delivering import Lake, until
from workbook.localaws.integrations.firehose import conversion
from workbook.localaws.integrations.firehose.hive_types import arrow_type
from workbook.localaws.integrations.firehose.settings import Conversion

SETTINGS = Conversion(
    table={"DatabaseName": "d", "TableName": "t"},
    role_arn="",
    keys={},
    is_case_insensitive=True,
    has_dots=False,
    codec="SNAPPY",
    has_dictionary=False,
    page_size=1024 * 1024,
    page_version="1.0",
)
COLUMNS = {"a": "int", "b": "string"}


def schema(**columns: str) -> pa.Schema:
    return conversion.schema([{"Name": name, "Type": kind} for name, kind in columns.items()])


def converted(data: bytes, columns: dict[str, str], settings: Conversion = SETTINGS) -> list[Any]:
    """Return the rows of a record, which must fit."""
    found = conversion.convert([data], schema(**columns), settings)
    assert found.misfits == []
    rows: list[Any] = pq.read_table(io.BytesIO(found.body)).to_pylist()
    return rows


def misfits(*records: bytes, **columns: str) -> list[tuple[int, str]]:
    found = conversion.convert(records, schema(**columns), SETTINGS)
    return [(one.index, one.code.partition(".")[2]) for one in found.misfits]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("int", 1, 1),
        ("int", "12", 12),
        ("bigint", 2**40, 2**40),
        ("double", 1, 1.0),
        ("double", "1.5", 1.5),
        ("boolean", True, True),
        ("boolean", "false", False),
        ("string", "x", "x"),
        ("string", 5, "5"),
        ("string", {"a": [1]}, '{"a":[1]}'),
        ("varchar(10)", "x", "x"),
        ("decimal(10,2)", 1.25, Decimal("1.25")),
        ("date", "2013-01-02", date(2013, 1, 2)),
        ("timestamp", "2017-02-07T15:13:01.39256Z", datetime(2017, 2, 7, 15, 13, 1, 392560)),
        ("timestamp", "2017-2-7 15:13:01.14", datetime(2017, 2, 7, 15, 13, 1, 140000)),
        ("timestamp", 1518033528, datetime(2018, 2, 7, 19, 58, 48)),
        ("timestamp", 1518033528123, datetime(2018, 2, 7, 19, 58, 48, 123000)),
        ("timestamp", 1518033528.5, datetime(2018, 2, 7, 19, 58, 48, 500000)),
        ("array<int>", [1, "2"], [1, 2]),
        ("struct<x:int,y:string>", {"X": 1, "z": 2}, {"x": 1, "y": None}),
        ("map<string,int>", {"k": 1}, [("k", 1)]),
        ("int", None, None),
    ],
)
def test_values_are_converted_to_the_columns_type(kind: str, value: Any, expected: Any) -> None:
    """[FH:record-format-conversion, ?] OpenX JSON SerDe."""
    assert converted(orjson.dumps({"a": value}), {"a": kind}) == [{"a": expected}]


def test_missing_columns_are_null_and_additional_keys_are_ignored() -> None:
    """[FH:record-format-conversion]"""
    assert converted(b'{"b": "x", "c": 1}', COLUMNS) == [{"a": None, "b": "x"}]


def test_keys_are_matched_in_any_case_and_by_mapped_names() -> None:
    """[BC] CaseInsensitive, ColumnToJsonKeyMappings, ConvertDotsInJsonKeysToUnderscores"""
    assert converted(b'{"A": 1, "B": "x"}', COLUMNS) == [{"a": 1, "b": "x"}]
    settings = replace(SETTINGS, keys={"ts": "timestamp"}, has_dots=True, is_case_insensitive=False)
    columns = {"ts": "int", "x_y": "int"}
    rows = converted(b'{"timestamp": 5, "x.y": 6, "TS": 7}', columns, settings)
    assert rows == [{"ts": 5, "x_y": 6}]


def test_a_record_may_contain_several_objects_but_no_array() -> None:
    """[FH:record-format-conversion]"""
    assert converted(b'{"a":1}{"a":2}\n {"a":3}\n', {"a": "int"}) == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert misfits(b'[{"a":1}]', a="int") == [(0, "ParseError")]


@pytest.mark.parametrize(
    "data",
    [b"", b" \n", b"x", b"5", b'{"a":1} x', b'{"a":1', b"\xff", b"[" * 100_000, b'{"a":NaN}'],
)
def test_records_that_are_not_json_are_separated(data: bytes) -> None:
    """[SEEN]"""
    assert misfits(b'{"a":1}', data, a="int") == [(1, "ParseError")]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", "x"),
        ("int", 1.5),
        ("int", True),
        ("int", 2**31),
        ("int", 10**400),
        ("tinyint", 128),
        ("double", "x"),
        ("boolean", 1),
        ("decimal(3,1)", 1234.5),
        ("date", "yesterday"),
        ("timestamp", "yesterday"),
        ("timestamp", 10**300),
        ("array<int>", [1, "x"]),
        ("array<int>", {}),
        ("struct<x:int>", {"x": "y"}),
        ("map<string,int>", []),
    ],
)
def test_a_value_that_does_not_fit_fails_its_record_alone(kind: str, value: Any) -> None:
    """[FH:record-format-conversion]"""
    data = json.dumps({"a": value}).encode()
    found = conversion.convert([b"{}", data, b"{}"], schema(a=kind), SETTINGS)
    assert [one.index for one in found.misfits] == [1]
    assert pq.read_table(io.BytesIO(found.body)).num_rows == 2


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
KINDS = ["int", "string", "double", "boolean", "timestamp", "date", "decimal(8,2)", "binary"]
KINDS += ["array<int>", "map<string,double>", "struct<a:int,b:string>"]


@given(
    st.lists(
        st.binary(max_size=12) | st.builds(lambda v: json.dumps({"a": v}).encode(), JSON),
        min_size=1,
    ),
    st.sampled_from(KINDS),
)
def test_every_record_is_a_row_or_a_misfit(records: list[bytes], kind: str) -> None:
    """[design rule] For any records, nothing is lost, and nothing stops the rest."""
    found = conversion.convert(records, schema(a=kind), SETTINGS)
    rows = pq.read_table(io.BytesIO(found.body)).num_rows if found.body else 0
    assert rows + len(found.misfits) == len(records)


PLAIN = {"a": "int", "b": "string", "c": "double", "d": "boolean", "e": "timestamp"}
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "a": st.integers(-10, 2**31) | JSON,
        "b": st.text(max_size=4) | JSON,
        "c": st.floats() | JSON,
        "d": st.booleans() | JSON,
        "e": st.datetimes().map(lambda t: f"{t:%Y-%m-%dT%H:%M:%S}Z")
        | st.sampled_from(["2013-02-31T00:00:00Z", "2013-1-1T1:00:00Z", "2013-01-01", 5]),
        "B": st.text(max_size=2),
    },
)


@given(
    st.lists(
        VALUES.map(lambda row: json.dumps(row).encode())
        | st.sampled_from([b"", b"{", b'{"a":1}{"a":2}', b"\xff", b'{"b":"\xff"}', b'{"c":NaN}']),
        min_size=1,
        max_size=4,
    )
)
def test_the_fast_reader_agrees_with_the_general_one(records: list[bytes]) -> None:
    """[design rule] Arrow's reader is faster, and must make no difference."""
    one_by_one = replace(SETTINGS, keys={"nowhere": "x"})  # so that the fast reader is not used
    plain = conversion.convert(records, schema(**PLAIN), SETTINGS)
    other = conversion.convert(records, schema(**PLAIN), one_by_one)
    assert plain == other


@pytest.mark.parametrize("text", ["", "integer8", "array<int", "struct<a>", "int,int", "map<int>"])
def test_unknown_types_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a type"):
        arrow_type(text)


def test_types_may_be_nested() -> None:
    expected = pa.struct([("a", pa.list_(pa.map_(pa.string(), pa.int64())))])
    assert arrow_type("struct<a:array<map<string,bigint>>>") == expected


# --- through boto3


@pytest.fixture
def table(lake: Lake) -> Lake:
    """A lake whose name is that of a database with the table ``t``."""
    glue = lake.aws.client("glue")
    glue.create_database(DatabaseInput={"Name": lake.name})
    columns = [{"Name": name, "Type": kind} for name, kind in COLUMNS.items()]
    glue.create_table(
        DatabaseName=lake.name,
        TableInput={"Name": "t", "StorageDescriptor": {"Columns": columns}},
    )
    return lake


def parquet(lake: Lake, **changes: Any) -> dict[str, Any]:
    """Return settings that convert to Parquet."""
    return {
        "mib": 64,
        "DataFormatConversionConfiguration": {
            "SchemaConfiguration": {
                "RoleARN": lake.role,
                "DatabaseName": lake.name,
                "TableName": "t",
            },
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
            **changes,
        },
    }


def test_records_become_parquet_and_misfits_go_to_the_error_output(
    table: Lake,
) -> None:
    """[FH:record-format-conversion, SEEN]"""
    arn = table.make_stream()
    table.deliver(stream_arn=arn, Prefix="good/", **parquet(table))
    kinesis = table.aws.client("kinesis")
    bad = b'{"a": "one"}'
    entries = [b'{"a": 1, "b": "x"}', bad, b'{"a": 2}']
    put = kinesis.put_records(
        StreamName=table.name, Records=[{"PartitionKey": "k", "Data": data} for data in entries]
    )
    ((key, body),) = table.arrived(prefix="good/2").items()
    assert key.endswith(".parquet")
    assert body.startswith(b"PAR1")
    rows = pq.read_table(io.BytesIO(body)).to_pylist()
    assert rows == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    assert pq.ParquetFile(io.BytesIO(body)).metadata.row_group(0).column(0).compression == "SNAPPY"
    ((_, failed),) = table.arrived(prefix="good/format-conversion-failed/").items()
    document = json.loads(failed)
    assert base64.b64decode(document["rawData"]) == bad
    assert document["lastErrorCode"] == "DataFormatConversion.MalformedData"
    assert "Column a: invalid literal" in document["lastErrorMessage"]
    assert document["sequenceNumber"] == put["Records"][1]["SequenceNumber"]
    assert document["dataCatalogTable"] == {
        "catalogId": None,
        "databaseName": table.name,
        "tableName": "t",
        "region": "us-east-1",
        "versionId": "LATEST",
        "catalogArn": None,
    }
    assert until(lambda: table.metric("FailedConversion.Records"), bool) == 1
    assert table.metric("SucceedConversion.Records") == 2
    assert table.metric("DeliveryToS3.Records") == 2


def test_records_wait_until_the_schema_can_be_read(table: Lake) -> None:
    """[FH:record-format-conversion] A conversion that is impossible blocks, and loses nothing."""
    role = table.make_role("*")
    schema = {"RoleARN": role, "DatabaseName": table.name, "TableName": "t"}
    table.deliver(seconds=1, **parquet(table, SchemaConfiguration=schema))
    table.allow(role, "s3:*")
    table.put(b'{"a": 1}')
    until(lambda: table.metric("IncomingRecords"), bool)
    table.allow(role, "glue:*")
    ((_, body),) = table.arrived().items()
    assert pq.read_table(io.BytesIO(body)).to_pylist() == [{"a": 1, "b": None}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mib": 63}, "SizeInMBs must be at least 64"),
        ({"CompressionFormat": "GZIP"}, "CompressionFormat must be UNCOMPRESSED"),
        (
            {"InputFormatConfiguration": {"Deserializer": {"HiveJsonSerDe": {}}}},
            "supports only the Deserializer OpenXJsonSerDe, not HiveJsonSerDe",
        ),
        (
            {"OutputFormatConfiguration": {"Serializer": {"OrcSerDe": {}}}},
            "supports only the Serializer ParquetSerDe, not OrcSerDe",
        ),
        ({"SchemaConfiguration": {"DatabaseName": "d"}}, "SchemaConfiguration must have RoleARN"),
        (
            {"OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"MaxPaddingBytes": 1}}}},
            "does not support MaxPaddingBytes (1) for Parquet",
        ),
    ],
)
def test_invalid_or_unsupported_conversions_are_refused_by_name(
    table: Lake, changes: dict[str, Any], words: str
) -> None:
    """[FH:record-format-conversion, design rule]"""
    beside = ("mib", "CompressionFormat")
    asked = parquet(table, **{name: one for name, one in changes.items() if name not in beside})
    asked.update({name: one for name, one in changes.items() if name in beside})
    error = refused(table.deliver, **asked)["Error"]
    assert error["Code"] == "InvalidArgumentException"
    assert words in error["Message"]


def test_a_missing_or_unreadable_table_is_refused(table: Lake) -> None:
    """[SEEN]"""
    schema = {"RoleARN": table.role, "DatabaseName": table.name, "TableName": "none"}
    error = refused(table.deliver, **parquet(table, SchemaConfiguration=schema))["Error"]
    assert error["Code"] == "InvalidArgumentException"
    assert "none" in error["Message"]
    schema = {**schema, "TableName": "t", "RoleARN": table.make_role("s3:*")}
    error = refused(table.deliver, **parquet(table, SchemaConfiguration=schema))["Error"]
    assert error["Message"].startswith("Access was denied when calling Glue.")
