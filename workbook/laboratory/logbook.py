"""The invocations of a function, read from its log."""

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
PROBE = re.compile(
    r'{"probe": "(begin|end|closed)"'
)  # may follow output of the handler without a newline
OVERLAP_MILLIS = 30_000  # by which each read overlaps the last; on AWS some events are late


class Invocation(NamedTuple):
    """An invocation; times are in milliseconds since the Unix epoch.

    Args:
        request_id: the id of the invocation; it differs for each attempt at a batch.
        environment: the log stream; each execution environment has its own.
        shard_id: the shard of the batch.
        sequence_numbers: the sequence numbers of its records, in order.
        last_arrival: when its last record arrived in the stream, in seconds.
        started: the time of the START line.
        ended: the time of the REPORT line.
        report: the figures of the REPORT line, in ms and MB, and its ``Status`` if it has one.
        failed_from: the sequence number that the handler reported, if any.
        answered: whether the handler returned.
        reported: how many records the handler reported.
        unreadable: the handler's reply, if Lambda cannot read it as a partial batch response.
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
    reported: int = 0
    unreadable: str | None = None

    def outcome(self, reports_failures: bool) -> str:
        """Return ``ok``, ``partial``, ``timeout`` or ``error``.

        Args:
            reports_failures: whether the mapping respects partial batch responses; only then a
                reported failure makes an invocation ``partial``.
        """
        if not self.answered:
            return "timeout" if self.report.get("Status") == "timeout" else "error"
        if reports_failures and self.unreadable is not None:
            return "error"
        return "partial" if self.failed_from is not None and reports_failures else "ok"

    def done(self, reports_failures: bool) -> list[int]:
        """Return the sequence numbers of the records that Lambda regards as processed.

        Args:
            reports_failures: whether the mapping respects partial batch responses.
        """
        outcome = self.outcome(reports_failures)
        if outcome == "ok":
            return self.sequence_numbers
        if outcome == "partial":
            return [n for n in self.sequence_numbers if n < (self.failed_from or 0)]
        return []


class Logbook:
    """A reader of a function's log group that remembers what it has read.

    Args:
        logs: a boto3 client.
        group: the name of the log group.
    """

    def __init__(self, logs: Any, group: str) -> None:
        self._pager = logs.get_paginator("filter_log_events")
        self._group = group
        self._seen: set[str] = set()  # ids of events
        self._started: dict[str, int] = {}  # this and what follows: by request id
        self._reports: dict[str, tuple[Any, dict[str, str]]] = {}
        self._begun: dict[str, Any] = {}
        self._ended: dict[str, Any] = {}
        self._known: dict[str, Invocation] = {}
        self._windows: set[tuple[str, str]] = set()  # shard and start of each window with records
        self._closed: set[tuple[str, str]] = set()
        self._newest = 0

    @property
    def open_windows(self) -> int:
        """Return for how many tumbling windows the function has not had the last event."""
        return len(self._windows - self._closed)

    @property
    def ended(self) -> int:
        """Return how many invocations ended, including those that never reached the handler."""
        return len(self._reports)

    def read(self, *, whole: bool = False) -> list[Invocation]:
        """Read the log, and return all invocations that have ended, in order of their start.

        Args:
            whole: whether to read the log from its start instead of only what is new.
        """
        since = 0 if whole else max(0, self._newest - OVERLAP_MILLIS)
        for page in self._pager.paginate(logGroupName=self._group, startTime=since):
            for event in page["events"]:
                self._newest = max(self._newest, event["timestamp"])
                if event["eventId"] not in self._seen:
                    self._seen.add(event["eventId"])
                    self._take(event)
        for request_id in self._reports:
            if request_id not in self._begun or request_id not in self._started:
                continue
            if request_id not in self._known or not self._known[request_id].answered:
                self._known[request_id] = self._invocation(request_id)
        return sorted(self._known.values(), key=lambda invocation: invocation.started)

    def _take(self, event: Any) -> None:
        """Note what an event says."""
        message = event["message"]
        if match := START.match(message):
            self._started[match[1]] = event["timestamp"]
        elif match := REPORT.match(message):
            self._reports[match[1]] = (event, dict(FIGURE.findall(match[2])))
        elif match := PROBE.search(message):
            facts = json.loads(message[match.start() :])
            if facts.get("window"):
                windows = self._windows if facts["probe"] == "begin" else self._closed
                windows.add((facts["shard_id"], facts["window"]))
            if facts["probe"] == "begin":
                self._begun[facts["request_id"]] = facts
            elif facts["probe"] == "end":
                self._ended[facts["request_id"]] = facts

    def _invocation(self, request_id: str) -> Invocation:
        event, report = self._reports[request_id]
        begun, ended = self._begun[request_id], self._ended.get(request_id)
        return Invocation(
            request_id,
            event["logStreamName"],
            begun["shard_id"],
            unpack(begun["sequence_numbers"]),
            begun["last_arrival"],
            self._started[request_id],
            event["timestamp"],
            report,
            _failed_from(ended),
            ended is not None,
            ended.get("reported", 0) if ended else 0,
            ended.get("unreadable") if ended else None,
        )


def unpack(packed: str) -> list[int]:
    """Return the sequence numbers packed by the probe."""
    return [int(text) for text in zlib.decompress(base64.b64decode(packed)).split()]


def _failed_from(end: Any) -> int | None:
    return int(end["failed_from"]) if end and end["failed_from"] is not None else None


def table(
    invocations: list[Invocation], reports_failures: bool, speed: float = 1.0
) -> pd.DataFrame:
    """Return one row for each invocation, in order of their start.

    All times are by AWS's clock. In time-lapse, it runs ``speed`` times as fast as the real clock,
    by which the local AWS measures functions; durations from REPORT lines are multiplied
    accordingly.

    Args:
        invocations: the invocations, as returned by ``Logbook.read``.
        reports_failures: whether the mapping respects partial batch responses.
        speed: the speed of AWS's clock.

    Returns:
        Columns ``shard_id``, ``started``, ``ended`` (UTC), ``records``,
        ``first_sequence_number`` (of the first record), ``attempt`` (1 if that record is tried for
        the first time), ``outcome``, ``failed`` (records that Lambda does not regard as processed),
        ``iterator_age_ms`` (of the last record, at the start), ``duration_ms``, ``billed_ms``,
        ``init_ms`` (missing if warm), ``memory_mb``, ``environment`` (0, 1, ... by first use) and
        ``request_id``.
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
    if speed != 1:  # round up to that clock's millisecond, not to a real one
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
