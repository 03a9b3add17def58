"""moto's alarms, evaluated on the services' clock, with their actions."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.clock import Clock
from workbook.localaws.integrations import alarms
from workbook.localaws.metrics import Metrics
from workbook.localaws.moto.worker import Worker

LOOK_SECONDS = 1.0  # real seconds between checks for a period that has ended
DYNAMODB = "AWS/DynamoDB"
STATE = (  # of an alarm
    *("state_value", "state_reason", "state_reason_data"),
    *("state_updated_timestamp", "state_transitioned_timestamp"),
)
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

        for backend in cloudwatch_backends[ACCOUNT_ID].values():
            for alarm in list(backend.alarms.values()):
                queries = _queries(alarm)
                if not queries:
                    continue
                period = max(one.period for one in queries)
                tick = int(now // (10 if period in FINE_PERIODS else 60))
                if self._evaluated.get(alarm.alarm_arn) != tick:
                    self._evaluated[alarm.alarm_arn] = tick
                    self._judge(backend, alarm, queries, period, now)

    def _judge(self, backend: Any, alarm: Any, queries: Any, period: int, now: float) -> None:
        from workbook.localaws.moto import alarm_changes

        rule = alarms.Rule(
            alarm.comparison_operator,
            float(alarm.threshold),
            int(alarm.evaluation_periods),
            int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
            _treat_missing(alarm),
        )
        if rule.comparison not in alarms.COMPARISONS:
            return
        points = list(_points(backend, queries, period, rule.range, now))
        found = alarms.state(rule, [value for _, value in points])
        if found is None or found == alarm.state_value:
            return
        data = {
            "version": "1.0",
            "queryDate": alarm_changes.iso(now),
            "statistic": alarm.statistic or alarm.extended_statistic,
            "period": period,
            "recentDatapoints": [value for _, value in points if value is not None],
            "threshold": rule.threshold,
            "evaluatedDatapoints": [
                {"timestamp": alarm_changes.iso(start), "value": value}
                for start, value in reversed(points)
                if value is not None
            ],
        }
        reason = alarms.reason(rule, found, points)
        alarm_changes.change(backend, alarm, found, reason, data, now)


def _treat_missing(alarm: Any) -> str:
    """Return how an alarm treats missing data; those of DynamoDB always ignore it [D23]."""
    if alarm.namespace == DYNAMODB:
        return alarms.IGNORE
    return alarm.treat_missing_data or alarms.MISSING


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


def install(now: Callable[[], float]) -> None:
    """Start new alarms in AWS's initial state, and keep the state on updates; on moto's thread."""
    from moto.cloudwatch import models

    from workbook.localaws.moto import alarm_changes

    class Alarm(models.Alarm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.state_value = alarms.INSUFFICIENT
            self.state_reason = alarms.INITIAL_REASON
            self.state_reason_data: Any = None  # until the first change [OBS]
            moment = alarm_changes.moment(now())
            self.configuration_updated_timestamp = moment
            self.state_updated_timestamp = self.state_transitioned_timestamp = moment
            region, name = kwargs["region_name"], kwargs["name"]
            present = models.cloudwatch_backends[ACCOUNT_ID][region].alarms.get(name)
            if present is not None:  # an update keeps the state [BC]
                for kept in STATE:
                    setattr(self, kept, getattr(present, kept))

    models.Alarm = Alarm  # type: ignore[misc]
    alarm_changes.install(now)
