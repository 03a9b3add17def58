"""Read the records to send: JSON lines, a JSON array, CSV, Parquet, a Lambda event, a capture."""

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from workbook.errors import UsageError

CAPTURED = {"data", "partition_key", "sequence_number"}  # fields of a line of ``workbook capture``
MAX_KEY = 256  # characters of a partition key [BC]
MAX_BYTES = 10 * 1024 * 1024  # of a record's data and its partition key


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
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{where}: it cannot be read ({problem})") from None
    return _checked(where, records)


def of_frame(frame: pd.DataFrame, key: str | None, names: Names) -> list[Record]:
    """Return a record for each row of a table, as JSON with the columns' names.

    Raises:
        UsageError: it is empty, or has no such column.
    """
    lines = frame.to_json(orient="records", lines=True, date_format="iso").splitlines()
    values = [json.loads(line) for line in lines]
    return _checked(names.records, _keyed(values, lines, key, names.key))


def of_values(values: Sequence[Any], key: str | None, names: Names) -> list[Record]:
    """Return a record for each value, as JSON.

    Raises:
        UsageError: there are none, one cannot be JSON, or one has no such field.
    """
    try:
        lines = list(map(_compact, values))
    except (TypeError, ValueError) as problem:
        raise UsageError(f"{names.records}: a record cannot be JSON ({problem})") from None
    return _checked(names.records, _keyed(values, lines, key, names.key))


def _checked(where: str, records: list[Record]) -> list[Record]:
    if not records:
        raise UsageError(f"{where}: it has no records")
    for number, record in enumerate(records, 1):
        if len(record.data) + len(record.key.encode()) > MAX_BYTES:
            raise UsageError(f"{where}: record {number} is larger than 10 MiB")
    return records


def _table(path: Path, where: str) -> pd.DataFrame:
    try:
        return pd.read_csv(path) if path.suffix.lower() == ".csv" else pd.read_parquet(path)
    except ValueError as problem:
        raise UsageError(f"{where}: {problem}") from None


def _of_json(where: str, text: str, key: str | None, key_name: str) -> list[Record]:
    whole = _parsed(text)
    if isinstance(whole, dict) and isinstance(whole.get("Records"), list):
        return [_of_event(where, number, one) for number, one in enumerate(whole["Records"], 1)]
    if isinstance(whole, list):
        return _keyed(whole, map(_compact, whole), key, key_name)
    values, lines = [], [line for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        value = _parsed(line)
        if value is None:
            raise UsageError(f"{where}: line {number} is not JSON: {line[:80]!r}")
        values.append(value)
    if values and isinstance(values[0], dict) and values[0].keys() >= CAPTURED:
        return [Record(base64.b64decode(one["data"]), one["partition_key"]) for one in values]
    return _keyed(values, lines, key, key_name)


def _of_event(where: str, number: int, record: Any) -> Record:
    """Return a record of a recorded Lambda event."""
    try:
        kinesis = record["kinesis"]
        return Record(base64.b64decode(kinesis["data"]), str(kinesis["partitionKey"]))
    except (KeyError, TypeError, binascii.Error) as problem:
        raise UsageError(
            f"{where}: Records[{number - 1}] is not a record of Kinesis ({problem!r})"
        ) from None


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
