"""Records of one shard waiting for delivery, in order."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from workbook.localaws.mapping import batching, windows
from workbook.localaws.mapping.event import EVENT_BYTES, Entry
from workbook.localaws.mapping.settings import Settings
from workbook.localaws.mapping.windows import Window

# Bytes reserved in a tumbling window's event for members other than records and state.
MEMBERS_BYTES = 1024


def lane_of(partition_key: str, factor: int) -> int:
    """Return the lane for a partition key; records with the same key keep their order."""
    return crc32(partition_key.encode()) % factor if factor > 1 else 0


@dataclass(frozen=True, slots=True)
class Work:
    """A batch that is ready for delivery.

    Args:
        entries: its records; empty in a window's final invocation.
        window: its tumbling window, if the mapping uses windows.
        is_final: whether its invocation ends that window.
        is_deliverable: false for a single record that does not fit into any event.
    """

    entries: list[Entry]
    window: Window | None = None
    is_final: bool = False
    is_deliverable: bool = True


class Lane:
    """One of a shard's ParallelizationFactor queues; delivers one batch at a time.

    Args:
        window: the tumbling window that was open when polling stopped.
    """

    def __init__(self, window: Window | None = None) -> None:
        self.window = window
        self.waiting: deque[Entry] = deque()
        self.opened = 0.0  # when its batching window opened
        self.is_busy = False

    def add(self, entry: Entry, now: float) -> None:
        """Add a record to the queue."""
        if not self.waiting:
            self.opened = max(self.opened, now)
        self.waiting.append(entry)

    def end_work(self, window: Window | None, now: float) -> None:
        """Note that a batch is done, which opens the next batching window.

        Args:
            window: the tumbling window after the batch.
            now: the time, in seconds since the epoch.
        """
        self.window = window
        self.opened = now
        self.is_busy = False

    def next_work(self, settings: Settings, now: float, tip_read_at: float) -> Work | None:
        """Return the batch that is ready now; None if there is none.

        Args:
            settings: the mapping's.
            now: the time, in seconds since the epoch.
            tip_read_at: when the shard was last read to its tip; infinity at the end of a closed
                shard.
        """
        if settings.tumbling:
            return self._next_in_window(settings, now, tip_read_at)
        is_over = tip_read_at == float("inf") or self._is_window_over(settings, now)
        return self._cut(self.waiting, settings, is_over, EVENT_BYTES)

    def _is_window_over(self, settings: Settings, now: float) -> bool:
        return batching.window_over(self.opened, settings.window, now)

    def _next_in_window(self, settings: Settings, now: float, tip_read_at: float) -> Work | None:
        first = self.waiting[0].arrived if self.waiting else None
        if self.window is not None and windows.is_over(self.window, first, tip_read_at):
            return Work([], self.window, is_final=True)
        if first is None:
            return None
        if self.window is None:
            self.window = windows.window_of(first, settings.tumbling)
        is_over = (
            tip_read_at >= self.window.end
            or not self.window.holds(self.waiting[-1].arrived)
            or self._is_window_over(settings, now)
        )
        room = EVENT_BYTES - len(self.window.state) - MEMBERS_BYTES
        return self._cut(windows.in_window(self.window, self.waiting), settings, is_over, room)

    def _cut(
        self, candidates: Iterable[Entry], settings: Settings, is_over: bool, room: int
    ) -> Work | None:
        """Remove the next batch from the queue and return it."""
        if not self.waiting:
            return None
        if not batching.is_deliverable(len(self.waiting[0].json), room):
            return Work([self.waiting.popleft()], self.window, is_deliverable=False)
        sizes = (len(entry.json) for entry in candidates)
        count = batching.next_batch(sizes, settings.batch_size, window_over=is_over, room=room)
        if not count:
            return None
        return Work([self.waiting.popleft() for _ in range(count)], self.window)
