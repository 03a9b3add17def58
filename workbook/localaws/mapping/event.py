"""The event that a function receives, as JSON [OBS].

Each record is encoded once, when it is read: batches, retries and halves join the same bytes.
"""

from binascii import b2a_base64
from collections.abc import Callable, Sequence
from typing import NamedTuple

import orjson

from workbook.localaws.interfaces import Record

EVENT_BYTES = 6 * 1024 * 1024  # the maximum size of an event, base64 and envelope included
OPEN, COMMA, CLOSE = b'{"Records":[', b",", b"]}"
ENVELOPE_BYTES = len(OPEN) + len(CLOSE)


class Entry(NamedTuple):
    """A record on its way to the function: its position in the shard, and its JSON in the event."""

    sequence_number: int
    arrived: float
    json: bytes


def encoder(shard_id: str, source_arn: str, role_arn: str) -> Callable[[Record], Entry]:
    """Return a function that turns a shard's records into entries.

    Args:
        shard_id: the shard's id.
        source_arn: the mapping's event source: a stream or a consumer.
        role_arn: the function's execution role.
    """
    shard = shard_id.encode()
    tail = orjson.dumps(
        {
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": role_arn,
            "awsRegion": source_arn.split(":")[3],
            "eventSourceARN": source_arn,
        }
    )[1:]
    form = (
        b'{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":%b,"sequenceNumber":"%b",'
        b'"data":"%b","approximateArrivalTimestamp":%b},"eventSource":"aws:kinesis",'
        b'"eventVersion":"1.0","eventID":"' + shard + b':%b",%b'
    )

    def encode(record: Record) -> Entry:
        number = b"%d" % record.sequence_number
        return Entry(
            record.sequence_number,
            record.arrived,
            form
            % (
                orjson.dumps(record.partition_key),
                number,
                b2a_base64(record.data, newline=False),
                b"%.3f" % record.arrived,
                number,
                tail,
            ),
        )

    return encode


def event(entries: Sequence[Entry], extra: bytes = b"") -> bytes:
    """Return the whole event, as JSON.

    Args:
        entries: the batch, in order.
        extra: further members of the object, as JSON that starts with a comma; for tumbling
            windows.
    """
    return b"".join((OPEN, COMMA.join([entry.json for entry in entries]), b"]", extra, b"}"))
