"""A stream as a DataFrame: the workbook's reader, boto3 with pandas, and parsing alone."""

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa

from benchmarks.measure import PEER, Aim, Contest, Result, Sizes
from workbook import deployment, flights, producer, reader, target
from workbook.target import Aws

STREAM = "flights"
ROWS_PER_SECOND = 100_000
TIMES = 5


def measure(sizes: Sizes) -> Iterator[Result]:
    """Read a stream in both ways."""
    count = 5 * sizes.records
    with target.connect(target.LOCAL, limits=False) as aws:
        kinesis = aws.client("kinesis")
        deployment.create_stream(kinesis, STREAM, 2)
        sent = list(flights.events(flights.load(count)))
        producer.send(kinesis, STREAM, sent, progress=False)
        payloads = [flights.encode(event) for event in sent]
        yield Contest(
            "Stream to DataFrame",
            f"read {count:,} flights into a DataFrame",
            "rows/s",
            partial(rate, count, partial(ours, aws)),
            {"get_records and json_normalize": partial(rate, count, partial(loop, kinesis))},
            ("orjson and pyarrow, no stream", partial(rate, count, partial(parse, payloads))),
            (Aim(TIMES, PEER), Aim(ROWS_PER_SECOND)),
        ).run(sizes.rounds)


def rate(count: int, make: Any) -> float:
    """Return rows per second."""
    began = time.perf_counter()
    frame = make()
    seconds = time.perf_counter() - began
    assert len(frame) == count
    return count / seconds


def ours(aws: Aws) -> pd.DataFrame:
    """Read with the workbook's reader."""
    return reader.read_stream(aws, STREAM, progress=False)


def loop(kinesis: Any) -> pd.DataFrame:
    """Read as you would without the workbook."""
    found: list[dict[str, Any]] = []
    for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        behind = 1
        while behind:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
            found += (json.loads(record["Data"]) for record in answer["Records"])
            iterator, behind = answer["NextShardIterator"], answer["MillisBehindLatest"]
    return pd.json_normalize(found)


def parse(payloads: list[bytes]) -> pd.DataFrame:
    """Parse records that are in memory."""
    frame: pd.DataFrame = pa.Table.from_pylist([orjson.loads(one) for one in payloads]).to_pandas()
    return frame
