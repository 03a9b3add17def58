"""Read a learner's answer in any reasonable type, and compare it with a stated tolerance.

A check judges what was worked out, not how it was written down: 6, 6.0, ``np.int64(6)`` and
``"6"`` are one number, and a list, a tuple and a Series are one row of values. What cannot be
read raises ``Hint`` with what was found.
"""

import datetime
import math
import reprlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from workbook.exercises.exercise import Hint

EXACT_UP_TO = 2**53  # whole numbers that every float can tell apart
LONGEST = 60  # characters of an answer that are shown


def shown(value: Any) -> str:
    """Return a value for a hint, as code in Markdown; a table or an array by type and length."""
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index | np.ndarray) and value.ndim:
        name = type(value).__name__
        return f"{'an' if name[0] in 'AEIOn' else 'a'} `{name}` with a length of {len(value):,}"
    text = reprlib.repr(_plain(value))
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "`" + text.replace("`", "'") + "`"


def number(value: Any, what: str = "The answer") -> int | float:
    """Read a number: of Python, numpy or pandas, or in text, or the only one in a Series or array.

    A whole number in text is read exactly, however long it is.

    Args:
        value: the learner's.
        what: begins the hint.

    Raises:
        Hint: it is no number, or is missing (NaN, None, NA).
    """
    original = value
    if isinstance(value, pd.Series | pd.Index | np.ndarray) and value.size == 1:
        value = np.asarray(value, dtype=object).item()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        value = _from_text(value)
    if isinstance(value, Decimal | Fraction):
        is_whole = math.isfinite(value) and value % 1 == 0
        value = int(value) if is_whole else float(value)
    if isinstance(value, Real) and not isinstance(value, bool):
        if math.isinf(value):
            raise Hint(f"{what} must be finite; yours is {shown(original)}.")
        if not math.isnan(value):
            return int(value) if isinstance(value, Integral) else float(value)
    elif not _is_missing(original):
        raise Hint(f"{what} must be a number; yours is {shown(original)}.")
    raise Hint(f"{what} must be a number; yours is missing: {shown(original)}.")


def whole(value: Any, what: str = "The answer") -> int:
    """Read a whole number; a float counts if it is whole and small enough to be exact.

    Raises:
        Hint: it is no number, or no whole one, or a float that is not exact.
    """
    read = number(value, what)
    if isinstance(read, float):
        if not read.is_integer():
            raise Hint(f"{what} must be a whole number; yours is {shown(value)}.")
        if abs(read) > EXACT_UP_TO:
            raise Hint(
                f"{what} must be exact; yours, {shown(value)}, is a `float`, which holds about 16 "
                "digits. Whole numbers (`int`) hold them all."
            )
    return int(read)


def seconds(value: Any, what: str = "The answer") -> int | float:
    """Read a time in seconds: a number of them, or a duration.

    Raises:
        Hint: it is neither.
    """
    if isinstance(value, datetime.timedelta | np.timedelta64):
        return pd.Timedelta(value).total_seconds()
    return number(value, what)


def items(value: Any, what: str = "The answer") -> list[Any]:
    """Read several values: from a list, a tuple, a set, a Series, an array, a generator and so on.

    Raises:
        Hint: it is a single value, or text.
    """
    if isinstance(value, pd.DataFrame) and value.shape[1] == 1:
        value = value.iloc[:, 0]
    if isinstance(value, pd.Series | pd.Index | np.ndarray):
        value = list(value) if value.ndim == 1 else value
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | pd.DataFrame):
        raise Hint(f"{what} must be several values, such as a list; yours is {shown(value)}.")
    return list(value)


def numbers(value: Any, what: str = "The answer") -> list[int | float]:
    """Read several numbers, in their order.

    Raises:
        Hint: it is a single value, or one of them is no number.
    """
    return [number(item, f"{what}: each of its values") for item in items(value, what)]


def pair(value: Any, what: str = "The answer") -> tuple[Any, Any]:
    """Read two values, in a dict those of its two keys.

    Raises:
        Hint: there are not two.
    """
    found = list(value.values()) if isinstance(value, Mapping) else items(value, what)
    if len(found) != 2:
        raise Hint(f"{what} must be two values; yours has {len(found)}.")
    return found[0], found[1]


def table(value: Any, what: str = "The answer") -> dict[Any, Any]:
    """Read values by their keys: from a dict, a Series, a DataFrame, or pairs.

    A DataFrame has one column of values, or two: the keys and the values.

    Raises:
        Hint: it has no keys.
    """
    if isinstance(value, pd.DataFrame) and value.shape[1] == 1:
        value = value.iloc[:, 0]
    if isinstance(value, pd.DataFrame) and value.shape[1] == 2:
        value = value.itertuples(index=False, name=None)
    if isinstance(value, pd.Series | Mapping):
        return dict(value.items())
    found = items(value, what)
    if not all(isinstance(item, tuple | list) and len(item) == 2 for item in found):
        raise Hint(
            f"{what} must have a value for each key, as in a `dict`; yours is {shown(value)}."
        )
    return dict(map(tuple, found))


def day(value: Any, month: datetime.date, what: str = "The answer") -> datetime.date:
    """Read a day: a date, a timestamp, a period, text such as ``2013-01-16``, or its number.

    Args:
        value: the learner's.
        month: a day of the month that a mere number is meant in.
        what: begins the hint.

    Raises:
        Hint: it is no day.
    """
    try:
        if isinstance(value, pd.Period):
            return value.start_time.date()
        is_text = isinstance(value, str) and isinstance(_from_text(value), str)
        if is_text or isinstance(value, datetime.date | np.datetime64):
            return pd.Timestamp(value).date()
        return month.replace(day=whole(value, what))
    except ValueError:
        raise Hint(f"{what} must be a day of the table; yours is {shown(value)}.") from None


def close(value: float, right: float, *, within: float = 0.0, relative: float = 1e-9) -> bool:
    """Return whether a number is right within the tolerance.

    Args:
        value: the learner's.
        right: the right one.
        within: how far it may be off, in its own unit.
        relative: how far it may be off, as a part of the right one; the larger of the two counts.
    """
    return math.isclose(value, right, rel_tol=0, abs_tol=max(within, relative * abs(right)))


def _plain(value: Any) -> Any:
    """Return Python's own numbers for numpy's, also in a list or a tuple."""
    if isinstance(value, np.generic):
        return value.item()
    return type(value)(map(_plain, value)) if type(value) in (list, tuple) else value


def _from_text(text: str) -> Any:
    plain = text.strip().replace(",", "").replace("_", "")
    for kind in (int, float):
        try:
            return kind(plain)
        except ValueError:
            continue
    return text


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT
