"""Writing to a stream and reading it with boto3; growth from ten thousand to a million records."""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import cache, partial
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any

import psutil

from benchmarks import peers
from benchmarks.measure import Aim, Contest, Result, Sizes
from benchmarks.null_server import RECORD_BYTES
from workbook import deployment, target
from workbook.target import Aws
from workbook.waiting import wait_until

ROW = "Put and get"
STREAM = "benchmark"
BATCH = 500
FLOOR_SHARE = 1 / 1.3
EDGE = 20_000  # records at the start and at the end whose cost is compared
FOUR_SHARDS = 4
LOCALAWS = "workbook.localaws"  # identifies our server's command line
DATA = b"0" * RECORD_BYTES


def measure(sizes: Sizes) -> Iterator[Result]:
    """Compare servers, then measure how ours grows."""
    context = get_context("spawn")
    with (
        target.connect(target.LOCAL, limits=False) as ours,
        peers.started(peers.NULL) as null,
        peers.all_of(peers.STREAMS) as others,
        ExitStack() as stack,
    ):
        urls = [str(aws.endpoint_url) for aws in (null, ours, *others.values())]
        begin = (make_clients, (urls, context.Barrier(sizes.clients)))
        pool = stack.enter_context(ProcessPoolExecutor(sizes.clients, context, *begin))
        list(pool.map(abs, range(sizes.clients)))  # as many tasks start all processes
        for shards, clients in ((1, 1), (64, 1), (FOUR_SHARDS, sizes.clients)):
            work = partial(put_pace, pool, sizes.records, shards, clients)
            yield Contest(
                ROW,
                f"put {sizes.records:,} records, shards: {shards}, clients: {clients}",
                "records/s",
                partial(work, ours),
                {name: partial(work, other) for name, other in others.items()},
                (peers.NULL, partial(work, null)),
                (Aim(FLOOR_SHARE, peers.NULL),),
            ).run(sizes.rounds)
        for aws in (ours, *others.values()):
            create(aws, FOUR_SHARDS)
            put(str(aws.endpoint_url), sizes.records)
        yield Contest(
            ROW,
            f"get {sizes.records:,} records with boto3, shards: {FOUR_SHARDS}",
            "records/s",
            partial(get_pace, ours, sizes.records),
            {name: partial(get_pace, other, sizes.records) for name, other in others.items()},
            (peers.NULL, partial(null_get_pace, null, sizes.records)),
            (Aim(FLOOR_SHARE, peers.NULL),),
        ).run(sizes.rounds)
    yield from growth(sizes)


def create(aws: Aws, shards: int) -> None:
    """Delete the stream and create it again."""
    kinesis = aws.client("kinesis")
    if STREAM in kinesis.list_streams()["StreamNames"]:
        delete(kinesis)
    deployment.create_stream(kinesis, STREAM, shards)


def delete(kinesis: Any) -> None:
    """Delete the stream and wait until it is gone."""
    kinesis.delete_stream(StreamName=STREAM)
    wait_until(f"{STREAM} to be gone", lambda: STREAM not in kinesis.list_streams()["StreamNames"])


@cache
def client(url: str) -> Any:
    """Return this process' client of a server; creating it takes a while."""
    return target.connect(url).client("kinesis")


def make_clients(urls: list[str], barrier: Barrier) -> None:
    """Create and warm up this process' clients; wait until the other processes have theirs."""
    for url in urls:
        client(url).list_streams()
    barrier.wait()


def put(url: str, count: int) -> None:
    """Put records, 500 in each call."""
    kinesis = client(url)
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        records = [{"Data": DATA, "PartitionKey": f"N{number:06d}"} for number in numbers]
        answer = kinesis.put_records(StreamName=STREAM, Records=records)
        assert answer["FailedRecordCount"] == 0


def put_pace(pool: ProcessPoolExecutor, count: int, shards: int, clients: int, aws: Aws) -> float:
    """Return the records per second that all clients together put into a new stream."""
    url, share = str(aws.endpoint_url), count // clients
    if url_is_kept(aws):
        create(aws, shards)
    began = time.perf_counter()
    list(pool.map(put, [url] * clients, [share] * clients))
    return clients * share / (time.perf_counter() - began)


def url_is_kept(aws: Aws) -> bool:
    """Return whether a server keeps streams; the null server has none."""
    return "StreamNames" in aws.client("kinesis").list_streams()


def get_pace(aws: Aws, count: int) -> float:
    """Return the records per second that boto3 reads from the stream."""
    kinesis, began, found = aws.client("kinesis"), time.perf_counter(), 0
    for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found += read(kinesis, iterator)
    assert found == count, f"{found} of {count} records came back"
    return count / (time.perf_counter() - began)


def null_get_pace(null: Aws, count: int) -> float:
    """Return the records per second that boto3 reads from the null server, in as many pages."""
    kinesis, began = null.client("kinesis"), time.perf_counter()
    for _ in range(FOUR_SHARDS):
        read(kinesis, str(count // FOUR_SHARDS))
    return count / (time.perf_counter() - began)


def read(kinesis: Any, iterator: str) -> int:
    """Return the number of records up to the tip."""
    found = 0
    while True:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
        found += len(answer["Records"])
        if answer["MillisBehindLatest"] == 0:
            return found
        iterator = answer["NextShardIterator"]


def growth(sizes: Sizes) -> Iterator[Result]:
    """Yield the server's cost per record at the start and at the end, and its memory."""
    with target.connect(target.LOCAL, limits=False) as aws:
        (server,) = (c for c in psutil.Process().children() if LOCALAWS in c.cmdline())
        create(aws, FOUR_SHARDS)
        url, before = str(aws.endpoint_url), server.memory_info().rss
        edge = min(EDGE, sizes.many // (2 * sizes.rounds))
        starts = iter([cost(server, url, edge) for _ in range(sizes.rounds)])
        put(url, sizes.many - 2 * sizes.rounds * edge)
        ends = iter([cost(server, url, edge) for _ in range(sizes.rounds)])
        grown = (server.memory_info().rss - before) / sizes.many
        early = f"the same for the first {sizes.rounds * edge:,}"
        yield Contest(
            ROW,
            f"server's time for a record at the end of {sizes.many:,}",
            "µs",
            lambda: next(ends),
            {},
            (early, lambda: next(starts)),
            (Aim(1 / 1.1, early),),
        ).run(sizes.rounds)
        work = f"memory of a record of {RECORD_BYTES} bytes and its key, of {sizes.many:,}"
        yield Contest(ROW, work, "bytes", lambda: grown, {}).run(1)
        kinesis = aws.client("kinesis")
        delete(kinesis)
        left = (server.memory_info().rss - before) / sizes.many
        yield Contest(ROW, "of that, kept after deletion", "bytes", lambda: left, {}).run(1)


def cost(server: psutil.Process, url: str, count: int) -> float:
    """Return the microseconds of processor time that the server uses per record."""
    before = server.cpu_times()
    put(url, count)
    after = server.cpu_times()
    return (after.user + after.system - before.user - before.system) / count * 1e6
