"""moto's metric filters, which make metrics from new log events.  On moto's thread."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import MetricDatum, cloudwatch_backends
from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time_millis
from moto.logs import responses

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.integrations import metric_filters
from workbook.localaws.integrations.log_patterns import (
    InvalidPatternError,
    compile_pattern,
    values,
)
from workbook.localaws.integrations.metric_filters import Filter, InvalidFilterError

MINUTE = 60_000  # milliseconds


class MetricFilter(dict[str, Any]):
    """A metric filter in moto's form, which remembers what it has published.

    Args:
        given: the members of its description.
        read: the rule that it applies.
    """

    def __init__(self, given: Mapping[str, Any], read: Filter) -> None:
        super().__init__(given)
        self._read = read
        self._minute = 0  # the newest minute with events
        self._default: MetricDatum | None = None  # for that minute, while nothing has matched
        self._has_matched = False

    def take(self, region: str, events: Iterable[Mapping[str, Any]]) -> None:
        """Publish metrics for new log events."""
        data = cloudwatch_backends[ACCOUNT_ID][region].metric_data
        for event in events:
            minute = event["timestamp"] // MINUTE
            if minute > self._minute:
                self._minute, self._default, self._has_matched = minute, None, False
            if not self._read.matches(event["message"]):
                is_first = minute == self._minute and not self._has_matched and not self._default
                if self._read.default is not None and is_first:
                    self._default = self._datum(minute * MINUTE, self._read.default, ())
                    data.append(self._default)
                continue
            if minute == self._minute:
                self._has_matched = True
                if self._default is not None:  # an event of the minute matched after all
                    data.remove(self._default)
                    self._default = None
            found = self._read.datum(event["message"])
            if found is not None:
                data.append(self._datum(event["timestamp"], *found))

    def _datum(
        self, milliseconds: int, value: float, dimensions: tuple[tuple[str, str], ...]
    ) -> MetricDatum:
        return MetricDatum(
            self._read.namespace,
            self._read.name,
            value,
            [{"Name": name, "Value": text} for name, text in dimensions],
            datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None),
            self._read.unit,
        )


def put(backend: Any, name: str, pattern: str, group: str, transformations: Any) -> None:
    """Store a metric filter; replace one with the same name [BC].

    Args:
        backend: moto's backend for CloudWatch Logs.
        name: the filter's.
        pattern: which events match.
        group: the log group's name.
        transformations: a list with one transformation.

    Raises:
        JsonRESTError: the filter is not valid.
    """
    try:
        read = metric_filters.read(pattern, transformations[0])
    except InvalidFilterError as problem:
        raise JsonRESTError("InvalidParameterException", str(problem)) from None
    backend.filters.delete_filter(name, group)
    given = {
        "filterName": name,
        "filterPattern": pattern,
        "metricTransformations": transformations,
        "creationTime": int(unix_time_millis()),
        "logGroupName": group,
        "applyOnTransformedLogs": False,
    }
    backend.filters.metric_filters.append(MetricFilter(given, read))


def publish(backend: Any, group: str, events: list[dict[str, Any]]) -> None:
    """Publish the metrics that a log group's filters make of new log events.

    Args:
        backend: moto's backend for CloudWatch Logs.
        group: the log group's name.
        events: the events, with timestamps and messages.
    """
    for one in backend.filters.metric_filters:
        if one["logGroupName"] == group:
            one.take(backend.region_name, events)


def _test(handler: Any) -> str:
    """Handle TestMetricFilter [BC]."""
    pattern = handler._get_param("filterPattern") or ""
    try:
        matches = compile_pattern(pattern)
    except InvalidPatternError as problem:
        raise JsonRESTError("InvalidParameterException", str(problem)) from None
    found = [
        {
            "eventNumber": number,
            "eventMessage": message,
            "extractedValues": {
                name: value if isinstance(value, str) else json.dumps(value)
                for name, value in values(pattern, message).items()
            },
        }
        for number, message in enumerate(handler._get_param("logEventMessages"), 1)
        if matches(message)
    ]
    return json.dumps({"matches": found})


def install() -> None:
    """Make moto use this implementation; on its thread."""
    handler: Any = responses.LogsResponse
    handler.test_metric_filter = _test
