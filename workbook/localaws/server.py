"""The front door: one loopback port, from which each request goes to the part that answers it."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import uvicorn

from workbook.localaws.api.http import Request, Response
from workbook.localaws.clock import Clock
from workbook.localaws.functions.service import FunctionService
from workbook.localaws.http2 import EitherProtocol
from workbook.localaws.kinesis.service import KinesisService
from workbook.localaws.mapping.service import MappingService
from workbook.localaws.metrics import Metrics
from workbook.localaws.moto.worker import Worker

LOOPBACK = "127.0.0.1"
KEEP_ALIVE_SECONDS = 75  # longer than the idle time after which boto3 drops a connection itself
READY = "Local AWS ready at "  # what the ready line starts with; the URL follows


class LocalAws:
    """The parts of the local AWS, joined; an ASGI application.

    Args:
        endpoint_url: where clients, functions included, reach it.
        clock: its time.
        limits: whether Kinesis' throughput limits hold, as on AWS. Off is for bulk loads.
    """

    def __init__(self, endpoint_url: str, clock: Clock, *, limits: bool = True) -> None:
        self._services = Worker()
        self._metrics = Metrics(clock, self._services)
        self._kinesis = KinesisService(clock, self._services, self._metrics, limits=limits)
        self._functions = FunctionService(endpoint_url, clock, self._services, self._metrics)
        self._mappings = MappingService(
            endpoint_url, clock, self._services, self._metrics, self._kinesis, self._functions
        )

    async def respond(self, request: Request) -> Response:
        """Answer a request: by the first part that knows it, else by moto."""
        for part in (self._kinesis, self._mappings, self._functions):
            response = await part.respond(request)
            if response is not None:
                return response
        if request.service == "monitoring":
            await self._metrics.flush()
        return await self._services.respond(request)

    async def close(self) -> None:
        """Stop polling, end every function's process, let moto go."""
        await self._mappings.close()
        await self._functions.close()
        await self._kinesis.close()
        self._services.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI: one request in, one response out."""
        chunks: list[bytes] = []
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        request = Request(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers={
                key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
            },
            body=b"".join(chunks),
        )
        response = await self.respond(request)
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


async def send_stream(parts: AsyncGenerator[bytes, None], receive: Any, send: Any) -> None:
    """ASGI: send a body as it is made, until it ends or the client is gone.

    Args:
        parts: the body; closed in the end, whatever happens.
        receive: tells that the client is gone.
        send: takes the parts.
    """

    async def forward() -> None:
        async for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})

    async def await_disconnect() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    forwarding = asyncio.create_task(forward())
    watching = asyncio.create_task(await_disconnect())
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
    """uvicorn without its signal handling, which raises a signal again after the clean end."""

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

    Prints one line with its URL when it is ready.

    Args:
        port: loopback port; 0 takes a free one.
        limits: whether Kinesis' throughput limits hold.
        speed: the pace of its clock; see ``Clock``.
        epoch: when that clock agrees with the world's; see ``Clock``.
        owned: whether the end of standard input ends it: an owner that holds the other end of
            that pipe need not do anything, and may be killed.

    Raises:
        OSError: the port is taken.
    """
    _forget_users_aws()
    listener = socket.create_server((LOOPBACK, port))
    # Connections inherit it; without it an answer's second part may wait 40 ms for the first's ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    endpoint_url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    application = LocalAws(endpoint_url, Clock(speed, epoch), limits=limits)
    server = _Server(
        uvicorn.Config(
            application,
            http=EitherProtocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_level="warning",
            access_log=False,
            date_header=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
    )

    def end(*_: object) -> None:
        server.should_exit = True

    signal.signal(signal.SIGTERM, end)
    if owned:
        # Interrupting a notebook's cell interrupts its kernel's whole process group; we stay.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_await_owner, args=[end], daemon=True).start()
    else:
        signal.signal(signal.SIGINT, end)
    print(READY + endpoint_url, flush=True)
    sys.stdout = sys.stderr  # what moto prints must not fill a pipe that nobody reads
    try:
        await server.serve(sockets=[listener])
    finally:
        await application.close()


def _forget_users_aws() -> None:
    """Keep the user's AWS set-up out of this process, of moto and of every function."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def _await_owner(end: Any) -> None:
    """Wait until the owner closes the pipe, which its end does too."""
    sys.stdin.buffer.read()
    end()
