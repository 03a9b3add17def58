"""When a batch is ready, and which records are in it [DG:with-kinesis]."""

from collections.abc import Iterable
from itertools import islice

from workbook.localaws.mapping.event import ENVELOPE_BYTES, EVENT_BYTES


def is_deliverable(size: int, room: int = EVENT_BYTES) -> bool:
    """Return whether a record of ``size`` bytes of JSON fits into an event [KD:large-records]."""
    return ENVELOPE_BYTES + size <= room


def next_batch(
    sizes: Iterable[int],
    batch_size: int,
    *,
    window_over: bool,
    room: int = EVENT_BYTES,
) -> int:
    """Return how many of the waiting records to invoke the function with now; 0 means wait.

    A batch is ready as soon as one of these is true: it has ``batch_size`` records, the next record
    would take the event over 6 MB, or the batching window is over.

    Args:
        sizes: the size as JSON of each waiting record in bytes, in order; each fits into an event
            alone.
        batch_size: the mapping's BatchSize.
        window_over: whether the batching window is over.
        room: the maximum size of the event in bytes.
    """
    count = 0
    filled = ENVELOPE_BYTES - 1  # the first record has no comma before it
    for size in islice(sizes, batch_size):
        filled += size + 1
        if filled > room:
            return count
        count += 1
    return count if window_over or count == batch_size else 0


def window_over(opened: float, window: float, now: float) -> bool:
    """Return whether the batching window is over.

    Args:
        opened: when the window opened, in seconds since the epoch: when the previous invocation
            ended, or when the first waiting record was read, if that was later.
        window: MaximumBatchingWindowInSeconds.
        now: the time, in seconds since the epoch.
    """
    return now >= opened + window
