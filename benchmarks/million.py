"""What a million records in one stream cost: time, memory, and what comes back when they go.

Run ``python benchmarks/million.py [records]``.  Exits with 1 if a record is lost or changed.
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
EDGE = 40  # calls at the beginning and at the end whose times are compared
SPEED = 3_600  # of the clock in the second part: a day's retention passes in 24 seconds
WITHIN = 0.2  # of the memory at the start, after records are gone


def main(count: int) -> int:
    """Write and read ``count`` records; then see the memory back after deletion and expiry."""
    lost = 0
    for speed, goes in ((1, "deletion"), (SPEED, "expiry")):
        with target.connect(target.LOCAL, limits=False, speed=speed) as aws:
            (server,) = psutil.Process().children()
            kinesis = aws.client("kinesis")
            kinesis.create_stream(StreamName=STREAM, ShardCount=SHARDS)
            kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
            aws.client("sts").get_caller_identity()  # the server has imported all once moto answers
            put(kinesis, range(BATCH))
            before = memory(server)
            times = [put(kinesis, batch) for batch in bar(batches(count), count)]
            grown = memory(server) - before
            if goes == "deletion":
                first, last = median(times[:EDGE]), median(times[-EDGE:])
                print(f"put: {count / sum(times):,.0f} records/s; a call of {BATCH} takes")
                print(f"     {first * 1e3:.1f} ms at the start, {last * 1e3:.1f} ms at the end")
                print(f"memory: {grown / count:.0f} bytes a record of {RECORD_BYTES} bytes")
                lost = read(kinesis, count + BATCH)
                kinesis.delete_stream(StreamName=STREAM)
            given_back(server, before, goes, kinesis)
    return 1 if lost else 0


def batches(count: int) -> Iterator[range]:
    """Yield the numbers of the records of each call, after those of the first one."""
    for first in range(BATCH, count + BATCH, BATCH):
        yield range(first, min(first + BATCH, count + BATCH))


def bar(calls: Iterator[range], count: int) -> Any:
    """Show how far the calls are."""
    return tqdm(calls, desc="put", total=-(-count // BATCH), unit=" calls")


def put(kinesis: Any, numbers: range) -> float:
    """Put records with these numbers; return the seconds that it took."""
    records = [{"Data": data(number), "PartitionKey": f"N{number:06d}"} for number in numbers]
    began = time.perf_counter()
    answer = kinesis.put_records(StreamName=STREAM, Records=records)
    seconds = time.perf_counter() - began
    assert answer["FailedRecordCount"] == 0
    return seconds


def data(number: int) -> bytes:
    """Return the content of a record."""
    return f"{number:0{RECORD_BYTES}d}".encode()


def read(kinesis: Any, count: int) -> int:
    """Read everything; return how many records did not come back exactly once, as they were."""
    seen = bytearray(count)
    began = time.perf_counter()
    with tqdm(desc="get", total=count, unit=" records") as shown:
        for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]:
            iterator = kinesis.get_shard_iterator(
                StreamName=STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            behind = 1
            while behind:
                answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
                iterator, behind = answer["NextShardIterator"], answer["MillisBehindLatest"]
                shown.update(len(answer["Records"]))
                for record in answer["Records"]:
                    number = int(record["Data"])
                    assert record["Data"] == data(number)
                    seen[number] += 1
    print(f"get: {count / (time.perf_counter() - began):,.0f} records/s")
    wrong = count - seen.count(1)
    print(f"{wrong} of {count:,} records are lost or came twice")
    return wrong


def given_back(server: psutil.Process, before: int, goes: str, kinesis: Any) -> None:
    """Wait until the records are gone and their memory is free, and print what is left."""

    def small() -> bool:
        kinesis.list_streams()  # whatever is to be done with time is done at the latest then
        return memory(server) < before * (1 + WITHIN)

    began = time.perf_counter()
    wait_until(f"the memory to come back after {goes}", small)
    seconds = time.perf_counter() - began
    print(f"memory after {goes}: {memory(server) / before:.2f} of the start, in {seconds:.0f} s")


def memory(server: psutil.Process) -> int:
    """Return the server's memory, in bytes."""
    return int(server.memory_info().rss)


def median(values: list[float]) -> float:
    """Return the value in the middle."""
    return sorted(values)[len(values) // 2]


if __name__ == "__main__":
    gc.disable()  # a collection of this program's is not the server's time
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
