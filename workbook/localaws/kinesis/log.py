"""A shard's log: its records in the order in which they came, and their memory."""

import mmap
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

SEGMENT_BYTES = 1 << 20  # of keys and data; a record that is larger has a segment of its own


class Entry(NamedTuple):
    """A record in the log; ``arrived`` is in seconds since the epoch."""

    counter: int
    partition_key: str
    data: bytes
    arrived: float


class Log:
    """An append-only log whose records are addressed by a counter that goes up by one with each.

    An append and a read cost the same at any length, and a record takes little more than its bytes.

    Args:
        first: the counter of the first record.
    """

    def __init__(self, first: int) -> None:
        self.first = first  # the counter of the oldest record that is kept
        self.end = first  # the counter that the next record gets
        self._segments: list[_Segment] = []

    def append(self, partition_key: str, data: bytes, arrived: float) -> int:
        """Add a record and return its counter; ``arrived`` is not before that of the last one."""
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
        """Yield the records from a counter on; it must not be below ``first``."""
        for place in range(self._place(start), len(self._segments)):
            yield from self._segments[place].read(start)

    def drop(self, before: float) -> None:
        """Forget the records that arrived before a moment."""
        self.first = self.since(before)
        dead = bisect_right(self._segments, self.first, key=lambda segment: segment.end)
        del self._segments[:dead]

    def _place(self, counter: int) -> int:
        """Return which segment has a record, or would have it."""
        return max(0, bisect_right(self._segments, counter, key=lambda segment: segment.first) - 1)


class _Segment:
    """Neighbouring records, whose keys and data are in a piece of memory of their own.

    Python gives a megabyte of small objects back only when all of them are gone.  Records that are
    objects stand among others that stay.  This piece goes back to the system as a whole.
    """

    __slots__ = ("_ends", "_keys", "_memory", "_used", "first", "times")

    def __init__(self, first: int, size: int) -> None:
        self.first = first
        self.times: array[float] = array("d")
        self._keys: array[int] = array("H")  # their lengths
        self._ends: array[int] = array("I")  # of the data, which comes behind its key
        self._memory = _anonymous(size)
        self._used = 0

    @property
    def end(self) -> int:
        """The counter after the last record's."""
        return self.first + len(self.times)

    @property
    def room(self) -> int:
        """How many bytes there is room for."""
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
    """Return memory of the process' own, of which only what is written takes space."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
