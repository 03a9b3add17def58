"""Sending a workload on time: each record when it is due, or as soon as the stream accepts it."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

from workbook import flights, producer
from workbook.laboratory.workload import Departure
from workbook.target import Aws

TICK_SECONDS = 0.01  # real ones between two checks of what is due, and so between two calls


def send(
    aws: Aws,
    stream: str,
    departures: Iterable[Departure],
    *,
    sent: Callable[[int], None],
    patience: float = 60.0,
) -> Counter[int]:
    """Send every record when it is due by the clock of ``aws``, with ``sent_at`` in its payload.

    A refused record is sent again after a pause, which grows with each call that has refusals.
    Records that are due meanwhile wait behind it.

    Args:
        aws: where the stream is.
        stream: its name.
        departures: the records in the order of sending.
        sent: called after each call with the number of accepted records.
        patience: real seconds to keep trying after the stream last accepted a record, or none was
            waiting.

    Returns:
        How often each record was refused, by its number, without those that never were.

    Raises:
        producer.NotSentError: the stream accepted nothing for ``patience`` seconds.
        botocore.exceptions.ClientError: a call failed as a whole.
    """
    kinesis: Any = aws.client("kinesis")
    scheduled = deque(departures)
    waiting: deque[producer.Entry] = deque()
    numbers: dict[bytes, int] = {}  # of the records, by their payload
    refusals: Counter[int] = Counter()
    errors: Counter[str] = Counter()
    shards: Counter[str] = Counter()
    backoff = producer.Backoff()
    started, last_taken, rest_until = aws.now(), time.monotonic(), 0.0
    while scheduled or waiting:
        now = aws.now()
        while scheduled and scheduled[0].due <= now - started:
            departure = scheduled.popleft()
            entry = _entry(departure, now)
            numbers[entry.data] = departure.number
            waiting.append(entry)
        if not waiting:
            last_taken = time.monotonic()  # nothing was refused while nothing was due
        if not waiting or time.monotonic() < rest_until:
            time.sleep(TICK_SECONDS)
            continue
        batch = producer.next_batch(waiting, iter(()), producer.MAX_RECORDS)
        refused = producer.put(kinesis, stream, batch, shards, errors)
        for entry in refused:
            refusals[numbers[entry.data]] += 1
        waiting.extendleft(e._replace(attempt=e.attempt + 1) for e in reversed(refused))
        sent(len(batch) - len(refused))
        if len(refused) < len(batch):
            last_taken = time.monotonic()
        if time.monotonic() - last_taken > patience:
            raise producer.NotSentError(stream, list(waiting), errors)
        rest_until = time.monotonic() + backoff.pause(bool(refused))
    return refusals


def _entry(departure: Departure, now: float) -> producer.Entry:
    event = {**departure.event, "sent_at": round(now, 6)}
    return producer.Entry(flights.encode(event), departure.partition_key)
