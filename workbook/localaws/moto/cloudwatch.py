"""Data points of metrics, written into moto's CloudWatch."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.metrics import Point
from workbook.localaws.moto.worker import Worker

MOST_VALUES = 150  # kept exactly; PutMetricData accepts as many [BC]
WIDTH = math.log(1.01)  # more are kept to the percent, to save memory


class CloudWatch:
    """Writes metrics to moto; a ``metrics.Store``.

    Args:
        worker: moto's thread.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def write(self, points: Mapping[Point, Sequence[float]]) -> None:
        """Write the values of data points, aggregated."""
        await self._worker.call(_write, points)


def _write(points: Mapping[Point, Sequence[float]]) -> None:
    from moto.cloudwatch.models import cloudwatch_backends  # late: imported on moto's thread

    from workbook.localaws.moto.metric_queries import Sampled

    for point, values in points.items():
        datum = Sampled(
            namespace=point.namespace,
            name=point.name,
            sample_count=float(len(values)),
            sum_stat=float(sum(values)),
            min_stat=float(min(values)),
            max_stat=float(max(values)),
            dimensions=[{"Name": label, "Value": text} for label, text in point.dimensions],
            timestamp=datetime.fromtimestamp(point.second, UTC).replace(tzinfo=None),
            unit=point.unit,
        )
        datum.values = _counted(values)
        cloudwatch_backends[ACCOUNT_ID][point.region].metric_data.append(datum)


def _counted(values: Sequence[float]) -> Counter[float]:
    """Return how often each value occurs; if there are many, rounded to the percent."""
    counts = Counter(values)
    if len(counts) <= MOST_VALUES:
        return counts
    rough: Counter[float] = Counter()
    for value, count in counts.items():
        rough[math.exp(round(math.log(value) / WIDTH) * WIDTH) if value > 0 else value] += count
    return rough
