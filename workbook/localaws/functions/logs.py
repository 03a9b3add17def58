"""CloudWatch Logs of functions: taken at once, written into moto in batches."""

import asyncio
from collections import defaultdict
from typing import Any

from workbook.localaws.clock import Clock
from workbook.localaws.http import ACCOUNT_ID
from workbook.localaws.services import Services

FLUSH_SECONDS = 1.0

Stream = tuple[str, str, str]  # region, group, stream


class Logs:
    """Takes lines at once and writes them once a second, or when someone is about to read."""

    def __init__(self, clock: Clock, services: Services) -> None:
        self._clock = clock
        self._services = services
        self._waiting: dict[Stream, list[dict[str, Any]]] = defaultdict(list)
        self._flushing: asyncio.Task[None] | None = None

    def put(self, stream: Stream, lines: list[str]) -> None:
        """Take lines, one event each [OBS]."""
        timestamp = int(self._clock.now() * 1000)
        self._waiting[stream] += [{"timestamp": timestamp, "message": line} for line in lines]
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush_soon())

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_SECONDS)
        self._flushing = None
        await self.flush()

    async def flush(self) -> None:
        """Write what is waiting; a reader of logs then sees all that happened."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        if waiting:
            await self._services.call(_write, waiting)


def _write(waiting: dict[Stream, list[dict[str, Any]]]) -> None:
    from moto.logs.models import logs_backends

    for (region, group, stream), events in waiting.items():
        backend = logs_backends[ACCOUNT_ID][region]
        backend.ensure_log_group(group)
        backend.ensure_log_stream(group, stream)
        # Not through the backend, which refuses the times of a clock that runs ahead.
        backend.groups[group].put_log_events(stream, events)
