"""A function's log, as written by Lambda and the probe, and a client that returns it."""

import base64
import json
import zlib
from typing import Any


class Logs:
    """A client whose log group has these events; it keeps the requests."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events
        self.since: list[int] = []

    def get_paginator(self, operation: str) -> "Logs":
        assert operation == "filter_log_events"
        return self

    def paginate(self, *, logGroupName: str, startTime: int) -> list[dict[str, Any]]:
        self.since.append(startTime)
        found = [event for event in self.events if event["timestamp"] >= startTime]
        return [{"events": found[i : i + 3]} for i in range(0, len(found), 3)]


def begin(request_id: str, numbers: list[int]) -> str:
    packed = zlib.compress("\n".join(map(str, numbers)).encode())
    return json.dumps(
        {
            "probe": "begin",
            "request_id": request_id,
            "shard_id": "shardId-000000000000",
            "records": len(numbers),
            "last_arrival": 99.5,
            "sequence_numbers": base64.b64encode(packed).decode(),
        }
    )


def end(request_id: str, failed_from: str | None = None, **more: Any) -> str:
    facts = {"probe": "end", "request_id": request_id, "failed_from": failed_from, **more}
    return json.dumps(facts)


def report(request_id: str, *more: str) -> str:
    figures = ["Duration: 20.50 ms", "Billed Duration: 121 ms", "Memory Size: 256 MB", *more]
    return f"REPORT RequestId: {request_id}\t" + "\t".join(figures) + "\t\n"


def events(*lines: str, environment: str = "a", first: int = 100_000) -> list[dict[str, Any]]:
    return [
        {
            "eventId": f"{environment}-{first + 10 * i}",
            "logStreamName": environment,
            "timestamp": first + 10 * i,
            "message": line,
        }
        for i, line in enumerate(lines)
    ]


def start(request_id: str) -> str:
    return f"START RequestId: {request_id} Version: $LATEST\n"
