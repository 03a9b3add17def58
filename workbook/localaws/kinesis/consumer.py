"""A registered consumer: a reader with dedicated throughput (enhanced fan-out)."""

from collections import defaultdict
from dataclasses import dataclass, field

from workbook.localaws.kinesis.limits import ReadLimit


def _dedicated() -> ReadLimit:
    return ReadLimit(calls_per_second=float("inf"))


@dataclass(slots=True)
class Consumer:
    """One consumer of one stream.

    Args:
        name: unique within the stream.
        arn: ends in the second of the consumer's creation.
        created: in seconds since the epoch.
        ready_at: when it becomes ACTIVE.
    """

    name: str
    arn: str
    created: float
    ready_at: float
    gone_at: float | None = None
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
    reads: dict[str, ReadLimit] = field(default_factory=lambda: defaultdict(_dedicated))
    subscriptions: dict[str, float] = field(default_factory=dict)  # shard id: start of subscription

    def status(self, now: float) -> str:
        """Return the status: CREATING, ACTIVE or DELETING."""
        if self.gone_at is not None:
            return "DELETING"
        return "CREATING" if now < self.ready_at else "ACTIVE"
