"""EventBridge's scheduled rules, fired on the services' clock."""

import asyncio
import logging

from workbook.localaws.clock import Clock
from workbook.localaws.moto.worker import Worker

LOOK_SECONDS = 0.5  # real seconds between checks for a rule that is due
log = logging.getLogger(__name__)


class Schedules:
    """Fires every scheduled rule when it is due; a late event has the time when it was due.

    Args:
        clock: the services' clock.
        worker: moto.
    """

    def __init__(self, clock: Clock, worker: Worker) -> None:
        self._clock = clock
        self._worker = worker
        self._task: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Start checking; called when there may be a rule."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop checking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._worker.call(_fire, self._clock.now())
            except Exception:  # a failed check must not be the last one
                log.exception("cannot check schedules")


def _fire(now: float) -> None:
    from workbook.localaws.moto import event_rules  # late: moto is imported on its own thread

    event_rules.fire(now)
