"""Conversion of JSON records to Parquet, by the schema of a table [FH:record-format-conversion]."""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet as pq

from workbook.localaws.integrations.firehose.hive_types import arrow_type
from workbook.localaws.integrations.firehose.settings import Conversion
from workbook.localaws.integrations.firehose.values import fitted

SLICE = 5_000  # records that are Python objects at a time: a buffer of 128 MiB has many more
PARSE_ERROR, MALFORMED = "DataFormatConversion.ParseError", "DataFormatConversion.MalformedData"
PLAIN_TIME = "%Y-%m-%dT%H:%M:%SZ"
_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = (  # types of which Arrow takes JSON's values as they are
    (pa.types.is_integer, int),
    (pa.types.is_floating, float),
    (pa.types.is_string, str),
    (pa.types.is_boolean, bool),
)


@dataclass(frozen=True, slots=True)
class Misfit:
    """A record that cannot be converted: its index, AWS's code, and why."""

    index: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Converted:
    """The outcome of a conversion.

    Args:
        body: the Parquet file; empty if no record could be converted.
        misfits: the records that could not.
    """

    body: bytes
    misfits: list[Misfit]


def schema(columns: Sequence[Mapping[str, Any]]) -> pa.Schema:
    """Return the schema of a Glue table's columns; those it is partitioned by are not in files.

    Raises:
        ValueError: naming the column whose type is not known.
    """
    fields = []
    for column in columns:
        try:
            fields.append((column["Name"], arrow_type(column.get("Type", ""))))
        except ValueError as unknown:
            raise ValueError(f"column {column['Name']}: {unknown}") from None
    return pa.schema(fields)


def convert(records: Sequence[bytes], wanted: pa.Schema, settings: Conversion) -> Converted:
    """Return a Parquet file of JSON records, each of which holds one object or several.

    Args:
        records: their data, of one at least.
        wanted: the schema of the file.
        settings: how JSON is read, and Parquet written.
    """
    tables: list[pa.Table] = []
    misfits: list[Misfit] = []
    for start in range(0, len(records), SLICE):
        part = records[start : start + SLICE]
        plain = _read_plain(part, wanted, settings)
        found, wrong = (plain, []) if plain is not None else _read(part, wanted, settings)
        tables.append(found)
        misfits += [Misfit(start + one.index, one.code, one.message) for one in wrong]
    table = pa.concat_tables(tables)
    body = _parquet(table, settings) if len(table) else b""
    del tables, table
    pa.default_memory_pool().release_unused()  # it is as much as the buffer has
    return Converted(body, misfits)


def _read_plain(
    records: Sequence[bytes], wanted: pa.Schema, settings: Conversion
) -> pa.Table | None:
    """Return records of the plain form that Arrow's own reader takes, many times as fast.

    Plain is one object in each, with the columns' names as keys, values of the columns' types and
    times to the second; None if one record has another form.
    """
    if settings.keys or any(settings.rename(name) != name for name in wanted.names):
        return None
    if not all(pa.types.is_timestamp(one) or _is_plain(one) for one in wanted.types):
        return None
    stripped = [data.strip() for data in records]
    if not all(data.startswith(b"{") and data.endswith(b"}") for data in stripped):
        return None
    texts = [
        (field.name, pa.string() if pa.types.is_timestamp(field.type) else field.type)
        for field in wanted
    ]
    options = pyarrow.json.ParseOptions(
        explicit_schema=pa.schema(texts), unexpected_field_behavior="error"
    )
    try:
        table = pyarrow.json.read_json(pa.BufferReader(b"\n".join(stripped)), parse_options=options)
        table.validate(full=True)  # of its UTF-8, too
    except pa.ArrowInvalid:
        return None
    columns = [_plain_column(table[field.name], field.type) for field in wanted]
    if len(table) != len(records) or any(one is None for one in columns):
        return None
    return pa.Table.from_arrays(columns, schema=wanted)


def _plain_column(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    """Return a column with its times read; None if it holds what is not plain."""
    if pa.types.is_floating(kind):
        is_finite = pc.all(pc.is_finite(column), min_count=0).as_py()  # JSON has no other numbers
        return column if is_finite else None
    if pa.types.is_timestamp(kind):
        times = pc.strptime(column, format=PLAIN_TIME, unit="s", error_is_null=True)
        same = pc.strftime(times, format=PLAIN_TIME).equals(column)
        return times.cast(kind) if same else None
    return column


def _is_plain(kind: pa.DataType) -> bool:
    return any(is_kind(kind) for is_kind, _ in _PLAIN)


def _read(
    records: Sequence[bytes], wanted: pa.Schema, settings: Conversion
) -> tuple[pa.Table, list[Misfit]]:
    """Return records one by one, and those that do not fit."""
    names = _Names(settings)
    misfits: dict[int, Misfit] = {}
    owners: list[int] = []  # the record of each row
    rows: list[dict[str, Any]] = []
    for index, data in enumerate(records):
        try:
            found = [{names[key]: value for key, value in one.items()} for one in _objects(data)]
        except ValueError as wrong:
            misfits[index] = Misfit(index, PARSE_ERROR, f"Encountered malformed JSON. {wrong}")
            continue
        rows += found
        owners += [index] * len(found)
    columns = []
    for field in wanted:
        key = names[settings.keys.get(field.name, field.name)]
        values = [row.get(key) for row in rows]
        column = _plain(values, field.type)
        if column is None:
            for place, value in enumerate(values):
                try:
                    values[place] = fitted(value, field.type, settings.rename)
                except (ValueError, ArithmeticError) as wrong:
                    values[place], owner = None, owners[place]
                    message = f"Data does not match the schema. Column {field.name}: {wrong}"
                    misfits.setdefault(owner, Misfit(owner, MALFORMED, message))
            column = pa.array(values, field.type)
        columns.append(column)
    batch = pa.RecordBatch.from_arrays(columns, schema=wanted)
    if misfits:
        batch = batch.filter(pa.array([owner not in misfits for owner in owners], pa.bool_()))
    return pa.Table.from_batches([batch]), [misfits[index] for index in sorted(misfits)]


def _plain(values: list[Any], kind: pa.DataType) -> pa.Array | None:
    """Return a column of values that Arrow takes as they are; None if one is of another type."""
    for is_kind, python in _PLAIN:
        if is_kind(kind) and set(map(type, values)) <= {python, type(None)}:
            try:
                return pa.array(values, kind)
            except (pa.ArrowInvalid, OverflowError):  # a whole number is too large
                return None
    return None


class _Names(dict[str, str]):
    """Keys as columns are looked for; records have the same ones again and again."""

    def __init__(self, settings: Conversion) -> None:
        self._settings = settings

    def __missing__(self, key: str) -> str:
        self[key] = self._settings.rename(key)
        return self[key]


def _objects(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a record, one behind the other.

    Raises:
        ValueError: it holds something else.
    """
    try:
        yield _object(orjson.loads(data))
        return
    except orjson.JSONDecodeError as wrong:
        text = data.decode()
        place = _SPACE.match(text).end()  # type: ignore[union-attr]  # always matches
        if place == len(text):
            raise ValueError("A record must not be empty") from wrong
    decoder = json.JSONDecoder()
    while place < len(text):
        try:
            _, end = decoder.raw_decode(text, place)
        except RecursionError:
            raise ValueError("It is nested too deeply") from None
        yield _object(orjson.loads(text[place:end]))
        place = _SPACE.match(text, end).end()  # type: ignore[union-attr]


def _object(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError("A record must be a JSON object")
    return found


def _parquet(table: pa.Table, settings: Conversion) -> bytes:
    made = io.BytesIO()
    pq.write_table(
        table,
        made,
        row_group_size=max(len(table), 1),
        compression="NONE" if settings.codec == "UNCOMPRESSED" else settings.codec,
        use_dictionary=settings.has_dictionary,
        data_page_size=settings.page_size,
        data_page_version=settings.page_version,
        use_deprecated_int96_timestamps=True,  # as Hive writes them
    )
    return made.getvalue()
