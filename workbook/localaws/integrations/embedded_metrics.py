"""Metrics in log events: the embedded metric format [D23]."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

MAX_METRICS, MAX_DIMENSIONS = 100, 30  # in one event


class Metric(NamedTuple):
    """Values of a metric in a log event.

    Args:
        namespace: the metric's namespace.
        name: the metric's name.
        dimensions: the name and value of each dimension.
        unit: such as ``Count``; None if the event has none.
        values: at least one value.
        milliseconds: the time, in milliseconds since the epoch.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str | None
    values: tuple[float, ...]
    milliseconds: int


def find(message: str) -> list[Metric]:
    """Return the metrics in a log event; an empty list if it is not in the format.

    Skip what breaks the format's rules, as CloudWatch does.

    Args:
        message: the whole event, or the JSON after the fields that Lambda writes before it.
    """
    start = message.find("{")
    if start < 0 or '"_aws"' not in message:
        return []
    try:
        document = json.loads(message[start:])
        about = document["_aws"]
        directives, milliseconds = about["CloudWatchMetrics"], int(about["Timestamp"])
        return [
            metric for one in directives for metric in _of_directive(document, one, milliseconds)
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _of_directive(
    document: dict[str, Any], directive: dict[str, Any], milliseconds: int
) -> Iterator[Metric]:
    sets = directive.get("Dimensions") or [[]]
    metrics = directive.get("Metrics") or []
    if len(metrics) > MAX_METRICS or any(len(names) > MAX_DIMENSIONS for names in sets):
        return
    for names in sets:
        if not all(isinstance(document.get(name), str) for name in names):
            continue
        dimensions = tuple((name, document[name]) for name in names)
        for metric in metrics:
            values = _values(document.get(metric["Name"]))
            if values:
                yield Metric(
                    str(directive["Namespace"]),
                    str(metric["Name"]),
                    dimensions,
                    metric.get("Unit"),
                    values,
                    milliseconds,
                )


def _values(found: Any) -> tuple[float, ...]:
    numbers = found if isinstance(found, list) else [found]
    if all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
        return tuple(float(one) for one in numbers)
    return ()
