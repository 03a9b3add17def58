"""Exercises of notebook 07: utilisation, a size that keeps up, the frontier, a backlog's end."""

import math
from collections.abc import Mapping
from typing import Any

from workbook.exercises.exercise import Exercise

RATE, HIGHEST = 70, 0.8  # of the second exercise: records a second, and the utilisation to stay at
AGE, ARRIVALS, CAPACITY = 40, 300, 360  # of the fourth: seconds, and records a second


def _check_utilisation(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    def is_right(*case: float) -> bool:
        rate, size, batch_millis, record_millis, factor = case
        right = rate * (batch_millis / size + record_millis) / 1000 / factor
        return math.isclose(answer(*case), right)

    plain = (25, 1, 0, 8, 1)
    if not is_right(*plain):
        if math.isclose(answer(*plain), 1000 * 25 * 8 / 1000):
            return "A thousand times too much: the times are in milliseconds, the rate in seconds."
        return (
            "With batches of one, no time for the batch and 8 ms for the record, 25 records a "
            f"second keep the function busy for 0.2 of its time; yours says {answer(*plain)!r}."
        )
    if answer(25, 2, 90, 8, 1) == 1:
        return "Above 1 it is still a number, and tells how fast the lag grows. Do not cut it off."
    if not is_right(25, 2, 90, 8, 1):
        return (
            "The time for the batch is shared by its records: `size` of them. Batches of 2 with "
            f"90 ms and 8 ms give 1.325 at 25 a second, not {answer(25, 2, 90, 8, 1):.3f}."
        )
    if not is_right(25, 2, 90, 8, 4):
        return "Right for one lane. With more lanes each has a share of the work."
    if not all(is_right(rate, 10, 50, 1, 2) for rate in (1, 100, 1000)):
        return "Right for 25 records a second, and wrong for other rates."
    return None


def _check_size(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    experiment = notebook["experiment"]

    def busy(size: int) -> float:
        millis = experiment.batch_millis / size + experiment.record_millis
        return float(RATE * millis / 1000)

    smallest = next(size for size in range(1, 10_001) if busy(size) <= HIGHEST)
    if answer == smallest:
        return None
    if not isinstance(answer, int):
        return "A batch size is a whole number. Round up: the next smaller one does not do."
    if not 1 <= answer <= 10_000:
        return "A batch size is between 1 and 10,000."
    if busy(answer) > 1:
        return f"With {answer} the utilisation is {busy(answer):.2f}: the lag grows for ever."
    if busy(answer) > HIGHEST:
        return f"With {answer} it keeps up, at a utilisation of {busy(answer):.3f}. Not over 0.8."
    return f"{answer} does, at a utilisation of {busy(answer):.3f}. A smaller one does as well."


def _check_cheapest(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    table = notebook["table"]
    good = table[table["p95_s"] < table["p95_s"].median()]
    if not isinstance(answer, tuple):
        return (
            "Give the setting, as the index has it: batch size, window and factor. `min` gives "
            "the least value; what gives the place where it stands?"
        )
    if answer not in table.index:
        return "The table has no such setting: batch size, window and factor, in this order."
    if answer == good["usd"].idxmin():
        return None
    if answer not in good.index:
        return "Its p95 is not below the target. First choose those that are, then the cheapest."
    return "It meets the target, and another setting that does is cheaper."


def _check_backlog(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    backlog = AGE * ARRIVALS
    waiting, seconds = answer
    if waiting == AGE * CAPACITY:
        return "Those who wait are those who *arrived* in the last 40 seconds. At which rate?"
    if waiting != backlog:
        return "Little's law has the backlog: the rate of arrivals times the wait."
    if math.isclose(seconds, backlog / CAPACITY):
        return "That would be right if nothing arrived meanwhile. But 300 a second still do."
    if not math.isclose(seconds, backlog / (CAPACITY - ARRIVALS)):
        return "The backlog is right. By how many records does it shrink in each second?"
    return None


EXERCISES = (
    Exercise(
        title="Utilisation from the settings",
        task="""
            Write a function that tells the utilisation of each lane before anything is deployed:
            from the arrivals a second, the batch size, the milliseconds that a batch and a record
            take, and the factor. Batches are full.
            """,
        name="utilisation",
        blank="""
            def utilisation(rate, size, batch_millis, record_millis, factor=1):
                return ...  # try it with utilisation(25, 2, 90, 8)
            """,
        hint="""
            One record takes `record_millis` and its share of `batch_millis`. Times the rate, in
            the same unit of time, that is the utilisation of one lane.
            """,
        solution="""
            def utilisation(rate, size, batch_millis, record_millis, factor=1):
                seconds = (batch_millis / size + record_millis) / 1000
                return rate * seconds / factor
            """,
        explanation="""
            The small batches give 1.325: a third more work than one lane can do. The measured
            utilisation is a little higher, since the function does more than these two.
            """,
        wrong=(
            """
            def utilisation(rate, size, batch_millis, record_millis, factor=1):
                return rate * (batch_millis / size + record_millis) / factor
            """,
            """
            def utilisation(rate, size, batch_millis, record_millis, factor=1):
                return rate * (batch_millis + record_millis) / 1000 / factor
            """,
            """
            def utilisation(rate, size, batch_millis, record_millis, factor=1):
                return rate * (batch_millis / size + record_millis) / 1000
            """,
            """
            def utilisation(rate, size, batch_millis, record_millis, factor=1):
                return min(1, rate * (batch_millis / size + record_millis) / 1000 / factor)
            """,
        ),
        check=_check_utilisation,
    ),
    Exercise(
        title="The smallest batch that keeps up",
        task="""
            Traffic grows to 70 flights a second, on one shard and with factor 1. A utilisation of
            at most 0.8 leaves room for bad moments. What is the smallest batch size that stays
            there, with the times of `experiment`?
            """,
        blank="""
            rate, highest = 70, 0.8
            batch, record = experiment.batch_millis, experiment.record_millis

            answer = ...
            """,
        hint="""
            How many milliseconds may one record take? What `record` leaves of that is the batch's
            share, `batch / size`. Or try all sizes in turn, from 1 on.
            """,
        solution="""
            rate, highest = 70, 0.8
            batch, record = experiment.batch_millis, experiment.record_millis
            sizes = range(1, 10_001)

            answer = next(k for k in sizes if rate * (batch / k + record) / 1000 <= highest)
            """,
        explanation="""
            Solved for the size, it is 90 / (1000 · 0.8 / 70 - 8), rounded up. As the rate comes
            near to 1000 / 8 = 125 a second, no size is large enough: then it takes more lanes,
            more shards or a faster function.
            """,
        wrong=(
            """
            rate, highest = 70, 0.8
            batch, record = experiment.batch_millis, experiment.record_millis
            answer = batch / (1000 * highest / rate - record)
            """,
            """
            rate, highest = 70, 0.8
            batch, record = experiment.batch_millis, experiment.record_millis
            answer = int(batch / (1000 * highest / rate - record))
            """,
            """
            rate, highest = 70, 0.8
            batch, record = experiment.batch_millis, experiment.record_millis
            answer = int(batch / (1000 / rate - record))
            """,
            """
            answer = 100
            """,
        ),
        check=_check_size,
    ),
    Exercise(
        title="The cheapest that is fast enough",
        task="""
            A service promises that 95 of 100 flights are written within a certain time. Let it be
            the median of `table["p95_s"]`. Which setting is the cheapest that keeps the promise,
            with a `p95_s` below that?
            """,
        blank="""
            target = table["p95_s"].median()

            answer = ...  # (batch size, window, factor)
            """,
        hint="""
            `table[table["p95_s"] < target]` has the settings that keep the promise. `idxmin` tells
            where the least value of a column stands.
            """,
        solution="""
            target = table["p95_s"].median()

            answer = table[table["p95_s"] < target]["usd"].idxmin()
            """,
        explanation="""
            That is how one buys on a frontier: first the promise, then the price. A frontier of
            p95 need not be that of p50.
            """,
        wrong=(
            """
            target = table["p95_s"].median()
            answer = table[table["p95_s"] < target]["usd"].min()
            """,
            """
            target = table["p95_s"].median()
            answer = table[table["p95_s"] >= target]["usd"].idxmin()
            """,
            """
            target = table["p95_s"].median()
            answer = table[table["p95_s"] < target]["usd"].idxmax()
            """,
        ),
        check=_check_cheapest,
    ),
    Exercise(
        title="The end of a backlog",
        task="""
            After an outage, records are 40 seconds old when the function gets them; 300 arrive in
            a second, and the function, mended, can do 360. How many records wait now? And in how
            many seconds is the backlog gone, if all stays like this?
            """,
        blank="""
            answer = ..., ...  # records that wait, seconds until none does
            """,
        hint="""
            Those who wait are those who arrived in the last 40 seconds. In each second 360 go and
            300 come.
            """,
        solution="""
            backlog = 300 * 40

            answer = backlog, backlog / (360 - 300)
            """,
        explanation="""
            12,000 records, and more than three minutes. A function with little to spare needs long
            to get over a short outage: the reason to plan for a utilisation well below 1.
            """,
        wrong=(
            """
            answer = 300 * 40, 300 * 40 / 360
            """,
            """
            answer = 360 * 40, 360 * 40 / (360 - 300)
            """,
            """
            answer = 300 * 40, 40
            """,
        ),
        check=_check_backlog,
    ),
)
