"""A shard: an append-only log for one range of hash keys."""

import math
from array import array
from bisect import bisect_left
from dataclasses import dataclass, field

from workbook.localaws.interfaces import Record
from workbook.localaws.kinesis import sequence
from workbook.localaws.kinesis.limits import ITERATORS_PER_SECOND, Bucket, ReadLimit, WriteLimit

FIRST_COUNTER = 1
KNOWN_KEYS = 10_000  # partition keys that a shard remembers, so that equal ones are stored once
TRIM_AT_ONCE = 4096  # expired records that make it worth while to move the others


@dataclass(slots=True)
class Shard:
    """One shard and its records.

    Records are kept in columns and addressed by a counter that goes up by one with each.  So a put
    and a get cost the same at any size, and a record takes little more than its bytes.

    Args:
        index: the number in its id; unique within the stream, never used again.
        first_hash, last_hash: its range of hash keys, both included.
        created: second since the epoch that its sequence numbers carry; later than that of its
            parents, so that a child's sequence numbers are all greater than its parents'.
        opened: when it began to take records, in seconds since the epoch.
        parents: ids of the shards it came from: none, one (a split) or two (a merge).
    """

    index: int
    first_hash: int
    last_hash: int
    created: int
    opened: float
    parents: tuple[str, ...] = ()
    closed_at: float | None = None
    children: tuple[str, ...] = ()
    id: str = field(init=False)
    writes: WriteLimit = field(default_factory=WriteLimit)
    reads: ReadLimit = field(default_factory=ReadLimit)
    iterators: Bucket = field(default_factory=lambda: Bucket(ITERATORS_PER_SECOND))
    _prefix: int = field(init=False)
    _base: int = FIRST_COUNTER  # the counter of the first record in the columns
    _data: list[bytes] = field(default_factory=list)
    _keys: list[str] = field(default_factory=list)
    _known_keys: dict[str, str] = field(default_factory=dict)
    _times: "array[float]" = field(default_factory=lambda: array("d"))

    def __post_init__(self) -> None:
        self.id = f"shardId-{self.index:012d}"
        self._prefix = sequence.prefix(self.created, self.index)

    @property
    def is_open(self) -> bool:
        """Whether it takes records."""
        return self.closed_at is None

    @property
    def starting_sequence_number(self) -> int:
        """Less than that of any record."""
        return sequence.number(self._prefix, 0, self.created)

    @property
    def ending_sequence_number(self) -> int | None:
        """Greater than that of any record; None while the shard is open."""
        if self.closed_at is None:
            return None
        return sequence.number(self._prefix, sequence.LAST_COUNTER, int(self.closed_at))

    @property
    def end(self) -> int:
        """The counter that the next record gets."""
        return self._base + len(self._data)

    def append(self, partition_key: str, data: bytes, now: float) -> int:
        """Add a record and return its sequence number.

        It arrives at a whole millisecond, because Kinesis reports milliseconds: a reader that
        starts at a record's reported arrival time gets that record.
        """
        arrived = math.floor(now * 1000) / 1000
        counter = self._base + len(self._data)
        self._data.append(data)
        self._keys.append(self._known_keys.setdefault(partition_key, partition_key))
        if len(self._known_keys) > KNOWN_KEYS:
            self._known_keys.clear()
        self._times.append(arrived)
        return sequence.number(self._prefix, counter, int(arrived))

    def horizon(self, oldest: float) -> int:
        """Return the counter of the first record that arrived at ``oldest`` or later."""
        return self._base + bisect_left(self._times, oldest)

    def number(self, counter: int) -> int:
        """Return the sequence number for ``counter``, whether or not there is such a record now."""
        if self._base <= counter < self.end:
            return sequence.number(self._prefix, counter, int(self._times[counter - self._base]))
        return sequence.number(self._prefix, counter, self.created)

    def arrived(self, counter: int) -> float:
        """When the record arrived, in seconds since the epoch."""
        return self._times[counter - self._base]

    def read(self, start: int, limit: int, max_bytes: int) -> list[Record]:
        """Return up to ``limit`` records from ``start`` on, and up to ``max_bytes`` or one."""
        first = start - self._base
        size = 0
        records: list[Record] = []
        for place in range(first, min(first + limit, len(self._data))):
            data, key, arrived = self._data[place], self._keys[place], self._times[place]
            size += len(data) + len(key)
            if size > max_bytes and records:
                break
            number = sequence.number(self._prefix, self._base + place, int(arrived))
            records.append(Record(number, key, data, arrived))
        return records

    def trim(self, oldest: float, at_once: int = TRIM_AT_ONCE) -> None:
        """Free the records that arrived before ``oldest``, once they are ``at_once`` or all."""
        dead = bisect_left(self._times, oldest)
        if dead >= at_once or dead == len(self._data):
            del self._data[:dead]
            del self._keys[:dead]
            del self._times[:dead]
            self._base += dead
