"""A stream: its shards, their lineage, and which of them a hash key belongs to."""

from bisect import bisect_right
from dataclasses import dataclass, field

from workbook.localaws.doors import Record
from workbook.localaws.kinesis.hashkeys import even_ranges
from workbook.localaws.kinesis.shard import Shard

PROVISIONED = "PROVISIONED"
ON_DEMAND = "ON_DEMAND"
DEFAULT_SHARDS = 4  # of a stream created without ShardCount [OBS], and of a new on-demand one
READ_BYTES = 10_000_000  # the most that one read gives [KD]
HOUR = 3600


@dataclass(slots=True)
class Stream:
    """One stream.

    Its state changes at moments set in advance (``ready_at``, ``gone_at``, in seconds since the
    epoch), so what it is now is a function of now.
    """

    name: str
    arn: str
    created: float
    mode: str
    ready_at: float
    shards: dict[str, Shard] = field(default_factory=dict)
    retention_hours: int = 24
    updating_until: float = 0.0
    gone_at: float | None = None
    tags: dict[str, str] = field(default_factory=dict)
    max_record_kib: int = 1024
    encryption: str = "NONE"
    key_id: str | None = None
    shard_level_metrics: list[str] = field(default_factory=list)
    policy: str | None = None
    _routes: list[Shard] = field(default_factory=list)  # the open shards in order of hash keys
    _bounds: list[int] = field(default_factory=list)  # where each of them begins

    @classmethod
    def create(
        cls, name: str, arn: str, shard_count: int, mode: str, now: float, ready_at: float
    ) -> "Stream":
        """A new stream whose shards divide the hash keys evenly."""
        stream = cls(name, arn, now, mode, ready_at)
        for index, (first, last) in enumerate(even_ranges(shard_count)):
            shard = Shard(index, first, last, int(now))
            stream.shards[shard.id] = shard
        stream.reroute()
        return stream

    def status(self, now: float) -> str:
        """CREATING, ACTIVE, UPDATING or DELETING."""
        if self.gone_at is not None:
            return "DELETING"
        if now < self.ready_at:
            return "CREATING"
        return "UPDATING" if now < self.updating_until else "ACTIVE"

    def reroute(self) -> None:
        """Send records to the shards that are open now."""
        self._routes = sorted(
            (shard for shard in self.shards.values() if shard.is_open),
            key=lambda shard: shard.first_hash,
        )
        self._bounds = [shard.first_hash for shard in self._routes]

    @property
    def open_shards(self) -> list[Shard]:
        """The shards that take records, in order of their hash keys."""
        return self._routes

    def shard_for(self, hash_key: int) -> Shard:
        """The open shard whose range holds ``hash_key``."""
        return self._routes[bisect_right(self._bounds, hash_key) - 1]

    def oldest(self, now: float) -> float:
        """The arrival time from which on records are kept."""
        return now - self.retention_hours * HOUR

    def trim(self, now: float) -> None:
        """Free what is older than the retention period; forget closed shards left empty by it."""
        oldest = self.oldest(now)
        for shard in list(self.shards.values()):
            shard.trim(oldest)
            if shard.closed_at is not None and shard.closed_at < oldest:
                del self.shards[shard.id]

    def read(
        self, shard: Shard, start: int, limit: int, now: float
    ) -> "tuple[list[Record], int, int]":
        """Records of a shard from counter ``start`` on, or from the horizon if that is later.

        Returns:
            the records, the counter to go on from, and the milliseconds between the last of them
            and now (0 when it is the shard's newest).
        """
        start = min(max(start, shard.horizon(self.oldest(now))), shard.end)
        records = shard.read(start, limit, READ_BYTES)
        after = start + len(records)
        behind = 0
        if records and after < shard.end:
            behind = max(0, int((now - records[-1].arrived) * 1000))
        return records, after, behind
