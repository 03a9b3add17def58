"""When buffered records are delivered: at a size, or after a time, whichever comes first [BC]."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Hints:
    """Buffering hints: bytes of data, and seconds since the buffer's first record."""

    size: int
    seconds: float


@dataclass(slots=True)
class Buffer(Generic[T]):
    """Records waiting for delivery, in order.

    Args:
        items: the records.
        size: the bytes of their data.
        since: when the first one arrived, in seconds since the epoch.
    """

    items: list[T] = field(default_factory=list)
    size: int = 0
    since: float = NEVER

    def add(self, item: T, size: int, now: float) -> None:
        """Add a record of ``size`` bytes."""
        if not self.items:
            self.since = now
        self.items.append(item)
        self.size += size

    def due_at(self, hints: Hints) -> float:
        """Return when to deliver the buffer; infinity if it is empty."""
        if not self.items:
            return NEVER
        return self.since if self.size >= hints.size else self.since + hints.seconds
