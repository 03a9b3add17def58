"""Exercises of notebook 04: returning together, getting out of order, and a second shard."""

import hashlib
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import pandas as pd

from workbook.exercises.exercise import Exercise

PRODUCERS, EXACT = 10, [0.2, 0.4, 0.8]
SHARD_LIMIT = 1000  # records a second


def _check_together(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    exact, by_chance = (sorted(round(float(time), 6) for time in times) for times in answer)
    returns = PRODUCERS * len(EXACT)
    for which, times in (("first", exact), ("second", by_chance)):
        if len(times) != returns:
            return (
                f"The {which} list has {len(times)} times. Ten producers return three times each."
            )
    if exact == sorted(EXACT * PRODUCERS):
        return (
            "The second pause starts when the first is over, so the second return is after *both*. "
            "`accumulate` adds them up."
        )
    if exact != sorted(round(time, 6) for time in list(accumulate(EXACT)) * PRODUCERS):
        return "The first list is of exact pauses: everyone returns after 0.2, 0.6 and 1.4 s."
    if len(set(by_chance)) <= len(EXACT):
        return (
            "Your second list has three moments too: all ten threw the same dice. Throw for each."
        )
    if by_chance[-1] > sum(EXACT):
        return (
            "Somebody waits longer than `pause` lets him. The pauses are `pause(1)` to `pause(3)`."
        )
    return None


def _stream(*records: tuple[str, int]) -> pd.DataFrame:
    """Records in the order of their shard: the key of each, and its place when it was sent."""
    return pd.DataFrame(records, columns=["partition_key_in", "place"])


def _check_out_of_order(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    if answer(_stream(("N1", 0), ("N2", 1), ("N1", 2), ("N2", 3))) != 0:
        return "N1, N2, N1, N2, all in the order in which they were sent: none is out of order."
    if answer(_stream(("N1", 1), ("N2", 0), ("N1", 2), ("N2", 3))) != 0:
        return (
            "N2's first flight was sent first and came behind N1's. But each of the two has its "
            "own flights in order. Compare within one key."
        )
    if answer(_stream(("N1", 2), ("N1", 1), ("N1", 0), ("N2", 3))) != 1:
        return "All three flights of N1 came in reverse, and N2 had only one. That is 1 aeroplane."
    if answer(_stream(("N1", 0), ("N1", 3), ("N1", 2), ("N2", 5), ("N2", 4))) != 2:
        return "N1 came as 0, 3, 2 and N2 as 5, 4. Both are out of order at some place."
    return None


def _check_two_shards(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    keys = [record["PartitionKey"].encode() for record in notebook["records"]]
    firsts = [hashlib.md5(key, usedforsecurity=False).digest()[0] for key in keys]
    lower = sum(first < 128 for first in firsts) / len(firsts)
    right, emptier = SHARD_LIMIT / max(lower, 1 - lower), SHARD_LIMIT / min(lower, 1 - lower)
    if abs(answer - right) <= 1:
        return None
    if answer == 2 * SHARD_LIMIT:
        return "Only if both got the same. One gets more, is full first, and holds up the rest."
    if abs(answer - emptier) <= 1:
        return "With so many the emptier shard is full. The fuller one has long refused some."
    if answer <= 1:
        return (
            "That is a share. If this share of the records may be 1,000 a second, how many are all?"
        )
    return f"What is the share of the fuller shard? {SHARD_LIMIT:,} records are that share of all."


EXERCISES = (
    Exercise(
        title="Without jitter",
        task="""
            Ten producers are refused at the same moment, three times in a row. Each waits *exactly*
            0.2, then 0.4, then 0.8 s. When do they come back? And when, if each waits `pause(1)`,
            then `pause(2)`, then `pause(3)`? Draw both, if you like.
            """,
        blank="""
            exact = ...  # 30 times in seconds after the first refusal
            by_chance = ...

            answer = exact, by_chance
            """,
        hint="""
            `itertools.accumulate` sums up one producer's pauses: each time it returns is one of the
            sums. Do that for each of `range(10)`, and collect all the times in a list.
            """,
        solution="""
            from itertools import accumulate

            exact, by_chance = [], []
            for _ in range(10):
                exact += accumulate([0.2, 0.4, 0.8])
                by_chance += accumulate([pause(1), pause(2), pause(3)])
            answer = exact, by_chance

            figure, axes = plots.subplots(size=(8, 2))
            axes.plot(exact, ["exact"] * 30, "o", by_chance, ["by chance"] * 30, "o", alpha=0.5)
            axes.set(title="When ten producers come back", xlabel="seconds")
            plots.show(figure, "Exact pauses: at three moments. By chance: spread out.")
            """,
        explanation="""
            Without chance all ten come back together, three times, and are refused together. With
            chance they spread out over the whole time.
            """,
        wrong=(
            """
            exact = [0.2, 0.4, 0.8] * 10
            by_chance = [pause(tries) for tries in (1, 2, 3) for producer_ in range(10)]
            answer = exact, by_chance
            """,
            """
            from itertools import accumulate
            exact = list(accumulate([0.2, 0.4, 0.8])) * 10
            by_chance = list(accumulate([pause(1), pause(2), pause(3)])) * 10
            answer = exact, by_chance
            """,
            """
            from itertools import accumulate
            exact = list(accumulate([0.2, 0.4, 0.8]))
            by_chance = list(accumulate([pause(1), pause(2), pause(3)]))
            answer = exact, by_chance
            """,
        ),
        check=_check_together,
    ),
    Exercise(
        title="Out of order",
        name="out_of_order",
        task="""
            In *Send the refused ones again*, refused records came back behind others. For how many
            aeroplanes did flights change their order in the input stream? Write
            `out_of_order(stream)`, which counts them. It gets a table in the order of the stream,
            with the number that each flight had when it was sent, `place`, beside its key,
            `partition_key_in`.
            """,
        blank="""
            place = {flights.event_id(flight): number for number, flight in enumerate(sample)}
            stream = both.assign(place=both["event_id"].map(place))
            stream = stream.sort_values("sequence_number_in", key=lambda column: column.map(int))

            def out_of_order(stream):
                return ...
            """,
        hint="""
            In the order of the stream, the places of one aeroplane must grow. `groupby` its key;
            `diff` is the difference to the row before; and one fall is enough.
            """,
        solution="""
            place = {flights.event_id(flight): number for number, flight in enumerate(sample)}
            stream = both.assign(place=both["event_id"].map(place))
            stream = stream.sort_values("sequence_number_in", key=lambda column: column.map(int))

            def out_of_order(stream):
                places = stream.groupby("partition_key_in")["place"]
                return int(places.agg(lambda place: (place.diff() < 0).any()).sum())

            print(out_of_order(stream), "of", stream["partition_key_in"].nunique(), "aeroplanes")
            """,
        explanation="""
            The sequence numbers are sorted as whole numbers: as text, a longer one could come
            first. Whether this matters depends on who reads the stream: for a mean delay it does
            not, for the place of an aeroplane it does.
            """,
        wrong=(
            """
            def out_of_order(stream):
                return int((stream["place"].diff() < 0).sum())
            """,
            """
            def out_of_order(stream):
                return int((stream.groupby("partition_key_in")["place"].diff() < 0).sum())
            """,
            """
            def out_of_order(stream):
                places = stream.groupby("partition_key_in")["place"]
                return int((places.last() < places.first()).sum())
            """,
            """
            def out_of_order(stream):
                return stream["partition_key_in"].nunique()
            """,
        ),
        check=_check_out_of_order,
    ),
    Exercise(
        title="Two shards",
        task="""
            Two shards take 1,000 records a second each. But the keys of our flights do not fall
            evenly on them. As long as flights come in the same mixture as `records`, how many of
            them can the two take in a second?
            """,
        blank="""
            import hashlib


            def shard_of(key):
                \"\"\"0 or 1: the half of the hash keys in which the key's MD5 lies.\"\"\"
                return hashlib.md5(key.encode(), usedforsecurity=False).digest()[0] // 128


            answer = ...  # records a second
            """,
        hint="""
            Count the records of each shard by their `PartitionKey`. The fuller shard comes to its
            limit first: then its share of all records is 1,000 a second.
            """,
        solution="""
            import hashlib
            from collections import Counter


            def shard_of(key):
                return hashlib.md5(key.encode(), usedforsecurity=False).digest()[0] // 128


            records_on = Counter(shard_of(record["PartitionKey"]) for record in records)
            share = max(records_on.values()) / len(records)
            answer = 1000 / share
            answer
            """,
        explanation="""
            A little less than twice as many, since the fuller shard holds up the rest. To see it
            happen, call `kinesis.update_shard_count(StreamName=INPUT, TargetShardCount=2,
            ScalingType="UNIFORM_SCALING")`, wait for the stream, and send with the producer again.
            A short run looks faster than a long one: a rested shard takes a second's worth at once.
            """,
        wrong=(
            """
            answer = 2 * 1000
            """,
            """
            import hashlib
            keys = [record["PartitionKey"].encode() for record in records]
            lower = [hashlib.md5(key, usedforsecurity=False).digest()[0] < 128 for key in keys]
            answer = 1000 / min(sum(lower) / len(lower), 1 - sum(lower) / len(lower))
            """,
            """
            import hashlib
            keys = [record["PartitionKey"].encode() for record in records]
            lower = [hashlib.md5(key, usedforsecurity=False).digest()[0] < 128 for key in keys]
            answer = max(sum(lower) / len(lower), 1 - sum(lower) / len(lower))
            """,
        ),
        check=_check_two_shards,
    ),
)
