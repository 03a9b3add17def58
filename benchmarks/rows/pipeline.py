"""The whole pipeline: put, mapping, function, output, until the last record is read."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

from benchmarks import peers
from benchmarks.measure import PEER, Aim, Contest, Result, Sizes
from workbook import deployment, flights, pipeline, producer, target
from workbook.target import Aws

ROW = "Whole pipeline"
CALLS = "boto3 sending both streams to nothing"
AIMS = {100: 6, 1_000: 4}  # times as fast as the fastest peer, by batch size
LONG = 5  # times as many flights; a short pipeline mostly waits for Lambda's first poll
YEAR_SECONDS = 20.0
PAUSE = 0.01  # seconds after an empty read
SAMPLE_SECONDS = 0.1  # between samples of the processor time


def measure(sizes: Sizes) -> Iterator[Result]:
    """Compare short and long pipelines with two batch sizes, then time ``workbook run``."""
    with (
        target.connect(target.LOCAL, limits=False) as ours,
        peers.started(peers.NULL) as null,
        peers.all_of(peers.LAMBDA) as others,
    ):
        for count in (sizes.records, LONG * sizes.records):
            for batch, factor in AIMS.items():
                yield Contest(
                    ROW,
                    f"pipeline of {count:,} flights, batches of {batch:,}",
                    "records/s",
                    partial(pace, ours, count, batch),
                    {name: partial(pace, other, count, batch) for name, other in others.items()},
                    (CALLS, partial(only_calls, null, count)),
                    (Aim(factor, PEER),) if count > sizes.records else (),
                ).run(sizes.rounds)
        yield from year(sizes, null)


def year(sizes: Sizes, null: Aws) -> Iterator[Result]:
    """Time ``workbook run``, and what it would take if all cores were always busy."""
    count, cores = sizes.year or flights.count(), psutil.cpu_count() or 1
    runs = [run(count) for _ in range(sizes.rounds)]
    took, used = iter([took for took, _ in runs]), iter([used for _, used in runs])
    work = f"`workbook run` of {count:,} flights"
    yield Contest(ROW, work, "s", lambda: next(took), {}, aims=(Aim(YEAR_SECONDS),)).run(
        sizes.rounds
    )

    def calls() -> float:
        began = time.process_time()
        only_calls(null, sizes.records)
        return (time.process_time() - began) * count / sizes.records / cores

    yield Contest(
        ROW,
        f"processor time of that run, divided by {cores} cores",
        "s",
        lambda: next(used) / cores,
        {},
        (CALLS, calls),
    ).run(sizes.rounds)


def pace(aws: Aws, count: int, batch: int) -> float:
    """Return records per second from the first put to the last read of the output."""
    deployment.deploy(
        aws, shards=pipeline.SHARDS, BatchSize=batch, MaximumBatchingWindowInSeconds=0
    )
    kinesis, events = aws.client("kinesis"), flights.events(flights.load(count))
    output = deployment.OUTPUT_STREAM
    (shard,) = kinesis.list_shards(StreamName=output)["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName=output, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    began = time.perf_counter()
    producer.send(kinesis, deployment.INPUT_STREAM, events, progress=False)
    found = 0
    while found < count:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
        iterator = answer["NextShardIterator"]
        found += len(answer["Records"])
        if not answer["Records"]:
            time.sleep(PAUSE)
    seconds = time.perf_counter() - began
    deployment.clean_up(aws)
    return count / seconds


def only_calls(null: Aws, count: int) -> float:
    """Return the rate at which boto3 alone sends the input and an equal output."""
    kinesis, began = null.client("kinesis"), time.perf_counter()
    for stream in (deployment.INPUT_STREAM, deployment.OUTPUT_STREAM):
        events = flights.events(flights.load(count))
        producer.send(kinesis, stream, events, progress=False)
    return count / (time.perf_counter() - began)


def run(count: int) -> tuple[float, float]:
    """Return the seconds of a run, including the start of Python and clean-up.

    Returns:
        the time that passed, and the processor time of all its processes.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "workbook", "run", "--flights", str(count), "--json"]
        with subprocess.Popen(
            [*command, report], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            used = processor_seconds(process)
        assert process.returncode == 0
        assert json.loads(report.read_text("utf-8"))["passed"]
    return time.perf_counter() - began, used


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process; return the processor time that it and its descendants used by then.

    The system does not add a function's time to its parent's: sandboxes end with their processes.
    """
    used: dict[int, float] = {}
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(process.pid)
            for one in (first, *first.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    times = one.cpu_times()
                    used[one.pid] = times.user + times.system
        time.sleep(SAMPLE_SECONDS)
    return sum(used.values())
