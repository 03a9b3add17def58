"""CloudWatch Logs of functions: lines are taken at once and written into moto in batches."""

import asyncio
from collections import Counter, defaultdict
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.partitions import partition
from workbook.localaws.clock import Clock
from workbook.localaws.functions.environment import LogStream
from workbook.localaws.interfaces import ExecutionRoles
from workbook.localaws.moto.worker import Worker

FLUSH_SECONDS = 1.0
# What may wait to be written: a function may print faster than moto writes.
MAX_WAITING_BYTES = 32 * 1024 * 1024
EVENT_BYTES = 500  # that an event takes beside its message
SESSION = "awslambda"  # the name under which Lambda acts; not visible anywhere


class Logs:
    """Takes lines at once and writes them once a second, or before a call that depends on it.

    Args:
        clock: the time of the lines.
        worker: moto.
        roles: tell what functions' roles may do.
    """

    def __init__(self, clock: Clock, worker: Worker, roles: ExecutionRoles) -> None:
        self._clock = clock
        self._worker = worker
        self._roles = roles
        self._waiting: dict[LogStream, list[dict[str, Any]]] = defaultdict(list)
        self._waiting_bytes = 0
        self._lost = Counter[LogStream]()  # lines that were too many to wait
        self._known: set[LogStream] = set()  # that have had lines
        self._made: set[LogStream] = set()  # that moto has had; on its thread
        self._flushing: asyncio.Task[None] | None = None

    def put(self, stream: LogStream, lines: list[str]) -> None:
        """Take lines, one event each [OBS]; see ``functions.environment.Logs``."""
        timestamp = int(self._clock.now() * 1000)
        size = sum(map(len, lines)) + EVENT_BYTES * len(lines)
        if self._waiting_bytes + size > MAX_WAITING_BYTES:
            self._lost[stream] += len(lines)
        else:
            self._waiting_bytes += size
            self._waiting[stream] += [{"timestamp": timestamp, "message": line} for line in lines]
        if self._flushing is None:
            # An environment's group and stream are there as soon as it says something.
            self._flush_after(FLUSH_SECONDS if stream in self._known else 0.0)
        self._known.add(stream)

    def _flush_after(self, pause: float) -> None:
        """Write after a pause, and again until nothing waits: one batch at a time."""

        async def flush() -> None:
            await asyncio.sleep(pause)
            try:
                await self.flush()
            finally:
                self._flushing = None
                if self._waiting:
                    self._flush_after(FLUSH_SECONDS)

        self._flushing = asyncio.get_running_loop().create_task(flush())

    async def flush(self) -> None:
        """Write what is waiting, with the rights that its roles have now."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        lost, self._lost = self._lost, Counter()
        self._waiting_bytes = 0
        timestamp = int(self._clock.now() * 1000)
        for stream, count in lost.items():
            message = (
                f"The local AWS lost {count} lines here: they came faster than it keeps them.\n"
            )
            waiting[stream].append({"timestamp": timestamp, "message": message})
        if waiting:
            await self._worker.call(self._write, waiting)

    def _write(self, waiting: dict[LogStream, list[dict[str, Any]]]) -> None:
        from moto.logs.models import logs_backends

        from workbook.localaws.moto import log_groups

        log_groups.install()  # in case no request for logs came before
        for place, events in waiting.items():
            backend = logs_backends[ACCOUNT_ID][place.region]
            if place not in self._made and not self._make(place, backend):
                continue
            group = backend.groups.get(place.group)
            if group is None or place.name not in group.streams:
                # An environment makes its group and stream once; what it still says when they
                # have been deleted is lost, and does not bring them back.
                continue
            if self._may(place, "PutLogEvents", place.name):
                # Not through the backend, which refuses the times of a clock that runs ahead.
                group.put_log_events(place.name, events)

    def _make(self, place: LogStream, backend: Any) -> bool:
        """Make a stream and its group, if they are missing; return whether they are there.

        What the role does not allow is not made; its lines are lost without a word [?].
        """
        if place.group not in backend.groups:
            if not self._may(place, "CreateLogGroup"):
                return False
            backend.ensure_log_group(place.group)
        if place.name not in backend.groups[place.group].streams:
            if not self._may(place, "CreateLogStream", place.name):
                return False
            backend.ensure_log_stream(place.group, place.name)
        self._made.add(place)
        return True

    def _may(self, place: LogStream, action: str, stream: str = "") -> bool:
        # AWS lets a role without any policy write nothing. Here its log is all that it has to show
        # for itself, and who tries a function out has often given it none.
        if self._roles.is_bare(place.role):
            return True
        logs = f"arn:{partition(place.region)}:logs:{place.region}:{ACCOUNT_ID}"
        group = f"{logs}:log-group:{place.group}"
        resource = f"{group}:log-stream:{stream}"
        return self._roles.denial(place.role, SESSION, f"logs:{action}", resource) is None
