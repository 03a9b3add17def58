"""Synthetic Lambda events, such as a Kinesis mapping passes to a function.

A notebook or a test can use them to call a handler without a stream and a mapping.
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
SPACING = 0.001  # seconds between arrivals; a shard accepts 1,000 records a second

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
    """Return a real departure, with the values in ``changes`` replaced.

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
    """Return a batch of a shard, as Lambda passes it to a function [OBS].

    Args:
        payloads: the data of the records, in order. Mappings are encoded as JSON; bytes are used
            unchanged, so that a handler can be tried with data that is not JSON.
        partition_keys: one for each payload; if left out, ``key-0``, ``key-1`` and so on.
        shard_id: the shard, such as ``shardId-000000000006``.
        stream_arn: the stream; its region is the event's ``awsRegion``.
        first_arrival: when the first record arrived, in epoch seconds; the others follow one
            millisecond apart.

    Raises:
        TypeError: ``payloads`` is a single payload.
        ValueError: the numbers of keys and payloads differ, or ``shard_id`` has no number.
    """
    if isinstance(payloads, Mapping | bytes):
        raise TypeError("payloads must be a list, even for a single one: kinesis_event([flight])")
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
    """Return increasing numbers, as a shard assigns them; later batches have greater numbers."""
    shard = sequence.prefix(int(first_arrival), int(shard_id.removeprefix("shardId-")))
    return [str(sequence.number(shard, i, int(first_arrival + i * SPACING))) for i in range(count)]


@dataclass
class LambdaContext:
    """The ``context`` argument of a handler that you call yourself.

    Args:
        timeout: the seconds that the function may run, counted from the creation of the context.
    """

    timeout: float = 60
    function_name: str = "process-flights"
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "128"  # a string, as on AWS [OBS]
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    _started: float = field(default_factory=lambda: time.monotonic(), repr=False)

    @property
    def invoked_function_arn(self) -> str:
        """Return the function's ARN, without a qualifier."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        """Return the name of the function's log group."""
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the timeout; 0 if it has passed."""
        left = self.timeout - (time.monotonic() - self._started)
        return max(0, int(left * 1000))
