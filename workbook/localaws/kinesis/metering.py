"""CloudWatch metrics of streams (namespace AWS/Kinesis) and, if enabled, of their shards."""

from collections.abc import Iterable

from workbook.localaws.interfaces import Record
from workbook.localaws.kinesis.shard import Shard
from workbook.localaws.kinesis.stream import Stream
from workbook.localaws.metrics import Metrics

NAMESPACE = "AWS/Kinesis"


class Meter:
    """Measures the streams of one region.

    Args:
        metrics: where data points go.
        region: the region's name.
    """

    def __init__(self, metrics: Metrics, region: str) -> None:
        self._metrics = metrics
        self._region = region

    def stream(self, stream: Stream, name: str, value: float, unit: str = "Count") -> None:
        """Put one data point of a stream's metric."""
        self._metrics.put(self._region, NAMESPACE, name, value, unit, StreamName=stream.name)

    def shard(
        self, stream: Stream, shard: Shard, name: str, value: float, unit: str = "Count"
    ) -> None:
        """Put one data point of a shard's metric, if enhanced monitoring is on for it."""
        if name in stream.shard_level_metrics:
            self._metrics.put(
                self._region,
                NAMESPACE,
                name,
                value,
                unit,
                StreamName=stream.name,
                ShardId=shard.id,
            )

    def put_record(self, stream: Stream, shard: Shard, size: int, taken: bool) -> None:
        """Measure a PutRecord of ``size`` bytes, and whether the record was taken."""
        self.stream(stream, "PutRecord.Success", taken)
        self.stream(stream, "PutRecord.Bytes", size, "Bytes")
        self._put(stream, 1, taken, size if taken else 0)
        self.put_in_shard(stream, shard, size, taken)

    def put_records(self, stream: Stream, offered: int, taken: int, size: int) -> None:
        """Measure a PutRecords, whose accepted records have ``size`` bytes in total."""
        self.stream(stream, "PutRecords.Success", taken > 0)
        self.stream(stream, "PutRecords.Bytes", size, "Bytes")
        self.stream(stream, "PutRecords.TotalRecords", offered)
        self.stream(stream, "PutRecords.SuccessfulRecords", taken)
        self.stream(stream, "PutRecords.FailedRecords", 0)
        self.stream(stream, "PutRecords.ThrottledRecords", offered - taken)
        self._put(stream, offered, taken, size)

    def _put(self, stream: Stream, offered: int, taken: int, size: int) -> None:
        self.stream(stream, "IncomingRecords", taken)
        self.stream(stream, "IncomingBytes", size, "Bytes")
        self.stream(stream, "WriteProvisionedThroughputExceeded", offered - taken)

    def put_in_shard(self, stream: Stream, shard: Shard, size: int, taken: bool) -> None:
        """Measure a record for a shard, and whether it was taken."""
        if not stream.shard_level_metrics:
            return
        self.shard(stream, shard, "IncomingRecords", taken)
        self.shard(stream, shard, "IncomingBytes", size if taken else 0, "Bytes")
        self.shard(stream, shard, "WriteProvisionedThroughputExceeded", not taken)

    def read(self, stream: Stream, shard: Shard, records: list[Record], now: float) -> None:
        """Measure a read of a shard that returned ``records``."""
        size = total_bytes(records)
        age = (now - records[-1].arrived) * 1000 if records else 0.0
        self.stream(stream, "GetRecords.Success", 1)
        self.stream(stream, "GetRecords.Records", len(records))
        self.stream(stream, "GetRecords.Bytes", size, "Bytes")
        self.stream(stream, "GetRecords.IteratorAgeMilliseconds", age, "Milliseconds")
        self.stream(stream, "ReadProvisionedThroughputExceeded", 0)
        self.shard(stream, shard, "OutgoingRecords", len(records))
        self.shard(stream, shard, "OutgoingBytes", size, "Bytes")
        self.shard(stream, shard, "IteratorAgeMilliseconds", age, "Milliseconds")

    def refused_read(self, stream: Stream, shard: Shard) -> None:
        """Measure a read that was throttled."""
        self.stream(stream, "GetRecords.Success", 0)
        self.stream(stream, "ReadProvisionedThroughputExceeded", 1)
        self.shard(stream, shard, "ReadProvisionedThroughputExceeded", 1)


def total_bytes(records: Iterable[Record]) -> int:
    """Return the bytes that count against limits: data and keys."""
    return sum(len(record.data) + len(record.partition_key) for record in records)
