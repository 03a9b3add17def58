"""Access to a stream for event source mappings in the same process."""

from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import (
    AfterSequenceNumber,
    Position,
    ReadResult,
    ReadThrottledError,
    ShardInfo,
    SourceGoneError,
)
from workbook.localaws.kinesis.consumer import Consumer
from workbook.localaws.kinesis.metering import Meter, total_bytes
from workbook.localaws.kinesis.positions import counter_at
from workbook.localaws.kinesis.region import Region
from workbook.localaws.kinesis.stream import Stream


class Source:
    """A ``StreamSource``: one stream, until it is deleted.

    Args:
        stream: what is read.
        consumer: the consumer whose throughput the reads use; None for shared throughput.
        region: where the stream is.
        clock: the service's time.
        meter: takes CloudWatch metrics.
        limits: whether to enforce read limits.
    """

    def __init__(
        self,
        stream: Stream,
        consumer: Consumer | None,
        region: Region,
        clock: Clock,
        meter: Meter,
        limits: bool,
    ) -> None:
        self.arn = stream.arn if consumer is None else consumer.arn
        self._stream = stream
        self._consumer = consumer
        self._region = region
        self._clock = clock
        self._meter = meter
        self._limits = limits

    def shards(self) -> list[ShardInfo]:
        """Return every shard that is not expired, oldest first."""
        now = self._clock.now()
        self._check_alive(now)
        self._stream.trim(now)
        return [ShardInfo(shard.id, shard.parents) for shard in self._stream.shards.values()]

    def oldest(self) -> float:
        """Return the moment, in seconds since the epoch, before which records have expired."""
        now = self._clock.now()
        self._check_alive(now)
        return self._stream.oldest(now)

    def read(self, shard_id: str, position: Position, limit: int) -> ReadResult:
        """Return up to ``limit`` records (and 10 MB) from ``position`` on."""
        now = self._clock.now()
        self._check_alive(now)
        shard = self._stream.shards.get(shard_id)
        if shard is None:  # a closed shard, all of whose records have expired
            return ReadResult([], position, 0, closed=True)
        reads = shard.reads if self._consumer is None else self._consumer.reads[shard_id]
        if self._limits and not reads.admit(now):
            self._meter.refused_read(self._stream, shard)
            raise ReadThrottledError(shard_id)
        records, after, behind = self._stream.read(shard, counter_at(shard, position), limit, now)
        reads.record(total_bytes(records), now)
        if self._consumer is None:
            self._meter.read(self._stream, shard, records, now)
        return ReadResult(
            records=records,
            position=AfterSequenceNumber(shard.number(after - 1)),
            millis_behind_latest=behind,
            closed=not shard.is_open and after == shard.end,
        )

    def _check_alive(self, now: float) -> None:
        stream, consumer = self._stream, self._consumer
        if self._region.find(stream.name, now) is not stream or stream.gone_at is not None:
            raise SourceGoneError(self.arn)
        if consumer is not None and consumer.gone_at is not None:
            raise SourceGoneError(self.arn)
