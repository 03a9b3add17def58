"""Judge the exercises of notebook 04: returning together, getting out of order, a second shard."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from workbook.exercises import trials
from workbook.exercises.values import close, items, number, numbers, shown

RETURNS = 3  # of each producer
SHARD_LIMIT = 1000  # records a second


# --- 1


class _Pause(trials.StandIn):
    """Gives 1, 2, 4, 8 ...: a sum of such pauses tells which of them are in it."""

    def __init__(self) -> None:
        self.calls: list[int] = []  # what each was called with

    def __call__(self, tries: Any) -> int:
        self.calls.append(int(tries))
        return 1 << len(self.calls) - 1

    def tries_in(self, time: float) -> list[int] | None:
        """Return what the pauses in a sum were asked for with, or None for no sum of pauses."""
        if time != int(time) or not 0 < time < 2 ** len(self.calls):
            return None
        return [tries for place, tries in enumerate(self.calls) if int(time) >> place & 1]


def returns(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with pauses whose sums can be taken apart again."""
    for producers in (1, 4):
        pause = _Pause()
        times = numbers(_flat(trials.call(answer, producers, pause)), "The result")
        hint = _returned(times, producers, pause)
        if hint is not None:
            return hint
    return None


def _flat(times: Any) -> list[Any]:
    """Return the items of a list, also if there is one for each producer or each return."""
    if isinstance(times, Mapping):
        times = times.values()
    elif isinstance(times, pd.DataFrame):
        times = times.to_numpy()
    found = items(times, "The result")
    if all(isinstance(item, Iterable) and not isinstance(item, str) for item in found):
        return [time for item in found for time in items(item)]
    return found


def _returned(times: list[int | float], producers: int, pause: _Pause) -> str | None:
    told = f"With {producers} producers" if producers > 1 else "With one producer"
    if not pause.calls:
        return "It does not call the `pause` that it is given."
    if others := sorted(set(pause.calls) - {1, 2, 3}):
        return f"It calls `pause({others[0]})`. The pauses are `pause(1)`, `pause(2)`, `pause(3)`."
    if len(times) != RETURNS * producers:
        return (
            f"{told} your list must have {RETURNS * producers} times, because each returns three "
            f"times. It has {len(times)}."
        )
    if len(pause.calls) < RETURNS * producers:
        return (
            f"{told} it calls `pause` only {len(pause.calls)} times. Each producer must have its "
            "own three pauses."
        )
    sums = [pause.tries_in(time) for time in times]
    if any(tries is None for tries in sums):
        return f"{told} a time in your list is not a sum of pauses: {shown(times)}."
    if all(len(tries or ()) == 1 for tries in sums):
        return (
            f"{told} each time in your list is a single pause. The second pause starts when the "
            "first is over, so the second return is after *both*. `accumulate` adds them up."
        )
    if sorted(tries or [] for tries in sums) != sorted([[1], [1, 2], [1, 2, 3]] * producers):
        longest = max(len(tries or ()) for tries in sums)
        return (
            f"{told} a time in your list is the sum of {longest} pauses. A producer returns after "
            "its first pause, after its first two, and after all three of its own."
        )
    if sum(times) != _expected(pause):
        return (
            f"{told} it calls `pause` {len(pause.calls)} times. A producer's second return comes "
            "after its *first* pause and another one: keep the first, and do not ask for it again."
        )
    return None


def _expected(pause: _Pause) -> int:
    """Return the sum of all times: each first pause is in three of them, each second in two."""
    return sum((4 - tries) * 2**place for place, tries in enumerate(pause.calls))


# --- 2


def _stream(*records: tuple[str, int]) -> pd.DataFrame:
    """Return records in the order of their shard: the key of each, and its place when sent."""
    return pd.DataFrame(records, columns=["partition_key_in", "place"])


def out_of_order(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with small streams."""
    cases: list[tuple[int, str, pd.DataFrame]] = [
        (
            0,
            "Three flights arrived as they were sent, 0, 1, 2: no plane is out of order.",
            _stream(("N1", 0), ("N1", 1), ("N2", 2)),
        ),
        (
            0,
            "N2's first flight was sent first and arrived after N1's. But each of the two has its "
            "own flights in order. Compare within one key.",
            _stream(("N1", 1), ("N2", 0), ("N1", 3), ("N2", 5)),
        ),
        (
            1,
            "All three flights of N1 arrived in reverse, and N2 had only one: 1 plane.",
            _stream(("N1", 2), ("N1", 1), ("N1", 0), ("N2", 3)),
        ),
        (
            2,
            "N1 arrived as 0, 3, 2 and N2 as 5, 4. Both are out of order somewhere.",
            _stream(("N1", 0), ("N1", 3), ("N1", 2), ("N2", 5), ("N2", 4)),
        ),
        (
            1,
            "N2 arrived as 1, 4, 3, 6. Between them are flights of N1, which are in order.",
            _stream(("N2", 1), ("N1", 0), ("N2", 4), ("N1", 2), ("N2", 3), ("N1", 5), ("N2", 6)),
        ),
    ]
    for right, story, stream in cases:
        count = number(trials.call(answer, stream), "The result")
        if count != right:
            return f"{story} Your function says {count:g}."
    return None


# --- 3


def two_shards(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare a rate with what the fuller shard allows."""
    rate = number(answer)
    keys = [record["PartitionKey"].encode() for record in notebook["records"]]
    firsts = [hashlib.md5(key, usedforsecurity=False).digest()[0] for key in keys]
    lower = sum(first < 128 for first in firsts) / len(firsts)
    share = max(lower, 1 - lower)
    if close(rate, SHARD_LIMIT / share, within=1):
        return None
    if rate == 2 * SHARD_LIMIT:
        return "That would be so if both got the same share. One gets more, and is full first."
    if close(rate, SHARD_LIMIT / (1 - share), within=1):
        return "At that rate the emptier shard is full. The fuller one was full long before."
    if rate <= 1:
        return (
            f"{rate:.3g} looks like a share. If that share of the records is 1,000 a second, how "
            "many are there in all?"
        )
    if close(rate, SHARD_LIMIT * share, within=1):
        return (
            "Of 1,000 records, that many go to the fuller shard. How many records does it take "
            "until that shard gets 1,000?"
        )
    return (
        f"At {rate:,.0f} records a second, the fuller shard would get {rate * share:,.0f}, and the "
        f"other {rate * (1 - share):,.0f}. When does the first reach {SHARD_LIMIT:,}?"
    )
