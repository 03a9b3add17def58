"""Judge the exercises of notebook 10: writing and reading a pattern, readers, and a budget."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from workbook import flights, prices
from workbook.exercises import trials
from workbook.exercises.exercise import Hint
from workbook.exercises.trials import Mistake
from workbook.exercises.values import number, shown

CALLS, MB = 5, 2  # a second, for all readers of a shard together
CONSUMERS = 20  # of a stream, at most
SIGNS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
}


# --- 1


def lets_through(rules: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether the fields of a filter pattern match a flat event, by the operators of the lesson.

    Args:
        rules: what stands under ``data`` in a pattern.
        event: the payload.

    Raises:
        ValueError: a rule is no list, or has an operator that the lesson does not teach.
    """
    for field, rule in rules.items():
        if not isinstance(rule, list) or not rule:
            raise ValueError(f"`{field}` needs a list of values, also for a single one")
        if field == "$or":
            tests = [lets_through(part, event) for part in rule]
        else:
            tests = [_holds(condition, field, event) for condition in rule]
        if not any(tests):
            return False
    return True


def _is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; in Python, False is 0, too."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _holds(condition: Any, field: str, event: Mapping[str, Any]) -> bool:
    value = event.get(field)
    if not isinstance(condition, dict):
        return field in event and type(value) is type(condition) and bool(value == condition)
    if len(condition) != 1:
        raise ValueError(f"`{field}` has {len(condition)} operators in one condition")
    ((operator, operand),) = condition.items()
    if operator == "exists":
        return (field in event) is operand
    if operator == "anything-but":
        excluded = operand if isinstance(operand, list) else [operand]
        return field in event and not any(_is_same(value, one) for one in excluded)
    if operator == "equals-ignore-case":
        return isinstance(value, str) and value.casefold() == operand.casefold()
    if operator in ("prefix", "suffix"):
        test = str.startswith if operator == "prefix" else str.endswith
        return isinstance(value, str) and test(value, operand)
    if operator == "numeric":
        pairs = list(zip(operand[::2], operand[1::2], strict=True))
        if unknown := [sign for sign, _ in pairs if sign not in SIGNS]:
            raise ValueError(f"`numeric` has no sign `{unknown[0]}`")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return all(SIGNS[sign](value, n) for sign, n in pairs)
    raise ValueError(f"there is no operator `{operator}`")


def pattern(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Filter the notebook's flights by a pattern, or by several."""
    rules = [_rules(each, notebook["day"]) for each in _patterns(answer)]
    wanted, passed = set(), set()
    try:
        for place, event in enumerate(flights.events(notebook["day"])):
            if event["dep_delay"] is None and event["origin"] in ("LGA", "JFK"):
                wanted.add(place)
            if any(lets_through(each, event) for each in rules):
                passed.add(place)
    except ValueError as error:
        return f"AWS would refuse this pattern: {error}."
    if passed == wanted:
        return None
    told = (
        f"It lets {len(passed)} flights through, and {len(wanted)} are wanted: "
        f"{len(passed - wanted)} too many, and {len(wanted - passed)} held back."
    )
    if not passed:
        return (
            f"{told} A missing delay is `null` in JSON and `None` in Python, neither a number "
            "nor a string."
        )
    if wanted < passed:
        return f"{told} What else must hold?"
    if passed < wanted:
        return f"{told} Are both airports in it?"
    return f"{told} Check each field alone."


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


def _rules(pattern: Any, day: pd.DataFrame) -> Any:
    """Return what a pattern says about the payload.

    Raises:
        Hint: it says nothing of it, or names a field that a flight does not have.
    """
    if not isinstance(pattern, dict):
        raise Hint(f"A pattern is a dictionary; yours is {shown(pattern)}.")
    if set(pattern) != {"data"} or not isinstance(pattern["data"], dict):
        raise Hint("In a pattern, the payload's fields are under one name, `data`, at the top.")
    if unknown := sorted(set(pattern["data"]) - set(day.columns) - {"$or"}):
        raise Hint(f"A flight has no field `{unknown[0]}`, so nothing would ever match.")
    return pattern["data"]


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
