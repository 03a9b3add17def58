"""Exercises of notebook 01: shards that stay empty, a chosen shard, and refused records."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbook.exercises.exercise import Exercise

ATTEMPTS = 5  # before ``put_all`` gives up


def _check_eight(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    right = [0] * 8
    for key, flights in notebook["year"]["origin"].value_counts().items():
        right[notebook["hash_key"](key) * 8 // 2**128] += flights
    counts = pd.Series(answer).tolist()
    if counts == right:
        return None
    if len(counts) != 8:
        return (
            f"You give {len(counts)} numbers, but there are eight shards. One that gets nothing "
            "counts too, with 0; `reindex` can add it."
        )
    if sum(counts) != sum(right):
        return f"Together these are {sum(counts):,} flights, but there are {sum(right):,}."
    if all(counts):
        return (
            "Eight shards that are all in use need eight keys or more. How many origins are there?"
        )
    if counts == sorted(right, reverse=True):
        return "The right numbers in another order: the first shard comes first, not the fullest."
    return (
        "The flights are there, on other shards. A shard owns a *range* of hash keys, all of them "
        "next to one another: the first eighth of all, the second eighth, and so on."
    )


def _check_chosen(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    kinesis, ranges = notebook["kinesis"], notebook["ranges"]
    shard = answer["ShardId"]
    iterator = kinesis.get_shard_iterator(
        StreamName=notebook["STREAM"],
        ShardId=shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=answer["SequenceNumber"],
    )["ShardIterator"]
    records: list[Any] = []
    while not records:  # the record is there, but an answer may be empty
        portion = kinesis.get_records(ShardIterator=iterator, Limit=1)
        records, iterator = portion["Records"], portion["NextShardIterator"]
    key = records[0]["PartitionKey"]
    if key != "1":
        return (
            f'Its partition key is `"{key}"`. Keep `"1"`, and choose the shard by something else.'
        )
    if shard == ranges.index[0]:
        return None
    if shard == notebook["shard_for"](key):
        return f"It went to `{shard}`, where the MD5 of its key leads. Give it another hash key."
    return f"It went to `{shard}`: the hash key that you gave lies in that one's range."


class _Kinesis:
    """A client that refuses every second entry of its first calls; 0 calls are refused wholly.

    It stands for Kinesis in the check of ``put_all``: it is refused by a plan, not by chance.
    """

    MOST_CALLS = 20

    def __init__(self, partly: int, wholly: bool = False) -> None:
        self.partly, self.wholly = partly, wholly
        self.calls = 0
        self.taken: list[Any] = []

    def put_records(self, *, Records: list[Any], **_: Any) -> dict[str, Any]:
        self.calls += 1
        if self.calls > self.MOST_CALLS:
            raise _EndlessError
        results = []
        for place, entry in enumerate(Records):
            if self.wholly or (self.calls <= self.partly and place % 2 == 0):
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                self.taken.append(entry["PartitionKey"])
                results.append({"SequenceNumber": str(len(self.taken)), "ShardId": "shard"})
        failed = sum("ErrorCode" in result for result in results)
        return {"FailedRecordCount": failed, "Records": results}


class _EndlessError(Exception):
    """Too many calls."""


def _check_put_all(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    keys = [f"N{number}" for number in range(6)]
    entries = [{"Data": b"a flight", "PartitionKey": key} for key in keys]
    patient = _Kinesis(partly=2)
    answer(patient, list(entries))
    if not patient.calls:
        return "It put nothing through the client that it was given. Use the argument `client`."
    if lost := set(keys) - set(patient.taken):
        return (
            f"Two answers refused some entries, and {len(lost)} of {len(keys)} never got in. Look "
            "at *every* answer, also at the one to a second attempt."
        )
    if len(patient.taken) > len(keys):
        return (
            f"{len(keys)} entries, and {len(patient.taken)} are in the stream: some came twice. "
            "Send only what was refused."
        )
    full = _Kinesis(partly=0, wholly=True)
    try:
        answer(full, list(entries))
    except _EndlessError:
        return f"A stream that takes nothing was asked more than {full.MOST_CALLS} times. Give up."
    except RuntimeError:
        if full.calls == ATTEMPTS:
            return None
        return f"It gave up after {full.calls} attempts. The task says {ATTEMPTS}."
    return "A stream took nothing, and the function ended without a word. Raise a `RuntimeError`."


EXERCISES = (
    Exercise(
        title="Twice the shards",
        task="""
            Would eight shards help a stream keyed by `origin`? Count the flights of the year on
            each of eight equal shards.
            """,
        blank="""
            origins = year["origin"].unique()

            answer = ...  # eight numbers: the flights on the first shard, the second, ...
            """,
        hint="""
            With eight equal ranges, the number of a key's shard is `hash_key(key) * 8 // 2**128`.
            Make a dictionary of the origins' shards, `map` the column with it, and count.
            """,
        solution="""
            origins = year["origin"].unique()
            shard_of_8 = {key: hash_key(key) * 8 // 2**128 for key in origins}
            flights_on = year["origin"].map(shard_of_8).value_counts()

            answer = flights_on.reindex(range(8), fill_value=0)
            answer
            """,
        explanation="""
            Three keys fill three shards at most, however many there are. The others stay empty, and
            you pay for them.
            """,
        wrong=(
            """
            shard_of_8 = {key: hash_key(key) * 8 // 2**128 for key in year["origin"].unique()}
            answer = year["origin"].map(shard_of_8).value_counts()
            """,
            """
            shard_of_8 = {key: hash_key(key) % 8 for key in year["origin"].unique()}
            answer = year["origin"].map(shard_of_8).value_counts().reindex(range(8), fill_value=0)
            """,
            """
            shard_of_8 = {key: hash_key(key) * 8 // 2**128 for key in year["origin"].unique()}
            eight = year["origin"].map(shard_of_8).value_counts().reindex(range(8), fill_value=0)
            answer = sorted(eight, reverse=True)
            """,
            """
            answer = [len(year) // 8] * 8
            """,
        ),
        check=_check_eight,
    ),
    Exercise(
        title="Choose the shard yourself",
        task="""
            `put_record` takes an `ExplicitHashKey`, which replaces the MD5 of the key. The constant
            key `"1"` has filled the last shard. Put a record with that key into the *first* one.
            """,
        blank="""
            answer = ...  # what put_record answers
            """,
        hint="""
            Any number in the range of that shard will do, for example where it starts: see
            `starts`. `put_record` wants it as text.
            """,
        solution="""
            answer = kinesis.put_record(
                StreamName=STREAM, Data=b"chosen", PartitionKey="1", ExplicitHashKey=str(starts[0])
            )
            """,
        explanation="""
            The record keeps its partition key `"1"`; only its place is another.
            """,
        wrong=(
            """
            answer = kinesis.put_record(StreamName=STREAM, Data=b"chosen", PartitionKey="1")
            """,
            """
            first = next(plane for plane in planes if shard_for(plane) == ranges.index[0])
            answer = kinesis.put_record(StreamName=STREAM, Data=b"chosen", PartitionKey=first)
            """,
            """
            answer = kinesis.put_record(
                StreamName=STREAM, Data=b"chosen", PartitionKey="1", ExplicitHashKey=str(starts[1])
            )
            """,
        ),
        check=_check_chosen,
    ),
    Exercise(
        title="Lose nothing",
        name="put_all",
        task="""
            Write `put_all(client, entries)`, which puts the entries until all of them are in the
            stream, each of them once. After five attempts it gives up with a `RuntimeError`: never
            in silence. Try it with `again`, the entries that were refused above.
            """,
        blank="""
            def put_all(client, entries):
                answer = client.put_records(StreamName=STREAM, Records=entries)
                ...  # and what was refused?
            """,
        hint="""
            Keep the entries that were refused, as you did for `again`. Wait a little, longer each
            time, and put those. `for attempt in range(5)` counts the attempts.
            """,
        solution="""
            from random import uniform
            from time import sleep

            def put_all(client, entries):
                for attempt in range(5):
                    answer = client.put_records(StreamName=STREAM, Records=entries)
                    results = zip(entries, answer["Records"], strict=True)
                    entries = [entry for entry, result in results if "ErrorCode" in result]
                    if not entries:
                        return
                    sleep(uniform(0, 0.05 * 2**attempt))
                raise RuntimeError(f"{len(entries)} records were refused five times")

            put_all(kinesis, again)
            """,
        explanation="""
            The pause is random, so that many producers that were refused together do not come back
            together. Notebook 04 looks into that.
            """,
        wrong=(
            """
            def put_all(client, entries):
                for attempt in range(5):
                    answer = client.put_records(StreamName=STREAM, Records=entries)
                    if not answer["FailedRecordCount"]:
                        return
                raise RuntimeError("refused five times")
            """,
            """
            def put_all(client, entries):
                answer = client.put_records(StreamName=STREAM, Records=entries)
                results = zip(entries, answer["Records"], strict=True)
                refused = [entry for entry, result in results if "ErrorCode" in result]
                client.put_records(StreamName=STREAM, Records=refused)
            """,
            """
            def put_all(client, entries):
                while entries:
                    answer = client.put_records(StreamName=STREAM, Records=entries)
                    results = zip(entries, answer["Records"], strict=True)
                    entries = [entry for entry, result in results if "ErrorCode" in result]
            """,
            """
            def put_all(client, entries):
                for attempt in range(5):
                    answer = client.put_records(StreamName=STREAM, Records=entries)
                    results = zip(entries, answer["Records"], strict=True)
                    entries = [entry for entry, result in results if "ErrorCode" in result]
                    if not entries:
                        return
            """,
            """
            def put_all(client, entries):
                for attempt in range(3):
                    answer = client.put_records(StreamName=STREAM, Records=entries)
                    results = zip(entries, answer["Records"], strict=True)
                    entries = [entry for entry, result in results if "ErrorCode" in result]
                    if not entries:
                        return
                raise RuntimeError("refused three times")
            """,
            """
            def put_all(client, entries):
                kinesis.put_records(StreamName=STREAM, Records=entries)
            """,
        ),
        check=_check_put_all,
    ),
)
