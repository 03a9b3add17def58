"""CloudWatch metrics of the local AWS, aggregated so that frequent callers need not wait."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from workbook.localaws.clock import Clock

FLUSH_SECONDS = 1.0


class Point(NamedTuple):
    """The key of an aggregate: one metric, in the second that starts at ``second``.

    ``dimensions`` are pairs of name and value; ``second`` is in seconds since the epoch.
    """

    region: str
    namespace: str
    name: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]
    second: float


class Store(Protocol):
    """Stores data points."""

    async def write(self, points: Mapping[Point, Sequence[float]]) -> None:
        """Write the values of each data point; each has at least one."""
        ...


class Metrics:
    """Accepts data points immediately, and writes them once a second.

    All values of a metric in a second become one data point, with the start of that second as its
    time. So a year of flights creates a few hundred data points instead of millions, and a query by
    the second gets whole seconds. In time-lapse it is a real second, which is longer on the local
    clock.

    Args:
        clock: the time of the data points.
        store: where they are written and aggregated: adding a value here costs no more than
            appending to a list.
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
            region: the metric's region.
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
