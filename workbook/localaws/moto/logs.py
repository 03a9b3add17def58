"""CloudWatch Logs of functions: taken at once, written into moto in batches."""

import asyncio
from collections import defaultdict
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.clock import Clock
from workbook.localaws.moto.worker import Worker

FLUSH_SECONDS = 1.0

Stream = tuple[str, str, str]  # region, group, stream


class Logs:
    """Takes lines at once and writes them once a second, or when someone is about to read."""

    def __init__(self, clock: Clock, services: Worker) -> None:
        self._clock = clock
        self._services = services
        self._waiting: dict[Stream, list[dict[str, Any]]] = defaultdict(list)
        self._made: set[Stream] = set()
        self._flushing: asyncio.Task[None] | None = None

    def put(self, stream: Stream, lines: list[str]) -> None:
        """Take lines, one event each [OBS]."""
        timestamp = int(self._clock.now() * 1000)
        self._waiting[stream] += [{"timestamp": timestamp, "message": line} for line in lines]
        if self._flushing is None:
            # An environment's group and stream are there as soon as it says something.
            pause = FLUSH_SECONDS if stream in self._made else 0.0
            self._flushing = asyncio.get_running_loop().create_task(self._flush_after(pause))

    async def _flush_after(self, pause: float) -> None:
        await asyncio.sleep(pause)
        self._flushing = None
        await self.flush()

    async def flush(self) -> None:
        """Write what is waiting; a reader of logs then sees all that happened."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        if waiting:
            await self._services.call(self._write, waiting)

    def _write(self, waiting: dict[Stream, list[dict[str, Any]]]) -> None:
        from moto.logs.models import logs_backends

        for place, events in waiting.items():
            region, group, stream = place
            backend = logs_backends[ACCOUNT_ID][region]
            if place not in self._made:
                # An environment makes its group and stream once; what it still says when they
                # have been deleted is lost, and does not bring them back.
                self._made.add(place)
                backend.ensure_log_group(group)
                backend.ensure_log_stream(group, stream)
            if group in backend.groups and stream in backend.groups[group].streams:
                # Not through the backend, which refuses the times of a clock that runs ahead.
                backend.groups[group].put_log_events(stream, events)
