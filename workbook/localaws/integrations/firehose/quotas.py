"""How much a delivery stream accepts from direct puts in a second [FH:limits]."""

from collections.abc import Sequence
from dataclasses import dataclass

MIB = 1024 * 1024
SLOW_DOWN = "Slow down."  # [SEEN]
THROTTLED = "ServiceUnavailableException"  # [BC]
LARGE_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")


@dataclass(slots=True)
class Room:
    """What is left of a second's quotas: calls, records and bytes."""

    calls: int
    records: int
    size: int


def of_a_second(region: str) -> Room:
    """Return the quotas of a delivery stream in a region."""
    if region in LARGE_REGIONS:
        return Room(2_000, 500_000, 5 * MIB)
    return Room(1_000, 100_000, MIB)


class Quotas:
    """The quotas of one delivery stream.

    AWS does not publish how it counts; here they start anew each second [?].

    Args:
        region: the delivery stream's region.
    """

    def __init__(self, region: str) -> None:
        self._region = region
        self._since = float("-inf")
        self._room = of_a_second(region)

    def admit(self, sizes: Sequence[int], now: float) -> int | None:
        """Return how many records of a call are accepted, from the first on.

        Args:
            sizes: the bytes of each record.
            now: the time, in seconds since the epoch.

        Returns:
            The number of records; None if there are too many calls.
        """
        if now - self._since >= 1:
            self._since, self._room = now, of_a_second(self._region)
        room = self._room
        if not room.calls:
            return None
        room.calls -= 1
        for count, size in enumerate(sizes):
            if not room.records or size > room.size:
                return count
            room.records -= 1
            room.size -= size
        return len(sizes)
