"""CloudWatch Logs of functions: lines are accepted immediately and written to moto in batches."""

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
# The limit of lines waiting to be written: a function may print faster than moto writes.
MAX_WAITING_BYTES = 32 * 1024 * 1024
EVENT_BYTES = 500  # used by an event besides its message
SESSION = "awslambda"  # the session name of Lambda; not visible anywhere


class Logs:
    """Accepts lines immediately, and writes them every second or when they are needed.

    Args:
        clock: the clock for the lines' times.
        worker: moto.
        roles: check the permissions of functions' roles.
    """

    def __init__(self, clock: Clock, worker: Worker, roles: ExecutionRoles) -> None:
        self._clock = clock
        self._worker = worker
        self._roles = roles
        self._waiting: dict[LogStream, list[dict[str, Any]]] = defaultdict(list)
        self._waiting_bytes = 0
        self._lost = Counter[LogStream]()  # lines that exceeded the limit
        self._known: set[LogStream] = set()  # that have received lines
        self._made: set[LogStream] = set()  # that were created in moto; on its thread
        self._flushing: asyncio.Task[None] | None = None

    def put(self, stream: LogStream, lines: list[str]) -> None:
        """Accept lines, one event each [OBS]; see ``functions.environment.Logs``."""
        timestamp = int(self._clock.now() * 1000)
        size = sum(map(len, lines)) + EVENT_BYTES * len(lines)
        if self._waiting_bytes + size > MAX_WAITING_BYTES:
            self._lost[stream] += len(lines)
        else:
            self._waiting_bytes += size
            self._waiting[stream] += [{"timestamp": timestamp, "message": line} for line in lines]
        if self._flushing is None:
            # An environment's group and stream exist as soon as it writes something.
            self._flush_after(FLUSH_SECONDS if stream in self._known else 0.0)
        self._known.add(stream)

    def _flush_after(self, pause: float) -> None:
        """Write after a pause, and again until nothing is waiting: one batch at a time."""

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
        """Write what is waiting, with the present permissions of the roles."""
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
                # An environment creates its group and stream once. If they are deleted, its further
                # lines are lost, and do not create them again.
                continue
            if self._may(place, "PutLogEvents", place.name):
                # This bypasses the backend, which refuses the times of a fast clock.
                group.put_log_events(place.name, events)

    def _make(self, place: LogStream, backend: Any) -> bool:
        """Create a stream and its group if they are missing; return whether they exist.

        If the role does not allow it, the lines are lost without an error [?].
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
        # On AWS, a role without any policy cannot write logs. Here it can, because a function that
        # is only tried out often has such a role, and its log is the only sign of life.
        if self._roles.is_bare(place.role):
            return True
        logs = f"arn:{partition(place.region)}:logs:{place.region}:{ACCOUNT_ID}"
        group = f"{logs}:log-group:{place.group}"
        resource = f"{group}:log-stream:{stream}"
        return self._roles.denial(place.role, SESSION, f"logs:{action}", resource) is None
