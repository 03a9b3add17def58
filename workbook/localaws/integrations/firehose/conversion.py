"""Conversion of JSON records to Parquet, using a table's schema [FH:record-format-conversion]."""

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

SLICE = 5_000  # records held as Python objects at a time; a buffer of 128 MiB has more
PARSE_ERROR, MALFORMED = "DataFormatConversion.ParseError", "DataFormatConversion.MalformedData"
PLAIN_TIME = "%Y-%m-%dT%H:%M:%SZ"
_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = (  # types for which Arrow accepts JSON's values unchanged
    (pa.types.is_integer, int),
    (pa.types.is_floating, float),
    (pa.types.is_string, str),
    (pa.types.is_boolean, bool),
)


@dataclass(frozen=True, slots=True)
class Misfit:
    """A record that cannot be converted: its index, AWS's error code, and the reason."""

    index: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Converted:
    """The outcome of a conversion.

    Args:
        body: the Parquet file; empty if no record could be converted.
        misfits: the records that could not be converted.
    """

    body: bytes
    misfits: list[Misfit]


def schema(columns: Sequence[Mapping[str, Any]]) -> pa.Schema:
    """Return the Arrow schema of a Glue table's columns. Files do not contain partition columns.

    Raises:
        ValueError: a column has an unknown type; the message names it.
    """
    fields = []
    for column in columns:
        try:
            fields.append((column["Name"], arrow_type(column.get("Type", ""))))
        except ValueError as unknown:
            raise ValueError(f"column {column['Name']}: {unknown}") from None
    return pa.schema(fields)


def convert(records: Sequence[bytes], wanted: pa.Schema, settings: Conversion) -> Converted:
    """Return a Parquet file of JSON records, each containing one or more objects.

    Args:
        records: the data of each record; at least one.
        wanted: the file's schema.
        settings: how to read the JSON and write the Parquet file.
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
    pa.default_memory_pool().release_unused()  # it is as large as the buffer
    return Converted(body, misfits)


def _read_plain(
    records: Sequence[bytes], wanted: pa.Schema, settings: Conversion
) -> pa.Table | None:
    """Return simple records, read by Arrow's own reader, which is many times faster.

    A simple record holds one object, with the columns' names as keys, values of the columns' types,
    and times to the second. Return None if any record has another form.
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
        table.validate(full=True)  # its UTF-8 too
    except pa.ArrowInvalid:
        return None
    columns = [_plain_column(table[field.name], field.type) for field in wanted]
    if len(table) != len(records) or any(one is None for one in columns):
        return None
    return pa.Table.from_arrays(columns, schema=wanted)


def _plain_column(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    """Return a column with its times parsed; None if a value is not simple."""
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
    """Read records one by one; return the table, and the records that do not fit."""
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
    """Return a column of values that Arrow accepts unchanged; None if one has another type."""
    for is_kind, python in _PLAIN:
        if is_kind(kind) and set(map(type, values)) <= {python, type(None)}:
            try:
                return pa.array(values, kind)
            except (pa.ArrowInvalid, OverflowError):  # an integer is too large
                return None
    return None


class _Names(dict[str, str]):
    """Column names of JSON keys, cached, because all records have the same keys."""

    def __init__(self, settings: Conversion) -> None:
        self._settings = settings

    def __missing__(self, key: str) -> str:
        self[key] = self._settings.rename(key)
        return self[key]


def _objects(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a record, one after the other.

    Raises:
        ValueError: it contains anything else.
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
            raise ValueError("The record is nested too deeply") from None
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
        use_deprecated_int96_timestamps=True,  # as Hive does
    )
    return made.getvalue()
