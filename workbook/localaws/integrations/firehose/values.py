"""JSON values as a column's type needs them, as in the OpenX SerDe [FH:record-format-conversion].

For a value of another type, its behaviour is [?] unless it is documented.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import orjson
import pyarrow as pa

_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z)?", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLIS_FROM = 10**11  # larger integers are milliseconds; seconds reach the year 5138
Rename = Callable[[str], str]


def fitted(value: Any, kind: pa.DataType, rename: Rename) -> Any:
    """Return a JSON value converted for Arrow.

    Args:
        value: the value as parsed from JSON.
        kind: the column's type.
        rename: a function that turns keys of objects into field names.

    Raises:
        ValueError: the value does not fit the type.
    """
    if value is None:
        return None
    if pa.types.is_string(kind):
        return value if isinstance(value, str) else orjson.dumps(value).decode()
    if pa.types.is_boolean(kind):
        return _boolean(value)
    if pa.types.is_integer(kind):
        return _integer(value, kind.bit_width)
    if pa.types.is_floating(kind):
        return _number(value, float)
    if pa.types.is_decimal(kind):
        return _decimal(value, kind)
    if pa.types.is_timestamp(kind):
        return _timestamp(value)
    if pa.types.is_date(kind) and isinstance(value, str):
        return date.fromisoformat(value)
    if pa.types.is_binary(kind) and isinstance(value, str):
        return value.encode()
    if pa.types.is_list(kind) and isinstance(value, list):
        return [fitted(one, kind.value_type, rename) for one in value]
    if isinstance(value, dict):
        if pa.types.is_map(kind):
            return [
                (fitted(key, kind.key_type, rename), fitted(one, kind.item_type, rename))
                for key, one in value.items()
            ]
        if pa.types.is_struct(kind):
            named = {rename(key): one for key, one in value.items()}
            fields = [kind.field(index) for index in range(kind.num_fields)]
            return {
                one.name: fitted(named.get(rename(one.name)), one.type, rename) for one in fields
            }
    raise ValueError(f"{orjson.dumps(value).decode()[:100]} is not of the type {kind}")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise ValueError(f"{value!r} is not true or false")


def _integer(value: Any, bits: int) -> int:
    found = _number(value, int) if isinstance(value, str) else value
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool):
        raise ValueError(f"{value!r} is not an integer")
    if not -(2 ** (bits - 1)) <= found < 2 ** (bits - 1):
        raise ValueError(f"{value!r} does not fit into {bits} bits")
    return found


def _decimal(value: Any, kind: pa.DataType) -> Decimal:
    found: Decimal = _number(value, Decimal).quantize(Decimal(1).scaleb(-kind.scale))
    if len(found.as_tuple().digits) > kind.precision:
        raise ValueError(f"{value!r} has more than {kind.precision} digits")
    return found


def _number(value: Any, make: Callable[[Any], Any]) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is not a number")
    try:
        return make(str(value) if make is Decimal else value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None


def _timestamp(value: Any) -> datetime:
    """Return a time from seconds or milliseconds since the epoch, or from a string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is not a time")
    if isinstance(value, str):
        return _time(value)
    seconds = value / 1000 if isinstance(value, int) and abs(value) >= _MILLIS_FROM else value
    try:
        return (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None)
    except OverflowError:
        raise ValueError(f"{value!r} is not a time") from None


@lru_cache(1024)  # neighbouring records have the same times
def _time(text: str) -> datetime:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a time")
    micros = int((found[7] or "").ljust(6, "0")[:6])
    return datetime(*map(int, found.groups()[:6]), micros)  # type: ignore[arg-type, call-arg]
