"""Data points are written together, one for each metric and second."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from tests.localaws.fakes import HandClock
from workbook.localaws.metrics import Metrics, Point


class Written:
    """A ``metrics.Store`` that keeps what is written."""

    def __init__(self) -> None:
        self.sets: dict[float, tuple[int, float]] = {}

    async def write(self, points: Mapping[Point, Sequence[float]]) -> None:
        self.sets |= {point.second: (len(one), sum(one)) for point, one in points.items()}


@pytest.mark.parametrize(
    ("speed", "expected"),
    [
        (1, {1_000_020.0: (2, 3.0), 1_000_021.0: (1, 4.0)}),
        (60, {1_000_020.0: (2, 3.0), 1_000_080.0: (1, 4.0)}),
    ],
)
def test_values_of_the_same_second_are_one_data_point(
    speed: float, expected: dict[float, tuple[int, float]]
) -> None:
    """In time-lapse it is a real second, which is ``speed`` seconds of the clock."""
    clock, written = HandClock(speed, moment=1_000_020.25), Written()

    async def run() -> None:
        metrics = Metrics(clock, written)
        for passed, value in ((0, 1.0), (0.5, 2.0), (0.5, 4.0)):
            clock.moment += passed * speed
            metrics.put("r", "AWS/Kinesis", "IncomingRecords", value, "Count", StreamName="s")
        await metrics.flush()
        await metrics.close()

    asyncio.run(run())
    assert written.sets == expected
