"""Hostile connections: each gets a response or is closed, and others are not affected."""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import uvicorn
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, Event, ResponseReceived, StreamReset
from uvicorn.server import ServerState

from workbook import target
from workbook.localaws import http2, server
from workbook.localaws.api.http import Request, Response, authorization
from workbook.localaws.server import Door
from workbook.target import Aws

SIGNED = authorization(target.REGION, "kinesis")
TARGET = "Kinesis_20131202.DescribeAccountSettings"
HEAD = (
    f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {SIGNED}\r\nX-Amz-Target: {TARGET}\r\n"
    "Content-Type: application/x-amz-json-1.1\r\n"
)


@contextlib.contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    """A connection to a local AWS."""
    where = urlsplit(url)
    with socket.create_connection((str(where.hostname), int(where.port or 0)), 30) as connection:
        yield connection


def status(connection: socket.socket, sent: str) -> int:
    """Send a request as it is; return the status of the response."""
    connection.sendall(sent.encode("latin-1"))
    return int(connection.recv(65_536).split(b" ", 2)[1])


def is_well(url: str) -> bool:
    with connected(url) as connection:
        return status(connection, f"{HEAD}Content-Length: 2\r\n\r\n{{}}") == 200


# --- HTTP/1.1


@pytest.mark.parametrize("header", ["X-Endless: ", "X-Short: 1\r\n"])
def test_headers_are_limited_in_size(local: Aws, header: str) -> None:
    """One that never ends, or an endless number of them: uvicorn would keep them all."""
    with connected(str(local.endpoint_url)) as connection:
        connection.sendall(HEAD.encode() + header.encode())
        received = b""
        with contextlib.suppress(ConnectionError):  # the server closed the connection while we sent
            for _ in range(100):
                connection.sendall(header.encode() * 10_000)
            received = connection.recv(65_536)
        assert b"200 OK" not in received
        with contextlib.suppress(ConnectionError):
            while connection.recv(65_536):
                pass
    assert is_well(str(local.endpoint_url))


def test_a_client_that_has_closed_its_side_still_gets_a_response(local: Aws) -> None:
    with connected(str(local.endpoint_url)) as connection:
        connection.sendall(f"{HEAD}Content-Length: 2\r\n\r\n{{}}".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "sent",
    [
        "\x16\x03\x01\x02\x00\x01\x00",
        "\x00" * 1000,
        "FOO / HTTP/1.1\r\n\r\n",
        f"{HEAD}Content-Length: -1\r\n\r\n",
        f"{HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}",
        f"{HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
        f"{HEAD}Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        f"{HEAD}Content-Length: 2\r\nHost: example.com\r\n\r\n{{}}",
        f"POST / HTTP/1.1\r\nHost: example.com{HEAD.removeprefix('POST / HTTP/1.1')}\r\n",
    ],
)
def test_bytes_that_are_not_a_request_are_refused(local: Aws, sent: str) -> None:
    with connected(str(local.endpoint_url)) as connection:
        assert status(connection, sent) in (400, 403)
    assert is_well(str(local.endpoint_url))


COMPLETE = f"{HEAD}Content-Length: 0\r\n\r\n".encode()
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


async def end_of(sent: bytes, then: bytes, part: bytes) -> bytes:
    """Send bytes; return what a server sends until it closes the connection.

    Args:
        sent: sent first.
        then: sent when the server has answered; empty if it is not to wait for that.
        part: sent from then on, again and again; empty to send nothing more.
    """

    async def respond(request: Request) -> Response:
        return Response()

    loop = asyncio.get_running_loop()
    config = uvicorn.Config(
        Door(respond), log_level="critical", lifespan="off", timeout_keep_alive=3600
    )
    config.load()
    made = lambda: http2.EitherProtocol(config, ServerState(), {}, loop)  # noqa: E731
    served = await loop.create_server(made, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*served.sockets[0].getsockname())
    writer.write(sent)
    received = b""
    if then:
        received = await reader.read(65_536)
        writer.write(then)

    async def trickle() -> None:
        while part:
            writer.write(part)
            await asyncio.sleep(0.002)

    trickling = asyncio.create_task(trickle())
    try:
        with contextlib.suppress(ConnectionResetError):  # the server left something unread
            while more := await reader.read(65_536):
                received += more
    finally:
        trickling.cancel()
        await asyncio.gather(trickling, return_exceptions=True)
        writer.close()
        served.close()
    return received


def abandoned(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, then: bytes = b"", part: bytes = b""
) -> bytes:
    """Shorten the deadlines of a server and return what it sends until it closes a connection."""
    monkeypatch.setattr(http2, "HEAD_SECONDS", 0.05)
    monkeypatch.setattr(http2, "IDLE_SECONDS", 0.05)
    return asyncio.run(asyncio.wait_for(end_of(sent, then, part), 30))


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        PREFACE[:8],
        HEAD.encode(),
        f"{HEAD}Content-Length: 10\r\n\r\n{{}}".encode(),
        f"{HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n".encode(),
    ],
)
def test_a_request_that_does_not_arrive_is_abandoned(
    monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    assert abandoned(monkeypatch, begun) == b""
    if begun != PREFACE[:8]:
        assert abandoned(monkeypatch, COMPLETE + begun).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("part", [b"", b"\r\n"])
def test_a_connection_without_requests_is_closed(
    monkeypatch: pytest.MonkeyPatch, part: bytes
) -> None:
    """Even if it is not quite idle."""
    received = abandoned(monkeypatch, COMPLETE, then=part or b"\r\n", part=part)
    assert received.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("begun", "part"),
    [
        (f"{HEAD}X-Slow: ".encode(), b"x"),
        (f"{HEAD}Content-Length: 1000000\r\n\r\n".encode(), b"x"),
        (f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode(), b"1\r\nx\r\n"),
        (f"{HEAD}Origin: http://a.example\r\nContent-Length: 1000000\r\n\r\n".encode(), b"x"),
    ],
)
def test_bytes_that_trickle_do_not_keep_a_request(
    monkeypatch: pytest.MonkeyPatch, begun: bytes, part: bytes
) -> None:
    """Neither one that is being received nor the rest of one that was refused."""
    assert b"200 OK" not in abandoned(monkeypatch, begun, part=part)


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has no such limit")
def test_many_connections_do_not_block_others() -> None:
    """By default, macOS allows a process 256 descriptors."""
    serve = f"ulimit -S -n 256; exec {sys.executable} -m workbook serve --port 0"
    process = subprocess.Popen(["sh", "-c", serve], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split()[-1]
        with contextlib.ExitStack() as held:
            for _ in range(400):
                held.enter_context(connected(url)).sendall(b"POST")
            assert is_well(url)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# --- size limits


class Sender:
    """A client that sends parts of a body, and notes the response."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = list(parts)
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        part = self._parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def ask(self, service: str, **headers: str) -> list[bytes]:
        """Send; return the bodies of all requests that were admitted."""
        came: list[bytes] = []

        async def respond(request: Request) -> Response:
            came.append(request.body)
            return Response()

        given = {"host": "127.0.0.1", "authorization": authorization("us-east-1", service)}
        scope = {
            "method": "POST",
            "raw_path": b"/",
            "query_string": b"",
            "headers": [
                (name.replace("_", "-").encode(), value.encode())
                for name, value in (given | headers).items()
            ],
        }
        asyncio.run(Door(respond)(scope, self.receive, self.send))
        return came

    @property
    def unread(self) -> int:
        return len(self._parts)


def test_bodies_are_limited_in_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_BODY_BYTES", 10)
    fits = Sender(b"12345", b"12345")
    assert fits.ask("kinesis") == [b"1234512345"]
    large = Sender(b"12345", b"12345", b"1", b"never read")
    assert large.ask("kinesis", x_amz_target="Kinesis_20131202.PutRecord") == []
    start, body = large.sent
    assert start["status"] == 413
    assert orjson.loads(body["body"]) == {
        "__type": "RequestEntityTooLargeException",
        "message": "Request must be smaller than 10 bytes for the PutRecord operation",
    }
    assert large.unread == 1
    assert Sender(b"12345", b"12345", b"1").ask("s3") == [b"12345123451"]


def test_the_body_of_a_refused_request_is_not_read() -> None:
    page = Sender(b"much")
    assert page.ask("s3", origin="https://example.com") == []
    assert page.sent[0]["status"] == 403
    assert page.unread == 1


# --- HTTP/2

NAMES = [
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":scheme", b"http"),
    (b":authority", b"127.0.0.1"),
]


def events_of(local: Aws, *frames: bytes, ends: type[Event]) -> list[Event]:
    """Send frames after HTTP/2's preface; return the events up to one of a type."""
    h2 = H2Connection(H2Configuration(header_encoding=None))
    h2.initiate_connection()
    events: list[Event] = []
    with connected(str(local.endpoint_url)) as connection:
        greeting = h2.data_to_send()
        h2.send_headers(1, NAMES)  # so that it knows the stream of the frames
        connection.sendall(greeting + b"".join(frames))
        while not any(isinstance(event, ends) for event in events):
            received = connection.recv(65_536)
            if not received:
                return events
            events += h2.receive_data(received)
    return events


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


def headers(*more: tuple[bytes, bytes]) -> bytes:
    return bytes(H2Connection().encoder.encode([*NAMES, *more]))


END_STREAM, END_HEADERS = 1, 4


def test_http2_accepts_headers_of_any_bytes(local: Aws) -> None:
    sent = frame(1, END_HEADERS | END_STREAM, 1, headers((b"x-odd", b"\xff\xfe")))
    events = events_of(local, sent, ends=ResponseReceived)
    (answer,) = [event for event in events if isinstance(event, ResponseReceived)]
    assert dict(answer.headers or [])[b":status"] == b"403"  # it is not signed


def test_http2_answers_a_request_without_a_path(local: Aws) -> None:
    """CONNECT has none."""
    connect = H2Connection().encoder.encode([(b":method", b"CONNECT"), NAMES[-1]])
    sent = frame(1, END_HEADERS | END_STREAM, 1, connect)
    events = events_of(local, sent, ends=ResponseReceived)
    assert any(isinstance(event, ResponseReceived) for event in events)


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"begun",
        frame(0, 0, 7, b"data of no request"),
        frame(1, END_HEADERS, 2, headers()),
        frame(1, 0, 1, headers()) + frame(9, 0, 1, b"\x00\x01a\x01b" * 3000) * 100,
    ],
)
def test_http2_closes_connections_that_break_its_rules(local: Aws, sent: bytes) -> None:
    events = events_of(local, sent, ends=ConnectionTerminated)
    assert any(isinstance(event, ConnectionTerminated | StreamReset) for event in events)
    assert is_well(str(local.endpoint_url))


@pytest.mark.parametrize("first", [1, 8, 12, 23])
def test_http2s_preface_may_arrive_in_pieces(local: Aws, first: int) -> None:
    with connected(str(local.endpoint_url)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(PREFACE[:first])
        assert is_well(str(local.endpoint_url))  # so the server has received the first piece
        connection.sendall(PREFACE[first:] + frame(4, 0, 0, b""))
        assert connection.recv(65_536)[3] == 4  # the type of a frame with settings


GREETING = PREFACE + frame(4, 0, 0, b"")
HALF_HEAD = frame(1, END_STREAM, 1, headers())


@pytest.mark.parametrize(
    ("begun", "part"),
    [
        (PREFACE[:16], b""),
        (PREFACE, b""),
        (GREETING, b""),
        (GREETING, frame(6, 0, 0, bytes(8))),
        (GREETING + HALF_HEAD, b""),
        (GREETING + HALF_HEAD, frame(9, 0, 1, b"\x00\x01a\x01b")),
        (GREETING + frame(1, END_HEADERS | END_STREAM, 1, headers()), b""),
        (GREETING + frame(1, END_HEADERS, 1, headers()), b""),
        (GREETING + frame(1, END_HEADERS, 1, headers()), frame(0, 0, 1, b"x")),
        (GREETING + frame(1, END_HEADERS, 1, headers()), frame(0, 0, 1, b"")),
        (GREETING + frame(1, END_HEADERS, 1, headers())[:12], b""),
    ],
)
def test_http2_closes_connections_without_complete_requests(
    monkeypatch: pytest.MonkeyPatch, begun: bytes, part: bytes
) -> None:
    """Half a preface, nothing after it, pings, headers without an end, bodies that trickle."""
    received = abandoned(monkeypatch, begun, part=part)
    assert received[3] == 4  # the server's settings, then at most a refusal
