"""CloudWatch metrics of the local AWS, written in batches so that hot paths never wait for them."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from workbook.localaws.clock import Clock
from workbook.localaws.http import ACCOUNT_ID
from workbook.localaws.services import Services

FLUSH_SECONDS = 1.0


class Metrics:
    """Takes data points at once and puts them into moto's CloudWatch once a second."""

    def __init__(self, clock: Clock, services: Services) -> None:
        self._clock = clock
        self._services = services
        self._waiting: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
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
        self._waiting[region, namespace].append(
            {
                "MetricName": name,
                "Value": value,
                "Unit": unit,
                "Timestamp": datetime.fromtimestamp(self._clock.now(), UTC).replace(tzinfo=None),
                "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
            }
        )
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush_soon())

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_SECONDS)
        self._flushing = None
        await self.flush()

    async def flush(self) -> None:
        """Write what is waiting; a reader of metrics then sees all that happened."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        if waiting:
            await self._services.call(_write, waiting)


def _write(waiting: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
    from moto.cloudwatch.models import cloudwatch_backends

    for (region, namespace), points in waiting.items():
        cloudwatch_backends[ACCOUNT_ID][region].put_metric_data(namespace, points)
