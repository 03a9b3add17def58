"""A shard's log: its records in order of arrival, and the memory that holds them."""

import mmap
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

SEGMENT_BYTES = 1 << 20  # of keys and data; a larger record has a segment to itself


class Entry(NamedTuple):
    """A record in the log; ``arrived`` is in seconds since the epoch."""

    counter: int
    partition_key: str
    data: bytes
    arrived: float


class Log:
    """An append-only log that addresses each record by a counter.

    The cost of appending and reading does not grow with the log.

    Args:
        first: the counter of the first record.
    """

    def __init__(self, first: int) -> None:
        self.first = first  # the counter of the oldest record that is kept
        self.end = first  # the counter that the next record gets
        self._segments: list[_Segment] = []

    def append(self, partition_key: str, data: bytes, arrived: float) -> int:
        """Add a record and return its counter; ``arrived`` must not decrease."""
        key = partition_key.encode()
        size = len(key) + len(data)
        if not self._segments or self._segments[-1].room < size:
            self._segments.append(_Segment(self.end, max(size, SEGMENT_BYTES)))
        self._segments[-1].append(key, data, arrived)
        self.end += 1
        return self.end - 1

    def arrived(self, counter: int) -> float:
        """Return when a record arrived."""
        segment = self._segments[self._place(counter)]
        return segment.times[counter - segment.first]

    def since(self, moment: float) -> int:
        """Return the counter of the first record that arrived at ``moment`` or later."""
        place = bisect_left(self._segments, moment, key=lambda segment: segment.times[-1])
        if place == len(self._segments):
            return self.end
        segment = self._segments[place]
        return max(self.first, segment.first + bisect_left(segment.times, moment))

    def read(self, start: int) -> Iterator[Entry]:
        """Yield the records from a counter on, which must not be below ``first``."""
        for place in range(self._place(start), len(self._segments)):
            yield from self._segments[place].read(start)

    def drop(self, before: float) -> None:
        """Discard the records that arrived before a moment."""
        self.first = self.since(before)
        dead = bisect_right(self._segments, self.first, key=lambda segment: segment.end)
        del self._segments[:dead]

    def _place(self, counter: int) -> int:
        """Return the index of the segment that holds a record, or would hold it."""
        return max(0, bisect_right(self._segments, counter, key=lambda segment: segment.first) - 1)


class _Segment:
    """Neighbouring records, whose keys and data share one block of memory.

    Python returns an arena of small objects to the system only when all of them are freed, so one
    long-lived object can pin a megabyte.  This block is returned to the system as a whole.
    """

    __slots__ = ("_ends", "_keys", "_memory", "_used", "first", "times")

    def __init__(self, first: int, size: int) -> None:
        self.first = first
        self.times: array[float] = array("d")
        self._keys: array[int] = array("H")  # their lengths
        self._ends: array[int] = array("I")  # of the data, which follows its key
        self._memory = _anonymous(size)
        self._used = 0

    @property
    def end(self) -> int:
        """Return the counter after the last record's."""
        return self.first + len(self.times)

    @property
    def room(self) -> int:
        """Return the number of free bytes."""
        return len(self._memory) - self._used

    def append(self, key: bytes, data: bytes, arrived: float) -> None:
        middle = self._used + len(key)
        end = middle + len(data)
        self._memory[self._used : middle] = key
        self._memory[middle:end] = data
        self._keys.append(len(key))
        self._ends.append(end)
        self.times.append(arrived)
        self._used = end

    def read(self, start: int) -> Iterator[Entry]:
        first = max(0, start - self.first)
        begin = self._ends[first - 1] if first else 0
        for index in range(first, len(self.times)):
            middle, end = begin + self._keys[index], self._ends[index]
            key = self._memory[begin:middle].decode()
            yield Entry(self.first + index, key, self._memory[middle:end], self.times[index])
            begin = end


def _anonymous(size: int) -> mmap.mmap:
    """Return anonymous memory, whose pages take up space only once they are written."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
