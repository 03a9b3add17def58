"""Judge the exercises of notebook 08: a key's shards, where to cut, how many shards, some salt."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbook.exercises import trials
from workbook.exercises.exercise import Hint
from workbook.exercises.values import items, shown, whole

RATE = 5_000  # records a second in the exercise on the number of shards
BIG = ("ORD", "ATL")
FEW = 300  # flights that are tried, to the large destinations and to others


# --- 1


def history(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with the notebook's shards and with a family of its own."""
    hash_key, lineage = notebook["hash_key"], notebook["lineage"]
    for key in ("ATL", "BOS", "LAX", "CLT", "DFW", "MCO"):
        for shards, how in ((lineage, "`lineage`"), (lineage[::-1], "`lineage[::-1]`")):
            hint = _been(answer, key, hash_key(key), shards, how)
            if hint is not None:
                return hint
    place = hash_key("ATL")
    hint = _been(answer, "ATL", place, _family(place), "three generations of shards")
    return hint or _been(answer, "ATL", place, _edges(place), "shards that begin or end at the key")


def _shard(number: int, ends: tuple[int, int], started: int, parent: int | None = None) -> Any:
    shard: dict[str, Any] = {
        "ShardId": f"shardId-{number:012}",
        "HashKeyRange": {"StartingHashKey": str(ends[0]), "EndingHashKey": str(ends[1])},
        "SequenceNumberRange": {"StartingSequenceNumber": str(started)},
    }
    return shard if parent is None else {**shard, "ParentShardId": f"shardId-{parent:012}"}


def _family(place: int) -> list[Any]:
    """Return a shard, its children and grandchildren, whose numbers do not sort as strings."""
    top = 2**128 - 1
    return [
        _shard(4, (place // 2, place + 5), 1_000, parent=2),
        _shard(3, (place + 10, top), 99, parent=1),
        _shard(1, (0, top), 8),
        _shard(5, (0, place // 2 - 1), 1_001, parent=2),
        _shard(2, (0, place + 9), 100, parent=1),
    ]


def _edges(place: int) -> list[Any]:
    """Return shards of which the first ends at the key, and the second begins there."""
    top = 2**128 - 1
    return [
        _shard(6, (0, place), 50),
        _shard(7, (place + 1, top), 51),
        _shard(8, (place, top), 60, parent=6),
        _shard(9, (0, place - 1), 61),
    ]


def _been(answer: Any, key: str, place: int, shards: list[Any], how: str) -> str | None:
    result = trials.call(answer, key, shards)
    if isinstance(result, set | frozenset):
        return f"For `{key}` it returns a set, which has no order. Return a list, the oldest first."
    given = items(result)
    found = [item["ShardId"] if isinstance(item, Mapping) else item for item in given]
    right = _history(place, shards)
    told = f"For `{key}` and {how} it gives {len(found)} shard{'' if len(found) == 1 else 's'}"
    if found == right:
        if found != given:
            return f"{told}, the right ones. The task asks for their ids: `shard['ShardId']`."
        return None
    if sorted(map(str, found)) == sorted(right):
        return (
            f"{told}, the right ones, in another order. The oldest comes first: sort by "
            "`StartingSequenceNumber`, as a number."
        )
    if set(found) == set(_as_strings(place, shards)):
        return (
            f"{told}; it should be {len(right)}. The ends of a range are strings, and the string "
            "`'10'` comes before `'9'`. Compare them as numbers."
        )
    if found == right[-1:]:
        return (
            f"{told}, the one that is open now. Its older records are still in the parent, which "
            "is closed and can be read."
        )
    if set(right) < set(found):
        return (
            f"{told}, {len(found) - len(right)} too many. Which of them have the key's hash within "
            "*both* ends of their range?"
        )
    return f"{told}: {shown(found)}. It should be {len(right)}: {shown(right)}."


def _history(place: int, shards: list[Any]) -> list[str]:
    """Return the ids of the shards whose range has this hash key, the oldest first."""
    found = [
        shard
        for shard in shards
        if int(shard["HashKeyRange"]["StartingHashKey"])
        <= place
        <= int(shard["HashKeyRange"]["EndingHashKey"])
    ]
    found.sort(key=lambda shard: int(shard["SequenceNumberRange"]["StartingSequenceNumber"]))
    return [shard["ShardId"] for shard in found]


def _as_strings(place: int, shards: list[Any]) -> list[str]:
    """Return what one finds if one compares the ends of ranges as strings."""
    return [
        shard["ShardId"]
        for shard in shards
        if shard["HashKeyRange"]["StartingHashKey"]
        <= str(place)
        <= shard["HashKeyRange"]["EndingHashKey"]
    ]


# --- 2


def cut(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Count what a hash key puts to its left."""
    hash_key = notebook["hash_key"]
    flights = notebook["year"]["dest"].value_counts()
    if isinstance(answer, str) and answer in flights.index:
        return f"`{answer}` is a destination. Which is its hash key?"
    if not isinstance(answer, str) and 0 < _as_number(answer) < 1:
        return "That is a part of the line. A hash key is a whole number below 2 ** 128."
    place = whole(answer)
    if not 0 < place < 2**128:
        return f"A hash key is between 0 and 2 ** 128 - 1, and yours is {shown(place)}."
    loads = pd.Series(flights.to_numpy(), index=[hash_key(key) for key in flights.index])
    half = loads.sum() / 2
    off = (loads.sort_index().cumsum() - half).abs()
    left = int(loads[loads.index < place].sum())
    if abs(left - half) <= off.min():
        return None
    told = f"That puts {left / loads.sum():.1%} of the flights into the left child"
    if place == 2**127:
        return f"{told}. It is the middle of the range; the flights are not spread evenly over it."
    if abs((loads.index < place).sum() - len(loads) / 2) <= 1:
        return (
            f"{told}, and half of the *destinations*. They are not equally large: count the "
            "flights of each."
        )
    better = int((off < abs(left - half)).sum())
    return (
        f"{told}. Cuts that are nearer to half: {better}. Follow the line and add up the flights."
    )


def _as_number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


# --- 3


def shard_count(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare a number of shards with the smallest that is enough."""
    worth = notebook["worth"]
    least = next(shards for shards in range(1, 1000) if worth("dest", shards) >= RATE)
    if _as_number(answer) >= 1000:
        return f"{shown(answer)} looks like records a second. How many *shards* take {RATE:,}?"
    shards = whole(answer)
    if shards == least:
        return None
    if shards < 1:
        return f"A stream has at least one shard; yours has {shards}."
    takes = worth("dest", shards)
    if shards * 1000 == RATE:
        return (
            f"{shards} shards would do if their shares were even. Keyed by `dest` they take "
            f"{takes:,.0f} records a second."
        )
    if takes < RATE:
        return (
            f"{shards} shards take {takes:,.0f} records a second. The busiest shard's *part* of "
            "the records changes with the number of shards: compute it again for each number."
        )
    return f"{shards} shards do take {RATE:,} records a second, but a smaller number does too."


# --- 4


def salted_key(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with flights to large and to small destinations, for several salts."""
    many = notebook["many"]
    events = [
        event
        for big in (True, False)
        for event in [event for event in many if (event["dest"] in BIG) is big][:FEW]
    ]
    for salts in (8, 3, 1):
        hint = _salted(answer, events, salts)
        if hint is not None:
            return hint
    return None


def _salted(answer: Any, events: list[dict[str, Any]], salts: int) -> str | None:
    keys = [trials.call(answer, event, salts) for event in events]
    again = [trials.call(answer, event, salts) for event in reversed(events)]
    if keys != again[::-1]:
        return (
            "The same flight gets another key the second time. If a producer sends it again, the "
            "copy lands in another shard. Compute the salt from the flight."
        )
    for event, key in zip(events, keys, strict=True):
        if not isinstance(key, str):
            raise Hint(f"A partition key is a string; yours is {shown(key)}.")
        if event["dest"] not in BIG and key != event["dest"]:
            return (
                f"A flight to {event['dest']} gets the key `{key}`. It is not one of the large "
                "destinations, so it may keep its key, and its order."
            )
    for place in BIG:
        hint = _spread(
            place, {k for e, k in zip(events, keys, strict=True) if e["dest"] == place}, salts
        )
        if hint is not None:
            return hint
    with trials.in_another_process(answer):
        if keys != [trials.call(answer, event, salts) for event in events]:
            return (
                "In another Python process the same flight gets another key: `hash` of a string is "
                "different in each. `hash_key` is always the same."
            )
    return None


def _spread(place: str, keys: set[str], salts: int) -> str | None:
    """Say what is wrong with the keys that a large destination has become."""
    if salts > 1 and len(keys) == 1:
        return f"All flights to {place} have the key `{keys.pop()}`: no salt at all."
    if len(keys) > salts:
        return (
            f"With {salts} salts {place} becomes {len(keys)} keys. `number % salts` is always "
            "below `salts`."
        )
    if len(keys) < salts:
        return f"With {salts} salts {place} becomes only {len(keys)} keys."
    if any(not key.startswith(place) for key in keys):
        return f"A reader cannot tell that `{min(keys)}` is {place}: keep it in front."
    return None
