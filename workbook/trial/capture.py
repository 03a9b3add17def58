"""Save the records of a stream for ``workbook try``, with their keys, times and numbers."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from tqdm.auto import tqdm

from workbook.target import Aws


def capture(aws: Aws, stream: str, out: Path, *, progress: bool = True) -> int:
    """Write all records that a stream keeps, one JSON object per line; return their number.

    An object has ``data`` (base64), ``partition_key``, ``sequence_number``, ``shard_id`` and
    ``arrival_time`` (ISO, UTC).

    Args:
        aws: the AWS that the stream is in.
        stream: the stream's name.
        out: the file to write; it is replaced.
        progress: whether to show a bar.

    Raises:
        botocore.exceptions.ClientError: the stream does not exist.
    """
    kinesis = aws.client("kinesis")
    kinesis.describe_stream_summary(StreamName=stream)  # before an earlier file is replaced
    count = 0
    with out.open("wb") as file, tqdm(unit=" records", disable=not progress) as bar:
        for line in _lines(kinesis, stream):
            file.write(orjson.dumps(line) + b"\n")
            count += 1
            bar.update()
    return count


def _lines(kinesis: Any, stream: str) -> Iterator[dict[str, Any]]:
    for page in kinesis.get_paginator("list_shards").paginate(StreamName=stream):
        for shard in page["Shards"]:
            yield from _of_shard(kinesis, stream, shard["ShardId"])


def _of_shard(kinesis: Any, stream: str, shard_id: str) -> Iterator[dict[str, Any]]:
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    while iterator:
        page = kinesis.get_records(ShardIterator=iterator)
        for record in page["Records"]:
            yield {
                "data": base64.b64encode(record["Data"]).decode(),
                "partition_key": record["PartitionKey"],
                "sequence_number": record["SequenceNumber"],
                "shard_id": shard_id,
                "arrival_time": record["ApproximateArrivalTimestamp"].isoformat(),
            }
        iterator = page.get("NextShardIterator") if page["MillisBehindLatest"] else None
