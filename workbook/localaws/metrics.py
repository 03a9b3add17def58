"""CloudWatch metrics of the local AWS, summed up so that hot paths neither wait nor leave much."""

import asyncio
import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from workbook.localaws.clock import Clock

FLUSH_SECONDS = 1.0


class Point(NamedTuple):
    """What is summed up together: one metric, in the second that begins at ``second``.

    ``dimensions`` are pairs of name and value; ``second`` is in seconds since the epoch.
    """

    region: str
    namespace: str
    name: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]
    second: float


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


class Store(Protocol):
    """Where statistics are kept."""

    async def write(self, points: dict[Point, Statistics]) -> None:
        """Write statistic sets."""
        ...


class Metrics:
    """Takes data points at once, and writes them once a second.

    All points of a metric in one second become one statistic set, which bears that second's start
    as its time.  So a year of flights leaves some hundred of them, not millions, and who asks by
    the second gets whole seconds.  In time-lapse it is a real second, which is longer on our clock.

    Args:
        clock: the time of the points.
        store: where they are written.
    """

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store
        self._second = max(1.0, clock.speed)
        self._waiting: dict[Point, Statistics] = {}
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
        now = self._clock.now()
        second = now - now % self._second
        point = Point(region, namespace, name, unit, tuple(dimensions.items()), second)
        statistics = self._waiting.get(point)
        if statistics is None:
            statistics = self._waiting[point] = Statistics()
        statistics.add(value)
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush_soon())

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_SECONDS)
        self._flushing = None
        await self.flush()

    async def flush(self) -> None:
        """Write what is waiting; a reader of metrics then sees all that happened."""
        waiting, self._waiting = self._waiting, {}
        if waiting:
            await self._store.write(waiting)

    async def close(self) -> None:
        """Write nothing more."""
        if self._flushing is not None:
            self._flushing.cancel()
