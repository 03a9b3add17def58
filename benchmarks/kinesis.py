"""Measure how fast the local Kinesis writes and reads records, through boto3.

Run ``python benchmarks/kinesis.py [records]``; it prints records per second, the server's time for
a record, and its memory.
"""

import sys
import time
from typing import Any

import psutil

from workbook import target

STREAM = "benchmark"
SHARDS = 4
BATCH = 500
RECORD_BYTES = 350


def main(count: int) -> None:
    """Write ``count`` records in batches and read them all back."""
    with target.connect(target.LOCAL, limits=False) as aws:
        (server,) = psutil.Process().children()
        kinesis = aws.client("kinesis")
        kinesis.create_stream(StreamName=STREAM, ShardCount=SHARDS)
        kinesis.get_waiter("stream_exists").wait(
            StreamName=STREAM, WaiterConfig={"Delay": 1, "MaxAttempts": 10}
        )
        aws.client("sts").get_caller_identity()  # once moto responds, the server has started
        before = server.memory_info().rss
        data = [f"{number:0{RECORD_BYTES}d}".encode() for number in range(BATCH)]
        with _Measured("put", count, server):
            for first in range(0, count, BATCH):
                answer = kinesis.put_records(
                    StreamName=STREAM,
                    Records=[
                        {"Data": data[number], "PartitionKey": f"N{first + number:06d}"}
                        for number in range(min(BATCH, count - first))
                    ],
                )
                assert answer["FailedRecordCount"] == 0
        grown = server.memory_info().rss - before
        print(f"memory: {grown / count:.0f} bytes a record of {RECORD_BYTES} and a key of 7")
        with _Measured("get", count, server):
            found = sum(
                _read(kinesis, shard) for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]
            )
        assert found == count, f"{found} of {count} records came back"


def _read(kinesis: Any, shard: dict[str, Any]) -> int:
    """Return how many records the shard holds."""
    iterator = kinesis.get_shard_iterator(
        StreamName=STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found = 0
    while True:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
        found += len(answer["Records"])
        if answer["MillisBehindLatest"] == 0:
            return found
        iterator = answer["NextShardIterator"]


class _Measured:
    """Prints the rate of the work inside ``with``, and its cost to the server."""

    def __init__(self, name: str, count: int, server: psutil.Process) -> None:
        self._name, self._count, self._server = name, count, server

    def __enter__(self) -> None:
        self._cpu = self._server.cpu_times()
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        seconds = time.perf_counter() - self._began
        cpu = self._server.cpu_times()
        spent = cpu.user + cpu.system - self._cpu.user - self._cpu.system
        print(
            f"{self._name}: {self._count / seconds:,.0f} records/s; "
            f"server {spent / self._count * 1e6:.1f} µs of CPU a record"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
