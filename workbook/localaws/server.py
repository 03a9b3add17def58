"""The server: a loopback port, its requests, and the start and end of the process."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import uvicorn

from workbook.localaws import LOOPBACK, READY, admission
from workbook.localaws.api import protocols
from workbook.localaws.api.http import MAX_BODY_BYTES, MAX_OBJECT_BYTES, Request, Response
from workbook.localaws.clock import Clock
from workbook.localaws.http2 import IDLE_SECONDS, EitherProtocol
from workbook.localaws.parts import Parts

CONNECTIONS = 10_240  # the maximum for a process on macOS


class PortError(OSError):
    """The port cannot be used."""


class Door:
    """An ASGI application: reads requests and writes responses.

    If the code behind it fails, the response names the operation and the reason.

    Args:
        respond: returns the response to a request that is admitted.
    """

    def __init__(self, respond: Callable[[Request], Awaitable[Response]]) -> None:
        self._respond = respond

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Read a request and respond to it."""
        request = read_head(scope, receive)
        response = admission.refusal(request)
        if response is None:
            body = await read_body(request, receive)
            if body is None:
                return
            request = replace(request, body=body)
            if len(body) > most_bytes(request):
                response = protocols.too_large(request, most_bytes(request))
        if response is None:
            try:
                response = await self._respond(request)
            except Exception as fault:
                response = protocols.fault(request, fault)
        headers = {key.lower(): value for key, value in response.headers.items()}
        if response.stream is None:
            headers["content-length"] = str(len(response.body))
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [(key.encode(), str(value).encode()) for key, value in headers.items()],
            }
        )
        if response.stream is not None:
            await send_stream(response.stream, receive, send)
        await send({"type": "http.response.body", "body": response.body})


def read_head(scope: Any, receive: Any) -> Request:
    """Return an ASGI request without its body.

    A header that is repeated has all its values, as in RFC 9110 §5.3: of two ``Host``, neither is
    this machine's.
    """
    headers: dict[str, str] = {}
    for key, value in scope["headers"]:
        name, text = key.decode("latin-1"), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=b"",
        disconnected=partial(await_disconnect, receive),
    )


def most_bytes(request: Request) -> int:
    """Return the maximum size of a request's body."""
    return MAX_OBJECT_BYTES if request.service in ("s3", "") else MAX_BODY_BYTES


async def read_body(request: Request, receive: Any) -> bytes | None:
    """Read an ASGI body to its end; return None if the client disconnects first.

    If a body is too large, stop as soon as that is known.
    """
    chunks: list[bytes] = []
    room = most_bytes(request)
    more = True
    while more and room >= 0:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        room -= len(chunks[-1])
        more = message.get("more_body", False)
    return b"".join(chunks)


async def await_disconnect(receive: Any) -> None:
    """Return when the ASGI client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_stream(parts: AsyncGenerator[bytes, None], receive: Any, send: Any) -> None:
    """Send an ASGI body while it is produced, until it ends or the client disconnects.

    Args:
        parts: the body; closed in the end, in any case.
        receive: reports that the client has disconnected.
        send: sends the parts.
    """

    async def forward() -> None:
        async for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})

    forwarding = asyncio.create_task(forward())
    watching = asyncio.create_task(await_disconnect(receive))
    try:
        await asyncio.wait({forwarding, watching}, return_when=asyncio.FIRST_COMPLETED)
        if forwarding.done():
            forwarding.result()
    finally:
        forwarding.cancel()
        watching.cancel()
        await asyncio.gather(forwarding, watching, return_exceptions=True)
        await parts.aclose()


class _Server(uvicorn.Server):
    """uvicorn without its signal handling, which would raise a signal again after a clean end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    port: int = 0,
    *,
    limits: bool = True,
    speed: float = 1.0,
    epoch: float | None = None,
    owned: bool = False,
) -> None:
    """Run the local AWS until SIGINT, SIGTERM or the end of its owner.

    Print a line with its URL when it is ready. ``command.add_arguments`` adds these arguments to a
    command line.

    Args:
        port: the loopback port; 0 chooses a free one.
        limits: whether to enforce Kinesis' throughput limits.
        speed: the speed of its clock; see ``Clock``.
        epoch: when that clock agrees with real time; see ``Clock``.
        owned: whether to stop at the end of standard input: the owner holds the other end of the
            pipe, and need not do anything, even if it is killed.

    Raises:
        PortError: the port is taken.
        OSError: this machine has no room for it; the message says what to do.
    """
    _forget_users_aws()
    _allow_connections()
    try:
        listener = socket.create_server((LOOPBACK, port))
    except OSError as problem:
        raise PortError(problem.errno, problem.strerror) from problem
    # Connections inherit it; otherwise the second part of a response may wait 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    endpoint_url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    parts = Parts(endpoint_url, Clock(speed, epoch), limits=limits)
    server = _Server(
        uvicorn.Config(
            Door(parts.respond),
            http=EitherProtocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_level="warning",
            access_log=False,
            date_header=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=round(IDLE_SECONDS),
            timeout_graceful_shutdown=1,
        )
    )

    def end(*_: object) -> None:
        server.should_exit = True

    signal.signal(signal.SIGTERM, end)
    if owned:
        # Interrupting a notebook's cell interrupts its kernel's whole process group, but not this
        # process.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_await_owner, args=[end], daemon=True).start()
    else:
        signal.signal(signal.SIGINT, end)
    await parts.start()
    print(READY + endpoint_url, flush=True)
    sys.stdout = sys.stderr  # otherwise moto's output could fill a pipe without a reader
    try:
        await server.serve(sockets=[listener])
    finally:
        await parts.close()


def _forget_users_aws() -> None:
    """Keep the user's AWS configuration out of this process, including moto and every function."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def _allow_connections() -> None:
    """Allow as many connections as the system permits; some systems allow 256 by default."""
    if sys.platform != "win32":
        import resource

        present, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = CONNECTIONS if most == resource.RLIM_INFINITY else min(most, CONNECTIONS)
        if present != resource.RLIM_INFINITY and present < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _await_owner(end: Callable[[], None]) -> None:
    """Wait until the owner closes the pipe, which also happens when the owner ends."""
    sys.stdin.buffer.read()
    end()
