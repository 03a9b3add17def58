"""moto's CloudWatch Logs, with AWS's handling of new log events.

Filter patterns are AWS's, subscriptions receive what matches, and metric filters and embedded
metrics become metrics.
"""

import weakref
from collections import deque
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.exceptions import JsonRESTError
from moto.logs import models
from moto.logs.exceptions import ResourceNotFoundException

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.integrations import embedded_metrics
from workbook.localaws.integrations.log_patterns import InvalidPatternError, compile_pattern
from workbook.localaws.moto import log_delivery, metric_filters
from workbook.localaws.moto.takeover import take_over

MAX_KEPT_BYTES = 256 * 1024 * 1024  # for all log events; CloudWatch has no such limit
EVENT_BYTES = 1000  # used by an event besides its message


class _Kept:
    """All log events that are kept, oldest first, up to a limit.

    Streams are held by weak reference, so the events of a deleted stream are freed.
    """

    def __init__(self) -> None:
        self._batches: deque[tuple[weakref.ref[LogStream], int, int]] = deque()
        self._bytes = 0

    def add(self, stream: "LogStream", events: list[dict[str, Any]]) -> None:
        """Note a batch; drop the oldest batches if the limit is exceeded."""
        if not events:  # all were refused, for their times
            return
        size = sum(len(event["message"]) + EVENT_BYTES for event in events)
        self._batches.append((weakref.ref(stream), len(events), size))
        self._bytes += size
        while self._bytes > MAX_KEPT_BYTES and len(self._batches) > 1:
            oldest, count, size = self._batches.popleft()
            self._bytes -= size
            if (dropping := oldest()) is not None:
                dropping.drop(count)


class EventFilter:
    """A test of messages, with moto's interface."""

    def __init__(self, pattern: str | None) -> None:
        try:
            self.matches = compile_pattern(pattern or "")
        except InvalidPatternError as problem:
            raise JsonRESTError("InvalidParameterException", str(problem)) from None


class LogStream(models.LogStream):
    """A log stream whose events are passed on to subscribers and to CloudWatch."""

    _dropped = 0  # events, which the first event reports

    def put_log_events(self, log_events: list[dict[str, Any]]) -> str:
        """Handle PutLogEvents."""
        token = super().put_log_events(log_events)
        _kept.add(self, log_events)
        for event in log_events:
            for metric in embedded_metrics.find(event["message"]):
                _put(self.region, metric)
        backend = models.logs_backends[ACCOUNT_ID][self.region]
        metric_filters.publish(backend, self.log_group.name, log_events)
        return token

    def drop(self, count: int) -> None:
        """Drop the oldest events, and put a notice in their place."""
        end = count + bool(self._dropped)  # also drop the previous notice
        last = self.events[end - 1]
        self._dropped += count
        message = f"The local AWS dropped {self._dropped} events here: it keeps the newest."
        notice = {"timestamp": last.timestamp, "message": message}
        self.events[:end] = [models.LogEvent(last.ingestion_time, notice)]

    def _send_log_events(
        self, service: str, destination_arn: str, filter_name: str, log_events: list[dict[str, Any]]
    ) -> None:
        """Pass events to a subscription; moto's hook."""
        subscription = self.log_group.subscription_filters[filter_name]
        matches = compile_pattern(subscription.filter_pattern or "")
        found = [event for event in log_events if matches(event["message"])]
        if found:
            log_delivery.send(self, subscription, found)


class LogsBackend(models.LogsBackend):
    """moto's backend, with AWS's metric filters."""

    @property
    def _url_module(self) -> Any:
        from moto.logs import urls  # moto derives it from the class' module

        return urls

    def put_metric_filter(
        self,
        filter_name: str,
        filter_pattern: str,
        log_group_name: str,
        metric_transformations: Any,
    ) -> None:
        """Handle PutMetricFilter."""
        if log_group_name not in self.groups:
            raise ResourceNotFoundException()
        metric_filters.put(
            self, filter_name, filter_pattern, log_group_name, metric_transformations
        )

    def delete_log_group(self, log_group_name: str) -> None:
        """Handle DeleteLogGroup, which also deletes its metric filters."""
        super().delete_log_group(log_group_name)
        for one in self.filters.get_matching_filters(log_group_name=log_group_name):
            self.filters.delete_filter(one["filterName"], log_group_name)


def _put(region: str, metric: embedded_metrics.Metric) -> None:
    when = datetime.fromtimestamp(metric.milliseconds / 1000, UTC).replace(tzinfo=None)
    datum: dict[str, Any] = {
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
        "Values": list(metric.values),
        "Timestamp": when,
        "Unit": metric.unit,
    }
    cloudwatch_backends[ACCOUNT_ID][region].put_metric_data(metric.namespace, [datum])


_kept = _Kept()


def install() -> None:
    """Make moto use these log groups; on its thread, before the first log event."""
    models.EventMessageFilter = EventFilter  # type: ignore[attr-defined,assignment]
    models.LogStream = LogStream  # type: ignore[misc]
    take_over(models.logs_backends, LogsBackend)
