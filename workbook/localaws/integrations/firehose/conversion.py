"""Conversion of JSON records to Parquet, by the schema of a table [FH:record-format-conversion]."""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from workbook.localaws.integrations.firehose.hive_types import arrow_type
from workbook.localaws.integrations.firehose.settings import Conversion
from workbook.localaws.integrations.firehose.values import fitted

SLICE = 5_000  # records that are Python objects at a time: a buffer of 128 MiB has many more
PARSE_ERROR, MALFORMED = "DataFormatConversion.ParseError", "DataFormatConversion.MalformedData"
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
        records: their data.
        wanted: the schema of the file.
        settings: how JSON is read, and Parquet written.
    """
    batches: list[pa.RecordBatch] = []
    misfits: list[Misfit] = []
    for start in range(0, len(records), SLICE):
        batch, wrong = _convert_slice(records[start : start + SLICE], wanted, settings)
        batches.append(batch)
        misfits += [Misfit(start + one.index, one.code, one.message) for one in wrong]
    table = pa.Table.from_batches(batches, wanted)
    return Converted(_parquet(table, settings) if len(table) else b"", misfits)


def _convert_slice(
    records: Sequence[bytes], wanted: pa.Schema, settings: Conversion
) -> tuple[pa.RecordBatch, list[Misfit]]:
    misfits: dict[int, Misfit] = {}
    owners: list[int] = []  # the record of each row
    rows: list[dict[str, Any]] = []
    for index, data in enumerate(records):
        try:
            found = [_renamed(one, settings) for one in _objects(data)]
        except ValueError as wrong:
            misfits[index] = Misfit(index, PARSE_ERROR, f"Encountered malformed JSON. {wrong}")
            continue
        rows += found
        owners += [index] * len(found)
    columns = []
    for field in wanted:
        key = settings.rename(settings.keys.get(field.name, field.name))
        values = [row.get(key) for row in rows]
        if not _is_plain(values, field.type):
            for place, value in enumerate(values):
                try:
                    values[place] = fitted(value, field.type, settings.rename)
                except (ValueError, ArithmeticError) as wrong:
                    values[place], owner = None, owners[place]
                    message = f"Data does not match the schema. Column {field.name}: {wrong}"
                    misfits.setdefault(owner, Misfit(owner, MALFORMED, message))
        columns.append(pa.array(values, field.type))
    batch = pa.RecordBatch.from_arrays(columns, schema=wanted)
    if misfits:
        batch = batch.filter(pa.array([owner not in misfits for owner in owners], pa.bool_()))
    return batch, [misfits[index] for index in sorted(misfits)]


def _is_plain(values: list[Any], kind: pa.DataType) -> bool:
    """Return whether Arrow takes values as they are; whole numbers may be too large for it."""
    for is_kind, python in _PLAIN:
        if is_kind(kind):
            types = set(map(type, values)) - {type(None)}
            if python is int and types == {int}:
                most = 2 ** (kind.bit_width - 1)
                return all(value is None or -most <= value < most for value in values)
            return types <= {python}
    return False


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


def _renamed(row: dict[str, Any], settings: Conversion) -> dict[str, Any]:
    return {settings.rename(key): value for key, value in row.items()}


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
