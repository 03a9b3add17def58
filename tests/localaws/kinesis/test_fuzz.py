"""Requests of every shape to every operation of Kinesis: never a 500."""

import asyncio
import base64
import json
import random
from collections.abc import Mapping
from typing import Any

import pytest

from tests.localaws.fakes import ACCOUNT, REGION
from tests.localaws.shaped import REQUESTS, Shaped
from workbook.localaws.api.http import Request, Response, authorization
from workbook.localaws.clock import Clock
from workbook.localaws.kinesis.service import TARGET
from workbook.localaws.parts import Parts

SECONDS = 30  # for the response to any request, even on a busy machine
STREAMS = [f"s{number}" for number in range(3)]
ARNS = [f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}" for name in STREAMS]
DATA = base64.b64encode(b"data").decode()
SHARDS = [f"shardId-{number:012d}" for number in range(4)]
HASH = str(2**127)
RIGHT: dict[str, list[Any]] = {
    "StreamName": [*STREAMS, "new"],
    "StreamARN": ARNS,
    "ResourceARN": [*ARNS, f"{ARNS[0]}/consumer/c:1"],
    "ShardId": SHARDS,
    "ShardToSplit": SHARDS,
    "ShardToMerge": SHARDS,
    "AdjacentShardToMerge": SHARDS,
    "NewStartingHashKey": [HASH],
    "ExplicitHashKey": [HASH, "0"],
    "PartitionKey": ["k", "ä"],
    "Data": [DATA],
    "ConsumerName": ["c", "d"],
    "ShardCount": [1, 2, 3],
    "TargetShardCount": [1, 2, 4],
    "Limit": [1, 10, 10_000],
    "RetentionPeriodHours": [24, 25, 168],
    "StreamMode": ["PROVISIONED", "ON_DEMAND"],
    "Timestamp": [0, 1_700_000_000.5],
    "Tags": [{"a": "b"}],
    "MaxRecordSizeInKiB": [1024, 2048],
}


def call(operation: str, parameters: Mapping[str, Any]) -> Request:
    """A signed request."""
    headers = {
        "authorization": authorization(REGION, "kinesis"),
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": f"{TARGET}{operation}",
    }
    return Request("POST", "/", "", headers, json.dumps(parameters).encode())


async def answer(parts: Parts, operation: str, request: Request) -> Response:
    """Return the response; of one that streams, only its start."""
    try:
        response = await asyncio.wait_for(parts.respond(request), SECONDS)
    except Exception as problem:
        raise AssertionError(f"{operation}: {request}") from problem
    if response.stream is not None:
        await response.stream.aclose()
    assert response.status < 500, (operation, request, response.body)
    return response


async def answered(parts: Parts, shaped: Shaped) -> None:
    """Send requests; none gets a 500, and what was acknowledged is there."""
    seen = set()
    for _ in range(REQUESTS):
        operation, request = shaped.request()
        response = await answer(parts, operation, request)
        if response.status == 200:
            seen.add(operation)
            shaped.learn(response.body)
    # Not all requests are refused: many operations succeed.
    assert len(seen) > 12, sorted(seen)
    # Streams still accept records.
    for name in ("last", *STREAMS):
        if name == "last":
            await answer(parts, name, call("CreateStream", {"StreamName": name, "ShardCount": 1}))
        record = {"StreamName": name, "PartitionKey": "k", "Data": DATA}
        assert (await answer(parts, name, call("PutRecord", record))).status in (200, 400)


@pytest.mark.parametrize("seed", range(3))
def test_every_request_gets_a_response(seed: int) -> None:
    async def run() -> None:
        parts = Parts("http://127.0.0.1:9", Clock(speed=100.0))
        await parts.start()
        try:
            for name in STREAMS:
                request = {"StreamName": name, "ShardCount": 2}
                await answer(parts, "CreateStream", call("CreateStream", request))
            await answered(parts, Shaped("kinesis", RIGHT, random.Random(seed)))
        finally:
            await parts.close()

    asyncio.run(run())
