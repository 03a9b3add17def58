"""Measure a million records in a stream: time, memory, and the memory returned afterwards.

Run ``python -m benchmarks.million [records]``.  Exit with 1 if a record is lost or changed, if the
last calls cost the server more time than the first, or if it keeps the memory.
"""

import gc
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil
from tqdm.auto import tqdm

from workbook import target
from workbook.waiting import wait_until

STREAM = "million"
SHARDS = 4
BATCH = 500
RECORD_BYTES = 350
EDGE = 100  # calls at the start and at the end whose costs are compared
FIRST = 50_000  # records of a first round, after which the server has loaded everything
SPEED = 720  # of the clock in the second part: a day's retention passes in two minutes
WITHIN = 1.2  # limit of the server's memory without records, times that at the start
SAME_COST = 1.5  # limit of the last calls' cost, times the first calls': what a busy machine adds


def main(count: int) -> int:
    """Write and read ``count`` records; check that deletion and expiry return their memory."""
    wrong = 0
    for speed, goes in ((1, deletion), (SPEED, expiry)):
        with target.connect(target.LOCAL, limits=False, speed=speed) as aws:
            (server,) = psutil.Process().children()
            aws.client("sqs").list_queues()  # answered when moto has been loaded
            kinesis = aws.client("kinesis")
            put_all(kinesis, server, FIRST)
            goes(kinesis, FIRST)
            before = memory(server)
            began = time.perf_counter()
            costs = put_all(kinesis, server, count)
            seconds = time.perf_counter() - began
            grown = memory(server) - before
            wrong += goes(kinesis, count)
            left = memory(server) / before
        first, last = (1e3 * sum(some) / len(some) for some in (costs[:EDGE], costs[-EDGE:]))
        wrong += left > WITHIN or last > SAME_COST * first
        print(f"{count:,} records in {SHARDS} shards, {goes.__name__}:")
        print(f"  put: {count / seconds:,.0f} records/s; {BATCH} cost the server {first:.1f} ms of")
        print(f"       processor time at the start, {last:.1f} ms at the end")
        if speed == 1:  # otherwise records expire meanwhile
            print(f"  memory: {grown / count:.0f} bytes a record of {RECORD_BYTES}")
        print(f"  afterwards: {left:.2f} of the start, {before / 2**20:.0f} MiB")
    return 1 if wrong else 0


def put_all(kinesis: Any, server: psutil.Process, count: int) -> list[float]:
    """Create the stream, put records into it; return the server's processor seconds per call."""
    kinesis.create_stream(StreamName=STREAM, ShardCount=SHARDS)
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
    calls = tqdm(batches(count), desc="put", total=-(-count // BATCH), unit=" calls")
    return [put(kinesis, server, batch) for batch in calls]


def deletion(kinesis: Any, count: int) -> int:
    """Read everything and delete the stream; return how many records were lost or changed."""
    wrong = read(kinesis, count)
    delete(kinesis)
    return wrong


def expiry(kinesis: Any, count: int) -> int:
    """Wait until all records have expired."""
    wait_until("the records to expire", lambda: is_empty(kinesis))
    delete(kinesis)
    return 0


def delete(kinesis: Any) -> None:
    """Delete the stream."""
    kinesis.delete_stream(StreamName=STREAM)
    gone = kinesis.get_waiter("stream_not_exists")
    gone.wait(StreamName=STREAM, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def is_empty(kinesis: Any) -> bool:
    """Return whether the stream's oldest iterators return no record."""
    shards = kinesis.list_shards(StreamName=STREAM)["Shards"]  # which also frees expired records
    try:
        return not any(records(kinesis, shard["ShardId"], 1)["Records"] for shard in shards)
    except kinesis.exceptions.ExpiredIteratorException:  # the clock is fast, the machine busy
        return False


def records(kinesis: Any, shard: str, limit: int) -> Any:
    """Return the response to a read of a shard's oldest records."""
    iterator = kinesis.get_shard_iterator(
        StreamName=STREAM, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return kinesis.get_records(ShardIterator=iterator, Limit=limit)


def batches(count: int) -> Iterator[range]:
    """Yield the record numbers of each call."""
    for first in range(0, count, BATCH):
        yield range(first, min(first + BATCH, count))


def put(kinesis: Any, server: psutil.Process, numbers: range) -> float:
    """Put records with these numbers; return the server's processor time for that, in seconds."""
    records = [{"Data": data(number), "PartitionKey": f"N{number:06d}"} for number in numbers]
    before = processor_seconds(server)
    answer = kinesis.put_records(StreamName=STREAM, Records=records)
    assert answer["FailedRecordCount"] == 0
    return processor_seconds(server) - before


def data(number: int) -> bytes:
    """Return the content of a record."""
    return f"{number:0{RECORD_BYTES}d}".encode()


def read(kinesis: Any, count: int) -> int:
    """Read everything; return how many records did not come back once and unchanged."""
    seen = bytearray(count)
    began = time.perf_counter()
    with tqdm(desc="get", total=count, unit=" records") as shown:
        for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]:
            answer = records(kinesis, shard["ShardId"], 10_000)
            while answer["Records"]:
                shown.update(len(answer["Records"]))
                for record in answer["Records"]:
                    number = int(record["Data"])
                    assert record["Data"] == data(number)
                    seen[number] += 1
                answer = kinesis.get_records(ShardIterator=answer["NextShardIterator"])
    print(f"  get: {count / (time.perf_counter() - began):,.0f} records/s")
    wrong = count - seen.count(1)
    print(f"  {wrong} of {count:,} records are lost or came twice")
    return wrong


def memory(server: psutil.Process) -> int:
    """Return the server's memory, in bytes."""
    return int(server.memory_info().rss)


def processor_seconds(server: psutil.Process) -> float:
    """Return the processor time that the server has used: other programs cost it nothing."""
    times = server.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    gc.disable()  # garbage collection in this program is not the server's time
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
