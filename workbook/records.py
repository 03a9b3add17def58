"""Read the records to send: JSON lines, a JSON array, CSV, Parquet, a Lambda event, a capture."""

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from workbook import prices
from workbook.errors import UsageError

CAPTURED = {"data", "partition_key", "sequence_number"}  # fields of a line of ``workbook capture``
MAX_KEY = 256  # characters of a partition key [BC]
LEADING_ZERO = r"[+-]?0\d"  # of a text such as a postcode, which is no number


class Record(NamedTuple):
    """A record to send."""

    data: bytes
    key: str


class Names(NamedTuple):
    """The user's words for the records and the key, for messages."""

    records: str
    key: str


OPTIONS = Names("--records", "--key")


def read(path: Path, key: str | None = None, names: Names = OPTIONS) -> list[Record]:
    """Return the records of a file.

    Args:
        path: its name says what it is: ``.csv``, ``.parquet``, and everything else is JSON.
        key: the column whose value is the partition key. If left out, each record has a key of its
            own, or the one that it was recorded with.
        names: of the two, for messages.

    Raises:
        UsageError: the file cannot be read, is empty, or has no such column.
    """
    where = f"{names.records} {path}"
    try:
        if path.suffix.lower() in (".csv", ".parquet"):
            return of_frame(_table(path, where), key, Names(where, names.key))
        records = _of_json(where, path.read_text("utf-8-sig"), key, names.key)
    except UnicodeDecodeError as problem:
        raise UsageError(f"{where}: it must be in UTF-8 ({problem})") from None
    except OSError as problem:
        raise UsageError(f"{where}: it cannot be read ({problem})") from None
    return _some(where, records)


def of_frame(frame: pd.DataFrame, key: str | None, names: Names) -> list[Record]:
    """Return a record for each row of a table, as JSON with the columns' names.

    Raises:
        UsageError: it is empty, or has no such column.
    """
    if frame.empty:
        raise UsageError(f"{names.records}: it has no records")
    try:
        text = frame.to_json(orient="records", lines=True, date_format="iso", date_unit="us")
    except (ValueError, OverflowError) as problem:  # repeated names of columns; bytes
        raise UsageError(f"{names.records}: it cannot be JSON ({problem})") from None
    lines = text.splitlines()
    return _keyed([json.loads(line) for line in lines], lines, key, names.key)


def of_values(values: Sequence[Any], key: str | None, names: Names) -> list[Record]:
    """Return a record for each value, as JSON.

    Raises:
        UsageError: there are none, one cannot be JSON, or one has no such field.
    """
    try:
        lines = list(map(_compact, values))
    except (TypeError, ValueError) as problem:
        raise UsageError(f"{names.records}: a record cannot be JSON ({problem})") from None
    return _some(names.records, _keyed(values, lines, key, names.key))


def check_sizes(records: Iterable[Record], where: str, limit: int = prices.RECORD_BYTES) -> None:
    """Refuse a record that a stream would refuse for its size.

    Args:
        records: in order.
        where: they come from, for the message.
        limit: of the stream, in bytes of a record's data and its partition key.  [BC]

    Raises:
        UsageError: one is larger; the message has its number.
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


def _table(path: Path, where: str) -> pd.DataFrame:
    try:
        return _of_csv(path) if path.suffix.lower() == ".csv" else pd.read_parquet(path)
    except UnicodeDecodeError as problem:
        raise UsageError(f"{where}: it must be in UTF-8 ({problem})") from None
    except ValueError as problem:
        raise UsageError(f"{where}: {str(problem).strip()}") from None


def _of_csv(path: Path) -> pd.DataFrame:
    """Return a table in which postcodes keep their zeros, and whole numbers stay whole."""
    texts = pd.read_csv(path, dtype="str")
    codes = [name for name in texts if texts[name].str.match(LEADING_ZERO).any()]
    return pd.read_csv(path, dtype=dict.fromkeys(codes, "str"), dtype_backend="numpy_nullable")


def _of_json(where: str, text: str, key: str | None, key_name: str) -> list[Record]:
    whole = _parsed(text)
    if isinstance(whole, dict) and isinstance(whole.get("Records"), list):
        return [
            _recorded(f"{where}: Records[{number}]", _kinesis_of(one), "data", "partitionKey")
            for number, one in enumerate(whole["Records"])
        ]
    if isinstance(whole, list):
        return _keyed(whole, map(_compact, whole), key, key_name)
    values, lines = [], [line for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        value = _parsed(line)
        if value is None:
            raise UsageError(f"{where}: line {number} is not JSON: {line[:80]!r}")
        values.append(value)
    if values and isinstance(values[0], dict) and values[0].keys() >= CAPTURED:
        return [
            _recorded(f"{where}: line {number}", one, "data", "partition_key")
            for number, one in enumerate(values, 1)
        ]
    return _keyed(values, lines, key, key_name)


def _kinesis_of(record: Any) -> Any:
    return record.get("kinesis") if isinstance(record, dict) else None


def _recorded(where: str, record: Any, data: str, key: str) -> Record:
    """Return a record that was recorded, with its data in base64.

    Args:
        where: it stands, for messages.
        record: from the file.
        data: the field that holds its data.
        key: the field that holds its partition key.

    Raises:
        UsageError: a field is missing or cannot be sent.
    """
    if not isinstance(record, dict) or not {data, key} <= record.keys():
        raise UsageError(f"{where} is not a record of Kinesis: it needs {data} and {key}")
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
            if not isinstance(value, dict) or value.get(key) is None:
                fields = ", ".join(value) if isinstance(value, dict) else "none"
                raise UsageError(
                    f"{key_name} {key}: record {number} has no such field; it has: {fields}"
                )
            name = str(value[key])
            if not 1 <= len(name) <= MAX_KEY:
                raise UsageError(
                    f"{key_name} {key}: record {number} has a value of {len(name)} characters; a "
                    f"partition key has 1 to {MAX_KEY}"
                )
        found.append(Record(line.encode(), name))
    return found


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
