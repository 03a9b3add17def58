"""Read the records to send: JSON lines, a JSON array, CSV, Parquet, a Lambda event, a capture."""

import base64
import binascii
import gzip
import io
import json
import warnings
import zlib
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from workbook import prices
from workbook.errors import UsageError

CAPTURED = {"data", "partition_key", "sequence_number"}  # keys of a line from ``workbook capture``
MAX_KEY = 256  # characters of a partition key [BC]
LEADING_ZERO = r"[+-]?0\d"  # of text such as a postcode, which is not a number


class Record(NamedTuple):
    """A record to send."""

    data: bytes
    key: str


class Names(NamedTuple):
    """The user's names for the records and the key, for messages."""

    records: str
    key: str


OPTIONS = Names("--records", "--key")


def read(path: Path, key: str | None = None, names: Names = OPTIONS) -> list[Record]:
    """Return the records of a file.

    Args:
        path: the file; its name determines its format: ``.csv``, ``.parquet``, otherwise JSON. If
            it is compressed with gzip, its name ends in ``.gz``.
        key: the column with the partition key. If left out, each record's key is its number, or the
            key with which it was recorded.
        names: the names of records and key, for messages.

    Raises:
        UsageError: the file cannot be read, is empty, or has no such column.
    """
    where = f"{names.records} {path}"
    kind, content = _content(path, where)
    if kind == ".parquet":
        return of_frame(_of_parquet(content, where), key, Names(where, names.key))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise UsageError(f"{where}: it must be in UTF-8 ({problem})") from None
    if kind == ".csv":
        return of_frame(_of_csv(text, where), key, Names(where, names.key))
    return _some(where, _of_json(where, text, key, names.key))


def of_frame(frame: pd.DataFrame, key: str | None, names: Names) -> list[Record]:
    """Return a record for each row of a table, as JSON with the columns' names.

    Decimals become strings, which keep each digit; days and times are in ISO 8601.

    Raises:
        UsageError: the table is empty, or lacks the column.
    """
    if frame.empty:
        raise UsageError(f"{names.records}: it has no records")
    days = [name for name in frame if _has_days(frame, name)]
    if days:
        frame = frame.copy()
        for name in days:
            frame[name] = frame[name].map(_iso)
    try:
        text = frame.to_json(
            orient="records",
            lines=True,
            date_format="iso",
            date_unit="us",
            double_precision=15,
        )
    except (ValueError, OverflowError) as problem:  # repeated column names; bytes
        raise UsageError(f"{names.records}: {_not_json(frame, problem)}") from None
    lines = text.rstrip("\n").split("\n")
    return _keyed([json.loads(line) for line in lines], lines, key, names.key)


def _has_days(frame: pd.DataFrame, name: Any) -> bool:
    """Return whether a column holds days, to which pandas would add a time of midnight."""
    if frame.columns.has_duplicates or frame[name].dtype != "object":
        return False
    return any(type(value) is date for value in frame[name])


def _iso(value: Any) -> Any:
    return value.isoformat() if type(value) is date else value


def _not_json(frame: pd.DataFrame, problem: Exception) -> str:
    binary = [
        str(name)
        for name, column in frame.select_dtypes("object").items()
        if any(isinstance(value, bytes) for value in column)
    ]
    if binary:
        return f"column {binary[0]} holds bytes, which JSON cannot; make it text, such as base64"
    return f"it cannot be JSON ({problem})"


def of_values(values: Sequence[Any], key: str | None, names: Names) -> list[Record]:
    """Return a record for each value, as JSON.

    Raises:
        UsageError: there are no values, a value cannot be JSON, or one lacks the field.
    """
    try:
        lines = list(map(_compact, values))
    except (TypeError, ValueError) as problem:
        raise UsageError(f"{names.records}: a record cannot be JSON ({problem})") from None
    return _some(names.records, _keyed(values, lines, key, names.key))


def check_sizes(records: Iterable[Record], where: str, limit: int = prices.RECORD_BYTES) -> None:
    """Check that a stream would accept the records' sizes.

    Args:
        records: the records, in order.
        where: the source of the records, for the message.
        limit: the stream's limit, in bytes of a record's data and its partition key.  [BC]

    Raises:
        UsageError: a record is larger; the message has its number.
    """
    for number, record in enumerate(records, 1):
        size = len(record.data) + len(record.key.encode())
        if size > limit:
            raise UsageError(
                f"{where}: record {number} has {size:,} bytes with its key; the stream takes "
                f"{limit:,} (its MaxRecordSizeInKiB)"
            )


def _some(where: str, records: list[Record]) -> list[Record]:
    if not records:
        raise UsageError(f"{where}: it has no records")
    return records


def _content(path: Path, where: str) -> tuple[str, bytes]:
    """Return the format of a file, from the end of its name, and its content, decompressed."""
    if path == Path("-"):
        raise UsageError(f"{where}: standard input is not read; save it to a file, and name that")
    if path.is_dir():
        raise UsageError(f"{where}: it is a folder; name a file in it")
    try:
        content = path.read_bytes()
        if path.suffix.lower() == ".gz":
            content, path = gzip.decompress(content), path.with_suffix("")
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise UsageError(f"{where}: it is not a whole gzip file ({problem})") from None
    except FileNotFoundError:
        raise UsageError(f"{where}: there is no such file") from None
    except OSError as problem:
        raise UsageError(f"{where}: it cannot be read ({problem.strerror})") from None
    return path.suffix.lower(), content


def _of_parquet(content: bytes, where: str) -> pd.DataFrame:
    try:
        return pd.read_parquet(io.BytesIO(content))
    except (ValueError, OSError) as problem:
        raise UsageError(f"{where}: it is not Parquet ({problem})") from None


def _of_csv(text: str, where: str) -> pd.DataFrame:
    """Return a table in which integers and text are as they are in the file.

    Empty cells are missing, and so is ``NA`` among numbers. Postcodes keep their zeros, and the
    country ``NA`` its name.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            texts = pd.read_csv(
                io.StringIO(text),
                dtype="str",
                keep_default_na=False,
                na_values=[""],
                index_col=False,  # otherwise the first of too many values would become an index
            )
        codes = [name for name in texts if texts[name].str.match(LEADING_ZERO).any()]
        table = pd.read_csv(
            io.StringIO(text),
            dtype=dict.fromkeys(codes, "str"),
            dtype_backend="numpy_nullable",
            index_col=False,
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except pd.errors.ParserWarning:
        raise UsageError(
            f"{where}: its rows have more values than its first line has names"
        ) from None
    except ValueError as problem:
        raise UsageError(f"{where}: {str(problem).strip()}") from None
    for name in table:
        if pd.api.types.is_string_dtype(table[name]):
            table[name] = texts[name]
    return table


def _of_json(where: str, text: str, key: str | None, key_name: str) -> list[Record]:
    values, texts, places = _values(text, where)
    if values and _is_event(values[0]):
        field = "partitionKey"
        found = [
            _recorded(f"{where}: {place}Records[{number}]", _kinesis_of(one), "data", field)
            for place, value in zip(places, values, strict=True)
            for number, one in enumerate(_records_of(value, f"{where}: {place}"))
        ]
    elif values and isinstance(values[0], dict) and values[0].keys() >= CAPTURED:
        field = "partition_key"
        found = [
            _recorded(f"{where}: {place}it", one, "data", field)
            for place, one in zip(places, values, strict=True)
        ]
    else:
        return _keyed(values, texts, key, key_name)
    if key is not None:
        raise UsageError(f"{key_name} {key}: leave it out; the records have keys in {field}")
    return found


def _values(text: str, where: str) -> tuple[list[Any], list[str], list[str]]:
    """Return the values in a JSON file, the text of each, and its place, for messages."""
    try:
        whole = json.loads(text)
    except ValueError:
        lines = [(n, line.strip()) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        values = [_of_line(where, number, line) for number, line in lines]
        return values, [line for _, line in lines], [f"line {number}: " for number, _ in lines]
    if isinstance(whole, list):
        numbers = range(1, len(whole) + 1)
        return whole, [_compact(one) for one in whole], [f"record {one}: " for one in numbers]
    line = text.strip()
    return [whole], [_compact(whole) if "\n" in line else line], [""]


def _of_line(where: str, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as problem:
        raise UsageError(
            f"{where}: line {number} is not JSON: {line[:80]!r} (column {problem.colno}: "
            f"{problem.msg})"
        ) from None


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("Records"), list)


def _records_of(value: Any, where: str) -> list[Any]:
    if not _is_event(value):
        raise UsageError(f"{where}it is not a Lambda event, unlike what stands before it")
    records: list[Any] = value["Records"]
    return records


def _kinesis_of(record: Any) -> Any:
    return record.get("kinesis") if isinstance(record, dict) else None


def _recorded(where: str, record: Any, data: str, key: str) -> Record:
    """Return a record from a recording, with its data in base64.

    Args:
        where: its place in the file, for messages.
        record: the record in the file.
        data: the name of the field with its data.
        key: the name of the field with its partition key.

    Raises:
        UsageError: a field is missing or cannot be sent.
    """
    missing = [one for one in (data, key) if not isinstance(record, dict) or one not in record]
    if missing:
        raise UsageError(f"{where} is not a record of Kinesis: it needs {' and '.join(missing)}")
    if not isinstance(record[key], str) or not 1 <= len(record[key]) <= MAX_KEY:
        raise UsageError(f"{where}: {key} must be a text of 1 to {MAX_KEY} characters")
    try:
        return Record(base64.b64decode(record[data], validate=True), record[key])
    except (TypeError, binascii.Error):
        raise UsageError(f"{where}: {data} must be base64") from None


def _keyed(
    values: Sequence[Any], lines: Iterable[str], key: str | None, key_name: str
) -> list[Record]:
    found = []
    for number, (value, line) in enumerate(zip(values, lines, strict=True), 1):
        name = str(number)
        if key is not None:
            if not isinstance(value, dict) or key not in value:
                fields = ", ".join(value) if isinstance(value, dict) else "none"
                raise UsageError(
                    f"{key_name} {key}: record {number} has no such field; it has: {fields}"
                )
            if value[key] is None:
                raise UsageError(f"{key_name} {key}: record {number} has no value there")
            name = value[key] if isinstance(value[key], str) else _compact(value[key])
            if not 1 <= len(name) <= MAX_KEY:
                raise UsageError(
                    f"{key_name} {key}: record {number} has a value of {len(name)} characters; a "
                    f"partition key has 1 to {MAX_KEY}"
                )
        found.append(Record(line.encode(), name))
    return found


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
