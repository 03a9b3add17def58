"""Judge the exercises of notebook 07: utilisation, a size, the frontier, the end of a backlog."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbook.exercises import trials
from workbook.exercises.exercise import Hint
from workbook.exercises.trials import Mistake
from workbook.exercises.values import close, items, number, pair, seconds, shown, whole

RATE, HIGHEST = 70, 0.8  # of the second exercise: records a second, and the utilisation to stay at
PARTS = 3  # of a setting
AGE, ARRIVALS, CAPACITY = 40, 300, 360  # of the fourth: seconds, and records a second


# --- 1


def _utilisation(rate: float, size: float, batch: float, record: float, factor: float = 1) -> float:
    return rate * (batch / size + record) / 1000 / factor


def utilisation(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare the function with the right formula, and with those of the usual mistakes."""
    return trials.compare(
        answer,
        [
            (25, 1, 0, 8),
            (25, 1, 90, 0),
            (25, 2, 90, 8),
            (25, 2, 90, 8, 4),
            (100, 10, 50, 1, 2),
            (3, 100, 90, 8, 1),
        ],
        _utilisation,
        [
            Mistake(
                lambda *case: 1000 * _utilisation(*case),
                "A thousand times too much: the times are in milliseconds, the rate in seconds.",
            ),
            Mistake(
                lambda *case: 100 * _utilisation(*case),
                "That is a percentage. The notebook has it as a number, which is 1 when a lane is "
                "always busy.",
            ),
            Mistake(
                lambda *case: min(1, _utilisation(*case)),
                "A utilisation above 1 is possible, and shows how fast lag grows. Do not limit "
                "it to 1.",
            ),
            Mistake(
                lambda *case: _utilisation(*case[:4]),
                "Right for one lane. With more lanes each has a share of the work.",
            ),
            Mistake(
                lambda rate, size, batch, record, factor=1: rate * (batch + record) / 1000 / factor,
                "The time for a batch is shared by its records, `size` of them. Yours counts all "
                "of it for each record.",
            ),
            Mistake(
                lambda rate, size, batch, record, factor=1: (
                    rate * (batch + record) / size / 1000 / factor
                ),
                "The time for a batch is shared by its records. The time for a record is not.",
            ),
            Mistake(
                lambda rate, size, batch, record, factor=1: (
                    rate * (batch + size * record) / 1000 / factor
                ),
                "That is the time for a whole batch, times the rate of *records*.",
            ),
        ],
        within=0.0006,  # of an answer that is rounded to three digits
    )


# --- 2


def smallest_size(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare a batch size with the smallest that keeps up."""
    experiment = notebook["experiment"]

    def busy(size: int) -> float:
        return _utilisation(RATE, size, experiment.batch_millis, experiment.record_millis)

    smallest = next(size for size in range(1, 10_001) if busy(size) <= HIGHEST)
    size = number(answer)
    if size == smallest:
        return None
    if size != int(size):
        return (
            f"A batch size is a whole number, and yours is {size:.3f}. Which whole number next to "
            "it is large enough?"
        )
    size = int(size)
    if not 1 <= size <= 10_000:
        return f"A batch size is between 1 and 10,000, and yours is {size:,}."
    if busy(size) > 1:
        return f"With {size} the utilisation is {busy(size):.2f}: the lag grows without end."
    if busy(size) > HIGHEST:
        return f"With {size} it keeps up, but the utilisation is {busy(size):.3f}, above 0.8."
    return f"{size} is enough: the utilisation is {busy(size):.3f}. A smaller size is enough too."


# --- 3


def _settings(*rows: tuple[tuple[int, int, int], float, float, float]) -> pd.DataFrame:
    """Return a table like the notebook's: for each setting its p50, its p95 and its price."""
    table = pd.DataFrame(
        [
            {"invocations": 10.0 + place, "p50_s": p50, "p95_s": p95, "usd": usd}
            for place, (_, p50, p95, usd) in enumerate(rows)
        ],
        index=pd.MultiIndex.from_tuples([setting for setting, *_ in rows]),
    )
    return table.assign(dominated=False).rename_axis(["size", "window", "factor"])


def cheapest(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with tables that tell the usual mistakes apart, and the notebook's."""
    cheap_is_fast = _settings(
        ((20, 0, 2), 0.6, 1.2, 0.25),
        ((2, 0, 1), 2.5, 3.0, 0.4),
        ((10, 0, 4), 0.4, 0.8, 0.2),
        ((5, 0, 4), 0.9, 1.5, 0.35),
        ((10, 0, 1), 0.5, 1.0, 0.1),
        ((100, 2, 1), 1.9, 4.0, 0.3),
    )
    cheap_is_slow = _settings(
        ((2, 0, 1), 0.3, 0.4, 0.9),
        ((10, 0, 1), 0.7, 1.4, 0.2),
        ((100, 0, 1), 0.9, 2.0, 0.1),
        ((50, 5, 1), 1.2, 2.4, 0.15),
        ((100, 2, 1), 3.5, 4.0, 0.05),
    )
    for own, target in (
        (cheap_is_fast, 2.0),
        (cheap_is_slow, 3.0),
        (cheap_is_slow, 1.9),
        (cheap_is_slow, 1.4),
        (cheap_is_slow, 9.0),
    ):
        hint = _bought(answer, own, target)
        if hint is not None:
            return hint
    table = notebook["table"]
    return _bought(answer, table, float(table["p95_s"].median()))


def _bought(answer: Any, table: pd.DataFrame, target: float) -> str | None:
    result = trials.call(answer, table, target)
    told = f"With a target of {target:.3g} s"
    if not isinstance(result, tuple | list | pd.Series | np.ndarray) or len(result) != PARTS:
        raise Hint(
            f"{told} your function must return a setting, as the index has it: batch size, window "
            f"and factor. What it returns is {shown(result)}."
        )
    setting = tuple(whole(part, "Each part of the setting") for part in items(result))
    if setting not in table.index:
        return f"{told} your function returns {setting}; the table has no such setting."
    good = table[table["p95_s"] < target]
    if setting in good.index and good["usd"][setting] == good["usd"].min():
        return None
    p95, usd = table["p95_s"][setting], table["usd"][setting]
    if setting not in good.index:
        return (
            f"{told} your function returns {setting}, whose p95 is {p95:.3g} s: not below it. "
            f"(Settings below it: {len(good)} of {len(table)}.)"
        )
    cheaper = int((good["usd"] < usd).sum())
    return (
        f"{told} your function returns {setting}, for {usd:.3g} USD. Of the {len(good)} settings "
        f"that meet the target, {cheaper} {'costs' if cheaper == 1 else 'cost'} less."
    )


# --- 4


def backlog(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare a backlog and the time that it takes."""
    given = pair(answer)
    waiting, time = number(given[0], "The backlog"), seconds(given[1], "The time")
    right = AGE * ARRIVALS
    right_time = right / (CAPACITY - ARRIVALS)

    def is_near(value: float, wanted: float) -> bool:
        return close(value, wanted, relative=0.01)

    if is_near(waiting, right) and is_near(time, right_time):
        return None
    if is_near(waiting, right_time) and is_near(time, right):
        return "The right numbers in the wrong order: first the records, then the seconds."
    if is_near(waiting, AGE * CAPACITY):
        return "The records waiting are those that *arrived* in the last 40 seconds. At which rate?"
    if not is_near(waiting, right):
        return (
            f"{waiting:,.0f} records is not right. By Little's law the backlog is the rate of "
            "arrivals times the wait."
        )
    if is_near(time, right / CAPACITY):
        return "That would be right if no records arrived meanwhile, but 300 a second still do."
    if is_near(time, right_time / 60):
        return f"The backlog is right. {time:.3g} is the time in minutes; give seconds."
    return (
        f"The backlog is right. In {time:,.3g} seconds {CAPACITY * time:,.0f} records are "
        f"processed, and {ARRIVALS * time:,.0f} arrive."
    )
