"""How responses leave the local AWS: streamed ones end when their client disconnects."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import orjson
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, StreamEnded

from workbook.localaws.api import protocols
from workbook.localaws.api.http import Request, Response
from workbook.localaws.api.protocols import FORM
from workbook.localaws.http2 import Http2Protocol
from workbook.localaws.server import Door, send_stream


class Endless:
    """A body without an end, which notes whether it was closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def parts(self) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"part"
                await asyncio.sleep(0.01)
        finally:
            self.closed.set()


def test_a_streamed_response_ends_when_its_client_disconnects() -> None:
    async def scenario() -> None:
        body, sent, gone = Endless(), asyncio.Event(), asyncio.Event()

        async def receive() -> dict[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.set()

        sending = asyncio.create_task(send_stream(body.parts(), receive, send))
        await sent.wait()
        assert not body.closed.is_set()
        gone.set()
        await sending
        assert body.closed.is_set()

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_a_streamed_response_that_ends_does_not_wait_for_its_client() -> None:
    async def scenario() -> None:
        sent = []

        async def parts() -> AsyncGenerator[bytes, None]:
            yield b"one"
            yield b"two"

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError("nobody comes here")

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["body"])

        await send_stream(parts(), receive, send)
        assert sent == [b"one", b"two"]

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_http2_reports_that_a_client_cancelled_its_request() -> None:
    """Even if the connection stays open, as with the JavaScript SDK."""

    async def scenario() -> None:
        body = Endless()

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            if scope["raw_path"] == b"/short":
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send_stream(body.parts(), receive, send)

        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Http2Protocol(application, loop), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        h2.initiate_connection()

        async def ask(path: str) -> int:
            stream_id = h2.get_next_available_stream_id()
            head = [(":method", "GET"), (":path", path), (":scheme", "http"), (":authority", "x")]
            h2.send_headers(stream_id, head, end_stream=True)
            writer.write(h2.data_to_send())
            return stream_id

        async def wait_for(kind: type[Event]) -> None:
            while True:
                events = h2.receive_data(await reader.read(65_536))
                writer.write(h2.data_to_send())
                if any(isinstance(event, kind) for event in events):
                    return

        endless = await ask("/endless")
        await wait_for(DataReceived)
        h2.reset_stream(endless)
        writer.write(h2.data_to_send())
        await body.closed.wait()
        await ask("/short")
        await wait_for(StreamEnded)
        writer.close()
        server.close()

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_an_internal_fault_names_operation_and_reason_and_stops_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In the response, in the format of the service called, and on standard error."""
    sent: list[dict[str, Any]] = []

    async def respond(request: Request) -> Response:
        raise KeyError("reason")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "method": "POST",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"x-amz-target", b"Kinesis_20131202.PutRecord")],
    }
    asyncio.run(Door(respond)(scope, receive, send))
    start, body = sent
    assert start["status"] == 500
    answer = orjson.loads(body["body"])
    assert answer["__type"] == "InternalFailure"
    assert answer["message"] == "The local AWS failed at PutRecord: KeyError('reason')"
    assert "PutRecord failed" in caplog.text
    assert "KeyError" in caplog.text


@pytest.mark.parametrize(
    ("path", "headers", "body", "code"),
    [
        ("/2015-03-31/functions", {}, b"", b"ServiceException"),
        ("/", {"content-type": FORM}, b"Action=CreateRole&Version=1", b"<Code>InternalFailure"),
        ("/bucket/key", {}, b"", b"<Code>InternalError"),
        ("/", {"smithy-protocol": "rpc-v2-cbor"}, b"", b"InternalFailure"),
    ],
)
def test_an_internal_fault_has_the_format_of_the_protocol(
    path: str, headers: dict[str, str], body: bytes, code: bytes
) -> None:
    answer = protocols.fault(Request("POST", path, "", headers, body), ValueError("why"))
    assert answer.status == 500
    assert code in (answer.body + answer.headers.get("x-amzn-errortype", "").encode())
    assert b"ValueError" in answer.body
