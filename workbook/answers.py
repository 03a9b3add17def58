"""Published answers to questions about the flights, to compare with ours.

Textbooks have asked these questions about the same data for years. A pipeline that loses, repeats
or changes flights gets at least one of them wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from workbook import flights

R4DS_TRANSFORM = "R for Data Science 2e, data transformation"
R4DS_NUMBERS = "R for Data Science 2e, numbers"
R4DS_FIRST = "R for Data Science; dplyr documentation"
R4DS_SOLUTIONS = "solutions to R for Data Science's exercises"
DPLYR_TUTORIALS = "dplyr tutorials"

COLUMNS = ("month", "day", "dep_delay", "arr_delay", "carrier", "dest")  # needed for the answers
COUNT, MEAN = "count(*)", "avg(dep_delay)"  # in SQL
MONTHS = ("January", "February", "March", "April", "May", "June")


@dataclass(frozen=True)
class Answer:
    """A question with a published answer.

    Args:
        question: the question in words.
        published: the answer as printed, rounded to ``digits`` decimals.
        where: the publication.
        compute: computes our answer from the flights of the period.
        sql: the same computation as an SQL expression.
        month: the period's month; None for the whole year.
        day: the period's day; None for the whole month.
        digits: the number of decimals printed.
    """

    question: str
    published: float
    where: str
    compute: Callable[[pd.DataFrame], float]
    sql: str
    month: int | None = None
    day: int | None = None
    digits: int = 0

    @property
    def needs(self) -> str:
        """Return which flights the answer is computed from, in words."""
        if self.month is None:
            return "the whole year"
        name = MONTHS[self.month - 1]
        return f"all of {name}" if self.day is None else f"all of {self.day} {name}"

    @property
    def condition(self) -> str:
        """Return the period as an SQL condition."""
        if self.month is None:
            return "true"
        return f"month = {self.month}" + (f" AND day = {self.day}" if self.day is not None else "")

    def within(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the flights of the period."""
        if self.month is not None:
            frame = frame[frame["month"] == self.month]
        if self.day is not None:
            frame = frame[frame["day"] == self.day]
        return frame


def _mean_delay(frame: pd.DataFrame) -> float:
    mean = frame["dep_delay"].mean()
    return float("nan") if pd.isna(mean) else float(mean)  # NaN if all were cancelled


def _equal(column: str, value: str) -> tuple[Callable[[pd.DataFrame], int], str]:
    """Return functions that count the flights with a value: in pandas, and in SQL."""
    return lambda frame: int((frame[column] == value).sum()), f"count_if({column} = '{value}')"


def _answers() -> list[Answer]:
    """Return every published answer, the totals of the year first."""
    delays = (10.0, 10.8, 13.2, 13.9, 13.0, 20.8)
    counts = (27_004, 24_951, 28_834, 28_330, 28_796, 28_243)
    to = {"ORD": 17_283, "ATL": 17_215, "ABQ": 254, "AUS": 2_439}
    carriers = {"UA": 58_665, "B6": 54_635, "EV": 54_173, "DL": 48_110, "AA": 32_729}
    return [
        Answer("flights", 336_776, R4DS_FIRST, len, COUNT),
        Answer("mean departure delay, minutes", 12.63907, R4DS_FIRST, _mean_delay, MEAN, digits=5),
        Answer(
            "flights that left more than 120 minutes late",
            9_723,
            R4DS_TRANSFORM,
            lambda frame: int((frame["dep_delay"] > 120).sum()),
            "count_if(dep_delay > 120)",
        ),
        *(
            Answer(
                f"mean departure delay in {name}, minutes",
                delay,
                R4DS_TRANSFORM,
                _mean_delay,
                MEAN,
                month=month,
                digits=1,
            )
            for month, (name, delay) in enumerate(zip(MONTHS, delays, strict=True), 1)
        ),
        *(
            Answer(f"flights in {name}", count, R4DS_TRANSFORM, len, COUNT, month=month)
            for month, (name, count) in enumerate(zip(MONTHS, counts, strict=True), 1)
        ),
        Answer("flights on 1 January", 842, R4DS_TRANSFORM, len, COUNT, month=1, day=1),
        Answer("flights to IAH", 7_198, R4DS_TRANSFORM, *_equal("dest", "IAH")),
        Answer(
            "destinations",
            105,
            R4DS_TRANSFORM,
            lambda frame: int(frame["dest"].nunique()),
            "count(DISTINCT dest)",
        ),
        *(
            Answer(f"flights to {dest}", count, R4DS_NUMBERS, *_equal("dest", dest))
            for dest, count in to.items()
        ),
        Answer(
            "flights that arrived 120 minutes late or more",
            10_200,
            R4DS_SOLUTIONS,
            lambda frame: int((frame["arr_delay"] >= 120).sum()),
            "count_if(arr_delay >= 120)",
        ),
        *(
            Answer(f"flights of {carrier}", count, DPLYR_TUTORIALS, *_equal("carrier", carrier))
            for carrier, count in carriers.items()
        ),
    ]


ANSWERS = _answers()


def check(frame: pd.DataFrame, sent: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return our answers beside the published ones.

    Args:
        frame: the output stream, with each flight once and the columns ``COLUMNS``.
        sent: the flights that went into the pipeline; if left out, all of the year. A question is
            judged only if every flight of its period was sent, so part of the year is enough to
            check part of the answers.

    Returns:
        One row for each question: ``question``, ``published``, ``ours`` (rounded as in print),
        ``ok`` (``<NA>`` if too few flights were sent), ``needs`` (the flights that the answer is
        computed from) and ``where`` it was published.
    """

    def ours(answer: Answer) -> float | None:
        period = answer.within(frame)
        return answer.compute(period) if len(period) else None

    return _judged(ours, sent)


def check_sql(query: Callable[[str], tuple[Any, ...]], sent: pd.DataFrame) -> pd.DataFrame:
    """Return our answers beside the published ones, computed in SQL.

    Args:
        query: returns the only row of an SQL query; its table ``flights`` has each flight once,
            with the columns ``COLUMNS``.
        sent: the flights that went into the pipeline; see ``check``.

    Returns:
        The same columns as ``check``.
    """

    def ours(answer: Answer) -> float | None:
        count, value = query(f"SELECT count(*), {answer.sql} FROM flights WHERE {answer.condition}")
        if not count:
            return None
        return float("nan") if value is None else value  # NULL if all were cancelled

    return _judged(ours, sent)


def _judged(compute: Callable[[Answer], float | None], sent: pd.DataFrame | None) -> pd.DataFrame:
    year = pq.read_table(flights.PATH, columns=["month", "day"]).to_pandas()
    rows: list[dict[str, Any]] = []
    for answer in ANSWERS:
        answerable = sent is None or len(answer.within(sent)) == len(answer.within(year))
        found = compute(answer)
        ours = None if found is None else round(found, answer.digits or None)
        rows.append(
            {
                "question": answer.question,
                "published": answer.published,
                "ours": ours,
                "ok": ours == answer.published if answerable else None,
                "needs": answer.needs,
                "where": answer.where,
            }
        )
    # As objects, so that counts remain integers beside means with decimals.
    return pd.DataFrame(rows, dtype=object).astype({"question": str, "ok": "boolean"})
