"""Execution environments [DG:lambda-runtime-environment].

An environment runs one invocation at a time. After a timeout or a crash, its process is started
again and its ``/tmp`` is kept, as on AWS.
"""

import asyncio
import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from workbook.localaws.functions import interpreters, log_lines
from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.launch import Launch, prepare
from workbook.localaws.functions.log_lines import JsonLines, TextLines, runtime_arn
from workbook.localaws.functions.outcome import TIMEOUT, Outcome
from workbook.localaws.functions.process import RuntimeProcess
from workbook.localaws.functions.processes import Processes
from workbook.localaws.functions.runtime_api import Event, EventNotTakenError
from workbook.localaws.interfaces import CredentialsSource

INIT_LIMIT_SECONDS = 10.0  # [DG:lambda-runtime-environment]


class LogStream(NamedTuple):
    """A log stream, and the role whose permissions are needed to write it."""

    region: str
    group: str
    name: str
    role: str


class Logs(Protocol):
    """CloudWatch Logs, as far as functions write to it."""

    def put(self, stream: LogStream, lines: list[str]) -> None:
        """Write lines, one event each, if the role allows it.

        Create the stream and its group if they do not exist.
        """
        ...


class Environment:
    """The folders, the log and the process of one function version.

    Close an environment after ``invoke`` has raised an error; it cannot be used again.

    Args:
        function: the version that it runs.
        endpoint_url: the local AWS's address, for the function's boto3.
        processes: starts and ends its process.
        logs: receives the lines of its log stream.
        credentials: provides the role's credentials.
        now: returns the services' time, in seconds since the epoch.
    """

    def __init__(
        self,
        function: FunctionVersion,
        endpoint_url: str,
        processes: Processes,
        logs: Logs,
        credentials: CredentialsSource,
        now: Callable[[], float],
    ) -> None:
        self.function = function
        self._endpoint_url = endpoint_url
        self._processes = processes
        self._logs = logs
        self._credentials = credentials
        day = datetime.fromtimestamp(now(), UTC)
        name = f"{day:%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
        self._stream = LogStream(function.region, function.log_group, name, function.role)
        self._lines = JsonLines(now) if function.logs_json else TextLines()
        self._directory = processes.directory / uuid.uuid4().hex[:12]
        self._launch: Launch | None = None
        self._process: RuntimeProcess | None = None
        self._memory_used = 0.0  # by earlier processes, in MB
        self._log: list[str] = []  # of the present invocation

    async def invoke(self, event: Event) -> Outcome:
        """Run the function with an event; start the process first if there is none.

        Raises:
            OSError: this machine has no room for the folders or the process.
        """
        launch, init_milliseconds = self._launch, None
        if launch is None:
            launch = await self._prepare()
            init_milliseconds = await self._initialise(launch)
        self._log = []
        self._write([self._lines.start(event.request_id, self.function.version)])
        begun = time.perf_counter()
        ended = await self._run(launch, event)
        milliseconds = (time.perf_counter() - begun) * 1000
        if ended.failure is TIMEOUT:
            milliseconds = self.function.timeout * 1000.0
        report = self._lines.report(
            event.request_id,
            milliseconds,
            self.function.memory,
            round(self._most_memory()),
            init_milliseconds,
            ended.failure,
        )
        self._write([self._lines.end(event.request_id), report])
        return replace(ended, milliseconds=milliseconds, log=tuple(self._log))

    async def stop(self) -> None:
        """End the process if there is one."""
        if self._process is not None:
            await self._process.stop()

    async def close(self) -> None:
        """End the process and remove the folders."""
        await self.stop()
        await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)

    async def _prepare(self) -> Launch:
        """Assume the role and fill the folders."""
        credentials = await self._credentials.issue(self.function.role, self.function.arn)
        self._launch = await asyncio.to_thread(
            prepare,
            self.function,
            self._directory,
            self._endpoint_url,
            self._stream.name,
            credentials,
        )
        return self._launch

    async def _initialise(self, launch: Launch) -> float | None:
        """Start the first process; return how long that took in ms, or None if it failed.

        If it failed, it is started again within the invocation, using its time.
        """
        begun = time.perf_counter()
        failed = await self._start(launch, INIT_LIMIT_SECONDS, "")
        milliseconds = (time.perf_counter() - begun) * 1000
        if failed is None:
            return milliseconds
        self._report_init(milliseconds, "init", failed)
        return None

    async def _run(self, launch: Launch, event: Event) -> Outcome:
        """Run the event in the process; start a new one if there is none or it has ended."""
        # The function's time is real, at any speed of the services' clock.
        deadline = time.time() + self.function.timeout
        while True:
            if self._process is None or self._process.has_ended:
                begun = time.perf_counter()
                failed = await self._start(launch, deadline - time.time(), event.request_id)
                if failed is not None:
                    milliseconds = (time.perf_counter() - begun) * 1000
                    self._report_init(milliseconds, "invoke", failed)
                    return failed
            assert self._process is not None
            try:
                ended = await self._process.run(event, deadline)
            except EventNotTakenError:
                continue
            return ended if ended.function_error is None else self._shown(launch, ended)

    async def _start(self, launch: Launch, seconds: float, request_id: str) -> Outcome | None:
        """Start a process; return how it failed, or None."""
        label = interpreters.runtime_label(self.function.runtime, self.function.layers)
        self._write([self._lines.init_start(label, runtime_arn(label, self.function.region))])
        self._memory_used = self._most_memory()
        self._process = RuntimeProcess(self.function, self._processes, self._write)
        failed = await self._process.start(launch, seconds, request_id)
        return None if failed is None else self._shown(launch, failed)

    def _report_init(self, milliseconds: float, phase: str, failed: Outcome) -> None:
        assert failed.failure is not None
        self._write([self._lines.init_report(milliseconds, phase, failed.failure)])

    def _most_memory(self) -> float:
        return max(self._memory_used, self._process.memory_used if self._process else 0.0)

    def _write(self, lines: list[str]) -> None:
        if self._launch is not None:
            lines = [self._launch.shown(line) for line in lines if line]
        self._log = log_lines.last(self._log + lines)
        self._logs.put(self._stream, lines)

    @staticmethod
    def _shown(launch: Launch, failed: Outcome) -> Outcome:
        """Return an outcome with AWS's paths in its document."""
        text = launch.shown(failed.payload.decode(errors="surrogateescape"))
        return replace(failed, payload=text.encode(errors="surrogateescape"))
