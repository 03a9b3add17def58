"""A learner's function is called with copies, meets stand-ins, and is compared case by case."""

import random
import time
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.exercises import trials
from workbook.exercises.exercise import Hint
from workbook.exercises.trials import Mistake


def defined(code: str, name: str = "function") -> Any:
    """Return a function that a learner's cell defines."""
    variables: dict[str, Any] = {}
    exec(code, variables)
    return variables[name]


def test_a_function_gets_copies_however_deep() -> None:
    rows, frame = [{"a": [1]}], pd.DataFrame({"a": [1]})

    def greedy(rows: list[Any], frame: pd.DataFrame) -> int:
        rows[0]["a"].clear()
        frame["b"] = 1
        frame.loc[0, "a"] = 9
        return 1

    assert trials.call(greedy, rows, frame) == 1
    assert rows == [{"a": [1]}]
    assert frame.to_dict("list") == {"a": [1]}


def test_a_stand_in_is_itself_in_the_function() -> None:
    client = trials.StandIn()
    assert trials.call(lambda it: it, client) is client
    assert trials.call(lambda it: it[0], [client]) is client


def test_what_is_no_function_or_returns_nothing_is_told() -> None:
    with pytest.raises(Hint, match="The answer must be a function; yours is `3`"):
        trials.call(3)
    with pytest.raises(Hint, match=r"`silent\(1, 'a'\)` returns nothing. Does it end with"):
        trials.call(defined("def silent(x, y): pass", "silent"), 1, "a")
    assert trials.run(defined("def silent(x): pass", "silent"), 1) is None


def test_an_error_notes_how_the_function_was_called() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        trials.call(defined("def share(x, y): return x / y", "share"), 1, 0)
    assert raised.value.__notes__ == ["share(1, 0)"]


def test_large_arguments_are_left_out_of_a_call() -> None:
    function = defined("def f(a, b, c): return 1", "f")
    assert trials.called(function, pd.DataFrame(), "x" * 100, print) == "f(..., ..., ...)"


@pytest.mark.parametrize(
    "code",
    [
        "import random\ndef function(): return random.random()",
        "from random import random\ndef function(): return random()",
        "from random import random as chance\ndef function(): return chance()",
        "def function():\n    from random import random\n    return random()",
        "import random as r\ndef function(): return r.random()",
    ],
)
def test_a_stand_in_is_met_however_the_original_was_imported(code: str) -> None:
    function = defined(code)
    with trials.replaced(function, random, "random", lambda: 7):
        assert function() == 7
    assert 0 <= function() < 1


def test_pauses_are_noted_and_take_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)  # as if no real time passed
    function = defined("import time\ndef function(): time.sleep(60)")
    pauses = trials.Pauses()
    with trials.pauses_noted(function, pauses):
        pauses.after_call()
        function()
        pauses.before_call(pause_is_due=True)
    assert pauses.missing == 0
    pauses.after_call()
    pauses.before_call(pause_is_due=True)
    assert pauses.missing == 1
    pauses.before_call(pause_is_due=False)
    assert pauses.missing == 1


def test_a_pause_of_another_kind_counts_by_the_time_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    pauses = trials.Pauses()
    pauses.after_call()
    now = 2 * trials.PAUSE_SECONDS
    pauses.before_call(pause_is_due=True)
    assert pauses.missing == 0


@pytest.mark.parametrize("expression", ["hash(x)", "hash((1, x))", "hash(frozenset({x}))"])
def test_a_hash_of_text_differs_in_another_process(expression: str) -> None:
    function = defined(f"def function(x): return {expression}")
    here = function("text")
    with trials.in_another_process(function):
        assert function("text") != here
        assert function("text") == function("text")
    assert function("text") == here


@given(st.integers() | st.floats(allow_nan=False) | st.tuples(st.integers(), st.booleans()))
def test_a_hash_of_numbers_is_the_same_in_every_process(value: Any) -> None:
    function = defined("def function(x): return hash(x)")
    with trials.in_another_process(function):
        assert function(value) == hash(value)


def test_a_learners_own_hash_is_left_alone() -> None:
    function = defined("def hash(x): return 5\ndef function(x): return hash(x)")
    with trials.in_another_process(function):
        assert function("text") == 5


def right(a: float, b: float) -> float:
    return a / b


CASES = [(6, 3), (1, 3), (5, 2)]
MISTAKES = [
    Mistake(lambda a, b: a * b, "Times."),
    Mistake(lambda a, b: b / a, "Upside down."),
    Mistake(lambda a, b: a // b, "Rounded down."),
]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("return a / b", None),
        ("return str(a / b)", None),
        ("return round(a / b, 3)", None),
        ("import numpy; return numpy.float64(a) / b", None),
        ("return a * b", "Times."),
        ("return b / a", "Upside down."),
        ("return int(a / b)", "Rounded down."),
        ("return 2", "`f(1, 3)` must be 0.333333; yours is 2."),
        ("return a / 2", "`f(6, 3)` must be 2; yours is 3."),
    ],
)
def test_a_function_is_right_or_one_mistake_in_all_cases_or_wrong_in_one(
    code: str, said: str | None
) -> None:
    function = defined(f"def f(a, b): {code}", "f")
    assert trials.compare(function, CASES, right, MISTAKES, within=0.0006) == said


@given(st.floats(0, 1), st.sampled_from([-1, 1]))
def test_a_number_may_be_off_by_as_much_as_is_said_and_no_more(margin: float, sign: int) -> None:
    for part, is_right in ((0.0, True), (0.99, True), (1.01, False)):
        offset = sign * (part * margin + (0 if is_right else 1e-6))
        said = trials.compare(lambda a: a + offset, [(1,), (10,)], lambda a: a, within=margin)  # noqa: B023
        assert (said is None) == is_right


def test_a_result_that_is_no_number_is_named_with_its_call() -> None:
    with pytest.raises(Hint, match=r"`f\(6, 3\)` must be a number; yours is `'2 or so'`"):
        trials.compare(defined("def f(a, b): return '2 or so'", "f"), CASES, right)
