"""Metric filters of CloudWatch Logs: data points made from log events [CWL:MonitoringLogData]."""

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
    """The rule by which a metric filter makes data points from events.

    Args:
        pattern: which events match.
        namespace: the metric's namespace.
        name: the metric's name.
        value: a number, or the name of a value in the message: ``$.latency``, ``$size``.
        default: the value for minutes in which no event matches; None for no value.
        dimensions: the name of the value in the message, by dimension name.
        unit: the metric's unit.
    """

    pattern: str
    namespace: str
    name: str
    value: str
    default: float | None
    dimensions: tuple[tuple[str, str], ...]
    unit: str

    def matches(self, message: str) -> bool:
        """Return whether the filter's pattern matches a message."""
        return compile_pattern(self.pattern)(message)

    def datum(self, message: str) -> tuple[float, tuple[tuple[str, str], ...]] | None:
        """Return the value and dimensions for a message; None if it lacks one of them [?].

        Args:
            message: a message that matches.
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
    """Return the filter for a pattern and a metric transformation.

    Args:
        pattern: the pattern, as given to ``PutMetricFilter``.
        transformation: its only transformation.

    Raises:
        InvalidFilterError: it is not valid.
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
