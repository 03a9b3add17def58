"""A Kinesis that stores nothing: calls to it show the cost of boto3 itself.

Run ``python -m benchmarks.null_server PORT``. An iterator is the number of records left to read.
"""

import base64
import sys
from functools import cache
from typing import Any

import orjson
import uvicorn

RECORD_BYTES = 350
SEQUENCE_NUMBER = "4" * 56
SHARD = "shardId-000000000000"


@cache
def written(count: int) -> bytes:
    """Return the response to PutRecords."""
    taken = {"SequenceNumber": SEQUENCE_NUMBER, "ShardId": SHARD}
    return orjson.dumps({"FailedRecordCount": 0, "Records": [taken] * count})


@cache
def read(count: int) -> bytes:
    """Return the records of a response to GetRecords."""
    record = {
        "SequenceNumber": SEQUENCE_NUMBER,
        "PartitionKey": "N123456",
        "Data": base64.b64encode(b"0" * RECORD_BYTES).decode(),
        "ApproximateArrivalTimestamp": 1_545_084_650.987,
    }
    return orjson.dumps([record] * count)


def answer(operation: str, body: bytes) -> bytes:
    """Return the response to a call."""
    if operation == "PutRecords":
        return written(body.count(b'"PartitionKey"'))
    if operation == "GetRecords":
        asked = orjson.loads(body)
        left = int(asked["ShardIterator"])
        count = min(left, asked.get("Limit", 10_000))
        behind = 0 if count == left else 1000
        return b'{"NextShardIterator":"%d","MillisBehindLatest":%d,"Records":%b}' % (
            left - count,
            behind,
            read(count),
        )
    return b"{}"


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Respond to a request, as an ASGI application."""
    body = b""
    while (message := await receive()).get("more_body"):
        body += message["body"]
    body += message.get("body", b"")
    target = dict(scope["headers"]).get(b"x-amz-target", b"").decode()
    content = answer(target.rpartition(".")[2], body)
    headers = [(b"content-type", b"application/x-amz-json-1.1")]
    headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    uvicorn.run(application, port=int(sys.argv[1]), log_level="error", lifespan="off")
