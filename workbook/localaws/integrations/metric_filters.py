"""Metric filters of CloudWatch Logs: what they make of log events [CWL:MonitoringLogData]."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbook.localaws.integrations.log_patterns import (
    NUMBER,
    InvalidPatternError,
    compile_pattern,
    select,
    values,
)

MOST_DIMENSIONS = 3


class InvalidFilterError(ValueError):
    """A metric filter that AWS refuses."""


@dataclass(frozen=True)
class Filter:
    """The data points that a metric filter extracts from events.

    Args:
        pattern: which events match.
        namespace: of the metric.
        name: of the metric.
        value: a number, or what names it in a message: ``$.latency``, ``$size``.
        default: of minutes whose events do not match; None for nothing.
        dimensions: by name, what names their values.
        unit: of the metric.
    """

    pattern: str
    namespace: str
    name: str
    value: str
    default: float | None
    dimensions: tuple[tuple[str, str], ...]
    unit: str

    def matches(self, message: str) -> bool:
        """Return whether a message is one that it is about."""
        return compile_pattern(self.pattern)(message)

    def datum(self, message: str) -> tuple[float, tuple[tuple[str, str], ...]] | None:
        """Return the value and the dimensions that a message gives, if it has them all [?].

        Args:
            message: one that matches.
        """
        found = _number(self._named(self.value, message))
        pairs = [(name, self._named(source, message)) for name, source in self.dimensions]
        if found is None or any(value is None for _, value in pairs):
            return None
        return found, tuple((name, str(value)) for name, value in pairs)

    def _named(self, source: str, message: str) -> Any:
        if not source.startswith("$"):
            return source
        if source.startswith("$.") and self.pattern.strip().startswith("{"):
            return select(source, message)
        return values(self.pattern, message).get(source)


def read(pattern: str, transformation: Mapping[str, Any]) -> Filter:
    """Return a filter.

    Args:
        pattern: as ``PutMetricFilter`` has it.
        transformation: its only one.

    Raises:
        InvalidFilterError: it cannot be read.
    """
    value, default = transformation["metricValue"], transformation.get("defaultValue")
    dimensions = tuple((transformation.get("dimensions") or {}).items())
    try:
        compile_pattern(pattern)
        for source in (value, *(source for _, source in dimensions)):
            if source.startswith("$."):
                select(source, "{}")
    except InvalidPatternError as problem:
        raise InvalidFilterError(str(problem)) from None
    if not value.startswith("$") and _number(value) is None:
        raise InvalidFilterError("Invalid metric transformation: metricValue must be a number.")
    if dimensions and default is not None:  # [SEEN]
        raise InvalidFilterError(
            "Invalid metric transformation: dimensions and default value are mutually exclusive "
            "properties."
        )
    if len(dimensions) > MOST_DIMENSIONS:
        raise InvalidFilterError(
            f"Invalid metric transformation: at most {MOST_DIMENSIONS} dimensions are allowed."
        )
    return Filter(
        pattern,
        transformation["metricNamespace"],
        transformation["metricName"],
        value,
        None if default is None else float(default),
        dimensions,
        transformation.get("unit") or "None",
    )


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    return float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None
