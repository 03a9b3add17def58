"""The Lambda Runtime API: what a function's process asks and is told [OLD:runtimes-api].

Each environment has a listener of its own on a loopback port, as on AWS, where it is inside the
sandbox.  It is a few calls of HTTP/1.1 with httptools' parser: a whole web server for each process
would cost more than the process' own idle time.
"""

import asyncio
import json
import socket
from collections.abc import Mapping
from typing import Protocol

import httptools

from workbook.localaws.functions.failures import MAX_RESPONSE_BYTES, TOO_LARGE

PREFIX = "/2018-06-01/runtime"
ACCEPTED = b'{"status":"OK"}\n'
NO_HEADERS: Mapping[str, str] = {}
_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"}


class Answer(Protocol):
    """Sends the reply to a call; may be kept until there is one."""

    def __call__(self, status: int, body: bytes, headers: Mapping[str, str] = ...) -> bool:
        """``headers`` go beside those of every reply; False when nobody is there to take it."""
        ...

    def unread(self) -> bool:
        """Whether the caller, which has ended, ended before it had read the reply."""
        ...


class Sandbox(Protocol):
    """What the environment does for its process' calls."""

    def next(self, answer: Answer) -> None:
        """The process asks for the next event."""
        ...

    def reply(self, body: bytes) -> None:
        """The process replied to the current event."""
        ...

    def fail(self, body: bytes, error_type: str) -> None:
        """The process says that the current event failed."""
        ...

    def init_failed(self, body: bytes, error_type: str) -> None:
        """The process says that it could not start."""
        ...

    @property
    def request_id(self) -> str | None:
        """The current event's id; None when there is none."""
        ...

    @property
    def initialising(self) -> bool:
        """Whether the process has not yet asked for an event."""
        ...


def handle(
    sandbox: Sandbox,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    answer: Answer,
) -> None:
    """One call of the Runtime API; an unknown one is answered with 404."""
    match method, path.removeprefix(PREFIX).strip("/").split("/"):
        case "GET", ["invocation", "next"]:
            sandbox.next(answer)
        case "POST", ["invocation", request_id, "response" | "error" as kind]:
            if request_id != sandbox.request_id:
                answer(400, error("InvalidRequestID", "Invalid request ID"))
            elif kind == "error":
                sandbox.fail(body, headers.get("lambda-runtime-function-error-type", ""))
                answer(202, ACCEPTED)
            elif len(body) > MAX_RESPONSE_BYTES:
                sandbox.fail(json.dumps(TOO_LARGE).encode(), TOO_LARGE["errorType"])
                answer(413, error("RequestEntityTooLarge", TOO_LARGE["errorMessage"]))
            else:
                sandbox.reply(body)
                answer(202, ACCEPTED)
        case "POST", ["init", "error"]:
            if not sandbox.initialising:
                answer(
                    403, error("InvalidStateTransition", "Transition to InitError is not allowed")
                )
                return
            sandbox.init_failed(body, headers.get("lambda-runtime-function-error-type", ""))
            answer(202, ACCEPTED)
        case _:
            answer(404, error("NotFound", f"No {method} {path} here"))


def error(kind: str, message: str) -> bytes:
    """The body of a refusal."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


async def listen(sandbox: Sandbox) -> asyncio.Server:
    """Open a listener for ``sandbox`` on a free loopback port."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Connection(sandbox), "127.0.0.1", 0)


class _Connection(asyncio.Protocol):
    """One connection; its calls come one after the other."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._transport: asyncio.Transport | None = None
        self._was_reset = False
        self._parser = httptools.HttpRequestParser(self)
        self._begin()

    def _begin(self) -> None:
        self._path = b""
        self._headers: dict[str, str] = {}
        self._chunks: list[bytes] = []

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
            if self._transport is not None:
                self._transport.close()

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        path, headers = self._path.decode("latin-1"), self._headers
        method = self._parser.get_method().decode()
        self._begin()
        handle(self._sandbox, method, path, headers, body, self)

    def __call__(self, status: int, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> bool:
        if self._transport is None or self._has_hung_up():
            return False
        head = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}", "Content-Type: application/json"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        head += [f"Content-Length: {len(body)}", "", ""]
        self._transport.write("\r\n".join(head).encode())
        self._transport.write(body)
        return True

    def unread(self) -> bool:
        if self._transport is not None:
            self._has_hung_up()
        return self._was_reset

    def _has_hung_up(self) -> bool:
        """Whether the other side is gone, which the loop may not have seen yet.

        A process that is killed while it waits for an event must not be given one.  One that
        ends with something unread resets the connection, instead of closing it.
        """
        assert self._transport is not None
        with self._transport.get_extra_info("socket").dup() as connection:
            try:
                return not connection.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                return False
            except ConnectionError:
                self._was_reset = True
                return True
