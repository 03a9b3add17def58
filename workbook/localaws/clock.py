"""The only source of time in the local AWS, so that tests and time-lapse can set its speed."""

import asyncio
import sys
import time
from datetime import UTC, datetime

FASTEST = 10_000  # local seconds per real second; beyond that, checking clocks takes all the time


def passing() -> float:
    """Return seconds that pass evenly, even if the system's clock is changed or the machine sleeps.

    Python's ``time.monotonic`` stops while a laptop sleeps, on Linux and on macOS.
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


class Clock:
    """Wall-clock time that may run faster than real time.

    Args:
        speed: local seconds per real second, at most 10,000. 1 is real time; with 60, an hour's
            lesson takes a minute.
        epoch: when it agrees with real time, in seconds since the Unix epoch; by default, now.
            Clocks with the same speed and epoch agree, even in different processes.
    """

    def __init__(self, speed: float = 1.0, epoch: float | None = None) -> None:
        if not isinstance(speed, int | float) or not 0 < speed <= FASTEST:
            raise ValueError(
                f"speed must be a number above 0 and at most {FASTEST:,}, not {speed!r}"
            )
        self.speed = speed
        world = time.time()
        self.epoch = world if epoch is None else epoch
        self._passed = world - self.epoch  # real seconds since then
        self._started = passing()

    def now(self) -> float:
        """Return the seconds since the Unix epoch, which never go backwards."""
        return self.epoch + (self._passed + passing() - self._started) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` of this clock."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait until ``event`` is set, at most for ``seconds`` of this clock."""
        if event.is_set():
            return
        either = [asyncio.create_task(event.wait()), asyncio.create_task(self.sleep(seconds))]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in either:
                task.cancel()


def instant(seconds: float) -> str:
    """Return a time in AWS's format: ``2026-11-22T10:15:30.123Z``."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
