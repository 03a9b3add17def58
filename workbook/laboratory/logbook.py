"""A function's log as a table: one row for each invocation, and which records it had."""

import base64
import json
import math
import re
import zlib
from typing import Any, NamedTuple

import pandas as pd

START = re.compile(r"START RequestId: (\S+)")
REPORT = re.compile(r"REPORT RequestId: (\S+)\t(.*)")
FIGURE = re.compile(r"([A-Z][\w ]+): ([\w.]+)")
OVERLAP_MILLIS = 30_000  # how far back each look goes again: on AWS, events may come late


class Invocation(NamedTuple):
    """An invocation as the log tells it; times in milliseconds since the Unix epoch.

    Args:
        request_id: a batch that is tried again has another one each time.
        environment: the log stream, which is one for each execution environment.
        shard_id: where the batch is from.
        sequence_numbers: of its records, in order.
        last_arrival: when the last of them came to the stream, in seconds.
        started: START's time.
        ended: REPORT's time.
        report: the figures of the REPORT line, in ms and MB, and its ``Status`` if it has one.
        failed_from: the sequence number that the handler reported, if any.
        answered: whether the handler returned.
    """

    request_id: str
    environment: str
    shard_id: str
    sequence_numbers: list[int]
    last_arrival: float
    started: int
    ended: int
    report: dict[str, str]
    failed_from: int | None
    answered: bool

    def outcome(self, reports_failures: bool) -> str:
        """``ok``, ``partial`` (a failure was reported and is heeded), ``timeout`` or ``error``."""
        if not self.answered:
            return "timeout" if self.report.get("Status") == "timeout" else "error"
        return "partial" if self.failed_from is not None and reports_failures else "ok"

    def done(self, reports_failures: bool) -> list[int]:
        """Sequence numbers of the records that Lambda takes to be processed."""
        outcome = self.outcome(reports_failures)
        if outcome == "ok":
            return self.sequence_numbers
        if outcome == "partial":
            return [n for n in self.sequence_numbers if n < (self.failed_from or 0)]
        return []


class Logbook:
    """Reads a function's log group again and again, and knows what it has seen.

    Args:
        logs: a boto3 client.
        group: the log group's name.
    """

    def __init__(self, logs: Any, group: str) -> None:
        self._pager = logs.get_paginator("filter_log_events")
        self._group = group
        self._events: dict[str, Any] = {}
        self._newest = 0

    def look(self, *, whole: bool = False) -> list[Invocation]:
        """All invocations that have ended, by their start.

        Args:
            whole: read the log from its beginning, not only what is new.
        """
        since = 0 if whole else max(0, self._newest - OVERLAP_MILLIS)
        for page in self._pager.paginate(logGroupName=self._group, startTime=since):
            for event in page["events"]:
                self._events[event["eventId"]] = event
                self._newest = max(self._newest, event["timestamp"])
        return _invocations(list(self._events.values()))


def _invocations(events: list[Any]) -> list[Invocation]:
    started: dict[str, int] = {}
    reports: dict[str, Any] = {}
    begun: dict[str, Any] = {}
    ended: dict[str, Any] = {}
    for event in events:
        message = event["message"]
        if match := START.match(message):
            started[match[1]] = event["timestamp"]
        elif match := REPORT.match(message):
            reports[match[1]] = (event, dict(FIGURE.findall(match[2])))
        elif message.startswith('{"probe": "begin"'):
            facts = json.loads(message)
            begun[facts["request_id"]] = facts
        elif message.startswith('{"probe": "end"'):
            facts = json.loads(message)
            ended[facts["request_id"]] = facts
    return sorted(
        (
            Invocation(
                request_id,
                event["logStreamName"],
                begun[request_id]["shard_id"],
                unpack(begun[request_id]["sequence_numbers"]),
                begun[request_id]["last_arrival"],
                started[request_id],
                event["timestamp"],
                report,
                _failed_from(ended.get(request_id)),
                request_id in ended,
            )
            for request_id, (event, report) in reports.items()
            if request_id in begun and request_id in started
        ),
        key=lambda invocation: invocation.started,
    )


def unpack(packed: str) -> list[int]:
    """The sequence numbers that the probe packed."""
    return [int(text) for text in zlib.decompress(base64.b64decode(packed)).split()]


def _failed_from(end: Any) -> int | None:
    return int(end["failed_from"]) if end and end["failed_from"] is not None else None


def table(
    invocations: list[Invocation], reports_failures: bool, speed: float = 1.0
) -> pd.DataFrame:
    """Return one row for each invocation, by start.

    All times are by the clock of AWS. In time-lapse that clock runs ``speed`` times as fast as the
    one by which Lambda measures a function, so what a REPORT line says is made that much longer.

    Args:
        invocations: as ``Logbook`` reads them.
        reports_failures: whether the mapping heeds what the handler reports.
        speed: of AWS's clock.

    Returns:
        Columns ``shard_id``, ``started``, ``ended`` (UTC), ``records``,
        ``first_sequence_number`` (of its first record), ``attempt`` (1 when that record is tried
        for the first time), ``outcome``, ``failed`` (records that Lambda does not take to be
        processed), ``iterator_age_ms`` (of its last record, at the start), ``duration_ms``,
        ``billed_ms``, ``init_ms`` (missing when warm), ``memory_mb``, ``environment`` (0, 1, ...
        by first use) and ``request_id``.
    """
    tries: dict[int, int] = {}
    environments: dict[str, int] = {}
    rows = []
    for each in invocations:
        for number in each.sequence_numbers:
            tries[number] = tries.get(number, 0) + 1
        rows.append(
            {
                "shard_id": each.shard_id,
                "started": each.started,
                "ended": each.ended,
                "records": len(each.sequence_numbers),
                "first_sequence_number": str(each.sequence_numbers[0]),
                "attempt": tries[each.sequence_numbers[0]],
                "outcome": each.outcome(reports_failures),
                "failed": len(each.sequence_numbers) - len(each.done(reports_failures)),
                "iterator_age_ms": max(0.0, each.started - 1000 * each.last_arrival),
                **_times(each.report, speed),
                "memory_mb": int(each.report["Memory Size"]),
                "environment": environments.setdefault(each.environment, len(environments)),
                "request_id": each.request_id,
            }
        )
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    for name in ("started", "ended"):
        frame[name] = pd.to_datetime(frame[name], unit="ms", utc=True)
    frame.index.name = "batch"
    return frame


def _times(report: dict[str, str], speed: float) -> dict[str, float | None]:
    """Return duration, billed duration and initialisation in milliseconds of AWS's clock."""
    duration, billed = float(report["Duration"]), float(report["Billed Duration"])
    init = float(report["Init Duration"]) if "Init Duration" in report else None
    if speed != 1:  # rounded up to a millisecond of that clock, not of the real one
        billed = math.ceil(speed * (duration + (init or 0)))
    return {
        "duration_ms": speed * duration,
        "billed_ms": billed,
        "init_ms": None if init is None else speed * init,
    }


COLUMNS = {
    "shard_id": "str",
    "started": "int64",
    "ended": "int64",
    "records": "int64",
    "first_sequence_number": "str",
    "attempt": "int64",
    "outcome": "str",
    "failed": "int64",
    "iterator_age_ms": "float64",
    "duration_ms": "float64",
    "billed_ms": "float64",
    "init_ms": "float64",
    "memory_mb": "int64",
    "environment": "int64",
    "request_id": "str",
}
