"""Statistics of metrics, written into moto's CloudWatch."""

from datetime import UTC, datetime
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.metrics import Point, Statistics
from workbook.localaws.moto.worker import Worker


class CloudWatch:
    """Where metrics are written; a ``metrics.Store``.

    Args:
        worker: moto's thread.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def write(self, points: dict[Point, Statistics]) -> None:
        """Write statistic sets."""
        await self._worker.call(_write, points)


def _write(points: dict[Point, Statistics]) -> None:
    from moto.cloudwatch.models import cloudwatch_backends  # late: moto comes in on its own thread

    for point, statistics in points.items():
        backend = cloudwatch_backends[ACCOUNT_ID][point.region]
        backend.put_metric_data(point.namespace, [_datum(point, statistics)])


def _datum(point: Point, statistics: Statistics) -> dict[str, Any]:
    return {
        "MetricName": point.name,
        "StatisticValues": {
            "SampleCount": statistics.count,
            "Sum": statistics.total,
            "Minimum": statistics.least,
            "Maximum": statistics.most,
        },
        "Unit": point.unit,
        "Timestamp": datetime.fromtimestamp(point.second, UTC).replace(tzinfo=None),
        "Dimensions": [{"Name": label, "Value": text} for label, text in point.dimensions],
    }
