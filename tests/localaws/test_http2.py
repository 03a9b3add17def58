"""HTTP/2 without TLS, which the JavaScript SDK's Kinesis client uses."""

import asyncio
import base64
import socket
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, Event, StreamEnded, StreamReset

from workbook import target
from workbook.localaws import http2
from workbook.localaws.api.http import authorization

SIGNED = authorization(target.REGION, "kinesis")
LARGE = 900_000  # bytes; far above HTTP/2's first window of 65,535


def call(client: httpx.Client, operation: str, **parameters: Any) -> dict[str, Any]:
    """Make a call of the Kinesis API."""
    answer = client.post(
        "/",
        headers={"x-amz-target": f"Kinesis_20131202.{operation}", "authorization": SIGNED},
        content=orjson.dumps(parameters),
    )
    assert answer.http_version == "HTTP/2"
    assert answer.status_code == 200, answer.text
    return dict(orjson.loads(answer.content or b"{}"))


def test_large_requests_and_answers_pass_http2s_flow_control(local: target.Aws) -> None:
    stream = "http2"
    local.client("kinesis").create_stream(StreamName=stream, ShardCount=1)
    local.client("kinesis").get_waiter("stream_exists").wait(
        StreamName=stream, WaiterConfig={"Delay": 1}
    )
    data = base64.b64encode(b"x" * LARGE).decode()
    with httpx.Client(base_url=str(local.endpoint_url), http1=False, http2=True) as client:
        call(client, "PutRecord", StreamName=stream, Data=data, PartitionKey="k")
        iterator = call(
            client,
            "GetShardIterator",
            StreamName=stream,
            ShardId="shardId-000000000000",
            ShardIteratorType="TRIM_HORIZON",
        )
        records = call(client, "GetRecords", **iterator)["Records"]
    assert [record["Data"] for record in records] == [data]


def test_a_client_that_sends_goaway_still_gets_its_responses(local: target.Aws) -> None:
    where = urlsplit(str(local.endpoint_url))
    h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
    h2.initiate_connection()
    stream_id = h2.get_next_available_stream_id()
    head = [(":method", "POST"), (":path", "/"), (":scheme", "http"), (":authority", where.netloc)]
    target_header = ("x-amz-target", "Kinesis_20131202.ListStreams")
    h2.send_headers(stream_id, [*head, target_header, ("authorization", SIGNED)])
    h2.send_data(stream_id, b"{}", end_stream=True)
    goaway = bytes([0, 0, 8, 7, 0, 0, 0, 0, 0]) + bytes(8)
    body, ended = b"", False
    with socket.create_connection((str(where.hostname), int(where.port or 0)), 10) as connection:
        connection.sendall(h2.data_to_send() + goaway)
        while not ended:
            received = connection.recv(65_536)
            assert received, "the server hung up before its answer"
            for event in h2.receive_data(received):
                if isinstance(event, DataReceived):
                    body += event.data
                ended = ended or isinstance(event, StreamEnded)
    assert "StreamNames" in orjson.loads(body)


def test_http1_works_on_the_same_port(local: target.Aws) -> None:
    answer = httpx.post(
        str(local.endpoint_url),
        headers={"x-amz-target": "Kinesis_20131202.ListStreams", "authorization": SIGNED},
        content=b"{}",
    )
    assert answer.http_version == "HTTP/1.1"
    assert answer.status_code == 200


# --- clients that misbehave, beside an application that the test lets go on


class Transport(asyncio.Transport):
    """What a connection writes, for its client."""

    def __init__(self, client: H2Connection) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.closed = False
        self.reading = True
        self.written = asyncio.Event()
        self._client = client

    def write(self, data: Any) -> None:
        self.written.set()
        self.events += self._client.receive_data(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def seen(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


class Client:
    """A client's side of a connection, and an application that ends when ``go_on`` is set."""

    def __init__(self) -> None:
        self.begun = self.ended = 0
        self.go_on = asyncio.Event()
        self.h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.transport = Transport(self.h2)
        self.protocol = http2.Http2Protocol(self.application, asyncio.get_running_loop())
        self.h2.initiate_connection()
        self.protocol.connection_made(self.transport)

    async def application(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        await receive()
        self.begun += 1
        await self.go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 100_000})
        self.ended += 1

    def request(self, *, complete: bool = True) -> int:
        """Write a request, which ``send`` sends, and return its stream."""
        stream_id = self.h2.get_next_available_stream_id()
        head = [(":method", "POST"), (":path", "/"), (":scheme", "http"), (":authority", "a")]
        self.h2.send_headers(stream_id, head, end_stream=complete)
        return stream_id

    async def send(self) -> None:
        """Send what was written, and let the server work on it."""
        self.protocol.data_received(self.h2.data_to_send())
        for _ in range(5):
            await asyncio.sleep(0)


def test_a_request_that_is_cancelled_before_it_begins_is_not_begun() -> None:
    async def run() -> None:
        client = Client()
        client.h2.reset_stream(client.request())
        await client.send()
        client.request()
        await client.send()
        assert client.begun == 1
        assert not client.transport.closed

    asyncio.run(run())


def test_what_has_begun_ends_though_its_client_cancels_or_hangs_up() -> None:
    async def run() -> None:
        client = Client()
        cancelled, _ = client.request(), client.request()
        await client.send()
        client.h2.reset_stream(cancelled)
        await client.send()
        client.transport.closed = True
        client.protocol.connection_lost(None)
        client.go_on.set()
        await client.send()
        assert (client.begun, client.ended) == (2, 2)
        assert not client.transport.seen(DataReceived)

    asyncio.run(run())


def test_a_client_that_cancels_many_requests_is_disconnected() -> None:
    async def run() -> None:
        client = Client()
        for _ in range(3 * http2.MOST_TASKS):
            stream_id = client.request()
            await client.send()
            if client.transport.closed:
                break
            client.h2.reset_stream(stream_id)
        assert client.begun == http2.MOST_TASKS
        (end,) = client.transport.seen(ConnectionTerminated)
        assert end.error_code == ErrorCodes.ENHANCE_YOUR_CALM

    asyncio.run(run())


def test_a_request_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http2, "HEAD_SECONDS", 0.01)

    async def run() -> None:
        client = Client()
        stream_id = client.request(complete=False)
        await client.send()
        client.transport.written.clear()
        await asyncio.wait_for(client.transport.written.wait(), 30)
        (end,) = client.transport.seen(StreamReset)
        assert (end.stream_id, end.error_code) == (stream_id, ErrorCodes.ENHANCE_YOUR_CALM)
        assert client.begun == 0

    asyncio.run(run())


def test_nothing_is_sent_or_read_while_the_client_reads_nothing() -> None:
    async def run() -> None:
        client = Client()
        client.go_on.set()
        client.protocol.pause_writing()
        client.request()
        await client.send()
        assert not client.transport.reading
        assert not client.transport.seen(DataReceived)
        client.protocol.resume_writing()
        await client.send()
        assert client.transport.reading
        assert client.transport.seen(DataReceived)

    asyncio.run(run())
