"""A learner's answer is read in any reasonable type, and nothing else is taken for it."""

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workbook.exercises import values
from workbook.exercises.exercise import Hint

INTEGERS = st.integers(-(10**40), 10**40)
FLOATS = st.floats(-1e12, 1e12)
SMALL = st.integers(-(2**31), 2**31)
ROWS = st.lists(SMALL, max_size=5)
JANUARY = datetime.date(2013, 1, 1)

NUMBER_FORMS: list[Callable[[int], Any]] = [
    int,
    float,
    str,
    "{:,}".format,
    " {:_} ".format,
    np.int64,
    np.float64,
    Decimal,
    Fraction,
    np.array,
    lambda number: np.array([number]),
    lambda number: pd.Series([number], index=["x"]),
    lambda number: pd.array([number], dtype="Int64")[0],
]
ROW_FORMS: list[Callable[[list[int]], Any]] = [
    list,
    tuple,
    iter,
    np.array,
    pd.Series,
    pd.Index,
    lambda row: pd.Series(row, dtype="Int64"),
    lambda row: pd.DataFrame({"x": row}),
    lambda row: dict.fromkeys(map(str, row)).keys() if len(set(row)) == len(row) else row,
    lambda row: (number for number in row),
]


@given(INTEGERS)
def test_a_whole_number_is_read_exactly_from_text_however_long(number: int) -> None:
    assert values.number(str(number)) == values.whole(f"{number:,}") == number
    assert values.whole(number) == number


@given(SMALL, st.sampled_from(NUMBER_FORMS))
def test_a_number_is_read_in_every_form(number: int, form: Callable[[int], Any]) -> None:
    assert values.number(form(number)) == number
    assert values.whole(form(number)) == number
    assert type(values.number(form(number))) in (int, float)


@given(FLOATS)
def test_a_fraction_is_read_in_every_form(number: float) -> None:
    for form in (float, repr, np.float64, Decimal, Fraction, lambda n: pd.Series([n])):
        assert values.number(form(number)) == number


@given(FLOATS)
def test_a_float_is_whole_only_if_it_is(number: float) -> None:
    assume(not number.is_integer())
    with pytest.raises(Hint, match="must be a whole number; yours is"):
        values.whole(number)


@given(st.integers(values.EXACT_UP_TO + 1, 2**128))
def test_a_large_float_is_not_taken_for_a_whole_number(number: int) -> None:
    with pytest.raises(Hint, match="holds about 16 digits"):
        values.whole(float(number) * 2)


NO_NUMBERS = [True, np.True_, "seven", "", "1 2", [1], (), {}, {1}, b"1", 1j, print, object()]
NO_NUMBERS += [pd.Series([1, 2]), np.array([[1, 2]]), pd.Series(["x"]), pd.Series([True])]
NO_NUMBERS += [pd.Timestamp("2013-01-01")]


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_is_named(value: Any) -> None:
    with pytest.raises(Hint, match=r"^The sum must be a number; yours is "):
        values.number(value, "The sum")


@pytest.mark.parametrize("value", [None, math.nan, np.nan, pd.NA, pd.NaT, "nan", Decimal("nan")])
def test_a_missing_number_is_named(value: Any) -> None:
    with pytest.raises(Hint, match="must be a number; yours is missing"):
        values.number(value)


@pytest.mark.parametrize("value", [math.inf, -np.inf, "inf", Decimal("inf")])
def test_an_infinite_number_is_named(value: Any) -> None:
    with pytest.raises(Hint, match="must be finite"):
        values.number(value)


@given(ROWS, st.sampled_from(ROW_FORMS))
def test_several_values_are_read_in_every_form(row: list[int], form: Callable[..., Any]) -> None:
    assert values.numbers(form(row)) == row


@pytest.mark.parametrize(
    "value", [None, 1, "text", b"bytes", print, pd.DataFrame({"a": [1], "b": [2]})]
)
def test_a_single_value_is_not_several(value: Any) -> None:
    with pytest.raises(Hint, match="must be several values, such as a list; yours is"):
        values.items(value)


def test_each_of_several_numbers_must_be_one() -> None:
    with pytest.raises(
        Hint, match="The answer: each of its values must be a number; yours is `'x'"
    ):
        values.numbers([1, "x"])


@given(SMALL, SMALL)
def test_two_values_are_read_in_every_form(one: int, two: int) -> None:
    for form in (tuple, list, np.array, pd.Series, lambda row: {"a": row[0], "b": row[1]}):
        assert values.pair(form([one, two])) == (one, two)


@pytest.mark.parametrize("value", [(), (1,), (1, 2, 3), {"a": 1}])
def test_two_values_are_neither_one_nor_three(value: Any) -> None:
    with pytest.raises(Hint, match=f"must be two values; yours has {len(value)}"):
        values.pair(value)


@given(st.dictionaries(SMALL, SMALL))
def test_values_by_key_are_read_in_every_form(keyed: dict[int, int]) -> None:
    series = pd.Series(keyed, dtype="int64")
    for form in (
        keyed,
        series,
        series.to_frame(),
        series.rename_axis("key").reset_index(name="value"),
        list(keyed.items()),
        list(map(list, keyed.items())),
    ):
        assert values.table(form) == keyed


@pytest.mark.parametrize("value", [[1, 2], ["ab"], [(1, 2, 3)]])
def test_values_without_keys_are_no_table(value: Any) -> None:
    with pytest.raises(Hint, match="must have a value for each key"):
        values.table(value)


@given(st.integers(1, 31))
def test_a_day_is_read_in_every_form(number: int) -> None:
    right = JANUARY.replace(day=number)
    moment = datetime.datetime(2013, 1, number, 17)
    forms: list[Any] = [number, float(number), str(number), right, str(right), moment, str(moment)]
    forms += [
        pd.Timestamp(right),
        pd.Timestamp(moment, tz="UTC"),
        np.datetime64(right),
        pd.Period(str(right)),
        f"{right:%B} {number}, {right.year}",
        f"{right} ",
    ]
    assert [values.day(form, JANUARY) for form in forms] == [right] * len(forms)


@pytest.mark.parametrize("value", [0, 32, "2013-13-01", "Tuesday", -1])
def test_what_is_no_day_is_named(value: Any) -> None:
    with pytest.raises(Hint, match="must be a day of the table; yours is"):
        values.day(value, JANUARY)


@given(st.integers(0, 10**6))
def test_a_time_is_read_as_a_number_or_a_duration(number: int) -> None:
    duration = datetime.timedelta(seconds=number)
    for form in (
        number,
        str(number),
        duration,
        pd.Timedelta(duration),
        np.timedelta64(number, "s"),
    ):
        assert values.seconds(form) == number


@given(FLOATS, st.floats(0, 1e6), st.floats(0, 1))
def test_close_is_symmetric_about_the_right_one_and_no_wider_than_it_says(
    right: float, within: float, relative: float
) -> None:
    margin = max(within, relative * abs(right))
    assume(margin == 0 or margin > 1e-9 * abs(right))  # less is lost in rounding
    for sign in (-1, 1):
        assert values.close(right + sign * 0.99 * margin, right, within=within, relative=relative)
        beyond = right + sign * (1.01 * margin + 1e-3)
        assert not values.close(beyond, right, within=within, relative=relative)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_shown_is_code_in_one_line_and_short(value: Any) -> None:
    text = values.shown(value)
    assert text.count("`") == 2
    assert len(text) <= values.LONGEST + 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (pd.Series([1, 2]), "a `Series` with a length of 2"),
        (pd.DataFrame({"a": range(3_000)}), "a `DataFrame` with a length of 3,000"),
        (np.int64(3), "`3`"),
        ((np.int64(3), [np.float64(1.5)]), "`(3, [1.5])`"),
    ],
)
def test_tables_are_shown_by_their_length_and_numbers_as_python_writes_them(
    value: Any, text: str
) -> None:
    assert values.shown(value) == text
