"""The published answers, from SQL on the lake's files and from pandas on the stream."""

import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks.measure import Contest, Result, Sizes
from workbook import answers, deployment, flights, lake, pipeline, producer, reader, target
from workbook.target import Aws
from workbook.waiting import wait_until

SPEED = 20  # of the local AWS's clock: Firehose gathers records for 10 of its seconds


def measure(sizes: Sizes) -> Iterator[Result]:
    """Send flights to the output stream and the lake; then compute the answers from both."""
    count = 5 * sizes.records
    with (
        target.connect(target.LOCAL, limits=False, speed=SPEED) as aws,
        tempfile.TemporaryDirectory() as name,
    ):
        deployment.deploy(
            aws,
            shards=pipeline.SHARDS,
            BatchSize=pipeline.BATCH_SIZE,
            MaximumBatchingWindowInSeconds=0,
        )
        bucket, sent = lake.create(aws), flights.load(count)
        kinesis = aws.client("kinesis")
        producer.send(kinesis, deployment.INPUT_STREAM, flights.events(sent), progress=False)
        wait_until("the lake to have all", lambda: lake.delivered(aws) >= count)
        files = Path(name)
        lake.download(aws, bucket, files)
        yield Contest(
            "Answers",
            f"28 questions about {count:,} flights",
            "s",
            partial(from_bucket, aws, bucket, sent),
            {"pandas over the stream": partial(from_stream, aws, sent)},
            ("DuckDB on the files, downloaded before", partial(from_files, files, sent)),
        ).run(sizes.rounds)


def from_bucket(aws: Aws, bucket: str, sent: pd.DataFrame) -> float:
    """Return the seconds for download and SQL."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        lake.download(aws, bucket, Path(name))
        from_files(Path(name), sent)
    return time.perf_counter() - began


def from_files(folder: Path, sent: pd.DataFrame) -> float:
    """Return the seconds for SQL alone."""
    began = time.perf_counter()
    with lake.connect(folder) as database:
        table = answers.check_sql(partial(lake.row, database), sent)
    assert table["ok"].fillna(True).all()
    return time.perf_counter() - began


def from_stream(aws: Aws, sent: pd.DataFrame) -> float:
    """Return the seconds for reading and pandas."""
    began = time.perf_counter()
    received = reader.read_stream(
        aws, deployment.OUTPUT_STREAM, columns=pipeline.COLUMNS, progress=False
    )
    table = answers.check(received.drop_duplicates("event_id"), sent)
    assert table["ok"].fillna(True).all()
    return time.perf_counter() - began
