"""Exercises of notebook 08: a key's shards, where to cut, how many shards, and salt for a few."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbook import producer
from workbook.exercises.exercise import Exercise

RATE = 5_000  # records a second in the exercise on the number of shards
SALTS = 8
BIG = ("ORD", "ATL")
NEARLY = 0.005  # of all flights: how far from the best cut a good one may be


def _check_history(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    lineage, hash_key = notebook["lineage"], notebook["hash_key"]
    for key in ("ATL", "BOS", "LAX", "CLT", "DFW", "MCO"):
        right = _history(hash_key(key), lineage)
        for shards, how in ((lineage, ""), (lineage[::-1], " when the list is turned round")):
            given = answer(key, shards)
            if given is None:
                return "The function returns nothing. Does it end with `return`?"
            found = list(given)
            if found == right:
                continue
            said = f"For `{key}` it gives {len(found)} shards{how}"
            if sorted(found) == sorted(right):
                return (
                    f"{said}, the right ones, but the newest first. Sort them: a child's "
                    "`StartingSequenceNumber`, as a number, is greater than its parent's."
                )
            if set(found) == set(_as_text(hash_key(key), shards)):
                return (
                    f"{said}; it should be {len(right)}. The ends of a range are text, and as text "
                    "`'10'` comes before `'9'`. Compare them as numbers."
                )
            if found == right[-1:]:
                return (
                    f"{said}, the one that is open now. Its older records are still in the parent, "
                    "which is closed and can be read."
                )
            if len(found) > len(right):
                return (
                    f"{said}; it should be {len(right)}. Which of them have the key's hash within "
                    "*both* ends of their range?"
                )
            return f"{said}; it should be {len(right)}: {right}."
    return None


def _history(place: int, shards: list[Any]) -> list[str]:
    """Ids of the shards whose range has this hash key, the oldest first."""
    found = [
        shard
        for shard in shards
        if int(shard["HashKeyRange"]["StartingHashKey"])
        <= place
        <= int(shard["HashKeyRange"]["EndingHashKey"])
    ]
    found.sort(key=lambda shard: int(shard["SequenceNumberRange"]["StartingSequenceNumber"]))
    return [shard["ShardId"] for shard in found]


def _as_text(place: int, shards: list[Any]) -> list[str]:
    """What one finds who compares the ends of ranges as text."""
    return [
        shard["ShardId"]
        for shard in shards
        if shard["HashKeyRange"]["StartingHashKey"]
        <= str(place)
        <= shard["HashKeyRange"]["EndingHashKey"]
    ]


def _check_cut(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    hash_key = notebook["hash_key"]
    flights = notebook["year"]["dest"].value_counts()
    loads = pd.Series(flights.to_numpy(), index=[hash_key(key) for key in flights.index])
    share = loads.sort_index().cumsum() / loads.sum()
    if 0 < answer < 1:
        return "That is a part of the line. A hash key is a whole number up to 2 ** 128."
    best = float((share - 0.5).abs().min())
    left = float(loads[loads.index < answer].sum() / loads.sum())
    if abs(left - 0.5) <= best + NEARLY:
        return None
    said = f"That puts {left:.1%} of the flights into the left child"
    if answer == 2**127:
        return f"{said}. It is the middle of the range; the flights are not spread evenly over it."
    if abs((loads.index < answer).sum() - len(loads) / 2) <= 1:
        return (
            f"{said}, and half of the *destinations*. They are not equally large: count the "
            "flights of each."
        )
    return f"{said}; nearer to half is possible. Go along the line and add up."


def _check_shards(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    worth = notebook["worth"]
    least = next(shards for shards in range(1, 1000) if worth("dest", shards) >= RATE)
    if answer == least:
        return None
    takes = worth("dest", answer)
    if answer * 1000 == RATE:
        return (
            f"{answer} shards would do if their shares were even. Keyed by `dest` they take "
            f"{takes:,.0f} records a second."
        )
    if takes < RATE:
        return (
            f"{answer} shards take {takes:,.0f} records a second. The busiest shard's *part* of "
            "the records changes with the number of shards: work it out anew for each number."
        )
    return f"{answer} shards do take {RATE:,} records a second, but fewer of them do too."


def _check_salt(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    events = notebook["many"]
    keys = [answer(event, SALTS) for event in events]
    if keys != [answer(event, SALTS) for event in events]:
        return (
            "The same flight gets another key the second time. If a producer sends it again, the "
            "copy lands in another shard. Take a salt that follows from the flight."
        )
    for event, key in zip(events, keys, strict=True):
        plain = producer.partition_key(event, "dest")
        if plain not in BIG and key != plain:
            return (
                f"A flight to {plain} gets the key `{key}`. It is not one of the large "
                "destinations, so it may keep its key, and its order."
            )
    for place in BIG:
        different = {key for event, key in zip(events, keys, strict=True) if event["dest"] == place}
        if len(different) == 1:
            return f"All flights to {place} have the key `{different.pop()}`: no salt at all."
        if len(different) > SALTS:
            return (
                f"{place} becomes {len(different)} keys, more than the {SALTS} that were asked "
                "for. `number % salts` is always below `salts`."
            )
        if len(different) < SALTS:
            return f"{place} becomes {len(different)} keys; use all {SALTS} salts."
        if any(not str(key).startswith(place) for key in different):
            return f"A reader cannot tell that `{min(different)}` is {place}: keep it in front."
    return None


EXERCISES = (
    Exercise(
        title="Where a key has been",
        task="""
            To read all records of a key, one must know every shard that it has been in. Write
            `history(key, shards)`: it gets a list as `list_shards` gives it (`lineage` is one) and
            gives the ids of the key's shards, the oldest first.
            """,
        blank="""
            def history(key, shards):
                \"\"\"Ids of the shards that a key's records may be in, the oldest first.\"\"\"
                return ...  # try it with history("ATL", lineage)
            """,
        name="history",
        hint="""
            A shard is the key's if `hash_key(key)` is within its `HashKeyRange`, whose ends are
            text. Among those, a child's `StartingSequenceNumber` is greater than its parent's.
            """,
        solution="""
            def history(key, shards):
                \"\"\"Ids of the shards that a key's records may be in, the oldest first.\"\"\"
                found = {}
                for shard in shards:
                    ends = shard["HashKeyRange"]
                    low, high = int(ends["StartingHashKey"]), int(ends["EndingHashKey"])
                    if low <= hash_key(key) <= high:
                        started = shard["SequenceNumberRange"]["StartingSequenceNumber"]
                        found[int(started)] = shard["ShardId"]
                return [found[started] for started in sorted(found)]

            """,
        explanation="""
            A key that was on the hot shard has two: the parent, closed, and one of its children.
            Every further split or merge adds one, until the old shards' records expire.
            """,
        wrong=(
            """
            def history(key, shards):
                now = [s for s in shards if "EndingSequenceNumber" not in s["SequenceNumberRange"]]
                now.sort(key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))
                return [shard_of(key, now)]
            """,
            """
            def history(key, shards):
                low, high = "StartingHashKey", "EndingHashKey"
                ranges = {shard["ShardId"]: shard["HashKeyRange"] for shard in shards}
                place = str(hash_key(key))
                return [name for name, r in ranges.items() if r[low] <= place <= r[high]]
            """,
            """
            def history(key, shards):
                low, high = "StartingHashKey", "EndingHashKey"
                ranges = {shard["ShardId"]: shard["HashKeyRange"] for shard in shards}
                place = hash_key(key)
                return [name for name, r in ranges.items() if int(r[low]) <= place <= int(r[high])]
            """,
            """
            def history(key, shards):
                place = hash_key(key)
                ends = {s["ShardId"]: int(s["HashKeyRange"]["EndingHashKey"]) for s in shards}
                return [name for name, end in ends.items() if place <= end]
            """,
        ),
        check=_check_history,
    ),
    Exercise(
        title="Where to cut",
        task="""
            A stream of *one* shard takes the flights of the year under `dest`, and is to be split.
            At which hash key, so that both children get as nearly as possible half of the flights?
            (The answer is what `SplitShard` calls `NewStartingHashKey`: the first hash key of the
            right child, as a number.)
            """,
        blank="""
            loads = year["dest"].value_counts()  # flights of each destination

            answer = ...
            """,
        hint="""
            Sort the destinations by `hash_key`, and add up their flights along the line
            (`cumsum`), until half of them are on the left. The next destination begins the right
            child.
            """,
        solution="""
            loads = year["dest"].value_counts()  # flights of each destination
            loads.index = [hash_key(dest) for dest in loads.index]
            left = loads.sort_index().cumsum() / len(year)
            last = (left - 0.5).abs().argmin()

            answer = left.index[last + 1]
            """,
        explanation="""
            The middle of the range would give one child over a third more than the other.
            `UpdateShardCount` always cuts ranges evenly; only `SplitShard` lets you choose.
            """,
        wrong=(
            """
            answer = 2**128 // 2
            """,
            """
            places = sorted(hash_key(dest) for dest in year["dest"].unique())
            answer = places[len(places) // 2]
            """,
            """
            answer = 0.5
            """,
            """
            answer = hash_key(year["dest"].value_counts().idxmax())
            """,
        ),
        check=_check_cut,
    ),
    Exercise(
        title="How many shards",
        task="""
            5,000 flights a second are to be sent under `dest`. How many even shards does the stream
            need at the least?
            """,
        blank="""
            answer = ...
            """,
        hint="""
            `worth("dest", shards)` says how many records a second so many shards take.
            """,
        solution="""
            answer = next(shards for shards in range(1, 100) if worth("dest", shards) >= 5_000)
            """,
        explanation="""
            More than twice as many as with even shares. And not every further shard helps: look
            at the curve again.
            """,
        wrong=(
            """
            answer = 5_000 // 1_000
            """,
            """
            import math

            answer = math.ceil(4 * 5_000 / worth("dest", 4))
            """,
            """
            answer = 2
            while worth("dest", answer) < 5_000:
                answer *= 2
            """,
        ),
        check=_check_shards,
    ),
    Exercise(
        title="Salt for the large ones only",
        task="""
            Salt costs order, so give it only to the keys that need it. Write
            `salted_key(event, salts)` for flights keyed by `dest`: `ORD` and `ATL` become as many
            keys as there are salts, all other destinations keep their key. A flight must have the
            same key each time.
            """,
        blank="""
            def salted_key(event, salts):
                \"\"\"The destination, with a salt behind it if it is a large one.\"\"\"
                return ...  # try it with salted_key(many[0], 8)
            """,
        name="salted_key",
        hint="""
            `salted` above makes a salt from `flights.event_id(event)`. Here a flight whose `dest`
            is not in `("ORD", "ATL")` returns before that.
            """,
        solution="""
            def salted_key(event, salts):
                \"\"\"The destination, with a salt behind it if it is a large one.\"\"\"
                if event["dest"] not in ("ORD", "ATL"):
                    return event["dest"]
                return f"{event['dest']}-{hash_key(flights.event_id(event)) % salts}"

            """,
        explanation="""
            The small destinations stay in order, and the large ones are no wall any more. Python's
            own `hash` would not do for the salt: for text it is another one in each process.
            """,
        wrong=(
            """
            import random

            def salted_key(event, salts):
                if event["dest"] not in ("ORD", "ATL"):
                    return event["dest"]
                return f"{event['dest']}-{random.randrange(salts)}"
            """,
            """
            def salted_key(event, salts):
                return f"{event['dest']}-{hash_key(flights.event_id(event)) % salts}"
            """,
            """
            def salted_key(event, salts):
                if event["dest"] not in ("ORD", "ATL"):
                    return event["dest"]
                return f"{event['dest']}-{hash_key(event['dest']) % salts}"
            """,
            """
            def salted_key(event, salts):
                if event["dest"] not in ("ORD", "ATL"):
                    return event["dest"]
                return f"{event['dest']}-{flights.event_id(event)}"
            """,
        ),
        check=_check_salt,
    ),
)
