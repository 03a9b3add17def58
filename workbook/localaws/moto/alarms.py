"""moto's alarms, evaluated on the services' clock, with their actions."""

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.clock import Clock
from workbook.localaws.function_arn import service_of
from workbook.localaws.integrations import alarms
from workbook.localaws.metrics import Metrics
from workbook.localaws.moto.worker import Worker

LOOK_SECONDS = 1.0  # real seconds between checks for a period that has ended
FINE_PERIODS = (10, 20, 30)  # their alarms are evaluated every 10 seconds [D23]
log = logging.getLogger(__name__)


class Alarms:
    """Evaluates every alarm each minute, or every ten seconds if its period is short.

    Args:
        clock: the time of evaluations.
        worker: moto.
        metrics: written before alarms are evaluated.
    """

    def __init__(self, clock: Clock, worker: Worker, metrics: Metrics) -> None:
        self._clock = clock
        self._worker = worker
        self._metrics = metrics
        self._task: asyncio.Task[None] | None = None
        self._evaluated: dict[str, int] = {}  # the tick of each alarm's last evaluation

    def watch(self) -> None:
        """Start to evaluate; called when the first alarm is created."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop evaluating."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._metrics.flush()
                await self._worker.call(self._evaluate, self._clock.now())
            except Exception:  # one alarm's fault must not end the others
                log.exception("alarms could not be evaluated")

    def _evaluate(self, now: float) -> None:
        from moto.cloudwatch.models import cloudwatch_backends

        for region, backend in cloudwatch_backends[ACCOUNT_ID].items():
            for alarm in list(backend.alarms.values()):
                queries = _queries(alarm)
                if not queries:
                    continue
                period = max(one.period for one in queries)
                tick = int(now // (10 if period in FINE_PERIODS else 60))
                if self._evaluated.get(alarm.alarm_arn) != tick:
                    self._evaluated[alarm.alarm_arn] = tick
                    self._judge(str(region), backend, alarm, queries, period, now)

    def _judge(
        self, region: str, backend: Any, alarm: Any, queries: Any, period: int, now: float
    ) -> None:
        rule = alarms.Rule(
            alarm.comparison_operator,
            float(alarm.threshold),
            int(alarm.evaluation_periods),
            int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
            alarm.treat_missing_data or alarms.MISSING,
        )
        if rule.comparison not in alarms.COMPARISONS:
            return
        points = list(_points(backend, queries, period, rule.range, now))
        found = alarms.state(rule, [value for _, value in points])
        if found is None or found == alarm.state_value:
            return
        reason, before = alarms.reason(rule, found, points), alarm.state_value
        data = {
            "version": "1.0",
            "queryDate": _iso(now),
            "statistic": alarm.statistic or alarm.extended_statistic,
            "period": period,
            "recentDatapoints": [value for _, value in points if value is not None],
            "threshold": rule.threshold,
        }
        alarm.update_state(reason, json.dumps(data), found)
        if alarm.actions_enabled:
            for arn in _actions(alarm, found):
                try:
                    _act(region, arn, alarm, before, now)
                except (
                    Exception
                ):  # such as a topic that is gone; the other actions must not miss it
                    log.exception("%s: the action %s failed", alarm.alarm_arn, arn)


def _queries(alarm: Any) -> list[Any]:
    """Return the metric queries of an alarm; none if it watches other alarms."""
    from workbook.localaws.moto.metric_queries import plain, read

    if alarm.metric_data_queries:
        return read([plain(one) for one in alarm.metric_data_queries])
    if not alarm.metric_name:
        return []
    metric = {
        "Namespace": alarm.namespace,
        "MetricName": alarm.metric_name,
        "Dimensions": [{"Name": one.name, "Value": one.value} for one in alarm.dimensions],
    }
    stat = {
        "Metric": metric,
        "Period": alarm.period,
        "Stat": alarm.statistic or alarm.extended_statistic,
        "Unit": alarm.unit,
    }
    return read([{"Id": "metric", "MetricStat": stat}])


def _points(
    backend: Any, queries: Any, period: int, count: int, now: float
) -> Iterator[tuple[float, float | None]]:
    """Yield the start and value of each completed period in a range, oldest first."""
    from workbook.localaws.moto.metric_queries import evaluate

    end = int(now // period) * period
    begin = end - count * period
    found = evaluate(backend.get_all_metrics(), queries, begin, end)
    series = found[next(one.id for one in queries if one.returns)][0].series
    for start in range(begin, end, period):
        yield start, series.get(start)


def _actions(alarm: Any, state: str) -> list[str]:
    actions = {
        alarms.ALARM: alarm.alarm_actions,
        alarms.OK: alarm.ok_actions,
        alarms.INSUFFICIENT: alarm.insufficient_data_actions,
    }
    return list(actions[state] or [])


def _act(region: str, arn: str, alarm: Any, before: str, now: float) -> None:
    """Report an alarm's new state to a topic or function [OBS]."""
    if service_of(arn) == "sns":
        from moto.sns.models import sns_backends

        message = {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": ACCOUNT_ID,
            "NewStateValue": alarm.state_value,
            "NewStateReason": alarm.state_reason,
            "StateChangeTime": _iso(now),
            "Region": region,
            "AlarmArn": alarm.alarm_arn,
            "OldStateValue": before,
            "Trigger": {
                **_watched(alarm),
                "EvaluationPeriods": alarm.evaluation_periods,
                "ComparisonOperator": alarm.comparison_operator,
                "Threshold": alarm.threshold,
                "TreatMissingData": alarm.treat_missing_data or "",
            },
        }
        subject = f'{alarm.state_value}: "{alarm.name}" in {region}'
        topics = sns_backends[ACCOUNT_ID][region]
        topics.publish(json.dumps(message), subject=subject[:100], arn=arn)
    elif service_of(arn) == "lambda":
        from workbook.localaws.moto import functions

        event = {
            "source": "aws.cloudwatch",
            "alarmArn": alarm.alarm_arn,
            "accountId": ACCOUNT_ID,
            "time": _iso(now),
            "region": region,
            "alarmData": {
                "alarmName": alarm.name,
                "state": {"value": alarm.state_value, "reason": alarm.state_reason},
                "previousState": {"value": before},
                "configuration": {"description": alarm.description},
            },
        }
        functions.invoke_event(region, arn, json.dumps(event).encode())


def _watched(alarm: Any) -> dict[str, Any]:
    """Return what an alarm watches, for notifications [OBS]; for metric math, the queries [?]."""
    if alarm.metric_data_queries:
        from workbook.localaws.moto.metric_queries import plain

        return {"Metrics": [plain(one) for one in alarm.metric_data_queries]}
    kind = "Statistic" if alarm.statistic else "ExtendedStatistic"
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": kind,
        kind: alarm.statistic.upper() if alarm.statistic else alarm.extended_statistic,
        "Dimensions": [{"name": one.name, "value": one.value} for one in alarm.dimensions],
        "Period": alarm.period,
    }


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def install() -> None:
    """Start new alarms in AWS's initial state, and keep the state on updates; on moto's thread."""
    from moto.cloudwatch import models

    class Alarm(models.Alarm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.state_value = alarms.INSUFFICIENT
            self.state_reason = alarms.INITIAL_REASON
            region, name = kwargs["region_name"], kwargs["name"]
            present = models.cloudwatch_backends[ACCOUNT_ID][region].alarms.get(name)
            if present is not None:  # an update keeps the state [BC]
                self.state_value = present.state_value
                self.state_reason = present.state_reason
                self.history = present.history

    models.Alarm = Alarm  # type: ignore[misc]
