"""Judge the exercises of notebook 05: copies, a worse day, and what a check does not see."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from workbook import answers
from workbook.exercises import trials
from workbook.exercises.values import day, items, pair, shown

JANUARY = datetime.date(2013, 1, 1)

Days = Mapping[int, Sequence[int | None]]  # the delays of each day, None for a cancelled flight


# --- 1


def copies(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare names of columns with those that differ."""
    ordered = notebook["raw"].sort_values("arrival_time")
    first, last = (
        ordered.drop_duplicates("event_id", keep=kept).set_index("event_id").sort_index()
        for kept in ("first", "last")
    )
    differ = {name for name in first if not first[name].equals(last[name])}
    named = set(items(answer))
    if unknown := sorted(map(str, named - set(ordered))):
        return f"The table has no column `{unknown[0]}`. Give a list of names."
    if not named:
        return (
            "You found no difference, as if both tables held the first copies. Which argument of "
            "`drop_duplicates` says what to keep?"
        )
    if named == set(first) - differ:
        return "You name exactly the columns that are the same. Name those that differ."
    if equal := sorted(named - differ - {"event_id"}):
        full = [name for name in equal if first[name].notna().all()]
        if not full:
            return (
                f"`{equal[0]}` is the same in both tables. But it has missing values, and to `!=` "
                "a missing value differs even from another one. `equals` takes them for equal."
            )
        return (
            f"You name {len(named)} columns, and `{full[0]}` is the same for each flight. Are the "
            "rows of both tables in the same order when you compare them?"
        )
    if "event_id" in named:
        return "`event_id` identifies a flight, so it is equal for copies of the same flight."
    if unnamed := differ - named:
        return f"These differ, but not only these: {len(unnamed)} missing. Compare all columns."
    return None


# --- 2


def _table(notebook: Mapping[str, Any], days: Days) -> pd.DataFrame:
    """Return a table like ``clean`` with these flights."""
    delays = [delay for each in days.values() for delay in each]
    table = notebook["clean"].iloc[: len(delays)].reset_index(drop=True)
    numbers = [number for number, each in days.items() for _ in each]
    classes = ["cancelled" if delay is None else "long delay" for delay in delays]
    noon = [f"2013-01-{number:02} 17:00Z" for number in numbers]  # in New York, at any clock
    times = pd.to_datetime(noon).as_unit("us")
    # A cancelled flight has no times of departure and arrival.
    clock = [None if delay is None else 1200 for delay in delays]
    measured = {"dep_time": clock, "arr_time": clock, "dep_delay": delays, "arr_delay": delays}
    made: pd.DataFrame = table.assign(
        **{name: pd.array(column, dtype="Int64") for name, column in measured.items()},
        day=pd.array(numbers, dtype="Int64"),
        delay_class=classes,
        event_time=times,
        time_hour=times,
        left=times,
        event_id=[f"2013-01-{number:02}/{row}" for row, number in enumerate(numbers)],
    )
    return made


def worst_days(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with tables that tell the usual mistakes apart, and with the notebook's."""
    cases: list[tuple[str, Days]] = [
        (
            "Two flights were cancelled on the 4th and one on the 5th, and on the 9th the two that "
            "left were 50 minutes late, more than on other days.",
            {4: [5, 5, None, None], 5: [10, 10, 10, None], 9: [50, 50], 12: [1] * 4},
        ),
        (
            "Three of nine flights were cancelled on the 7th, and one of two on the 8th, which has "
            "the longest mean.",
            {7: [1] * 6 + [None] * 3, 8: [20, None]},
        ),
        (
            "On the 3rd one flight was 50 minutes late and nine were on time; on the 6th all three "
            "were 20 minutes late. The longest mean is that of the 6th.",
            {3: [50] + [0] * 9, 6: [20] * 3, 8: [0, None], 10: [1, 1, 1]},
        ),
        (
            "On the 2nd there were ten flights, each 15 minutes late, and on the 9th two, each 30. "
            "The longest mean is that of the 9th.",
            {2: [15] * 10, 9: [30] * 2, 11: [0, None]},
        ),
        (
            "On the 5th two flights left, 40 minutes late, and four were cancelled; on the 6th all "
            "six left, 20 minutes late. A cancelled flight has no delay to count.",
            {5: [40] * 2 + [None] * 4, 6: [20] * 6},
        ),
        (
            "On the 3rd flights left 0, 0 and 60 minutes late, on the 4th 10, 10 and 10. The mean "
            "of the 3rd is longer, whatever its median.",
            {3: [0, 0, 60], 4: [10, 10, 10], 5: [1, None]},
        ),
    ]
    for story, days in cases:
        hint = _worst(answer, _table(notebook, days), story)
        if hint is not None:
            return hint
    return _worst(answer, notebook["clean"], "The table `clean` has all flights of January.")


def _worst(answer: Any, table: pd.DataFrame, story: str) -> str | None:
    by_day = table.groupby("day")
    cancelled = by_day["delay_class"].agg(lambda kinds: (kinds == "cancelled").sum())
    worst: list[Any] = [cancelled.idxmax(), by_day["dep_delay"].mean().idxmax()]
    right = [JANUARY.replace(day=int(found)) for found in worst]
    result = pair(trials.call(answer, table), "The result")
    days = [day(value, JANUARY, "Each value of the result") for value in result]
    if days == right:
        return None
    told = f"{story} Your function gives {days[0].day} and {days[1].day}."
    if days == right[::-1]:
        return f"{told} The day of the cancelled flights comes first."
    known = {JANUARY.replace(day=int(number)) for number in table["day"]}
    if not set(days) <= known:
        return f"{told} The table has no such day."
    which = "first" if days[0] != right[0] else "second"
    return f"{told} The {which} day must be {right[0 if which == 'first' else 1].day}."


# --- 3


def fooled(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """See whether the published answers notice anything, and the input does."""
    clean = notebook["clean"]
    if not isinstance(answer, pd.DataFrame):
        return f"The answer must be a table like `clean`; yours is {shown(answer)}."
    if absent := [name for name in clean if name not in answer]:
        return f"Your table has no column `{absent[0]}`. Keep all columns of `clean`."
    table = answers.check(answer, sent=notebook["january"]).dropna(subset=["ok"])
    noticed = table.loc[~table["ok"].astype(bool), "question"]
    if len(noticed):
        told = f"Somebody noticed: `{noticed.iloc[0]}` is wrong"
        if len(answer) != len(clean):
            return f"{told}. Your table has {len(answer):,} flights; it must have {len(clean):,}."
        return f"{told}. Change less: one delay is enough."
    if _differ(answer, clean, "dep_delay"):
        return None
    others = [
        name
        for name in clean.columns.drop(["event_id", "dep_delay"])
        if name in answer and not answer[name].equals(clean[name]) and _differ(answer, clean, name)
    ]
    if others:
        return (
            f"All answers are right. But you changed `{others[0]}`, and every `dep_delay` is right."
        )
    if not answer.index.equals(clean.index):
        return "All answers are right, but so is every delay: only the rows have another order."
    return "All answers are right, because no delay is wrong. Change one, by a minute."


def _by_flight(table: pd.DataFrame, name: str) -> "pd.Series[Any]":
    """Return a column in the order of the flights, with None for all that is missing."""
    values = table.set_index("event_id")[name].astype(object)
    return values.where(values.notna(), None).sort_index()


def _differ(table: pd.DataFrame, other: pd.DataFrame, name: str) -> bool:
    """Whether some flight has another value in this column, be it of another type or not."""
    return not _by_flight(table, name).equals(_by_flight(other, name))
