"""The history of CloudWatch's alarms; on moto's thread.

It outlives the alarms [BC]. Summaries and data have the form that AWS's own examples show [SEEN].
"""

import json
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch import responses
from moto.cloudwatch.exceptions import ValidationError
from moto.core.responses import ActionResult

from workbook.localaws.api import model
from workbook.localaws.api.errors import ApiError
from workbook.localaws.moto.metric_checks import seconds

CONFIGURATION, STATE, ACTION = "ConfigurationUpdate", "StateUpdate", "Action"
MOST_ITEMS = 10_000  # in a region; the oldest are dropped, to limit memory
MOST_RECORDS = 100  # in an answer [BC]
KEPT_SECONDS = 30 * 86_400  # for which AWS keeps an item [BC]


def record(
    backend: Any, alarm: str, kind: str, summary: str, data: Mapping[str, Any], now: float
) -> None:
    """Add an item to the history of a region's alarms.

    Args:
        backend: moto's backend of the region.
        alarm: the alarm's name.
        kind: ``ConfigurationUpdate``, ``StateUpdate`` or ``Action``.
        summary: what happened, in words.
        data: the details.
        now: the time, in seconds since the epoch.
    """
    _items(backend).append(
        {
            "AlarmName": alarm,
            "AlarmType": "MetricAlarm",
            "Timestamp": datetime.fromtimestamp(now, UTC),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps({"version": "1.0", **data}, separators=(",", ":")),
        }
    )


def _items(backend: Any) -> deque[dict[str, Any]]:
    if "alarm_history" not in vars(backend):
        backend.alarm_history = deque(maxlen=MOST_ITEMS)
    found: deque[dict[str, Any]] = backend.alarm_history
    return found


def _describe(handler: Any, now: float) -> ActionResult:
    """Handle DescribeAlarmHistory; without another order, the newest items come first [BC]."""
    given = handler._get_params()
    given |= {name: seconds(given[name]) for name in ("StartDate", "EndDate") if given.get(name)}
    try:
        model.cloudwatch().read("DescribeAlarmHistory", given)
    except ApiError as refused:
        raise ValidationError(refused.message) from None
    start, end = max(given.get("StartDate", 0), now - KEPT_SECONDS), given.get("EndDate", now)
    wanted = {"AlarmName": given.get("AlarmName"), "HistoryItemType": given.get("HistoryItemType")}
    kinds = given.get("AlarmTypes") or ["MetricAlarm"]
    found = [
        one
        for one in _items(handler.cloudwatch_backend)
        if one["AlarmType"] in kinds
        and all(value in (None, one[name]) for name, value in wanted.items())
        and start <= one["Timestamp"].timestamp() <= end
    ]
    if given.get("ScanBy") != "TimestampAscending":
        found.reverse()
    first, count = _first(given.get("NextToken")), int(given.get("MaxRecords") or MOST_RECORDS)
    answer: dict[str, Any] = {"AlarmHistoryItems": found[first : first + count]}
    if first + count < len(found):
        answer["NextToken"] = str(first + count)
    return ActionResult(answer)


def _first(token: str | None) -> int:
    if token and not token.isdecimal():
        raise ValidationError("Invalid nextToken")
    return int(token or 0)


def _put(handler: Any, put: Callable[[Any], Any], now: float) -> Any:
    """Handle PutMetricAlarm, and record that the alarm was created or updated."""
    given, backend = handler._get_params(), handler.cloudwatch_backend
    name = given.get("AlarmName")
    kind = "Update" if name in backend.alarms else "Create"
    answer = put(handler)
    _configured(backend, name, kind, given, now)
    return answer


def _delete(handler: Any, delete: Callable[[Any], Any], now: float) -> Any:
    """Handle DeleteAlarms, and record which alarms were deleted."""
    backend = handler.cloudwatch_backend
    names = [one for one in handler._get_params().get("AlarmNames") or () if one in backend.alarms]
    answer = delete(handler)
    for name in names:
        _configured(backend, name, "Delete", {"AlarmName": name}, now)
    return answer


def _configured(backend: Any, name: str, kind: str, given: Mapping[str, Any], now: float) -> None:
    done = f"{kind.lower()}d"
    settings = {key[:1].lower() + key[1:]: value for key, value in given.items()}
    told = {"type": kind, f"{done}Alarm": settings}
    record(backend, name, CONFIGURATION, f'Alarm "{name}" {done}', told, now)


def install(now: Callable[[], float]) -> None:
    """Make moto keep the history of alarms; on its thread."""
    handler: Any = responses.CloudWatchResponse
    put, delete = handler.put_metric_alarm, handler.delete_alarms
    handler.put_metric_alarm = lambda self: _put(self, put, now())
    handler.delete_alarms = lambda self: _delete(self, delete, now())
    handler.describe_alarm_history = lambda self: _describe(self, now())
