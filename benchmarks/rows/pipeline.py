"""The whole pipeline: put, mapping, function, output, until the last record is read."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import peers
from benchmarks.measure import PEER, Aim, Contest, Result, Sizes
from workbook import deployment, flights, pipeline, producer, target
from workbook.target import Aws

ROW = "Whole pipeline"
AIMS = {100: 6, 1_000: 4}  # times as fast as the fastest peer, by batch size
YEAR_SECONDS = 20.0
PAUSE = 0.01  # seconds after an empty read


def measure(sizes: Sizes) -> Iterator[Result]:
    """Compare pipelines with two batch sizes, then time ``workbook run``."""
    with (
        target.connect(target.LOCAL, limits=False) as ours,
        peers.started(peers.NULL) as null,
        peers.all_of(peers.LAMBDA) as others,
    ):
        for batch, factor in AIMS.items():
            work = f"pipeline of {sizes.records:,} flights, batches of {batch:,}"
            yield Contest(
                ROW,
                work,
                "records/s",
                partial(pace, ours, sizes.records, batch),
                {n: partial(pace, other, sizes.records, batch) for n, other in others.items()},
                ("boto3 sending both streams to nothing", partial(only_calls, null, sizes.records)),
                (Aim(factor, PEER),),
            ).run(sizes.rounds)
    count = sizes.year or flights.count()
    work = f"`workbook run` of {count:,} flights"
    year = Contest(ROW, work, "s", partial(run, count), {}, aims=(Aim(YEAR_SECONDS),))
    yield year.run(sizes.rounds)


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


def run(count: int) -> float:
    """Return the seconds of a run, including the start of Python and clean-up."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "workbook", "run", "--flights", str(count), "--json"]
        subprocess.run([*command, report], check=True, capture_output=True)
        assert json.loads(report.read_text("utf-8"))["passed"]
    return time.perf_counter() - began
