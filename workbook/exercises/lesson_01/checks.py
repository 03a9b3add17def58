"""Judge the exercises of notebook 01: shards that stay empty, a chosen shard, refused records."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd
from botocore.exceptions import ClientError, ParamValidationError

from workbook.exercises import stage, trials
from workbook.exercises.exercise import Hint
from workbook.exercises.values import items, number, shown, table

ATTEMPTS = 5  # before ``put_all`` gives up
SHARDS = 4  # of the notebook's stream
THROTTLED = "ProvisionedThroughputExceededException"


# --- 1


def eight_shards(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare the counts of eight shards with those that the hash keys give."""
    right = [0] * 8
    for key, flights in notebook["year"]["origin"].value_counts().items():
        right[notebook["hash_key"](key) * 8 // 2**128] += flights
    counts = _in_order(answer)
    if len(counts) != 8:
        return (
            f"You give {len(counts)} numbers, but there are eight shards. One that gets nothing "
            "counts too, with 0: `reindex` can add it."
        )
    missing = sum(value is None or value is pd.NA or value != value for value in counts)
    if missing:  # NaN is not equal to itself
        return (
            f"Your answer has no number (`NaN` or `NA`) for {missing} shards. A shard that gets "
            "nothing has 0 flights: `reindex` takes a `fill_value`."
        )
    counts = [number(value, "Each count") for value in counts]
    if counts == right:
        return None
    if sum(counts) != sum(right):
        return f"Your numbers add up to {sum(counts):,g}. The year has {sum(right):,} flights."
    if all(counts):
        return (
            "In your answer no shard is empty. That would take at least eight different keys. How "
            "many origins are there?"
        )
    if counts == sorted(right, reverse=True):
        return (
            "The numbers are right, but in the wrong order. Start with the first shard, not the "
            "fullest."
        )
    used = ", ".join(str(shard) for shard, count in enumerate(counts) if count)
    return (
        f"By your count, only shards {used} (counted from 0) get flights, which is not so. A shard "
        "owns a *range* of hash keys: the first eighth of them all, the second, and so on."
    )


def _in_order(answer: Any) -> list[Any]:
    """Return the values in the order of their shards, if they are keyed by them, or as they are."""
    if hasattr(answer, "items"):
        keyed = table(answer)
        if set(keyed) == set(range(8)):
            return [keyed[shard] for shard in range(8)]
        return list(keyed.values())
    return items(answer)


# --- 2


@contextmanager
def prepare_chosen_shard(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Make sure of the notebook's stream."""
    with stage.stream(notebook["kinesis"], notebook["STREAM"], SHARDS):
        yield {}


def chosen_shard(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Read the record back, and look where it is."""
    if isinstance(answer, Mapping) and len(answer.get("Records", ())) == 1:
        answer = answer["Records"][0]  # of put_records
    if not isinstance(answer, Mapping) or not {"ShardId", "SequenceNumber"} <= set(answer):
        return (
            "The answer must be the response of `put_record`, with `ShardId` and "
            f"`SequenceNumber`; yours is {shown(answer)}."
        )
    shard, ranges = answer["ShardId"], notebook["ranges"]
    key = _read(notebook, shard, answer["SequenceNumber"])["PartitionKey"]
    if key != "1":
        return f'Its partition key is `"{key}"`. Keep `"1"`, and choose the shard in another way.'
    if shard == ranges.index[0]:
        return None
    if shard == notebook["shard_for"](key):
        return f"It went to `{shard}`, which the MD5 of its key selects. Give it another hash key."
    return f"It went to `{shard}`: the hash key that you gave is in that shard's range."


def _read(notebook: Mapping[str, Any], shard: str, sequence_number: str) -> Any:
    """Return a record of the notebook's stream."""
    kinesis = notebook["kinesis"]
    try:
        iterator = kinesis.get_shard_iterator(
            StreamName=notebook["STREAM"],
            ShardId=shard,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            StartingSequenceNumber=sequence_number,
        )["ShardIterator"]
    except ClientError as error:
        raise Hint(f"The stream has no such record: {error.response['Error']['Message']}") from None
    behind = None
    while behind != 0:  # the record is there, but a portion may be empty
        portion = kinesis.get_records(ShardIterator=iterator, Limit=1)
        if portion["Records"]:
            return portion["Records"][0]
        iterator, behind = portion["NextShardIterator"], portion["MillisBehindLatest"]
    raise Hint(f"The stream has no record with the sequence number {sequence_number}.")


# --- 3


@contextmanager
def prepare_put_all(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Make sure of the notebook's stream, for those who try their function."""
    with stage.stream(notebook["kinesis"], notebook["STREAM"], SHARDS):
        yield {}


class _Kinesis(trials.StandIn):
    """A client that refuses every second entry of its first calls, by a plan and not by chance.

    Args:
        partly: how many calls it refuses so.
        wholly: whether it refuses everything, always.
    """

    MOST_CALLS = 20

    def __init__(self, partly: int, *, wholly: bool = False) -> None:
        self.partly, self.wholly = partly, wholly
        self.calls = 0
        self.taken: list[str] = []
        self.pauses = trials.Pauses()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise Hint(f"The client in the check has no `{name}`. Use its `put_records`.")

    def put_records(self, *, Records: list[Any], **_: Any) -> dict[str, Any]:
        """Answer as Kinesis does."""
        self.pauses.before_call(pause_is_due=self.calls > 0)
        self.calls += 1
        if self.calls > self.MOST_CALLS:
            raise Hint(
                f"A stream refused everything, and the function tried more than {self.MOST_CALLS} "
                f"times. Give up after {ATTEMPTS}."
            )
        if not Records:
            report = "Invalid length for parameter Records, value: 0, valid min length: 1"
            raise ParamValidationError(report=report)
        results = []
        for place, entry in enumerate(Records):
            if self.wholly or (self.calls <= self.partly and place % 2 == 0):
                code = "InternalFailure" if place == 2 else THROTTLED
                results.append({"ErrorCode": code, "ErrorMessage": "refused"})
            else:
                self.taken.append(entry["PartitionKey"])
                results.append({"SequenceNumber": str(len(self.taken)), "ShardId": "shard"})
        failed = sum("ErrorCode" in result for result in results)
        self.pauses.after_call()
        return {"FailedRecordCount": failed, "Records": results}


def put_all(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Let the function put entries into streams that refuse some of them, or all."""
    trials.must_be_function(answer)
    keys = [f"N{number}" for number in range(6)]
    entries = [{"Data": b"a flight", "PartitionKey": key} for key in keys]
    for refusals in (0, 2, ATTEMPTS - 1):
        hint = _put_into(answer, _Kinesis(partly=refusals), entries, keys)
        if hint is not None:
            return hint
    full = _Kinesis(partly=0, wholly=True)
    try:
        with trials.pauses_noted(answer, full.pauses):
            answer(full, copy.deepcopy(entries))
    except RuntimeError:
        if full.calls == ATTEMPTS:
            return None
        return f"It gave up at attempt {full.calls}. The task says {ATTEMPTS}."
    except Exception as error:
        return f"It gave up with `{type(error).__name__}`; the task asks for a `RuntimeError`."
    return "A stream refused everything, and the function ended without an error. Raise one."


def _put_into(
    answer: Any, client: _Kinesis, entries: list[dict[str, Any]], keys: list[str]
) -> str | None:
    """Let the function put all entries into a stream that takes them within its attempts."""
    given = copy.deepcopy(entries)
    try:
        with trials.pauses_noted(answer, client.pauses):
            answer(client, given)
    except RuntimeError:
        return (
            f"It gave up at attempt {client.calls}, with {len(set(client.taken))} of "
            f"{len(keys)} entries in the stream. The fifth attempt may still succeed."
        )
    if not client.calls:
        return "It sent nothing through the client that it was given. Use the argument `client`."
    if not set(client.taken) <= set(keys):
        return "It sent entries that are not in the list that it was given. Use that argument."
    if lost := [key for key in keys if key not in client.taken]:
        if lost == [keys[2]]:
            return (
                "An entry that was refused with `InternalFailure` never got in. Every entry that "
                "has an `ErrorCode` was refused, whatever the code is."
            )
        return (
            f"In {client.partly} responses some entries were refused, and {len(lost)} of "
            f"{len(keys)} never got in. Check *every* response, also that to a second attempt."
        )
    if len(client.taken) > len(keys):
        return (
            f"There were {len(keys)} entries, and now the stream has {len(client.taken)} records: "
            "some came twice. Send only what was refused."
        )
    if given != entries:
        return (
            f"The list had {len(entries)} entries before the call, and has {len(given)} after it. "
            "The caller may still need it: leave it as it is."
        )
    if client.pauses.missing:
        return (
            "It sent the refused entries again immediately, when the shard was as full as "
            "before. Wait "
            "a little first, with `time.sleep`."
        )
    return None
