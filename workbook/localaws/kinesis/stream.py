"""A stream: its shards, their lineage, and the routing of hash keys to open shards."""

from bisect import bisect_right
from dataclasses import dataclass, field

from workbook.localaws.interfaces import Record
from workbook.localaws.kinesis.consumer import Consumer
from workbook.localaws.kinesis.hashkeys import even_ranges
from workbook.localaws.kinesis.limits import MIB
from workbook.localaws.kinesis.on_demand import Demand
from workbook.localaws.kinesis.shard import Shard

PROVISIONED = "PROVISIONED"
ON_DEMAND = "ON_DEMAND"
BY_KEY = "USER_PARTITION_KEY"
DEFAULT_SHARDS = 4  # of a stream created without ShardCount [OBS], and of a new on-demand one [KD]
READ_BYTES = 10 * MIB  # limits of one read [KD]
HOUR = 3600


@dataclass(slots=True)
class Stream:
    """One stream.

    Its status changes at moments that are set in advance (``ready_at``, ``updating_until``,
    ``gone_at``, in seconds since the epoch), so it is a function of the time.
    """

    name: str
    arn: str
    created: float
    mode: str
    ready_at: float
    updating_until: float = 0.0
    gone_at: float | None = None
    shards: dict[str, Shard] = field(default_factory=dict)
    next_index: int = 0
    consumers: dict[str, Consumer] = field(default_factory=dict)
    retention_hours: int = 24
    max_record_kib: int = 1024
    distribution: str = BY_KEY
    warm_mibps: int | None = None
    encryption: list[tuple[float, str | None]] = field(
        default_factory=list
    )  # moments and the keys used from then on
    shard_level_metrics: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
    mode_changes: list[float] = field(default_factory=list)
    count_changes: list[float] = field(default_factory=list)
    demand: Demand = field(default_factory=Demand)
    open_shards: list[Shard] = field(default_factory=list)  # in order of their hash keys
    _bounds: list[int] = field(default_factory=list)  # where each of them begins
    _turn: int = 0

    @classmethod
    def create(
        cls, name: str, arn: str, shard_count: int, mode: str, now: float, ready_at: float
    ) -> "Stream":
        """Return a new stream whose shards divide the hash keys evenly."""
        stream = cls(name, arn, now, mode, ready_at, next_index=shard_count)
        for index, (first, last) in enumerate(even_ranges(shard_count)):
            shard = Shard(index, first, last, int(now), now)
            stream.shards[shard.id] = shard
        stream.reroute()
        return stream

    def status(self, now: float) -> str:
        """Return the status: CREATING, ACTIVE, UPDATING or DELETING."""
        if self.gone_at is not None:
            return "DELETING"
        if now < self.ready_at:
            return "CREATING"
        return "UPDATING" if now < self.updating_until else "ACTIVE"

    def reroute(self) -> None:
        """Route records to the shards that are open now."""
        self.open_shards = sorted(
            (shard for shard in self.shards.values() if shard.is_open),
            key=lambda shard: shard.first_hash,
        )
        self._bounds = [shard.first_hash for shard in self.open_shards]

    def shard_for(self, hash_key: int) -> Shard:
        """Return the open shard whose range holds ``hash_key``."""
        return self.open_shards[bisect_right(self._bounds, hash_key) - 1]

    def next_shard(self) -> Shard:
        """Return the next open shard in turn, for streams that ignore keys (distribution AUTO)."""
        self._turn += 1
        return self.open_shards[self._turn % len(self.open_shards)]

    def key_id(self, moment: float) -> str | None:
        """Return the KMS key in use at ``moment``; None if records were not encrypted."""
        key_id = None
        for since, key in self.encryption:
            if since <= moment:
                key_id = key
        return key_id

    def oldest(self, now: float) -> float:
        """Return the moment before which records have expired."""
        return now - self.retention_hours * HOUR

    def trim(self, now: float) -> None:
        """Free expired records, and closed shards that have none left."""
        oldest = self.oldest(now)
        for shard in list(self.shards.values()):
            shard.trim(oldest)
            if shard.closed_at is not None and shard.closed_at < oldest:
                del self.shards[shard.id]

    def read(
        self, shard: Shard, start: int, limit: int, now: float
    ) -> tuple[list[Record], int, int]:
        """Return records of a shard from counter ``start`` or the horizon on, whichever is later.

        Returns:
            the records, the counter to go on from, and how many milliseconds the last of them is
            behind now (0 if the shard has none after it).
        """
        start = min(max(start, shard.horizon(self.oldest(now))), shard.end)
        records = shard.read(start, limit, READ_BYTES)
        after = start + len(records)
        behind = 0
        if records and after < shard.end:
            behind = max(0, int((now - records[-1].arrived) * 1000))
        return records, after, behind
