"""Reading a stream inside the process: the door for event source mappings."""

from workbook.localaws.clock import Clock
from workbook.localaws.doors import (
    AfterSequenceNumber,
    AtTimestamp,
    Latest,
    Position,
    ReadResult,
    ShardInfo,
    SourceGoneError,
    TrimHorizon,
)
from workbook.localaws.kinesis import sequence
from workbook.localaws.kinesis.region import Region
from workbook.localaws.kinesis.shard import Shard
from workbook.localaws.kinesis.stream import Stream


class Source:
    """A ``StreamSource``: one stream, until it is deleted.

    Args:
        arn: of the stream, or of the consumer that reads it.
    """

    def __init__(self, arn: str, stream: Stream, region: Region, clock: Clock) -> None:
        self.arn = arn
        self._stream = stream
        self._region = region
        self._clock = clock

    def shards(self) -> list[ShardInfo]:
        """Every shard that is not expired, oldest first."""
        stream = self._alive(self._clock.now())
        return [ShardInfo(shard.id, shard.parents) for shard in stream.shards.values()]

    def read(self, shard_id: str, position: Position, limit: int) -> ReadResult:
        """Up to ``limit`` records (and 10 MB) from ``position`` on."""
        now = self._clock.now()
        stream = self._alive(now)
        shard = stream.shards.get(shard_id)
        if shard is None:  # closed, and all it held is past the retention period
            return ReadResult([], position, 0, closed=True)
        records, after, behind = stream.read(shard, _start(shard, position), limit, now)
        return ReadResult(
            records=records,
            position=AfterSequenceNumber(shard.number(after - 1)),
            millis_behind_latest=behind,
            closed=not shard.is_open and after == shard.end,
        )

    def _alive(self, now: float) -> Stream:
        name = self._stream.name
        if self._region.find(name, now) is not self._stream or self._stream.gone_at is not None:
            raise SourceGoneError(self.arn)
        return self._stream


def _start(shard: Shard, position: Position) -> int:
    match position:
        case TrimHorizon():
            return 0
        case Latest():
            return shard.end
        case AtTimestamp(seconds):
            return shard.horizon(seconds)
        case AfterSequenceNumber(number):
            parts = sequence.parts(number)
            return parts.counter + 1 if parts else 0
