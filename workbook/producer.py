"""Send events to a stream in batches, retry refused records, and report the result.

``PutRecords`` returns 200 even if it refuses some of its records, so every response is checked, and
only the refused records are sent again. [BC]
"""

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import pandas as pd
from tqdm.auto import tqdm

from workbook import flights, prices

MAX_RECORDS = prices.CALL_RECORDS
MAX_BYTES = prices.CALL_BYTES
FIRST_PAUSE = 0.1  # seconds; doubled after each call with refusals
LONGEST_PAUSE = 5.0
CALL = ["sent_at", "records", "failed", "attempt", "seconds"]  # columns of the table of calls

Key = str | Callable[[flights.Event], object]


class Entry(NamedTuple):
    """A record to send; ``attempt`` counts its calls, including the next one."""

    data: bytes
    partition_key: str
    attempt: int = 1

    @property
    def size(self) -> int:
        """Return its size in bytes, as Kinesis counts them."""
        return len(self.data) + len(self.partition_key.encode())


@dataclass(frozen=True)
class SendResult:
    """The result of sending; all times are by the real clock.

    Args:
        records: the number of records that the stream accepted.
        seconds: the time from the first call to the end of the last.
        calls: one row for each PutRecords call: ``sent_at`` (UTC), ``records``, ``failed`` (refused
            by the stream), ``attempt`` (the highest of its records) and ``seconds``.
        per_shard: the number of records that each shard accepted.
    """

    records: int
    seconds: float
    calls: pd.DataFrame
    per_shard: "pd.Series[int]"

    @property
    def records_per_second(self) -> float:
        """Return the mean rate, pauses included."""
        return self.records / self.seconds if self.seconds else 0.0

    @property
    def retried(self) -> int:
        """Return the number of refusals, each of which was followed by a retry."""
        return int(self.calls["failed"].sum())

    def __repr__(self) -> str:
        return (
            f"<{self.records:,} records in {len(self.calls):,} calls and {self.seconds:.1f} s: "
            f"{self.records_per_second:,.0f} records/s, {self.retried:,} sent again>"
        )


class NotSentError(RuntimeError):
    """The stream refused records until the time was up; ``remaining`` contains them."""

    def __init__(self, stream: str, remaining: list[Entry], errors: Counter[str]) -> None:
        self.remaining = remaining
        keys = ", ".join(sorted({entry.partition_key for entry in remaining})[:5])
        super().__init__(
            f"{stream} did not accept {len(remaining)} records, with partition keys such as "
            f"{keys}; refusals: {dict(errors)}"
        )


class Backoff:
    """Pauses, with jitter, that grow while calls have refusals."""

    def __init__(self) -> None:
        self._longest = FIRST_PAUSE

    def pause(self, was_refused: bool) -> float:
        """Return the seconds to wait before the next call.

        Args:
            was_refused: whether the last call had refusals.
        """
        if not was_refused:
            self._longest = FIRST_PAUSE
            return 0.0
        pause = random.uniform(self._longest / 2, self._longest)
        self._longest = min(2 * self._longest, LONGEST_PAUSE)
        return pause


def send(
    kinesis: Any,
    stream: str,
    events: Iterable[flights.Event],
    *,
    key: Key = "tailnum",
    batch_size: int = MAX_RECORDS,
    patience: float = 60.0,
    total: int | None = None,
    progress: bool = True,
) -> SendResult:
    """Send every event to the stream.

    A refused record is sent again with the next call, after a pause that grows, with jitter, while
    there are refusals. It then follows later records: PutRecords keeps no order. [BC]

    Args:
        kinesis: a boto3 client.
        stream: the stream's name.
        events: JSON-ready events, such as those of ``flights.events``.
        key: the field whose value is the partition key, or a function of the event. The key of a
            flight whose field is null is its ``flights.event_id``.
        batch_size: the number of records in a call, 1 to 500.
        patience: seconds to keep trying after the stream last accepted a record.
        total: the number of events, if known, for the progress bar.
        progress: whether to show a progress bar.

    Raises:
        TypeError: an event is not a dictionary.
        ValueError: ``batch_size`` is out of range, or an event does not have the field.
        NotSentError: the stream accepted nothing for ``patience`` seconds; the error has the
            remaining records.
        botocore.exceptions.ClientError: a call failed as a whole, for example because the stream
            does not exist.
    """
    if not 1 <= batch_size <= MAX_RECORDS:
        raise ValueError(f"batch_size must be 1 to {MAX_RECORDS}, not {batch_size}")
    fresh = (Entry(flights.encode(event), partition_key(event, key)) for event in events)
    waiting: deque[Entry] = deque()
    calls: list[dict[str, Any]] = []
    per_shard: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    backoff = Backoff()
    started = last_taken = time.monotonic()
    with tqdm(desc=f"to {stream}", total=total, unit=" records", disable=not progress) as bar:
        while batch := next_batch(waiting, fresh, batch_size):
            sent_at, before = datetime.now(UTC), time.monotonic()
            refused = put(kinesis, stream, batch, per_shard, errors)
            now = time.monotonic()
            attempt = max(entry.attempt for entry in batch)
            calls.append(
                dict(
                    zip(
                        CALL,
                        (sent_at, len(batch), len(refused), attempt, now - before),
                        strict=True,
                    )
                )
            )
            bar.update(len(batch) - len(refused))
            waiting.extendleft(
                entry._replace(attempt=entry.attempt + 1) for entry in reversed(refused)
            )
            if len(refused) < len(batch):
                last_taken = now
            if now - last_taken > patience:
                raise NotSentError(stream, list(waiting), errors)
            time.sleep(backoff.pause(bool(refused)))
    return SendResult(
        records=per_shard.total(),
        seconds=time.monotonic() - started,
        calls=pd.DataFrame(calls, columns=CALL),
        per_shard=pd.Series(per_shard, name="records", dtype="int64").sort_index(),
    )


def partition_key(event: flights.Event, key: Key) -> str:
    """Return the event's partition key; see ``send``.

    Raises:
        TypeError: the event is not a dictionary.
        ValueError: the event does not have the field.
    """
    if not isinstance(event, Mapping):
        raise TypeError(
            f"an event must be a dictionary, not {event!r}; flights.events makes them of a table"
        )
    if not isinstance(key, str):
        return str(key(event))
    if key not in event:
        raise ValueError(f"an event has no field {key!r} for its partition key: {event}")
    value = event[key]
    return flights.event_id(event) if value is None else str(value)


def next_batch(waiting: deque[Entry], fresh: Iterator[Entry], limit: int) -> list[Entry]:
    """Return the entries for the next call: waiting ones, then new ones.

    There are at most ``limit`` of them, with at most 10 MiB together; Kinesis refuses larger calls.
    """
    waiting.extend(islice(fresh, max(0, limit - len(waiting))))
    batch: list[Entry] = []
    size = 0
    while waiting and len(batch) < limit:
        size += waiting[0].size
        if batch and size > MAX_BYTES:
            break
        batch.append(waiting.popleft())
    return batch


def put(
    kinesis: Any,
    stream: str,
    batch: list[Entry],
    per_shard: Counter[str],
    errors: Counter[str],
    taken: Callable[[Entry, str], None] = lambda entry, sequence_number: None,
) -> list[Entry]:
    """Call PutRecords once, count accepted and refused records, and return the refused ones.

    ``taken`` is called with each accepted record and its sequence number.
    """
    response = kinesis.put_records(
        StreamName=stream,
        Records=[{"Data": entry.data, "PartitionKey": entry.partition_key} for entry in batch],
    )
    refused = []
    for entry, answer in zip(batch, response["Records"], strict=True):
        if "ErrorCode" in answer:
            errors[answer["ErrorCode"]] += 1
            refused.append(entry)
        else:
            per_shard[answer["ShardId"]] += 1
            taken(entry, answer["SequenceNumber"])
    return refused
