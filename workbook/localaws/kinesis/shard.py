"""A shard: an append-only log for one range of hash keys."""

import math
from dataclasses import dataclass, field
from itertools import islice

from workbook.localaws.interfaces import Record
from workbook.localaws.kinesis import sequence
from workbook.localaws.kinesis.limits import ITERATORS_PER_SECOND, Bucket, ReadLimit, WriteLimit
from workbook.localaws.kinesis.log import Log

FIRST_COUNTER = 1


@dataclass(slots=True)
class Shard:
    """One shard and its records.

    Args:
        index: the number in its id; unique within the stream, never used again.
        first_hash, last_hash: its range of hash keys, both included.
        created: the second (since the epoch) in its sequence numbers; later than those of its
            parents, so that a child's sequence numbers are greater than its parents'.
        opened: when it began to accept records, in seconds since the epoch.
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
    _log: Log = field(default_factory=lambda: Log(FIRST_COUNTER))

    def __post_init__(self) -> None:
        self.id = f"shardId-{self.index:012d}"
        self._prefix = sequence.prefix(self.created, self.index)

    @property
    def is_open(self) -> bool:
        """Return True if the shard accepts records."""
        return self.closed_at is None

    @property
    def starting_sequence_number(self) -> int:
        """Return a number less than that of any record."""
        return sequence.number(self._prefix, 0, self.created)

    @property
    def ending_sequence_number(self) -> int | None:
        """Return a number greater than that of any record; None while the shard is open."""
        if self.closed_at is None:
            return None
        return sequence.number(self._prefix, sequence.LAST_COUNTER, int(self.closed_at))

    @property
    def end(self) -> int:
        """Return the counter for the next record."""
        return self._log.end

    def append(self, partition_key: str, data: bytes, now: float) -> int:
        """Add a record and return its sequence number.

        The arrival time is cut to milliseconds, the unit that Kinesis reports, so a reader that
        starts at a record's reported arrival time gets that record.
        """
        arrived = math.floor(now * 1000) / 1000
        counter = self._log.append(partition_key, data, arrived)
        return sequence.number(self._prefix, counter, int(arrived))

    def horizon(self, oldest: float) -> int:
        """Return the counter of the first record that arrived at ``oldest`` or later."""
        return self._log.since(oldest)

    def number(self, counter: int) -> int:
        """Return the sequence number for ``counter``, even if the shard has no such record."""
        is_there = self._log.first <= counter < self._log.end
        second = int(self._log.arrived(counter)) if is_there else self.created
        return sequence.number(self._prefix, counter, second)

    def arrived(self, counter: int) -> float:
        """Return when the record arrived, in seconds since the epoch."""
        return self._log.arrived(counter)

    def read(self, start: int, limit: int, max_bytes: int) -> list[Record]:
        """Return records from ``start`` on: up to ``limit`` and ``max_bytes``, but at least one."""
        size = 0
        records: list[Record] = []
        for counter, key, data, arrived in islice(self._log.read(start), limit):
            size += len(data) + len(key)
            if size > max_bytes and records:
                break
            number = sequence.number(self._prefix, counter, int(arrived))
            records.append(Record(number, key, data, arrived))
        return records

    def trim(self, oldest: float) -> None:
        """Free the records that arrived before ``oldest``."""
        self._log.drop(oldest)
