"""The Lambda Runtime API, from which a function's process gets events [OLD:runtimes-api].

Each process has its own listener on a loopback port; on AWS, it is inside the sandbox. It serves
the few HTTP/1.1 calls with httptools' parser: a complete web server per process would cost more
than the idle process itself.
"""

import asyncio
import json
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httptools

from workbook.localaws import admission
from workbook.localaws.api.http import Request
from workbook.localaws.functions.outcome import (
    MAX_RESPONSE_BYTES,
    TOO_LARGE,
    Failure,
    Outcome,
    failed,
    replied,
)

PREFIX = "/2018-06-01/runtime"
# Of a request line and headers. Runtime clients repeat an exception in a header for X-Ray, up to
# 1 MiB of it.
MAX_HEAD_BYTES = 2 * 1024 * 1024
ERROR_TYPE = "lambda-runtime-function-error-type"
_ACCEPTED = b'{"status":"OK"}\n'
_NO_HEADERS: Mapping[str, str] = {}
_REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    413: "Content Too Large",
}


@dataclass(frozen=True, slots=True)
class Event:
    """An event for a process; ``arn`` is the one that the caller used."""

    request_id: str
    payload: bytes
    arn: str
    client_context: str | None = None


class EventNotTakenError(Exception):
    """The process ended before it had read the event, so another one may run it."""


@dataclass(slots=True)
class _Turn:
    """What the process is doing: starting, or running an event.

    ``outcome`` is None once it has started. ``call`` is the call that received the event.
    """

    outcome: "asyncio.Future[Outcome | None]"
    event: Event | None = None
    deadline: float = 0.0
    call: "Call | None" = None

    def end(self, outcome: Outcome | None) -> None:
        """Set the outcome, unless there is one."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class RuntimeApi:
    """The Runtime API of one process.

    There is one turn at a time. The first ends when the process asks for an event, each later one
    when it responds to its event; all of them end when the process does.

    Args:
        version: the function's version, for outcomes.
        sample: called when the process reports the end of its start or event, before the response:
            by then it has written all output that belongs to it.
    """

    def __init__(self, version: str, sample: Callable[[], None]) -> None:
        self._version = version
        self._sample = sample
        self._server: asyncio.Server | None = None
        self._turn = _Turn(asyncio.get_running_loop().create_future())
        self._asking: Call | None = None  # waiting for an event
        self.init_error: Outcome | None = None

    async def open(self) -> str:
        """Listen on a free loopback port; return host and port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self._take), "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def first_turn(self) -> Outcome | None:
        """Wait until the process asks for an event; return the outcome if it does not."""
        return await self._turn.outcome

    async def turn(self, event: Event, deadline: float) -> Outcome:
        """Pass an event to the process and wait for the outcome.

        Args:
            event: the event for the process' next call.
            deadline: the end of the process' time, in seconds since the epoch.

        Raises:
            EventNotTakenError: the process ended before it had read the event.
        """
        self._turn = _Turn(asyncio.get_running_loop().create_future(), event, deadline)
        self._send_event()
        outcome = await self._turn.outcome
        assert outcome is not None
        return outcome

    def end(self, outcome: Outcome, *, was_killed: bool) -> None:
        """End the turn because the process has ended.

        Args:
            outcome: the outcome of the turn.
            was_killed: whether we ended it; then the event must not be run again.
        """
        turn = self._turn
        has_read = turn.call is not None and not turn.call.was_reset()
        if turn.event is None or was_killed or has_read:
            turn.end(outcome)
        elif not turn.outcome.done():
            turn.outcome.set_exception(EventNotTakenError())

    def _send_event(self) -> None:
        """Send the waiting event to the waiting call, if there are both."""
        call, turn = self._asking, self._turn
        event = turn.event
        if call is None or event is None or turn.call is not None or turn.outcome.done():
            return
        self._asking = None
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(turn.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": event.arn,
            "Lambda-Runtime-Trace-Id": _trace_id(),
        }
        if event.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = event.client_context
        if call.answer(200, event.payload, headers):
            turn.call = call

    def _take(self, call: "Call") -> None:
        """Respond to a call, or keep it until there is an event; an unknown call gets a 404.

        A web page could otherwise take a function's event, or respond to it.
        """
        refused = admission.refusal(Request(call.method, call.path, "", call.headers, b""))
        if refused is not None:
            call.answer(refused.status, _refusal("Forbidden", refused.body.decode()))
            return
        turn = self._turn
        match call.method, call.path.removeprefix(PREFIX).strip("/").split("/"):
            case "GET", ["invocation", "next"]:
                self._asking = call
                if turn.event is None:
                    turn.end(None)
                self._send_event()
            case "POST", ["invocation", request_id, "response" | "error" as kind]:
                is_at_work = turn.call is not None and not turn.outcome.done()
                if turn.event is None or turn.event.request_id != request_id or not is_at_work:
                    call.answer(400, _refusal("InvalidRequestID", "Invalid request ID"))
                else:
                    self._take_answer(call, request_id, kind)
            case "POST", ["init", "error"]:
                if turn.event is not None or turn.outcome.done():
                    message = "Transition to InitError is not allowed"
                    call.answer(403, _refusal("InvalidStateTransition", message))
                    return
                self._sample()
                reason = Failure("error", call.headers.get(ERROR_TYPE, ""))
                self.init_error = failed("", self._version, call.body, reason)
                call.answer(202, _ACCEPTED)
            case _:
                call.answer(404, _refusal("NotFound", f"No {call.method} {call.path} here"))

    def _take_answer(self, call: "Call", request_id: str, kind: str) -> None:
        """Accept the response or error for the event, which ends the turn."""
        self._sample()
        if len(call.body) > MAX_RESPONSE_BYTES:
            call.answer(413, _refusal("RequestEntityTooLarge", TOO_LARGE["errorMessage"]))
            self._turn.end(failed(request_id, self._version, json.dumps(TOO_LARGE).encode()))
        elif kind == "error":
            call.answer(202, _ACCEPTED)
            self._turn.end(failed(request_id, self._version, call.body))
        else:
            call.answer(202, _ACCEPTED)
            self._turn.end(replied(request_id, self._version, call.body))


def _refusal(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _trace_id() -> str:
    """Return the id of an unsampled trace, in X-Ray's format."""
    digits = uuid.uuid4().hex
    root = f"Root=1-{int(time.time()):08x}-{digits[:24]}"
    return f"{root};Parent={digits[:16][::-1]};Sampled=0"


class Call:
    """A call of the Runtime API, which may be answered later."""

    def __init__(
        self,
        connection: "_Connection",
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        self._connection = connection
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body

    def answer(self, status: int, body: bytes, headers: Mapping[str, str] = _NO_HEADERS) -> bool:
        """Send the response; return False if the client has disconnected.

        Args:
            status: the HTTP status.
            body: JSON.
            headers: headers in addition to those of every response.
        """
        return self._connection.send(status, body, headers)

    def was_reset(self) -> bool:
        """Return whether the caller, which has ended, ended before it read the response."""
        return self._connection.was_reset()


class _Connection(asyncio.Protocol):
    """A connection, whose calls are handled one after the other.

    It keeps no more of a head than a runtime client sends, and of a body than what shows that it is
    too large: a function would otherwise fill the memory of the local AWS.
    """

    def __init__(self, take: Callable[[Call], None]) -> None:
        self._take = take
        self._transport: asyncio.Transport | None = None
        self._was_reset = False
        self._parser = httptools.HttpRequestParser(self)
        self._begin()

    def _begin(self) -> None:
        self._path = b""
        self._headers: dict[str, str] = {}
        self._chunks: list[bytes] = []
        self._room = MAX_RESPONSE_BYTES + 1
        self._head_bytes = 0
        self._is_in_head = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._was_reset |= isinstance(exc, ConnectionError)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._close()
            return
        self._head_bytes += len(data) if self._is_in_head else 0
        if self._head_bytes > MAX_HEAD_BYTES:
            self._close()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._is_in_head = True

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_in_head:  # not a trailer
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        if self._room:
            self._chunks.append(body[: self._room])
            self._room -= len(self._chunks[-1])

    def on_message_complete(self) -> None:
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        path, headers = self._path.decode("latin-1"), self._headers
        method = self._parser.get_method().decode()
        self._begin()
        self._take(Call(self, method, path, headers, body))

    def send(self, status: int, body: bytes, headers: Mapping[str, str]) -> bool:
        """Send a response; return False if the client has disconnected."""
        if self._transport is None or self._has_hung_up(self._transport):
            return False
        head = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}", "Content-Type: application/json"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        head += [f"Content-Length: {len(body)}", "", ""]
        self._transport.write("\r\n".join(head).encode())
        self._transport.write(body)
        return True

    def was_reset(self) -> bool:
        """Return whether the client closed with data unread, as far as is known now."""
        if self._transport is not None:
            self._has_hung_up(self._transport)
        return self._was_reset

    def _has_hung_up(self, transport: asyncio.Transport) -> bool:
        """Return whether the client has disconnected, which the loop may not have noticed yet.

        A process that is killed while it waits for an event must not receive one. If it ends with
        unread data, it resets the connection instead of closing it.
        """
        with transport.get_extra_info("socket").dup() as connection:
            try:
                return not connection.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                return False
            except ConnectionError:
                self._was_reset = True
                return True
