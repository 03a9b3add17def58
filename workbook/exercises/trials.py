"""Call a learner's function: with copies, with stand-ins for what it calls, case by case."""

import copy
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple, Self
from unittest import mock

import numpy as np
import pandas as pd

from workbook.exercises.exercise import Hint
from workbook.exercises.values import close, number, shown

PAUSE_SECONDS = 0.01  # real time between two calls that counts as a pause, however it was made


class StandIn:
    """What a learner's function gets in place of a client: itself, not a copy, to be looked at."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class Called(str):
    """A note on an error: how the learner's function was called."""


def call(function: Any, *arguments: Any) -> Any:
    """Call a learner's function with copies of the arguments, so it may do with them as it likes.

    Raises:
        Hint: it is no function, or returns nothing.
        Exception: what it raises, with a note that says how it was called.
    """
    result = run(function, *arguments)
    if result is None:
        raise Hint(f"`{called(function, *arguments)}` returns nothing. Does it end with `return`?")
    return result


def run(function: Any, *arguments: Any) -> Any:
    """Call a learner's function like ``call``, also if it need not return anything."""
    must_be_function(function)
    try:
        return function(*copy.deepcopy(arguments))
    except Exception as error:
        error.add_note(Called(called(function, *arguments)))
        raise


def must_be_function(value: Any) -> None:
    """Raise ``Hint`` if this is no function."""
    if not callable(value):
        raise Hint(f"The answer must be a function; yours is {shown(value)}.")


def called(function: Any, *arguments: Any) -> str:
    """Return a call as one would write it, with large arguments in words."""
    name = getattr(function, "__name__", "function")
    return f"{name}({', '.join(_brief(argument) for argument in arguments)})"


def _brief(value: Any) -> str:
    if isinstance(value, pd.DataFrame | pd.Series | np.ndarray) or callable(value):
        return "..."
    text = repr(value)
    return text if len(text) <= 70 else "..."


class Mistake(NamedTuple):
    """A formula that learners come to by a mistake, and the hint about it."""

    formula: Callable[..., float]
    hint: str


def compare(
    function: Any,
    cases: Sequence[tuple[Any, ...]],
    right: Callable[..., float],
    mistakes: Sequence[Mistake] = (),
    *,
    within: float = 0.0,
) -> str | None:
    """Compare a learner's function with the right one, case by case.

    A mistake is told only if its formula gives what the learner's function gives in every case.

    Args:
        function: the learner's, of numbers to a number.
        cases: the arguments to call it with, the simplest first.
        right: gives the right number for them.
        mistakes: what to look for when it is wrong.
        within: how far a number may be off, beside one part in a thousand million.

    Returns:
        None if all are right, else the hint of the mistake, or the first case that is wrong.
    """
    found = [number(call(function, *case), f"`{called(function, *case)}`") for case in cases]

    def fits(formula: Callable[..., float]) -> bool:
        wanted = [formula(*case) for case in cases]
        return all(close(a, b, within=within) for a, b in zip(found, wanted, strict=True))

    if fits(right):
        return None
    for mistake in mistakes:
        if fits(mistake.formula):
            return mistake.hint
    case, value = next(
        (case, value)
        for case, value in zip(cases, found, strict=True)
        if not close(value, right(*case), within=within)
    )
    return f"`{called(function, *case)}` must be {right(*case):,.6g}; yours is {value:,.6g}."


@contextmanager
def pauses_noted(function: Any, pauses: "Pauses") -> Iterator[None]:
    """Let a learner's function not sleep, but have its pauses noted."""
    with replaced(function, time, "sleep", pauses.sleep):
        yield


@contextmanager
def replaced(function: Any, module: ModuleType, name: str, stand_in: Any) -> Iterator[None]:
    """Let a learner's function meet a stand-in, whether it imported the original or its module."""
    original = getattr(module, name)
    variables = getattr(function, "__globals__", {})
    theirs = {key: stand_in for key, value in variables.items() if value is original}
    with mock.patch.object(module, name, stand_in), mock.patch.dict(variables, theirs):
        yield


class Pauses:
    """Notes the calls of a learner's function and whether it paused between them."""

    def __init__(self) -> None:
        self.missing = 0  # calls before which there should have been a pause
        self._slept = 0.0
        self._last = time.perf_counter()

    def sleep(self, seconds: float) -> None:
        """Stand for ``time.sleep``, without taking the time."""
        self._slept += seconds

    def before_call(self, *, pause_is_due: bool) -> None:
        """Note a call; without a pause since the last one it is counted, if one was due."""
        rested = time.perf_counter() - self._last
        if pause_is_due and not self._slept and rested < PAUSE_SECONDS:
            self.missing += 1
        self._slept = 0.0

    def after_call(self) -> None:
        """Begin to measure the pause."""
        self._last = time.perf_counter()


@contextmanager
def in_another_process(function: Any) -> Iterator[None]:
    """Give a learner's function another ``hash``, as each Python process has its own for text."""

    def other(value: Any) -> int:
        if _is_of_numbers(value):
            return hash(value)
        digest = hashlib.sha256(repr(value).encode()).digest()
        return int.from_bytes(digest[:7], "big")

    variables = getattr(function, "__globals__", {})
    with mock.patch.dict(variables, {"hash": variables.get("hash", other)}):
        yield


def _is_of_numbers(value: Any) -> bool:
    """Return whether a value's hash is the same in each process."""
    if isinstance(value, tuple):
        return all(map(_is_of_numbers, value))
    return isinstance(value, int | float)
