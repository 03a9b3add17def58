"""Time passes while a laptop sleeps, and never goes back, even if its clock is set."""

import time

import pytest

from tests.localaws.fakes import BEGIN
from tests.localaws.kinesis.harness import AwsError, Kinesis
from workbook.localaws import clock
from workbook.localaws.clock import Clock

HOUR = 3600.0


class Laptop:
    """This machine's clocks, as read by the clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.awake, self.asleep = BEGIN, 100.0, 0.0
        monkeypatch.setattr(time, "time", lambda: self.world)
        monkeypatch.setattr(time, "monotonic", lambda: self.awake)
        monkeypatch.setattr(time, "clock_gettime", lambda which: self.awake + self.asleep)

    def run(self, seconds: float) -> None:
        self.world += seconds
        self.awake += seconds

    def sleep(self, seconds: float) -> None:
        self.world += seconds
        self.asleep += seconds


@pytest.mark.skipif(not hasattr(time, "clock_gettime"), reason="Windows has one clock for both")
@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_time_goes_on_while_a_laptop_sleeps(monkeypatch: pytest.MonkeyPatch, speed: float) -> None:
    laptop = Laptop(monkeypatch)
    now = Clock(speed).now
    laptop.run(10)
    laptop.sleep(8 * HOUR)
    laptop.run(1)
    assert now() == BEGIN + (8 * HOUR + 11) * speed


@pytest.mark.skipif(not hasattr(time, "clock_gettime"), reason="Windows has one clock for both")
def test_setting_the_systems_clock_does_not_change_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    laptop = Laptop(monkeypatch)
    now = Clock().now
    laptop.run(10)
    laptop.world -= HOUR
    laptop.run(1)
    assert now() == BEGIN + 11


def test_time_passes_evenly() -> None:
    begun = clock.passing()
    assert 0 <= clock.passing() - begun < 60


def test_streams_account_for_the_time_that_a_laptop_slept() -> None:
    """Arrival, iterators, ages and retention: nothing that became due is late."""
    with Kinesis(limits=False) as kinesis:
        kinesis.create()
        kinesis.put("before")
        early, late = kinesis.iterator(), kinesis.iterator("LATEST")
        kinesis.clock.moment += 8 * HOUR  # and nothing that waits has woken
        kinesis.put("after")
        with pytest.raises(AwsError, match="ExpiredIterator"):
            kinesis.get(early)
        with pytest.raises(AwsError, match="ExpiredIterator"):
            kinesis.get(late)
        first, second = kinesis.get(kinesis.iterator())["Records"]
        slept = second["ApproximateArrivalTimestamp"] - first["ApproximateArrivalTimestamp"]
        assert slept == 8 * HOUR
        behind = kinesis.get(kinesis.iterator(), Limit=1)["MillisBehindLatest"]
        assert behind == 8 * HOUR * 1000
        minute_ago = kinesis.clock.now() - 60
        assert kinesis.texts("AT_TIMESTAMP", Timestamp=minute_ago) == ["after"]
        kinesis.clock.moment += 17 * HOUR
        assert kinesis.texts() == ["after"]
