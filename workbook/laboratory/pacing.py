"""Sending a workload on time: each record when it is due, or as soon as the stream accepts it."""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from workbook import flights, producer
from workbook.laboratory.workload import Departure
from workbook.target import Aws

TICK_SECONDS = 0.01  # real seconds between checks for due records, and so between calls


class Sending(NamedTuple):
    """The results of sending the records of a workload.

    Args:
        refusals: how often each refused record was refused, by its number.
        taken: by each record's sequence number: its number, and the time when the producer had it
            to send, in seconds since the epoch.
    """

    refusals: Counter[int]
    taken: dict[str, tuple[int, float]]


def send(
    aws: Aws,
    stream: str,
    departures: Iterable[Departure],
    *,
    sent: Callable[[int], None],
    patience: float = 60.0,
) -> Sending:
    """Send every record when it is due by the clock of ``aws``; add ``sent_at`` to flights.

    A refused record is sent again after a pause, which grows with each call that has refusals.
    Records that are due meanwhile wait behind it.

    Args:
        aws: the AWS that the stream is in.
        stream: the stream's name.
        departures: the records, in the order of sending.
        sent: called after each call with the number of accepted records.
        patience: real seconds to keep trying after the stream last accepted a record, or none was
            waiting.

    Returns:
        What became of the records.

    Raises:
        producer.NotSentError: the stream accepted nothing for ``patience`` seconds.
        botocore.exceptions.ClientError: a call failed as a whole.
    """
    kinesis: Any = aws.client("kinesis")
    scheduled = deque(departures)
    waiting: deque[producer.Entry] = deque()
    # Numbers and times of the records that are not accepted yet. Equal records are interchangeable;
    # the first of each kind goes first.
    unsent: defaultdict[tuple[str, bytes], deque[tuple[int, float]]] = defaultdict(deque)
    sending = Sending(Counter(), {})
    errors: Counter[str] = Counter()
    shards: Counter[str] = Counter()
    backoff = producer.Backoff()

    def taken(entry: producer.Entry, sequence_number: str) -> None:
        sending.taken[sequence_number] = unsent[entry.partition_key, entry.data].popleft()

    started, last_taken, rest_until = aws.now(), time.monotonic(), 0.0
    while scheduled or waiting:
        now = aws.now()
        while scheduled and scheduled[0].due <= now - started:
            departure = scheduled.popleft()
            entry = _entry(departure, now)
            unsent[entry.partition_key, entry.data].append((departure.number, now))
            waiting.append(entry)
        if not waiting:
            last_taken = time.monotonic()  # nothing was refused while nothing was due
        if not waiting or time.monotonic() < rest_until:
            time.sleep(TICK_SECONDS)
            continue
        batch = producer.next_batch(waiting, iter(()), producer.MAX_RECORDS)
        refused = producer.put(kinesis, stream, batch, shards, errors, taken)
        for entry in refused:
            sending.refusals[unsent[entry.partition_key, entry.data][0][0]] += 1
        waiting.extendleft(e._replace(attempt=e.attempt + 1) for e in reversed(refused))
        sent(len(batch) - len(refused))
        if len(refused) < len(batch):
            last_taken = time.monotonic()
        if time.monotonic() - last_taken > patience:
            raise producer.NotSentError(stream, list(waiting), errors)
        rest_until = time.monotonic() + backoff.pause(bool(refused))
    return sending


def _entry(departure: Departure, now: float) -> producer.Entry:
    data = departure.event
    if not isinstance(data, bytes):
        data = flights.encode({**data, "sent_at": round(now, 6)})
    return producer.Entry(data, departure.partition_key)
