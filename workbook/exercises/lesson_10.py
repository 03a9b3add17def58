"""Exercises of notebook 10: writing a pattern, reading one, and what readers a shard can bear."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from workbook import flights, prices
from workbook.exercises.exercise import Exercise

HOURS = 730  # in a month, as the notebook counts
SIGNS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
}


def lets_through(rules: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether the fields of a filter pattern match a flat event, by the operators of the lesson.

    Args:
        rules: what stands under ``data`` in a pattern.
        event: the payload.

    Raises:
        ValueError: a rule is no list, or has an operator that the lesson does not teach.
    """
    for field, rule in rules.items():
        if not isinstance(rule, list):
            raise ValueError(f"{field} needs a list of values")
        if field == "$or":
            tests = [lets_through(part, event) for part in rule]
        else:
            tests = [_holds(condition, field, event) for condition in rule]
        if not any(tests):
            return False
    return True


def _holds(condition: Any, field: str, event: Mapping[str, Any]) -> bool:
    value = event.get(field)
    if not isinstance(condition, dict):
        return field in event and type(value) is type(condition) and bool(value == condition)
    ((operator, operand),) = condition.items()
    if operator == "exists":
        return (field in event) is operand
    if operator == "anything-but":
        return field in event and value not in (operand if isinstance(operand, list) else [operand])
    if operator in ("prefix", "suffix"):
        test = str.startswith if operator == "prefix" else str.endswith
        return isinstance(value, str) and test(value, operand)
    if operator == "numeric":
        pairs = zip(operand[::2], operand[1::2], strict=True)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return all(SIGNS[sign](value, n) for sign, n in pairs)
    raise ValueError(f"unknown operator {operator}")


def _check_pattern(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    pattern = json.loads(answer) if isinstance(answer, str) else answer
    if set(pattern) != {"data"}:
        return "The payload's fields stand under one name, `data`, at the top of a pattern."
    fields = set(notebook["day"].columns) | {"$or"}
    if unknown := sorted(set(pattern["data"]) - fields):
        return f"A flight has no field `{unknown[0]}`, so nothing would ever match."
    for field, rule in pattern["data"].items():
        if not isinstance(rule, list):
            return f"`{field}` needs a list, also for a single value."
    wanted, passed = set(), set()
    for number, event in enumerate(flights.events(notebook["day"])):
        if event["dep_delay"] is None and event["origin"] in ("LGA", "JFK"):
            wanted.add(number)
        if lets_through(pattern["data"], event):
            passed.add(number)
    if passed == wanted:
        return None
    if not passed:
        return (
            "It lets nothing through. Is a missing delay a number, a text, or Python's `None`, "
            "JSON's `null`?"
        )
    if wanted < passed:
        return f"It lets {len(passed - wanted)} flights too many through. What else must hold?"
    if passed < wanted:
        return f"It lets only {len(passed)} of {len(wanted)} through. Are both airports in it?"
    return "It lets some through that it should not, and holds back others. Check each field alone."


def _check_reading(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    day = notebook["day"]
    delay = day["dep_delay"]
    long = ((delay > 60) & (delay <= 120)).fillna(False)
    other = ~day["carrier"].isin(["UA", "B6"])
    right = int((long & other).sum())
    if answer == right:
        return None
    if answer == int((long | other).sum()):
        return "Two fields in one pattern must *both* match. You count those where one does."
    if answer == int((long & ~other).sum()):
        return "`anything-but` keeps out the values in its list; you count just those."
    if answer == int((((delay >= 60) & (delay <= 120)).fillna(False) & other).sum()):
        return "Look at the signs: a delay of exactly 60 minutes does not pass `>`."
    if answer == int(long.sum()):
        return "That is right for the delay alone. Now the carrier, too."
    return "Another number. Make a mask for each field, and join them with `&`."


def _check_readers(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    cases = {0.1: 5, 0.4: 5, 0.5: 4, 0.8: 2, 1.0: 2}
    found = {rate: answer(rate) for rate in cases}
    if found == cases:
        return None
    if found[0.1] > 5:
        return (
            f"At 0.1 MB/s you allow {found[0.1]:g} readers. Each makes one read a second, and the "
            "shard allows five."
        )
    if found[1.0] > 2:
        return (
            f"At 1 MB/s you allow {found[1.0]:g} readers. Each of them reads every byte, and "
            "together they get 2 MB a second."
        )
    if any(not float(number).is_integer() for number in found.values()):
        return "There is no half reader: round down."
    rate = next(rate for rate in cases if found[rate] != cases[rate])
    return f"At {rate} MB/s it is {cases[rate]} readers, not {found[rate]:g}."


def _check_affordable(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    def right(budget: float, shards: int, gb: float) -> int:
        each = HOURS * prices.CONSUMER_SHARD_HOUR * shards + gb * prices.CONSUMER_GB
        return min(20, math.floor(budget / each))

    for case in ((50, 1, 100), (50, 4, 200), (20, 4, 10), (1000, 2, 500), (10_000, 1, 10)):
        found, wanted = answer(*case), right(*case)
        if found == wanted:
            continue
        told = "{} USD, {} shards and {} GB".format(*case)
        if wanted == 20:
            return f"With {told} you come to {found:g} consumers. How many may a stream have?"
        if found > wanted:
            return f"With {told} you come to {found:g} consumers, and that is over the budget."
        return f"With {told} you come to only {found:g} consumers; the budget allows {wanted}."
    return None


EXERCISES = (
    Exercise(
        title="A pattern of your own",
        task="""
            Write the filter pattern for cancelled flights from LGA or JFK, as a Python dictionary.
            (The check tries it on the flights of `day`.)
            """,
        blank="""
            answer = ...  # the pattern, such as {"data": {"origin": ["EWR"]}}
            """,
        hint="""
            Two fields, `origin` and `dep_delay`, side by side under `data`. Both have a list. What
            stands in the delay's list for a flight that never left?
            """,
        solution="""
            answer = {"data": {"origin": ["LGA", "JFK"], "dep_delay": [None]}}
            """,
        explanation="""
            A list means *or*, fields side by side mean *and*. `None` becomes `null` in the string
            that the mapping gets from `json.dumps`.
            """,
        wrong=(
            """
            answer = {"origin": ["LGA", "JFK"], "dep_delay": [None]}
            """,
            """
            answer = {"data": {"origin": ["LGA", "JFK"], "dep_delay": ["null"]}}
            """,
            """
            answer = {"data": {"$or": [{"origin": ["LGA", "JFK"]}, {"dep_delay": [None]}]}}
            """,
            """
            answer = {"data": {"origin": "LGA", "dep_delay": None}}
            """,
        ),
        check=_check_pattern,
    ),
    Exercise(
        title="Read a pattern",
        task="""
            A mapping has the pattern
            `{"data": {"dep_delay": [{"numeric": [">", 60, "<=", 120]}], "carrier":
            [{"anything-but": ["UA", "B6"]}]}}`. How many flights of `day` does its function get?
            """,
        blank="""
            answer = ...  # a number, worked out with pandas
            """,
        hint="""
            Make a mask for each field: `delay.between` or two comparisons, and `~` before `isin`.
            A flight without a delay is no number, so `fillna(False)`.
            """,
        solution="""
            delay = day["dep_delay"]
            long = ((delay > 60) & (delay <= 120)).fillna(False)
            other = ~day["carrier"].isin(["UA", "B6"])

            answer = int((long & other).sum())
            """,
        explanation="""
            Both comparisons in one `numeric` must hold, and both fields must match. Predicting
            with a mask is how you test a pattern before it decides what your function never sees.
            """,
        wrong=(
            """
            delay = day["dep_delay"]
            long = ((delay > 60) & (delay <= 120)).fillna(False)
            answer = int((long | ~day["carrier"].isin(["UA", "B6"])).sum())
            """,
            """
            delay = day["dep_delay"]
            long = ((delay > 60) & (delay <= 120)).fillna(False)
            answer = int((long & day["carrier"].isin(["UA", "B6"])).sum())
            """,
            """
            delay = day["dep_delay"]
            answer = int(((delay > 60) & (delay <= 120)).fillna(False).sum())
            """,
        ),
        check=_check_reading,
    ),
    Exercise(
        title="How many readers",
        task="""
            A shard takes in `mb` MB a second (1 at the most). How many standard readers that poll
            it once a second can keep up? Write the function.
            """,
        blank="""
            def answer(mb):
                return ...
            """,
        hint="""
            Two limits hold at once: calls a second and MB a second, both for all readers
            together. Each reader reads all that comes in. The smaller limit counts.
            """,
        solution="""
            def answer(mb):
                return min(5, int(2 / mb))
            """,
        explanation="""
            Up to 0.4 MB/s the five calls are the limit. A full shard feeds just two readers, and
            neither may ever fall behind: to catch up takes more than 1 MB a second.
            """,
        wrong=(
            """
            def answer(mb):
                return int(2 / mb)
            """,
            """
            def answer(mb):
                return 5
            """,
            """
            def answer(mb):
                return min(5, 2 / mb)
            """,
        ),
        check=_check_readers,
    ),
    Exercise(
        title="Within the budget",
        task="""
            You may spend `budget` USD a month on enhanced fan-out. The stream has `shards` shards,
            and each consumer reads `gb` GB a month. How many consumers can you have?
            """,
        blank="""
            def answer(budget, shards, gb):
                return ...
            """,
        hint="""
            One consumer costs its consumer-shard-hours (`HOURS`, `prices.CONSUMER_SHARD_HOUR`) and
            its GB (`prices.CONSUMER_GB`). There is also a limit that money does not move.
            """,
        solution="""
            def answer(budget, shards, gb):
                each = HOURS * prices.CONSUMER_SHARD_HOUR * shards + gb * prices.CONSUMER_GB
                return min(20, int(budget / each))
            """,
        explanation="""
            The hours cost the most: to halve the data hardly helps, to have fewer shards does.
            Twenty is the most that a stream has, unless you commit to On-demand Advantage.
            """,
        wrong=(
            """
            def answer(budget, shards, gb):
                each = HOURS * prices.CONSUMER_SHARD_HOUR * shards + gb * prices.CONSUMER_GB
                return int(budget / each)
            """,
            """
            def answer(budget, shards, gb):
                return min(20, int(budget / (HOURS * prices.CONSUMER_SHARD_HOUR + gb * 0.013)))
            """,
            """
            def answer(budget, shards, gb):
                return min(20, int(budget / (24 * 365 * prices.CONSUMER_SHARD_HOUR * shards)))
            """,
        ),
        check=_check_affordable,
    ),
)
