"""moto's CloudWatch with AWS's statistics and metric math: ``GetMetricData`` and related calls.

Everything that needs the values of metrics, alarms included, calls ``evaluate``. It runs on moto's
thread.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch import models, responses
from moto.cloudwatch.exceptions import (
    InvalidParameterCombination,
    InvalidParameterValue,
    ValidationError,
)
from moto.core.responses import ActionResult, EmptyResult

from workbook.localaws.integrations import metric_math
from workbook.localaws.integrations.metric_math import MetricMathError, Named, Node, Scope
from workbook.localaws.integrations.statistics import NAMES, Samples, is_supported, statistic
from workbook.localaws.moto import metric_checks
from workbook.localaws.moto.takeover import take_over

MINUTE = 60
MOST_POINTS = 100_800  # data points in an answer of GetMetricData [BC]
SUMMED_OVER_FUNCTIONS = "AWS/Lambda"  # its metrics also exist without dimensions [D23]


class Sampled(models.MetricAggregatedDatum):
    """A statistic set that knows how often each value occurs."""

    values: Mapping[float, float]


@dataclass(frozen=True)
class Query:
    """A parsed query of a request.

    Args:
        id: its name in the request.
        label: the label of its result.
        returns: whether its result is returned.
        stat: the metric and the statistic; None for an expression.
        expression: the parsed expression; None for a metric.
        period: the query's period in seconds; 0 for an expression without one.
    """

    id: str
    label: str
    returns: bool
    stat: Mapping[str, Any] | None
    expression: Node | None
    period: int


def read(queries: Sequence[Mapping[str, Any]]) -> list[Query]:
    """Parse the queries of a request.

    Args:
        queries: as given to ``GetMetricData`` and ``PutMetricAlarm``.

    Raises:
        ValidationError: a query is wrong, or not supported.
    """
    stats = [one["MetricStat"] for one in queries if one.get("MetricStat")]
    found = []
    for number, one in enumerate(queries, 1):
        stat, text, name = one.get("MetricStat"), one.get("Expression"), one["Id"]
        if not stat and not text:  # AWS's message has the empty line too
            raise ValidationError(
                f"The parameter MetricDataQueries.member.{number}.MetricStat is required.\n"
            )
        metric_checks.query(one)
        expression = None
        if stat:
            check(stat["Stat"], "Stat")
        else:
            try:
                expression = metric_math.parse(str(text))
            except MetricMathError as problem:
                raise ValidationError(f"Error in expression '{name}': {problem}.") from None
        period = int(stat["Period"] if stat else one.get("Period") or 0)
        returns = one.get("ReturnData") is not False
        label = one.get("Label") or (_label(stat, stats) if stat else name)
        found.append(Query(name, label, returns, stat, expression, period))
    if len({one.id for one in found}) < len(found):
        raise ValidationError("The values for parameter id in MetricDataQueries are not unique.")
    _check_names(found)
    return found


def check(name: str, parameter: str) -> None:
    """Refuse an unknown or unsupported statistic, by name.

    Raises:
        InvalidParameterValue: it is unknown or unsupported.
    """
    if not is_supported(name):
        raise InvalidParameterValue(
            f"The value {name} for parameter {parameter} is not supported by the local AWS; it "
            f"supports {', '.join(NAMES)} and percentiles such as p99.9."
        )


def _label(stat: Mapping[str, Any], all_stats: Sequence[Mapping[str, Any]]) -> str:
    """Return a metric's name, with what distinguishes it from the others [OBS]."""
    parts = [stat["Metric"]["MetricName"]]
    for member in ("Stat", "Period"):
        if len({str(one[member]) for one in all_stats}) > 1:
            parts.append(str(stat[member]))
    return " ".join(parts)


def _check_names(queries: Iterable[Query]) -> None:
    """Refuse unknown ids, and expressions that depend on each other.

    Raises:
        ValidationError: there is such an id or expression.
    """
    needed = {one.id: one.expression.names() if one.expression else set() for one in queries}
    for name, others in needed.items():
        missing = sorted(others - set(needed))
        if missing:
            raise ValidationError(
                f"Error in expression '{name}': there is no metric with the id {missing[0]}."
            )
    while ready := [name for name, others in needed.items() if not others & set(needed)]:
        for name in ready:
            del needed[name]
    if needed:
        raise ValidationError(f"Error in expression '{min(needed)}': it depends on itself.")


def evaluate(
    data: Sequence[Any], queries: Sequence[Query], start: float, end: float
) -> dict[str, list[Named]]:
    """Return the series of each query, by id.

    Args:
        data: all data points of a region, in moto's form.
        queries: the queries of one request.
        start: the start of the first period, in seconds since the epoch; rounded down [BC].
        end: the end, which is excluded.

    Raises:
        ValidationError: an expression cannot be computed.
    """
    metrics = {
        one.id: Named(one.label, series(data, one.stat, start, end)) for one in queries if one.stat
    }
    shared = max((one.period for one in queries), default=0) or MINUTE
    results: dict[str, list[Named]] = {}
    waiting = {one.id: one for one in queries if one.expression}
    labels = {one.id: one.label for one in queries}
    while waiting:
        name, expression = next(
            (name, one.expression)
            for name, one in waiting.items()
            if one.expression and not one.expression.names() & set(waiting)
        )
        period = waiting.pop(name).period or shared
        times = tuple(range(rounded(start, period), math.ceil(end), period))
        try:
            found = metric_math.evaluate(expression, Scope(metrics, times, period, results))
        except MetricMathError as problem:
            raise ValidationError(f"Error in expression '{name}': {problem}.") from None
        several = len(found) > 1
        results[name] = [
            Named(f"{labels[name]} {one.label}" if several else labels[name], one.series)
            for one in found
        ]
    return results | {name: [one] for name, one in metrics.items()}


def series(
    data: Sequence[Any], stat: Mapping[str, Any], start: float, end: float
) -> dict[int, float]:
    """Return a statistic of a metric for each period that has data.

    Args:
        data: all data points of a region, in moto's form.
        stat: a query's ``MetricStat``.
        start: the start of the first period, in seconds since the epoch; rounded down.
        end: the end, which is excluded.
    """
    metric = stat["Metric"]
    found = _periods(
        _of_metric(
            data,
            metric["Namespace"],
            metric["MetricName"],
            metric.get("Dimensions") or (),
            stat.get("Unit"),
        ),
        int(stat["Period"]),
        start,
        end,
    )
    values = {
        at: statistic(stat["Stat"], [_samples(one) for one in points])
        for at, points in sorted(found.items())
    }
    return {at: value for at, value in values.items() if value is not None}


def rounded(start: float, period: int) -> int:
    """Return the start of the first period: a whole minute, unless periods are short [BC]."""
    step = min(period, MINUTE)
    return int(start // step * step)


def _of_metric(
    data: Iterable[Any],
    namespace: str,
    name: str,
    dimensions: Iterable[Mapping[str, str]],
    unit: str | None,
) -> list[Any]:
    """Return the data points of a metric: its dimensions are part of its identity [BC]."""
    wanted = {(one["Name"], one["Value"]) for one in dimensions}
    any_dimensions = not wanted and namespace == SUMMED_OVER_FUNCTIONS
    return [
        one
        for one in data
        if one.name == name
        and one.namespace == namespace
        and (any_dimensions or {(part.name, part.value) for part in one.dimensions} == wanted)
        and (not unit or one.unit == unit)
    ]


def _periods(points: Iterable[Any], period: int, start: float, end: float) -> dict[int, list[Any]]:
    first = rounded(start, period)
    found: dict[int, list[Any]] = defaultdict(list)
    for one in points:
        moment = metric_checks.seconds(one.timestamp)
        if first <= moment < end:
            found[int(first + (moment - first) // period * period)].append(one)
    return found


def _samples(datum: Any) -> Samples:
    if isinstance(datum, models.MetricDatum):
        return Samples.of(datum.value)
    values = getattr(datum, "values", None)
    return Samples(datum.sample_count, datum.sum, datum.min, datum.max, values)


class CloudWatchBackend(models.CloudWatchBackend):
    """moto's backend with AWS's calculations."""

    @property
    def _url_module(self) -> Any:
        from moto.cloudwatch import urls  # moto derives it from the class' module

        return urls

    def get_metric_data(
        self,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        """Handle GetMetricData."""
        start, end = metric_checks.seconds(start_time), metric_checks.seconds(end_time)
        if start > end:
            raise ValidationError("The parameter EndTime must be greater than StartTime.")
        if start == end:
            raise ValidationError("The parameter StartTime must not equal parameter EndTime.")
        read_queries = read(queries)
        found = evaluate(self.get_all_metrics(), read_queries, start, end)
        return [
            {
                "id": query.id,
                "label": one.label,
                "timestamps": [datetime.fromtimestamp(at, UTC) for at in times],
                "values": [one.series[at] for at in times],
                "status_code": "Complete",
            }
            for query in read_queries
            if query.returns
            for one in found[query.id]
            for times in [sorted(one.series, reverse=scan_by == "TimestampDescending")]
        ]

    def get_filtered_metrics(
        self, metric_name: str, namespace: str, dimensions: list[dict[str, str]]
    ) -> list[Any]:
        """Return metrics for ListMetrics, each once."""
        once = {
            (one.namespace, one.name, *sorted((d.name, d.value) for d in one.dimensions)): one
            for one in self.get_all_metrics()
            if one.filter(namespace, metric_name, dimensions, None)
        }
        return list(once.values())

    def put_metric_alarm(self, *args: Any, **kwargs: Any) -> Any:
        """Handle PutMetricAlarm."""
        if kwargs.get("metric_name"):
            statistics = [kwargs.get(name) for name in ("statistic", "extended_statistic")]
            given = [one for one in statistics if one]
            if len(given) != 1 or not kwargs.get("period"):
                raise ValidationError(
                    "An alarm on a metric needs a Period, and either a Statistic or an "
                    "ExtendedStatistic."
                )
            check(given[0], "ExtendedStatistic" if statistics[1] else "Statistic")
        queries = read([plain(one) for one in kwargs.get("metric_data_queries") or ()])
        if queries and sum(one.returns for one in queries) != 1:
            raise ValidationError("Exactly one of the Metrics must have ReturnData true.")
        for found in evaluate([], queries, 0, MINUTE).values():
            if len(found) != 1:
                raise ValidationError("An alarm watches one time series, not an array.")
        return super().put_metric_alarm(*args, **kwargs)


def plain(query: Any) -> dict[str, Any]:
    """Return an alarm's query in the form used by ``GetMetricData``."""
    found = {
        "Id": query.id,
        "Label": query.label,
        "Period": query.period,
        "ReturnData": query.return_data,
        "Expression": query.expression,
    }
    if query.metric_stat:
        metric = query.metric_stat.metric
        found["MetricStat"] = {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.metric_name,
                "Dimensions": [{"Name": one.name, "Value": one.value} for one in metric.dimensions],
            },
            "Period": query.metric_stat.period,
            "Stat": query.metric_stat.stat,
            "Unit": query.metric_stat.unit,
        }
    return {name: value for name, value in found.items() if value is not None}


def _get_metric_data(handler: Any) -> ActionResult:
    """Handle GetMetricData, in pages of at most ``MaxDatapoints`` [BC]."""
    given = handler._get_params()
    queries = given.get("MetricDataQueries") or []
    metric_checks.queries(queries)
    token = given.get("NextToken") or "0"
    if not token.isdecimal():
        raise InvalidParameterValue("The value for parameter NextToken is invalid.")
    found = handler.cloudwatch_backend.get_metric_data(
        queries,
        given["StartTime"],
        given["EndTime"],
        given.get("ScanBy") or "TimestampDescending",
    )
    first, most = int(token), min(int(given.get("MaxDatapoints") or MOST_POINTS), MOST_POINTS)
    answer: dict[str, Any] = {"MetricDataResults": list(_page(found, first, first + most))}
    if first + most < sum(len(one["values"]) for one in found):
        answer["NextToken"] = str(first + most)
    return ActionResult(answer)


def _page(results: Iterable[dict[str, Any]], first: int, end: int) -> Iterator[dict[str, Any]]:
    """Yield the part of results that has their data points from ``first`` to before ``end``."""
    at = 0
    for one in results:
        count = len(one["values"])
        cut = slice(max(0, first - at), max(0, end - at))
        part = {name: one[name][cut] for name in ("timestamps", "values")}
        if part["values"] or (not count and first <= at < end):
            is_cut = at + count > end
            yield {**one, **part, "status_code": "PartialData" if is_cut else "Complete"}
        at += count


def _get_metric_statistics(handler: Any) -> ActionResult:
    """Handle GetMetricStatistics."""
    given = handler._get_params()
    names = given.get("Statistics") or []
    extended = given.get("ExtendedStatistics") or []
    if not names and not extended:
        raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
    for name in extended:
        check(name, "ExtendedStatistics")
    start, end = metric_checks.seconds(given["StartTime"]), metric_checks.seconds(given["EndTime"])
    metric_checks.statistics(start, end, int(given["Period"]))
    points = _of_metric(
        handler.cloudwatch_backend.get_all_metrics(),
        given["Namespace"],
        given["MetricName"],
        given.get("Dimensions") or (),
        given.get("Unit"),
    )
    found = []
    for at, data in sorted(_periods(points, int(given["Period"]), start, end).items()):
        samples = [_samples(one) for one in data]
        point: dict[str, Any] = {name: statistic(name, samples) for name in names}
        percentiles = {name: statistic(name, samples) for name in extended}
        if extended:
            point["ExtendedStatistics"] = {
                name: value for name, value in percentiles.items() if value is not None
            }
        point |= {"Timestamp": datetime.fromtimestamp(at, UTC), "Unit": data[-1].unit or "None"}
        found.append({name: value for name, value in point.items() if value is not None})
    return ActionResult({"Label": given["MetricName"], "Datapoints": found})


def _put_metric_alarm(handler: Any, put: Callable[[Any], ActionResult]) -> ActionResult:
    """Handle PutMetricAlarm, if the alarm can be evaluated."""
    metric_checks.alarm(handler._get_params(), handler.region)
    return put(handler)


def _put_metric_data(handler: Any, now: Callable[[], float]) -> ActionResult:
    """Handle PutMetricData, by the clock of the local AWS."""
    given, moment = handler._get_params(), now()
    points = given.get("MetricData") or []
    metric_checks.data(given.get("Namespace") or "", points, moment)
    present = datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)
    handler.cloudwatch_backend.put_metric_data(
        given["Namespace"], [{"Timestamp": present, **one} for one in points]
    )
    return EmptyResult()


def install(now: Callable[[], float]) -> None:
    """Make moto use this backend; on its thread, before the first request to CloudWatch."""
    take_over(models.cloudwatch_backends, CloudWatchBackend)
    handler: Any = responses.CloudWatchResponse
    put = handler.put_metric_alarm
    handler.get_metric_data = _get_metric_data
    handler.get_metric_statistics = _get_metric_statistics
    handler.put_metric_alarm = lambda self: _put_metric_alarm(self, put)
    handler.put_metric_data = lambda self: _put_metric_data(self, now)
    handler.put_insight_rule = metric_checks.unsupported("PutInsightRule")
