"""A runtime process: a function's process, from start to end."""

import asyncio
import errno
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from workbook.localaws.functions import memory, outcome
from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.launch import Launch
from workbook.localaws.functions.outcome import (
    OUT_OF_MEMORY,
    STOPPED,
    TIMEOUT,
    Failure,
    Outcome,
)
from workbook.localaws.functions.output import OutputPipe
from workbook.localaws.functions.processes import Processes
from workbook.localaws.functions.runtime_api import Event, RuntimeApi

WATCH_SECONDS = 0.1  # between checks of a busy process' memory
# Errors in starting that are the machine's; all others are the program's.
NO_ROOM = {errno.EADDRINUSE, errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC}


class RuntimeProcess:
    """A process that runs a function's events within its limits, one at a time.

    Args:
        function: the version to run.
        processes: starts and ends the process.
        write: receives its output lines.
    """

    def __init__(
        self, function: FunctionVersion, processes: Processes, write: Callable[[list[str]], None]
    ) -> None:
        self._function = function
        self._processes = processes
        self._output = OutputPipe(write)
        self._api = RuntimeApi(function.version, self._sample)
        self._process: asyncio.subprocess.Process | None = None
        self._ending: asyncio.Task[None] | None = None
        self._killed: Failure | None = None
        self._is_sandboxed = False
        self._request_id = ""
        self.memory_used = 0.0  # the peak, in MB

    @property
    def has_ended(self) -> bool:
        """Return whether it can run no more events."""
        if self._process is None or self._is_released:
            return True
        return self._processes.has_exited(self._process)

    @property
    def _is_released(self) -> bool:
        """Return whether it has ended and its resources are released."""
        return self._ending is None or self._ending.done()

    async def start(self, launch: Launch, seconds: float, request_id: str = "") -> Outcome | None:
        """Start the process and wait until it asks for an event; return how it failed, or None.

        Args:
            launch: how to start it.
            seconds: how long that may take.
            request_id: the id of the invocation that needs it, if any.

        Raises:
            OSError: this machine has no room for it.
        """
        self._request_id = request_id
        self._output.open()
        try:
            launch.check()
            variables = {**launch.variables, "AWS_LAMBDA_RUNTIME_API": await self._api.open()}
            self._process = await self._processes.start(
                launch.command, launch.directory, variables, self._output.write_end
            )
        except OSError as problem:
            if problem.errno in NO_ROOM:
                raise
            program = launch.shown(str(launch.program or launch.command[0]))
            document = outcome.cannot_start(request_id, program, problem)
            failure = Failure("error", outcome.INVALID_ENTRYPOINT)
            return outcome.failed(request_id, self._function.version, document, failure)
        finally:
            self._output.close_writer()
            if self._process is None:
                self._close()
        self._is_sandboxed = launch.is_sandboxed
        self._ending = asyncio.get_running_loop().create_task(self._await_end(self._process))
        with self._killed_after(seconds), self._held_to_memory():
            failed = await self._api.first_turn()
        self._sample()  # in case it exits in its first event
        return failed

    async def run(self, event: Event, deadline: float) -> Outcome:
        """Run an event and return the outcome, even if the process ends.

        Args:
            event: the event to pass to the process.
            deadline: when to kill it, in real seconds since the epoch.

        Raises:
            EventNotTakenError: the process ended before it had read the event.
        """
        self._request_id = event.request_id
        with self._killed_after(deadline - time.time()), self._held_to_memory():
            ended = await self._api.turn(event, deadline)
        if self.memory_used > self._function.memory and not self._is_released:
            self._kill(OUT_OF_MEMORY)  # it exceeded its memory briefly between checks
            await self._ended()
            return self._last_outcome(-signal.SIGKILL)
        return ended

    async def stop(self) -> None:
        """End the process and wait until it has ended."""
        if self._ending is not None:
            self._kill(STOPPED)
            await self._ending

    async def _ended(self) -> None:
        """Wait until the process has ended."""
        if self._ending is not None:
            await asyncio.shield(self._ending)

    async def _await_end(self, process: asyncio.subprocess.Process) -> None:
        """Wait until the process ends, then release its resources."""
        status = await process.wait()
        try:
            self._processes.ended(process)
        finally:
            self._close()
            self._api.end(self._last_outcome(status), was_killed=self._killed is not None)

    def _last_outcome(self, status: int) -> Outcome:
        """Return the outcome of what was in progress when the process ended."""
        if self._api.init_error is not None:
            return replace(self._api.init_error, request_id=self._request_id)
        if self._killed is TIMEOUT:
            document = outcome.timed_out(self._request_id, self._function.timeout)
        else:
            document = outcome.exited(self._request_id, status)
        failure = self._killed or Failure("error", outcome.EXIT_ERROR)
        return outcome.failed(self._request_id, self._function.version, document, failure)

    def _close(self) -> None:
        self._output.close()
        self._api.close()

    def _kill(self, reason: Failure) -> None:
        if self._killed is None and self._process is not None:
            self._killed = reason
            if self._is_sandboxed and reason is not STOPPED:
                self._process.terminate()  # the sandbox ends the function and keeps its files
            else:
                self._processes.kill(self._process)

    @contextmanager
    def _killed_after(self, seconds: float) -> Iterator[None]:
        timer = asyncio.get_running_loop().call_later(seconds, self._kill, TIMEOUT)
        try:
            yield
        finally:
            timer.cancel()

    @contextmanager
    def _held_to_memory(self) -> Iterator[None]:
        """Check the memory regularly, and kill the process if it has used too much."""
        self._watch_later()
        try:
            yield
        finally:
            self._watching.cancel()

    def _watch_later(self) -> None:
        self._watching = asyncio.get_running_loop().call_later(WATCH_SECONDS, self._watch)

    def _watch(self) -> None:
        if self._process is None or self._is_released:
            return
        used = memory.used(self._process.pid, is_sandboxed=self._is_sandboxed)
        self.memory_used = max(self.memory_used, used)
        if used > self._function.memory:
            self._kill(OUT_OF_MEMORY)
        else:
            self._watch_later()

    def _sample(self) -> None:
        """Read its output and its memory use up to now."""
        if self._process is not None and not self._is_released:
            self._output.drain()
            peak = memory.peak(self._process.pid, is_sandboxed=self._is_sandboxed)
            self.memory_used = max(self.memory_used, peak)
