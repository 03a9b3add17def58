"""PutLogEvents on moto's log groups, by the clock of the local AWS; on moto's thread."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.logs import responses
from moto.logs.exceptions import ResourceNotFoundException

from workbook.localaws.moto.log_events import group_of, invalid, parameters

MOST_BYTES = 1_048_576  # in a call, and in an event [BC]
EVENT_BYTES = 26  # that an event has besides its message [BC]
HOUR, DAY = 3_600_000, 86_400_000  # milliseconds
NOT_IN_ORDER = (
    "Log events in a single PutLogEvents request must be in chronological order."  # [OBS]
)
TOO_LONG = (
    "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
)


def accepted(
    times: Sequence[int], now: int, retention_days: int | None
) -> tuple[slice, dict[str, int]]:
    """Return which events of a batch are accepted, and ``rejectedLogEventsInfo`` [BC].

    Args:
        times: the events' times in order, in milliseconds since the epoch.
        now: the present time, in the same unit.
        retention_days: how long the log group keeps events; None for no limit.
    """
    rejected: dict[str, int] = {}
    first, end = 0, len(times)
    for name, age in (
        ("tooOldLogEventEndIndex", 14 * DAY),
        ("expiredLogEventEndIndex", (retention_days or 0) * DAY),
    ):
        old = sum(time < now - age for time in times) if age else 0
        if old:
            rejected[name] = old
            first = max(first, old)
    new = sum(time > now + 2 * HOUR for time in times)
    if new:
        end -= new
        rejected["tooNewLogEventStartIndex"] = end
    return slice(first, end), rejected


def _check(events: Sequence[Mapping[str, Any]]) -> None:
    """Check the sizes and the order of a batch.

    Raises:
        JsonRESTError: they are not as AWS wants them.
    """
    sizes = [len(one["message"].encode()) + EVENT_BYTES for one in events]
    if max(sizes) > MOST_BYTES:
        raise invalid(
            f"Log event too large: {max(sizes)} bytes exceeds limit of {MOST_BYTES}"
        )  # [SEEN]
    if sum(sizes) > MOST_BYTES:
        raise invalid(f"Upload too large: {sum(sizes)} bytes exceeds limit of {MOST_BYTES}")
    times = [one["timestamp"] for one in events]
    if times != sorted(times):
        raise invalid(NOT_IN_ORDER)


def _put(handler: Any, now: Callable[[], float]) -> str:
    """Handle PutLogEvents."""
    given = parameters(handler, "PutLogEvents")
    group, stream = group_of(handler.logs_backend, given["logGroupName"]), given["logStreamName"]
    if stream not in group.streams:
        raise ResourceNotFoundException("The specified log stream does not exist.")
    events = given["logEvents"]
    _check(events)
    times = [one["timestamp"] for one in events]
    kept, rejected = accepted(times, int(now() * 1000), group.retention_in_days)
    if len(times[kept]) and times[kept][-1] - times[kept][0] > DAY:
        raise invalid(TOO_LONG)
    answer: dict[str, Any] = {"nextSequenceToken": group.put_log_events(stream, events[kept])}
    if rejected:
        answer["rejectedLogEventsInfo"] = rejected
    return json.dumps(answer)


def install(now: Callable[[], float]) -> None:
    """Make moto use this implementation; on its thread."""
    handler: Any = responses.LogsResponse
    handler.put_log_events = lambda self: _put(self, now)
