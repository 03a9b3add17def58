"""CloudWatch metrics of the local AWS, summed up so that hot paths neither wait nor leave much."""

import asyncio
import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.clock import Clock
from workbook.localaws.moto.worker import Worker

FLUSH_SECONDS = 1.0
# What is summed up together: name, unit and dimensions of a metric, and a second's start.
Key = tuple[str, str, tuple[tuple[str, str], ...], float]


@dataclass(slots=True)
class Statistics:
    """The data points of one metric in one second: CloudWatch's statistic set."""

    count: int = 0
    total: float = 0.0
    least: float = math.inf
    most: float = -math.inf

    def add(self, value: float) -> None:
        """Take one data point."""
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)


class Metrics:
    """Takes data points at once and puts them into moto's CloudWatch once a second.

    All points of a metric in one second become one statistic set, which bears that second's start
    as its time: so a year of flights leaves some hundred of them, not millions, and who asks by
    the second gets whole seconds. In time-lapse it is a real second, which is longer on our clock.
    """

    def __init__(self, clock: Clock, services: Worker) -> None:
        self._clock = clock
        self._services = services
        self._second = max(1.0, clock.speed)
        self._waiting: dict[tuple[str, str], dict[Key, Statistics]] = defaultdict(dict)
        self._flushing: asyncio.Task[None] | None = None

    def put(
        self, region: str, namespace: str, name: str, value: float, unit: str, **dimensions: str
    ) -> None:
        """Take one data point, as ``PutMetricData`` would.

        Args:
            region: where it belongs.
            namespace: ``AWS/Lambda`` or ``AWS/Kinesis``.
            name: the metric's name, such as ``IteratorAge``.
            value: in ``unit``.
            unit: ``Count``, ``Milliseconds``, ``Bytes``, ...
            dimensions: such as ``FunctionName="f"``.
        """
        points = self._waiting[region, namespace]
        now = self._clock.now()
        key = (name, unit, tuple(dimensions.items()), now - now % self._second)
        statistics = points.get(key)
        if statistics is None:
            statistics = points[key] = Statistics()
        statistics.add(value)
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush_soon())

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_SECONDS)
        self._flushing = None
        await self.flush()

    async def flush(self) -> None:
        """Write what is waiting; a reader of metrics then sees all that happened."""
        waiting, self._waiting = self._waiting, defaultdict(dict)
        if waiting:
            await self._services.call(_write, waiting)


def _write(waiting: dict[tuple[str, str], dict[Key, Statistics]]) -> None:
    from moto.cloudwatch.models import cloudwatch_backends

    for (region, namespace), points in waiting.items():
        cloudwatch_backends[ACCOUNT_ID][region].put_metric_data(
            namespace, [_datum(key, statistics) for key, statistics in points.items()]
        )


def _datum(key: Key, statistics: Statistics) -> dict[str, Any]:
    name, unit, dimensions, second = key
    return {
        "MetricName": name,
        "StatisticValues": {
            "SampleCount": statistics.count,
            "Sum": statistics.total,
            "Minimum": statistics.least,
            "Maximum": statistics.most,
        },
        "Unit": unit,
        "Timestamp": datetime.fromtimestamp(second, UTC).replace(tzinfo=None),
        "Dimensions": [{"Name": label, "Value": text} for label, text in dimensions],
    }
