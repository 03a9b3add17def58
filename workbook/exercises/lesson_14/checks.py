"""Judge the exercises of notebook 14: files of an interval, copies, NULL, and a query's price."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import duckdb
import pandas as pd

from workbook.exercises import trials
from workbook.exercises.exercise import Hint
from workbook.exercises.trials import Mistake
from workbook.exercises.values import close, number, shown, whole

# --- 1


def _starts(arrivals: Sequence[float], interval: float) -> list[float]:
    """The arrival of each file's first record."""
    starts: list[float] = []
    for time in arrivals:
        if not starts or time > starts[-1] + interval:
            starts.append(time)
    return starts


def _gaps(arrivals: Sequence[float], interval: float) -> int:
    """How often a record comes later than the interval after the one before it."""
    return sum(after - before > interval for before, after in pairwise(arrivals))


def files(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare the function with the right one for arrivals that tell the usual mistakes apart."""
    cases: list[list[float]] = [[5], [0, 50, 70, 110], [0, 40, 80, 100, 130, 170], [50, 70]]
    cases += [[7, 900, 905], [], [0, 50, 70, 125, 200, 201, 290]]
    return trials.compare(
        answer,
        [*((arrivals, 60) for arrivals in cases), ([0, 50, 70, 110], 25), ([0, 50, 70, 110], 900)],
        lambda arrivals, interval: len(_starts(arrivals, interval)),
        [
            Mistake(
                lambda arrivals, interval: len(_starts(arrivals, 60)),
                "It counts as if the interval were always 60 seconds. Use the argument `interval`.",
            ),
            Mistake(
                lambda arrivals, interval: len({time // interval for time in arrivals}),
                "That counts intervals of the clock. The interval begins with a record.",
            ),
            Mistake(
                lambda arrivals, interval: _gaps(arrivals, interval) + bool(arrivals),
                "A buffer does not wait longer because records keep coming. What counts is how "
                "long its *first* record has waited.",
            ),
            Mistake(
                lambda arrivals, interval: len(arrivals),
                "That is the number of records. Those that wait together go into one file.",
            ),
            Mistake(
                lambda arrivals, interval: max(len(_starts(arrivals, interval)) - 1, 0),
                "What is in the buffer after the last record becomes a file, too.",
            ),
            Mistake(
                lambda arrivals, interval: max(len(_starts(arrivals, interval)), 1),
                "Without a record there is no buffer, and no file.",
            ),
        ],
    )


# --- 2 and 3


def _asked(answer: Any, rows: Sequence[tuple[str, str, str, bool | None]]) -> pd.DataFrame:
    """Return what a query says of these rows.

    Raises:
        Hint: it is no query, or DuckDB refuses it.
    """
    if not isinstance(answer, str):
        raise Hint(f"The answer must be a query, as a string; yours is {shown(answer)}.")
    with duckdb.connect() as database:
        database.execute(
            "CREATE TABLE flights (flight_date VARCHAR, event_id VARCHAR, "
            "source_sequence_number VARCHAR, weekend BOOLEAN)"
        )
        database.executemany("INSERT INTO flights VALUES (?, ?, ?, ?)", list(rows))
        try:
            found = database.sql(answer)
        except duckdb.Error as error:
            raise Hint(f"DuckDB refuses the query: {str(error).splitlines()[0]}") from None
        if found is None:
            raise Hint("The answer must be a query that has a result, such as `SELECT ...`.")
        table: pd.DataFrame = found.df()
        return table


FRIDAY, SATURDAY, SUNDAY = "2013-01-04", "2013-01-05", "2013-01-06"


def copies(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Run the query on rows in which each usual mistake gives another number."""
    rows = [
        (FRIDAY, "a", "1", None),
        (FRIDAY, "b", "2", None),
        (SATURDAY, "c", "3", None),
        (SATURDAY, "c", "3", None),  # delivered twice
        (SATURDAY, "c", "4", None),  # sent twice
        (SATURDAY, "d", "5", None),
        (SATURDAY, "e", "6", None),
        (SUNDAY, "f", "7", True),
        (SUNDAY, "f", "8", True),
    ]
    right = {FRIDAY: 0, SATURDAY: 2, SUNDAY: 1}
    found = _asked(answer, rows)
    if found.shape[1] != 2:
        return f"The answer must have two columns, date and number; yours has {found.shape[1]}."
    days = [str(day)[:10] for day in found.iloc[:, 0]]
    if set(right) <= {str(value)[:10] for value in found.iloc[:, 1]}:
        return "The date must be the first column and the number the second; yours are swapped."
    told = "Each value of the second column"
    by_day = dict(zip(days, (whole(n, told) for n in found.iloc[:, 1]), strict=True))
    missing = [day for day in right if day not in by_day]
    if missing:
        return f"There is no row for {missing[0]}, a day without copies, which has 0."
    if len(found) != len(right):
        return f"There must be a row for each of {len(right)} days; yours has {len(found)} rows."
    rows_of_day = {
        SATURDAY: "one flight three times, with two sequence numbers, and two others once",
        SUNDAY: "one flight twice, with two sequence numbers",
        FRIDAY: "two flights, each once",
    }
    wrong = [
        f"For {day} it must say {right[day]}; yours says {by_day[day]}. The day has {found_there}."
        for day, found_there in rows_of_day.items()
        if by_day[day] != right[day]
    ]
    return " ".join(wrong) or None


def weekend(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Run the query on flights of which some have no value."""
    values: list[tuple[str, bool | None]] = [(FRIDAY, False), (SATURDAY, None), (SUNDAY, True)]
    for counts in ((0, 0, 2), (3, 0, 1), (1, 4, 3)):
        each = [one for one, n in zip(values, counts, strict=True) for _ in range(n)]
        rows = [(day, str(n), str(n), value) for n, (day, value) in enumerate(each)]
        found = _asked(answer, rows)
        if found.shape != (1, 1):
            size = f"{len(found)} × {found.shape[1]}"
            return f"The answer must be one number; your query gives rows × columns: {size}."
        value = number(found.iloc[0, 0], "The share")
        no, unknown, yes = counts
        right = yes / (no + yes)
        if close(value, right, relative=1e-6):
            continue
        told = f"Weekend flights: {yes}; others: {no}; unknown: {unknown}. The share"
        reasons = {
            100 * right: "It should be between 0 and 1, not in per cent.",
            1 - right: "That is the share of the other days.",
            float(yes): "That is a number of flights, not a share.",
            yes / sum(counts): "The unknown ones must not be in the denominator.",
            (no + yes) / sum(counts): "That is the share of the flights of which it is known.",
            (yes + unknown) / sum(counts): "It counts the unknown ones as weekend flights.",
        }
        reason = next((text for wrong, text in reasons.items() if close(value, wrong)), "")
        return f"{told} must be {right:.4g}; yours is {value:.4g}. {reason}".rstrip()
    return None


# --- 4


def cost(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare the function with the price of one query and of several."""
    prices = notebook["prices"]
    least, per_mb = prices.ATHENA_LEAST_MB, prices.ATHENA_TB / 1e6

    def right(megabytes: Sequence[float]) -> float:
        return float(per_mb * sum(max(math.ceil(mb), least) for mb in megabytes))

    def rounded(megabytes: Sequence[float]) -> int:
        return sum(map(math.ceil, megabytes))

    return trials.compare(
        answer,
        [([250],), ([250.5],), ([0.2],), ([0.2, 0.3, 250.5],), ([],)],
        right,
        [
            Mistake(
                lambda megabytes: per_mb * rounded(megabytes),
                f"Each query pays for {least} MB at least.",
            ),
            Mistake(
                lambda megabytes: per_mb * max(rounded(megabytes), least),
                f"The least of {least} MB is for each query, not for all together.",
            ),
            Mistake(
                lambda megabytes: per_mb * sum(max(mb, least) for mb in megabytes),
                "Each query is rounded up to full megabytes.",
            ),
            Mistake(
                lambda megabytes: per_mb * (rounded(megabytes) + least * len(megabytes)),
                f"The {least} MB are the least that is billed, and nothing to add.",
            ),
            Mistake(
                lambda megabytes: right(megabytes) / per_mb,
                "That is in megabytes. The task asks for USD.",
            ),
            Mistake(
                lambda megabytes: 1000 * right(megabytes),
                "A terabyte has a million megabytes, not a thousand.",
            ),
        ],
    )
