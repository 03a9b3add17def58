"""On-demand streams: how many shards they get for their traffic [KD].

A stream starts with four shards and serves twice the peak that it has seen, at most doubling within
15 minutes.  AWS does not say how it decides.  This is the documented rule, applied to each minute's
mean rate; shards never go away again (on AWS that takes weeks).
"""

from dataclasses import dataclass, field
from math import ceil

from workbook.localaws.kinesis.limits import WRITE_BYTES_PER_SECOND, WRITE_RECORDS_PER_SECOND

MINUTE = 60.0
DOUBLING_SECONDS = 15 * MINUTE
MAX_SHARDS = 200  # 200 MiB/s is what an on-demand stream may reach by default


@dataclass(slots=True)
class Demand:
    """The traffic of an on-demand stream, and the number of shards that it needs."""

    _minute_began: float = field(default=float("-inf"))
    _bytes: int = 0
    _records: int = 0
    _scaled: float = float("-inf")

    def count(self, records: int, size: int) -> None:
        """Count records that were sent, whether or not they were accepted."""
        self._records += records
        self._bytes += size

    def target(self, shards: int, now: float) -> int:
        """Return how many shards the stream should have, now that it has ``shards``."""
        elapsed = now - self._minute_began
        if elapsed < MINUTE:
            return shards
        needed = 0
        if elapsed < 2 * MINUTE:  # otherwise it was idle, and the mean says nothing about the peak
            in_shards = max(
                self._bytes / WRITE_BYTES_PER_SECOND, self._records / WRITE_RECORDS_PER_SECOND
            )
            needed = ceil(2 * in_shards / elapsed)
        self._minute_began, self._bytes, self._records = now, 0, 0
        if needed <= shards or now - self._scaled < DOUBLING_SECONDS:
            return shards
        self._scaled = now
        return min(needed, 2 * shards, MAX_SHARDS)
