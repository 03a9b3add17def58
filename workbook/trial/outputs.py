"""What the function wrote to its streams, queues, tables and buckets."""

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from workbook.target import Aws
from workbook.trial.place import Output


def read(aws: Aws, output: Output) -> list[str]:
    """Return the content of an output: a string for each record, message, item or object.

    Args:
        aws: the AWS that it is in.
        output: the output to read.
    """
    return list(READERS[output.kind](aws, output.name))


def read_all(aws: Aws, made: Sequence[Output]) -> dict[str, list[str]]:
    """Return the content of each output by name, preceded by its kind if two have the same name."""
    names = Counter(one.shown for one in made)
    return {
        one.shown if names[one.shown] == 1 else f"{one.kind} {one.shown}": read(aws, one)
        for one in made
    }


def _of_stream(aws: Aws, name: str) -> Iterator[str]:
    kinesis = aws.client("kinesis")
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = kinesis.get_records(ShardIterator=iterator)
            yield from (_text(record["Data"]) for record in page["Records"])
            iterator = page.get("NextShardIterator") if page["MillisBehindLatest"] else None


def _of_queue(aws: Aws, name: str) -> Iterator[str]:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        yield from (message["Body"] for message in messages)
        done = [
            {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
            for place, message in enumerate(messages)
        ]
        sqs.delete_message_batch(QueueUrl=url, Entries=done)


def _of_table(aws: Aws, name: str) -> Iterator[str]:
    for page in aws.client("dynamodb").get_paginator("scan").paginate(TableName=name):
        yield from (repr(item) for item in page["Items"])


def _of_bucket(aws: Aws, name: str) -> Iterator[str]:
    for page in aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=name):
        yield from (found["Key"] for found in page.get("Contents", []))


READERS: dict[str, Any] = {
    "stream": _of_stream,
    "queue": _of_queue,
    "table": _of_table,
    "bucket": _of_bucket,
}


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()
