"""An execution environment: one process, its folders and its Runtime API, for one function version.

It takes one invocation at a time.  After a timeout or a crash its process starts anew and its
``/tmp`` is kept, as on AWS.
"""

import asyncio
import json
import shutil
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from workbook.localaws.functions import failures, interpreters, memory, runtime_api
from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.failures import TIMEOUT, Failure
from workbook.localaws.functions.launch import Launch, prepare
from workbook.localaws.functions.log_lines import JsonLines, TextLines, runtime_arn
from workbook.localaws.functions.output import Output
from workbook.localaws.functions.processes import Processes
from workbook.localaws.interfaces import Credentials

INIT_LIMIT_SECONDS = 10.0
WATCH_SECONDS = 0.1  # how often a busy process' memory is looked at


@dataclass(frozen=True, slots=True)
class Event:
    """What is handed to the function; ``arn`` is the one that the caller used."""

    request_id: str
    payload: bytes
    arn: str
    client_context: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: the reply, or the error's document.

    ``milliseconds`` is the duration; ``log`` the invocation's lines, START to REPORT.
    """

    payload: bytes
    is_error: bool
    milliseconds: float
    log: list[str]


@dataclass(frozen=True, slots=True)
class _End:
    """How an initialisation or an event ended, as the process or its end said it.

    ``failure`` is what REPORT shows; None when the handler replied or raised.
    """

    payload: bytes
    is_error: bool
    failure: Failure | None = None


_LOST = _End(b"", True)


@dataclass(slots=True)
class _Running:
    """A process and what belongs to its life."""

    process: asyncio.subprocess.Process
    output: Output
    ready: "asyncio.Future[_End | None]"
    ended: "asyncio.Task[None] | None" = None
    killed: Failure | None = None
    failed: _End | None = None
    answer: runtime_api.Answer | None = None
    answered: runtime_api.Answer | None = None


class Environment:
    """See above.

    Args:
        function: the version that it runs.
        endpoint_url: where its boto3 finds the local AWS.
        processes: starts and ends its process.
        stream: the name of its log stream.
        write: takes log lines.
        now: gives the services' time, in seconds since the epoch.
        issue: gives the function's role's credentials.
    """

    def __init__(
        self,
        function: FunctionVersion,
        endpoint_url: str,
        processes: Processes,
        stream: str,
        write: Callable[[list[str]], None],
        now: Callable[[], float],
        issue: Callable[[FunctionVersion], Awaitable[Credentials]],
    ) -> None:
        self.function = function
        self._issue = issue
        self._endpoint_url = endpoint_url
        self._processes = processes
        self._stream = stream
        self._write_log = write
        self._lines = JsonLines(now) if function.logs_json else TextLines()
        self._directory = processes.directory / uuid.uuid4().hex[:12]
        self._launch: Launch | None = None
        self._server: asyncio.Server | None = None
        self._running: _Running | None = None
        self._event: Event | None = None
        self._undelivered: Event | None = None
        self._result: asyncio.Future[_End] | None = None
        self._deadline = 0.0
        self._log: list[str] = []
        self._memory_used = 0.0

    # --- what the service calls

    async def invoke(self, event: Event) -> Outcome:
        """Run the function with an event, starting the process first when there is none."""
        self._log = []
        init_milliseconds = await self._initialise() if self._launch is None else None
        self._log = []
        self._write([self._lines.start(event.request_id, self.function.version)])
        begun = time.perf_counter()
        end = await self._run(event)
        milliseconds = (time.perf_counter() - begun) * 1000
        if end.failure is TIMEOUT:
            milliseconds = self.function.timeout * 1000.0
        report = self._lines.report(
            event.request_id,
            milliseconds,
            self.function.memory,
            round(self._memory_used),
            init_milliseconds,
            end.failure,
        )
        self._write([self._lines.end(event.request_id), report])
        return Outcome(end.payload, end.is_error, milliseconds, self._log)

    async def close(self) -> None:
        """End the process and remove the folders."""
        await self.stop()
        if self._server is not None:
            self._server.close()
        await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)

    async def stop(self) -> None:
        """End the process, if there is one."""
        running = self._running
        if running is not None and running.ended is not None:
            self._kill(running, Failure("error", None))
            await running.ended

    # --- one life of the process

    async def _initialise(self) -> float | None:
        """The first start; gives its duration in ms, or None when it failed and is to be redone."""
        self._server = await runtime_api.listen(self)
        address = self._server.sockets[0].getsockname()
        self._launch = await asyncio.to_thread(
            prepare,
            self.function,
            self._directory,
            self._endpoint_url,
            f"{address[0]}:{address[1]}",
            self._stream,
            await self._issue(self.function),
        )
        begun = time.perf_counter()
        end = await self._start(INIT_LIMIT_SECONDS)
        milliseconds = (time.perf_counter() - begun) * 1000
        if end is None:
            return milliseconds
        assert end.failure is not None
        self._write([self._lines.init_report(milliseconds, "init", end.failure)])
        return None

    async def _start(self, limit: float) -> _End | None:
        """Start the process and wait until it asks for an event; gives how it failed, or None.

        Args:
            limit: seconds that it may take.
        """
        assert self._launch is not None
        loop = asyncio.get_running_loop()
        label = interpreters.runtime_label(self.function.runtime)
        self._write([self._lines.init_start(label, runtime_arn(label, self.function.region))])
        output = Output(self._write)
        try:
            process = await self._processes.start(
                self._launch.command,
                self._launch.task_root,
                self._launch.variables,
                output.write_end,
            )
        except OSError as problem:
            output.started()
            output.close()
            request_id = self._event.request_id if self._event else ""
            program = self._shown(self._launch.command[0])
            return _cannot_start(failures.cannot_start(request_id, program, problem))
        output.started()
        running = _Running(process, output, loop.create_future())
        running.ended = loop.create_task(self._await_end(running))
        self._running = running
        timer = loop.call_later(limit, self._kill, running, TIMEOUT)
        try:
            failed = await running.ready
        finally:
            timer.cancel()
        if failed is None:  # for one that exits in its first event
            self._memory_used = max(self._memory_used, memory.peak(process.pid))
        return failed

    async def _await_end(self, running: _Running) -> None:
        """Wait until the process ends, and say so to whoever waits for it."""
        status = await running.process.wait()
        self._processes.ended(running.process)
        running.output.close()
        self._running = None
        request_id = self._event.request_id if self._event else ""
        if running.failed is not None:
            end = running.failed
        elif running.killed is TIMEOUT:
            document = failures.timed_out(request_id, self.function.timeout)
            end = _End(json.dumps(document).encode(), True, TIMEOUT)
        else:
            document = failures.exited(request_id, status)
            failure = running.killed or Failure("error", document["errorType"])
            end = _End(json.dumps(document).encode(), True, failure)
        if not running.ready.done():
            running.ready.set_result(end)
        # One that ended between two events is no failure of the second.
        unread = running.answered is not None and running.answered.unread()
        idle = unread or self._undelivered is not None
        self._finish(_LOST if idle and running.killed is None else end)

    async def _run(self, event: Event) -> _End:
        """Give the event to the process, starting it anew when it is gone, and wait for the end."""
        self._event = event
        # The function's own time is real time, whatever the pace of the services' clock.
        self._deadline = time.time() + self.function.timeout
        end = _LOST
        while end is _LOST:
            failed = await self._restart() if self._running is None else None
            end = failed or await self._hand_over(event)
        self._event = None
        return end

    async def _restart(self) -> _End | None:
        """Start the process within an invocation, on its time; gives how that failed, or None."""
        begun = time.perf_counter()
        failed = await self._start(self._deadline - time.time())
        if failed is not None and failed.failure is not None:
            milliseconds = (time.perf_counter() - begun) * 1000
            self._write([self._lines.init_report(milliseconds, "invoke", failed.failure)])
        return failed

    async def _hand_over(self, event: Event) -> _End:
        """Let the process have the event, and wait for the end; _LOST when it did not get it."""
        assert self._running is not None
        loop = asyncio.get_running_loop()
        self._result = loop.create_future()
        left = self._deadline - time.time()
        timer = loop.call_later(left, self._kill, self._running, TIMEOUT)
        self._watching = loop.call_later(WATCH_SECONDS, self._watch)
        self._undelivered = event
        self._deliver()
        try:
            return await self._result
        finally:
            timer.cancel()
            self._watching.cancel()
            self._undelivered = self._result = None

    def _deliver(self) -> None:
        """Answer the process' waiting call with the waiting event, once there are both."""
        running, event = self._running, self._undelivered
        if running is None or running.answer is None or event is None:
            return
        answer, running.answer = running.answer, None
        running.answered = answer
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(self._deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": event.arn,
            "Lambda-Runtime-Trace-Id": _trace_id(),
        }
        if event.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = event.client_context
        if answer(200, event.payload, headers):
            self._undelivered = None

    def _finish(self, end: _End) -> None:
        if self._result is not None and not self._result.done():
            self._result.set_result(end)

    def _kill(self, running: _Running, reason: Failure) -> None:
        if running.killed is None:
            running.killed = reason
            self._processes.kill(running.process)

    def _watch(self) -> None:
        """Look at the memory of a process that has been busy for a while."""
        running = self._running
        if running is None:
            return
        used = memory.used(running.process.pid)
        self._memory_used = max(self._memory_used, used)
        if used > self.function.memory:
            self._kill(running, Failure("error", "Runtime.OutOfMemory"))
            return
        self._watching = asyncio.get_running_loop().call_later(WATCH_SECONDS, self._watch)

    # --- what the Runtime API calls

    def next(self, answer: runtime_api.Answer) -> None:
        """The process is ready for an event."""
        if self._running is None:
            return
        self._running.answer = answer
        if not self._running.ready.done():
            self._running.ready.set_result(None)
        self._deliver()

    def reply(self, body: bytes) -> None:
        """The handler returned."""
        self._end_event(_End(body, False))

    def fail(self, body: bytes, error_type: str) -> None:
        """The handler raised, or its reply is too large."""
        self._end_event(_End(self._shown(body.decode()).encode(), True))

    def _end_event(self, end: _End) -> None:
        assert self._running is not None
        self._running.output.drain()
        self._memory_used = max(self._memory_used, memory.peak(self._running.process.pid))
        self._event = None
        self._finish(end)

    def init_failed(self, body: bytes, error_type: str) -> None:
        """The process says why it could not start; its end follows."""
        if self._running is not None:
            self._memory_used = max(self._memory_used, memory.peak(self._running.process.pid))
            payload = self._shown(body.decode()).encode()
            self._running.failed = _End(payload, True, Failure("error", error_type))

    @property
    def request_id(self) -> str | None:
        """The id of the event that the process works on."""
        delivered = self._event is not None and self._undelivered is None
        return self._event.request_id if self._event and delivered else None

    @property
    def initialising(self) -> bool:
        """Whether the process has not yet asked for an event."""
        return self._running is not None and not self._running.ready.done()

    # --- the log

    def _write(self, lines: list[str]) -> None:
        lines = [self._shown(line) for line in lines if line]
        self._log += lines
        self._write_log(lines)

    def _shown(self, text: str) -> str:
        """The paths of this machine as they would be on AWS."""
        for real, shown in self._launch.paths if self._launch else ():
            if real in text:
                text = text.replace(real, shown)
        return text


def _trace_id() -> str:
    """A trace's id, in the form of X-Ray's, that nobody samples."""
    digits = uuid.uuid4().hex
    root = f"Root=1-{int(time.time()):08x}-{digits[:24]}"
    return f"{root};Parent={digits[:16][::-1]};Sampled=0"


def _cannot_start(document: dict[str, str]) -> _End:
    return _End(json.dumps(document).encode(), True, Failure("error", document["errorType"]))
