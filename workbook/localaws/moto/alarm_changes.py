"""An alarm's change of state: recorded, and reported to topics and functions; on moto's thread."""

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch import responses
from moto.cloudwatch.exceptions import ResourceNotFound, ValidationError
from moto.core.responses import ActionResult, EmptyResult

from workbook.localaws.api import model
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.partitions import description
from workbook.localaws.function_arn import service_of
from workbook.localaws.integrations import alarms
from workbook.localaws.moto import alarm_history

log = logging.getLogger(__name__)


def change(
    backend: Any, alarm: Any, state: str, reason: str, data: Mapping[str, Any], now: float
) -> None:
    """Change an alarm's state, and take the actions for the new one.

    Args:
        backend: moto's backend of the region.
        alarm: moto's alarm.
        state: the new state.
        reason: why, in words.
        data: why, as data; may be empty.
        now: the time, in seconds since the epoch.
    """
    before, was = _state(alarm), alarm.state_value
    alarm.state_value, alarm.state_reason = state, reason
    alarm.state_reason_data = json.dumps(data) if data else None
    alarm.state_updated_timestamp = moment(now)
    if state == was:  # SetAlarmState may give another reason; nothing else follows
        return
    alarm.state_transitioned_timestamp = alarm.state_updated_timestamp
    after = _state(alarm)
    alarm_history.record(
        backend,
        alarm.name,
        alarm_history.STATE,
        f"Alarm updated from {was} to {state}",
        {"oldState": _recorded(before), "newState": _recorded(after)},
        now,
    )
    if alarm.actions_enabled:
        for arn in _actions(alarm, state):
            _take(backend, alarm, arn, before, now)


def moment(seconds: float) -> datetime:
    """Return a time as moto stores it: in UTC, without a time zone."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def iso(seconds: float) -> str:
    """Return a time in CloudWatch's format: ``2026-11-22T10:15:30.123+0000``."""
    then = moment(seconds)
    return f"{then:%Y-%m-%dT%H:%M:%S}.{then.microsecond // 1000:03d}+0000"


def _state(alarm: Any) -> dict[str, Any]:
    """Return an alarm's present state, as functions receive it [OBS, SEEN]."""
    found = {
        "value": alarm.state_value,
        "reason": alarm.state_reason,
        "reasonData": alarm.state_reason_data,
        "timestamp": _iso_of(alarm.state_updated_timestamp),
    }
    return {name: value for name, value in found.items() if value is not None}


def _iso_of(stored: datetime) -> str:
    return iso(stored.replace(tzinfo=UTC).timestamp())


def _recorded(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state as the history has it [SEEN]."""
    found = {"stateValue": state["value"], "stateReason": state["reason"]}
    if "reasonData" in state:
        found["stateReasonData"] = json.loads(state["reasonData"])
    return found


def _actions(alarm: Any, state: str) -> list[str]:
    actions = {
        alarms.ALARM: alarm.alarm_actions,
        alarms.OK: alarm.ok_actions,
        alarms.INSUFFICIENT: alarm.insufficient_data_actions,
    }
    return list(actions[state] or [])


def _take(backend: Any, alarm: Any, arn: str, before: Mapping[str, Any], now: float) -> None:
    """Take an action, and record whether it succeeded; a failed one must not stop the others."""
    try:
        if service_of(arn) == "sns":
            _publish(backend.region_name, arn, alarm, before, now)
        else:
            _invoke(backend.region_name, arn, alarm, before, now)
        outcome, words = "Succeeded", f"Successfully executed action {arn}"
    except Exception as refusal:  # such as a topic that is gone
        log.warning("%s: the action %s failed: %s", alarm.alarm_arn, arn, refusal)
        outcome, words = "Failed", f"Failed to execute action {arn}"
    told = {"actionState": outcome, "notificationResource": arn, "stateUpdateTimestamp": iso(now)}
    alarm_history.record(backend, alarm.name, alarm_history.ACTION, words, told, now)


def _publish(region: str, arn: str, alarm: Any, before: Mapping[str, Any], now: float) -> None:
    """Report an alarm's new state to a topic [OBS, SEEN]."""
    from moto.sns.models import sns_backends

    place = description(region)
    message = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": ACCOUNT_ID,
        "AlarmConfigurationUpdatedTimestamp": _iso_of(alarm.configuration_updated_timestamp),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": iso(now),
        "Region": place,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before["value"],
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "Trigger": {
            **_watched(alarm),
            "EvaluationPeriods": alarm.evaluation_periods,
            "ComparisonOperator": alarm.comparison_operator,
            "Threshold": alarm.threshold,
            "TreatMissingData": alarm.treat_missing_data or "",
            "EvaluateLowSampleCountPercentile": "",
        },
    }
    subject = f'{alarm.state_value}: "{alarm.name}" in {place}'
    topics = sns_backends[ACCOUNT_ID][region]
    topics.publish(json.dumps(message), subject=subject[:100], arn=arn)


def _watched(alarm: Any) -> dict[str, Any]:
    """Return what an alarm watches, for topics [OBS]; for metric math, the queries [?]."""
    if alarm.metric_data_queries:
        return {"Metrics": _queries(alarm)}
    kind = "Statistic" if alarm.statistic else "ExtendedStatistic"
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": kind,
        kind: alarm.statistic.upper() if alarm.statistic else alarm.extended_statistic,
        "Unit": alarm.unit,
        "Dimensions": [{"name": one.name, "value": one.value} for one in alarm.dimensions],
        "Period": alarm.period,
    }


def _queries(alarm: Any) -> list[dict[str, Any]]:
    from workbook.localaws.moto.metric_queries import plain

    return [plain(one) for one in alarm.metric_data_queries]


def _invoke(region: str, arn: str, alarm: Any, before: Mapping[str, Any], now: float) -> None:
    """Report an alarm's new state to a function [OBS, SEEN]."""
    from workbook.localaws.moto import functions

    event = {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.alarm_arn,
        "accountId": ACCOUNT_ID,
        "time": iso(now),
        "region": region,
        "alarmData": {
            "alarmName": alarm.name,
            "state": _state(alarm),
            "previousState": dict(before),
            "configuration": {"description": alarm.description, "metrics": _metrics(alarm)},
        },
    }
    functions.invoke_event(region, arn, json.dumps(event).encode())


def _metrics(alarm: Any) -> list[dict[str, Any]]:
    """Return what an alarm watches, for functions [SEEN]."""
    if not alarm.metric_data_queries:
        stat = {
            "metric": {
                "namespace": alarm.namespace,
                "name": alarm.metric_name,
                "dimensions": {one.name: one.value for one in alarm.dimensions},
            },
            "period": alarm.period,
            "stat": alarm.statistic or alarm.extended_statistic,
        }
        if alarm.unit:
            stat["unit"] = alarm.unit
        return [{"id": str(uuid.uuid4()), "metricStat": stat, "returnData": True}]
    found = []
    for query in _queries(alarm):
        told: dict[str, Any] = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
        if "MetricStat" in query:
            stat = query["MetricStat"]
            metric = stat["Metric"]
            told["metricStat"] = {
                "metric": {
                    "namespace": metric["Namespace"],
                    "name": metric["MetricName"],
                    "dimensions": {one["Name"]: one["Value"] for one in metric["Dimensions"]},
                },
                "period": stat["Period"],
                "stat": stat["Stat"],
            }
        else:
            told |= {name.lower(): query[name] for name in ("Expression", "Label") if name in query}
        found.append(told)
    return found


def _set(handler: Any, now: float) -> ActionResult:
    """Handle SetAlarmState, whose state lasts until the next evaluation [BC]."""
    given, backend = handler._get_params(), handler.cloudwatch_backend
    try:
        model.cloudwatch().read("SetAlarmState", given)
    except ApiError as refused:
        raise ValidationError(refused.message) from None
    alarm = backend.alarms.get(given["AlarmName"])
    if alarm is None:
        raise ResourceNotFound
    text = given.get("StateReasonData")
    try:
        data = json.loads(text) if text else {}
    except ValueError:
        raise ValidationError("StateReasonData is not JSON.") from None
    change(backend, alarm, given["StateValue"], given["StateReason"], data, now)
    return EmptyResult()


def install(now: Callable[[], float]) -> None:
    """Make SetAlarmState take an alarm's actions; on moto's thread."""
    handler: Any = responses.CloudWatchResponse
    handler.set_alarm_state = lambda self: _set(self, now())
