"""CloudWatch Logs of functions: lines are taken at once and written into moto in batches."""

import asyncio
from collections import defaultdict
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.clock import Clock
from workbook.localaws.functions.environment import LogStream
from workbook.localaws.moto.worker import Worker

FLUSH_SECONDS = 1.0


class Logs:
    """Takes lines at once and writes them once a second, or when someone is about to read.

    Args:
        clock: the time of the lines.
        worker: moto.
    """

    def __init__(self, clock: Clock, worker: Worker) -> None:
        self._clock = clock
        self._worker = worker
        self._waiting: dict[LogStream, list[dict[str, Any]]] = defaultdict(list)
        self._known: set[LogStream] = set()  # that have had lines
        self._made: set[LogStream] = set()  # that moto has had; on its thread
        self._flushing: asyncio.Task[None] | None = None

    def put(self, stream: LogStream, lines: list[str]) -> None:
        """Take lines, one event each [OBS]; see ``functions.environment.Logs``."""
        timestamp = int(self._clock.now() * 1000)
        self._waiting[stream] += [{"timestamp": timestamp, "message": line} for line in lines]
        if self._flushing is None:
            # An environment's group and stream are there as soon as it says something.
            pause = FLUSH_SECONDS if stream in self._known else 0.0
            self._flushing = asyncio.get_running_loop().create_task(self._flush_after(pause))
        self._known.add(stream)

    async def _flush_after(self, pause: float) -> None:
        await asyncio.sleep(pause)
        self._flushing = None
        await self.flush()

    async def flush(self) -> None:
        """Write what is waiting; a reader of logs then sees all that happened."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        if waiting:
            await self._worker.call(self._write, waiting)

    def _write(self, waiting: dict[LogStream, list[dict[str, Any]]]) -> None:
        from moto.logs.models import logs_backends

        for place, events in waiting.items():
            region, group, stream = place
            backend = logs_backends[ACCOUNT_ID][region]
            if place not in self._made:
                # An environment makes its group and stream once.  If they are deleted, what it
                # still says is lost and does not bring them back.
                self._made.add(place)
                backend.ensure_log_group(group)
                backend.ensure_log_stream(group, stream)
            if group in backend.groups and stream in backend.groups[group].streams:
                # Not through the backend, which refuses the times of a clock that runs ahead.
                backend.groups[group].put_log_events(stream, events)
