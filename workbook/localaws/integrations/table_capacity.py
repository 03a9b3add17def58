"""The write capacity of a table with provisioned throughput."""

import math

BURST_SECONDS = 300  # of unused capacity, which a table keeps [D23]
UNIT_BYTES = 1024  # that a write unit writes [D23]


def units(size: int) -> int:
    """Return the write units of an item of a size in bytes [D23]."""
    return max(1, math.ceil(size / UNIT_BYTES))


class Capacity:
    """A table's unused write capacity.

    A new table has as much as it can keep [?]. A write needs some of it to be left, and may use
    more than that [?].

    Args:
        now: the time, in seconds since the epoch.
    """

    def __init__(self, now: float) -> None:
        self._used = 0.0  # units, of what it can keep
        self._at = now

    def take(self, wanted: int, rate: int, now: float) -> bool:
        """Use capacity for a write, and return True; return False if none is left.

        Args:
            wanted: the write units.
            rate: the provisioned units per second.
            now: the time, in seconds since the epoch.
        """
        self._used = max(0.0, self._used - rate * (now - self._at))
        self._at = now
        if self._used >= rate * BURST_SECONDS:
            return False
        self._used += wanted
        return True
