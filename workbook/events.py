"""Synthetic Lambda events: what a Kinesis mapping hands to a function, made by hand.

With these a handler can be called in a notebook or in a test, without a stream or a mapping.
"""

import base64
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbook.localaws.kinesis import sequence

ACCOUNT = "123456789012"
REGION = "us-east-1"
STREAM_ARN = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/flights"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/process-flights-role"
SHARD_ID = "shardId-000000000000"
FIRST_ARRIVAL = 1_767_225_600.0  # 2026-01-01T00:00:00Z
SPACING = 0.001  # seconds between arrivals: what a shard accepts, 1,000 records a second

FLIGHT: Mapping[str, Any] = {  # the first row of the data
    "year": 2013,
    "month": 1,
    "day": 1,
    "dep_time": 517,
    "sched_dep_time": 515,
    "dep_delay": 2,
    "arr_time": 830,
    "sched_arr_time": 819,
    "arr_delay": 11,
    "carrier": "UA",
    "flight": 1545,
    "tailnum": "N14228",
    "origin": "EWR",
    "dest": "IAH",
    "air_time": 227,
    "distance": 1400,
    "hour": 5,
    "minute": 15,
    "time_hour": "2013-01-01T10:00:00Z",
}


def flight_event(**changes: Any) -> dict[str, Any]:
    """One plausible departure, a real one, with other values where ``changes`` says so.

    Raises:
        TypeError: ``changes`` names a field that departures do not have.
    """
    unknown = sorted(set(changes) - set(FLIGHT))
    if unknown:
        raise TypeError(f"a flight has no field {', '.join(unknown)}; it has {', '.join(FLIGHT)}")
    return {**FLIGHT, **changes}


def kinesis_event(
    payloads: Sequence[Mapping[str, Any] | bytes],
    *,
    partition_keys: Sequence[str] | None = None,
    shard_id: str = SHARD_ID,
    stream_arn: str = STREAM_ARN,
    first_arrival: float = FIRST_ARRIVAL,
) -> dict[str, Any]:
    """One batch of one shard, as Lambda hands it to a function [OBS].

    Args:
        payloads: the records' data, in order: dicts are written as JSON, bytes are taken as they
            are (also when they are no JSON, to see how a handler takes it).
        partition_keys: one for each payload. Left out, it is ``key-0``, ``key-1``, ...
        shard_id: where they come from, such as ``shardId-000000000006``.
        stream_arn: the stream; its region is the event's ``awsRegion``.
        first_arrival: when the first record arrived, in epoch seconds; the others follow one
            millisecond apart.

    Raises:
        ValueError: there are not as many keys as payloads, or ``shard_id`` has no number.
    """
    keys = [f"key-{i}" for i in range(len(payloads))] if partition_keys is None else partition_keys
    if len(keys) != len(payloads):
        raise ValueError(f"partition_keys: {len(keys)} keys for {len(payloads)} payloads")
    numbers = _sequence_numbers(len(payloads), shard_id, first_arrival)
    region = stream_arn.split(":")[3]
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": key,
                    "sequenceNumber": number,
                    "data": base64.b64encode(_encode(payload)).decode(),
                    "approximateArrivalTimestamp": round(first_arrival + i * SPACING, 3),
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{shard_id}:{number}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": ROLE_ARN,
                "awsRegion": region,
                "eventSourceARN": stream_arn,
            }
            for i, (payload, key, number) in enumerate(zip(payloads, keys, numbers, strict=True))
        ]
    }


def _encode(payload: Mapping[str, Any] | bytes) -> bytes:
    if isinstance(payload, bytes):
        return payload
    return json.dumps(dict(payload), separators=(",", ":")).encode()


def _sequence_numbers(count: int, shard_id: str, first_arrival: float) -> list[str]:
    """Increasing numbers as a shard gives them; a batch that arrives later has greater ones."""
    shard = sequence.prefix(int(first_arrival), int(shard_id.removeprefix("shardId-")))
    return [str(sequence.number(shard, i, int(first_arrival + i * SPACING))) for i in range(count)]


@dataclass
class LambdaContext:
    """What a handler gets as ``context``, for calling it by hand.

    Args:
        timeout: seconds the function may run; the time that is left counts down from when the
            context was made, as it does from an invocation's start.
    """

    timeout: float = 60
    function_name: str = "process-flights"
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "128"  # text, on AWS too [OBS]
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    _started: float = field(default_factory=lambda: time.monotonic(), repr=False)

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        """Where the function's log goes."""
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the timeout; 0 when it has passed."""
        left = self.timeout - (time.monotonic() - self._started)
        return max(0, int(left * 1000))
