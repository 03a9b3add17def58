"""CloudWatch metrics of the local AWS, summed up so that hot paths neither wait nor leave much."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from workbook.localaws.clock import Clock

FLUSH_SECONDS = 1.0


class Point(NamedTuple):
    """The key of a sum: one metric, in the second that begins at ``second``.

    ``dimensions`` are pairs of name and value; ``second`` is in seconds since the epoch.
    """

    region: str
    namespace: str
    name: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]
    second: float


class Store(Protocol):
    """Where data points are kept."""

    async def write(self, points: Mapping[Point, Sequence[float]]) -> None:
        """Write the values of points, of each one at least."""
        ...


class Metrics:
    """Takes data points at once, and writes them once a second.

    All points of a metric in one second are written as one, which bears that second's start as its
    time.  So a year of flights leaves some hundred of them, not millions, and who asks by
    the second gets whole seconds.  In time-lapse it is a real second, which is longer on our clock.

    Args:
        clock: the time of the points.
        store: where they are written, and summed up: here a point costs no more than a list's item.
    """

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store
        self._second = max(1.0, clock.speed)
        self._waiting: defaultdict[Point, list[float]] = defaultdict(list)
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
        self._waiting[point].append(value)
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
            await self._store.write(waiting)

    async def close(self) -> None:
        """Write nothing more."""
        if self._flushing is not None:
            self._flushing.cancel()
