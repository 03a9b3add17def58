"""Judge the exercises of notebook 10: writing and reading a pattern, readers, and a budget."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from workbook import flights, prices
from workbook.exercises import trials
from workbook.exercises.exercise import Hint
from workbook.exercises.trials import Mistake
from workbook.exercises.values import number, shown
from workbook.localaws.interfaces import Record
from workbook.localaws.mapping.filters import InvalidPatternError, compile_filters

CALLS, MB = 5, 2  # a second, for all readers of a shard together
CONSUMERS = 20  # of a stream, at most


# --- 1


def pattern(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Filter the notebook's flights by a pattern, or by several."""
    patterns = [_of_a_flight(each, notebook["day"]) for each in _patterns(answer)]
    if not patterns:
        return "Your answer has no pattern. A mapping without patterns passes on every flight."
    events = list(flights.events(notebook["day"]))
    try:
        passed = _passed(patterns, events)
    except InvalidPatternError as error:
        return f"This pattern would be refused: {error}."
    wanted = {
        place
        for place, event in enumerate(events)
        if event["dep_delay"] is None and event["origin"] in ("LGA", "JFK")
    }
    if passed == wanted:
        return None
    told = (
        f"It lets {len(passed)} flights through, and {len(wanted)} are wanted: "
        f"{len(passed - wanted)} too many, and {len(wanted - passed)} held back."
    )
    if wanted < passed:
        return f"{told} What else must hold?"
    if len(patterns) > 1:
        return f"{told} Try each pattern alone."
    fields = patterns[0]["data"].items()
    alone = {field: len(_passed([{"data": {field: rule}}], events)) for field, rule in fields}
    told += f" Alone, {', '.join(f'`{field}` lets {n} through' for field, n in alone.items())}."
    if alone.get("dep_delay") == 0:
        told += " A missing delay is `null` in JSON and `None` in Python: no number, no string."
    return told


def _passed(patterns: list[Any], events: Sequence[flights.Event]) -> set[int]:
    """Return the places of the events that pass one of the patterns in the local AWS.

    Raises:
        InvalidPatternError: AWS would refuse one of them.
    """
    matches = compile_filters([json.dumps(each) for each in patterns])
    records = (Record(n, "key", flights.encode(event), 0.0) for n, event in enumerate(events))
    return {record.sequence_number for record in records if matches(record)}


def _patterns(answer: Any) -> list[Any]:
    """Read patterns in any form that a notebook, boto3 or a template has them in."""
    try:
        read = json.loads(answer if isinstance(answer, str) else json.dumps(answer))
    except (TypeError, ValueError) as error:
        raise Hint(f"A pattern must be JSON, and yours is not: {error}.") from None
    if isinstance(read, list):
        return [pattern for each in read for pattern in _patterns(each)]
    if isinstance(read, dict) and set(read) == {"Filters"}:
        return _patterns(read["Filters"])
    if isinstance(read, dict) and set(read) == {"Pattern"}:
        return _patterns(read["Pattern"])
    return [read]


def _of_a_flight(pattern: Any, day: pd.DataFrame) -> Any:
    """Return a pattern, if all that it names is in a flight.

    Raises:
        Hint: it is not about the payload, or names a field that a flight does not have.
    """
    if not isinstance(pattern, dict):
        raise Hint(f"A pattern is a dictionary; yours is {shown(pattern)}.")
    if set(pattern) != {"data"} or not isinstance(pattern["data"], dict):
        raise Hint("In a pattern, the payload's fields are under one name, `data`, at the top.")
    if unknown := sorted(set(pattern["data"]) - set(day.columns) - {"$or"}):
        raise Hint(f"A flight has no field `{unknown[0]}`, so nothing would ever match.")
    return pattern


# --- 2


def passing(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with single flights at the bounds of the pattern, and with all."""
    cases: list[tuple[int | None, str, int, str]] = [
        (90, "AA", 1, "`anything-but` keeps out the values in its list; AA is not in it."),
        (30, "AA", 0, "Its carrier passes, its delay does not. Both fields must match."),
        (90, "UA", 0, "UA is in the list of `anything-but`. Both fields must match."),
        (90, "B6", 0, "B6 is in the list of `anything-but` too."),
        (60, "AA", 0, "The first sign is `>`: exactly 60 does not pass."),
        (61, "MQ", 1, "61 is more than 60."),
        (120, "AA", 1, "The second sign is `<=`: exactly 120 passes."),
        (121, "AA", 0, "The second sign is `<=`: 121 does not pass."),
        (None, "AA", 0, "A missing delay is not a number, and does not pass."),
    ]
    for delay, carrier, right, why in cases:
        flight = (
            notebook["day"]
            .iloc[:1]
            .assign(dep_delay=pd.array([delay], dtype="Int64"), carrier=carrier)
        )
        count = number(trials.call(answer, flight), "The result")
        if count != right:
            words = "no delay" if delay is None else f"a delay of {delay} minutes"
            return (
                f"A table has one flight, of {carrier} and with {words}. Your function counts "
                f"{count:g}, not {right}. {why}"
            )
    day = notebook["day"]
    long = ((day["dep_delay"] > 60) & (day["dep_delay"] <= 120)).fillna(False)
    total = int((long & ~day["carrier"].isin(["UA", "B6"])).sum())
    count = number(trials.call(answer, day), "The result")
    if count != total:
        return (
            f"Single flights are right, but of `day` your function counts {count:g} of "
            f"{len(day)}, not {total}."
        )
    return None


# --- 3


def readers(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare the function with the smaller of the two limits."""
    return trials.compare(
        answer,
        [(1.0,), (0.5,), (0.75,), (0.9,), (0.55,), (0.3,), (0.1,)],
        lambda mb: min(CALLS, math.floor(MB / mb)),
        [
            Mistake(
                lambda mb: math.floor(MB / mb + 1e-9),
                "Each reader makes one call a second, and the shard allows five in all. So there "
                "is a limit even if little is written.",
            ),
            Mistake(
                lambda mb: MB // mb,
                "Each reader makes one call a second, and the shard allows five in all. There is "
                "a limit even if little is written.",
            ),
            Mistake(
                lambda mb: CALLS,
                "Each reader reads every byte, and together they get 2 MB a second.",
            ),
            Mistake(lambda mb: min(CALLS, MB / mb), "There is no half reader: round down."),
            Mistake(
                lambda mb: min(CALLS, round(MB / mb)),
                "You round to the nearest whole number. If you round up, the last reader gets "
                "only part of the data.",
            ),
            Mistake(
                lambda mb: min(CALLS, math.ceil(MB / mb)),
                "You round up. The last reader then gets only part of the data.",
            ),
            Mistake(
                lambda mb: min(CALLS, math.floor(1 / mb)),
                "1 MB a second is what may be written to a shard. Readers get 2 MB a second.",
            ),
        ],
    )


# --- 4


def affordable(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare the function with what the consumers cost."""
    hours = notebook["HOURS"]

    def each(shards: int, gb: float, hours: float = hours) -> float:
        return hours * prices.CONSUMER_SHARD_HOUR * shards + gb * prices.CONSUMER_GB

    def within(consumers: float) -> int:
        return min(CONSUMERS, math.floor(consumers))

    return trials.compare(
        answer,
        [
            (50, 1, 100),
            (130, 4, 200),
            (75, 2, 1000),
            (60, 2, 1000),
            (10, 4, 10),
            (1000, 1, 100),
            (2000, 8, 500),
        ],
        lambda budget, shards, gb: within(budget / each(shards, gb)),
        [
            Mistake(
                lambda budget, shards, gb: math.floor(budget / each(shards, gb)),
                "For a large budget, your function returns more consumers than a stream may have.",
            ),
            Mistake(
                lambda budget, shards, gb: min(CONSUMERS, budget / each(shards, gb)),
                "There is no half consumer: round down.",
            ),
            Mistake(
                lambda budget, shards, gb: min(CONSUMERS, round(budget / each(shards, gb))),
                "You round to the nearest whole number. If you round up, it is over the budget.",
            ),
            Mistake(
                lambda budget, shards, gb: within(budget / each(1, gb)),
                "You count one shard. A consumer pays for each shard of the stream.",
            ),
            Mistake(
                lambda budget, shards, gb: within(budget / each(shards, 0)),
                "You count the hours, but not the GB that a consumer reads.",
            ),
            Mistake(
                lambda budget, shards, gb: within(budget / each(shards, gb, 1)),
                "You count a single hour. A month has more of them: `HOURS`.",
            ),
            Mistake(
                lambda budget, shards, gb: within(budget / each(shards, gb, 12 * hours)),
                "You count the hours of a year. The budget is for a month.",
            ),
            Mistake(
                lambda budget, shards, gb: within(budget / each(shards, gb * shards)),
                "You count the GB for each shard. A consumer reads `gb` GB from all of them "
                "together.",
            ),
        ],
    )
