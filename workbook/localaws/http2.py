"""HTTP/2 without TLS, which the JavaScript SDK's Kinesis client uses with an ``http://`` endpoint.

uvicorn speaks HTTP/1.1 only. If a connection starts with HTTP/2's preface ("prior knowledge", RFC
9113 §3.3), this module takes it over and passes its requests to the same ASGI application.
"""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import FrameTooLargeError, ProtocolError, TooManyStreamsError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from workbook.localaws.api.http import MAX_BODY_BYTES

MAX_HEAD_BYTES = 64 * 1024  # of a request line and headers, in one piece or many
HEAD_SECONDS = 60.0  # in which they must arrive, and each further part of a request
LEAST_RATE = 1_000  # bytes/s of a body that takes longer; a loopback carries a million times that
IDLE_SECONDS = 75.0  # until a connection without requests is closed; boto3 closes its own earlier
MOST_TASKS = 200  # of a connection: twice the streams that h2 lets a client open at once
PREFACE = b"PRI * HTTP/2"
PREFACE_BYTES = 24
FRAME_HEAD_BYTES = 9  # length (3), type (1), flags (1), stream (4); RFC 9113 §4.1
MAX_FRAME_BYTES = 16_384  # unless a server allows more; RFC 9113 §4.2
GOAWAY = 7


class Patience:
    """Waits for a client, and gives up if it takes too long.

    Args:
        loop: the event loop.
        give_up: called when the time is over.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, give_up: Callable[[], object]) -> None:
        self._loop = loop
        self._give_up = give_up
        self._end = 0.0  # of the time for a whole head or body
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, seconds: float) -> None:
        """Give up after some seconds."""
        self.stop()
        self._end = self._loop.time() + seconds
        self._timer = self._loop.call_at(self._end, self._give_up)

    def extend(self, size: int) -> None:
        """Wait for the next part of a body, after one of ``size`` bytes.

        A client that sends a byte now and then would otherwise never be late.
        """
        self.stop()
        self._end += size / LEAST_RATE
        self._timer = self._loop.call_at(
            min(self._end, self._loop.time() + HEAD_SECONDS), self._give_up
        )

    def stop(self) -> None:
        """Wait no longer."""
        if self._timer is not None:
            self._timer.cancel()


class EitherProtocol(HttpToolsProtocol):
    """Speak HTTP/1.1, until a connection's first bytes show that it is HTTP/2.

    Close connections whose requests never end; uvicorn would keep them all.
    """

    _head_bytes = 0  # of the head that is being received
    _is_in_head = True
    _first = b""  # bytes that may be the start of the preface

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the deadline for the first request."""
        super().connection_made(transport)
        self._patience = Patience(self.loop, self._give_up)
        self._patience.wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadline."""
        self._patience.stop()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Start a head; a hook of httptools."""
        super().on_message_begin()
        self._is_in_head, self._head_bytes = True, 0
        self._patience.wait(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        """End the head and start the body; a hook of httptools."""
        self._is_in_head = False
        self._patience.wait(HEAD_SECONDS)
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Pass on a header; a hook of httptools, which also calls it for trailers."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Pass on a part of a body; a hook of httptools."""
        if not self.cycle.response_complete:
            self._patience.extend(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request; a hook of httptools."""
        if not self.cycle.response_complete:
            self._patience.stop()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request; a hook of uvicorn, whose deadline a single byte cancels."""
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None and not self.transport.is_closing():
            self._patience.wait(IDLE_SECONDS)

    def _give_up(self) -> None:
        """Close the connection, unless we do not read it, or still work on the request before."""
        is_working = self.cycle is not None and not self.cycle.response_complete
        if self.flow.read_paused or (self._is_in_head and is_working):
            self._patience.wait(HEAD_SECONDS)
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Process data from the client; switch to HTTP/2 if it starts with the preface."""
        if self.headers is None:
            self._first, data = b"", self._first + data
            if data.startswith(PREFACE):
                self._patience.stop()
                self.connections.discard(self)
                successor = Http2Protocol(self.app, self.loop)
                self.transport.set_protocol(successor)
                successor.connection_made(self.transport)
                successor.data_received(data)
                return
            if PREFACE.startswith(data):
                self._first = data
                return
        super().data_received(data)
        self._head_bytes += len(data) if self._is_in_head else 0
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(f"A request has headers of {MAX_HEAD_BYTES} bytes at most.")


class _Stream:
    """A request being received, and its response being sent."""

    def __init__(self, headers: Any, patience: Patience) -> None:
        self.headers: list[tuple[str, str]] = headers
        self.body = bytearray()
        self.window = asyncio.Event()  # set when the client may have made room for more
        self.taken = False  # whether the application has received the request
        self.gone = asyncio.Event()  # set when the client cancels the request, or is gone
        self.patience = patience  # until the next part must have arrived

    def cancel(self) -> None:
        """Note that nobody waits for the response."""
        self.patience.stop()
        self.gone.set()
        self.window.set()


class Http2Protocol(asyncio.Protocol):
    """An HTTP/2 connection: h2 implements the protocol, this class moves the bytes.

    The application finishes a request that its client cancels, because half of an operation may be
    done. So a client that cancels many is disconnected, or their number would have no limit.

    Args:
        application: the ASGI application.
        loop: the event loop that its requests run on.
    """

    def __init__(self, application: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._application = application
        self._loop = loop
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="latin-1"))
        self._unread = bytearray()
        self._greeted = False
        self._leaving = False
        self._streams: dict[int, _Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._writable = asyncio.Event()
        self._writable.set()
        self._patience = Patience(loop, self._leave)  # until the next request must have begun

    def connection_made(self, transport: Any) -> None:
        """Send the server's preface, and start the deadline for the first request."""
        self._transport: asyncio.Transport = transport
        self._h2.initiate_connection()
        self._flush()
        self._patience.wait(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Process data from the client."""
        self._unread += data
        try:
            for frame in self._frames():
                for event in self._h2.receive_data(frame):
                    self._take(event)
        except ProtocolError:
            self._flush()  # the last frame contains the reason
            self._transport.close()
            return
        self._flush()
        if self._leaving and not self._streams:
            self._transport.close()

    def pause_writing(self) -> None:
        """Read nothing while the client reads nothing, since requests and pings have responses."""
        self._writable.clear()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Continue to send and to read."""
        self._writable.set()
        self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the client's requests that nobody waits for their responses."""
        self._patience.stop()
        for stream in self._streams.values():
            stream.cancel()
        self._streams.clear()
        self._writable.set()

    def _frames(self) -> Iterator[bytes]:
        """Yield the complete frames received, without GOAWAY.

        A client that sends GOAWAY still waits for its responses, but h2 accepts nothing after it.
        """
        if not self._greeted and len(self._unread) >= PREFACE_BYTES:
            self._greeted = True
            yield self._cut(PREFACE_BYTES)
        while self._greeted and len(self._unread) >= FRAME_HEAD_BYTES:
            size = FRAME_HEAD_BYTES + int.from_bytes(self._unread[:3])
            if size > FRAME_HEAD_BYTES + MAX_FRAME_BYTES:
                self._h2.close_connection(ErrorCodes.FRAME_SIZE_ERROR)
                raise FrameTooLargeError
            if len(self._unread) < size:
                return
            frame = self._cut(size)
            if frame[3] == GOAWAY:
                self._leaving = True
            else:
                yield frame

    def _cut(self, size: int) -> bytes:
        head = bytes(self._unread[:size])
        del self._unread[:size]
        return head

    def _end(self, stream_id: int) -> None:
        """Note that a stream has ended; after the last one, leave if the client leaves, or wait."""
        stream = self._streams.pop(stream_id, None)
        if stream is None or self._streams:
            return
        if self._leaving:
            self._transport.close()
        else:
            self._patience.wait(IDLE_SECONDS)

    def _leave(self) -> None:
        """Close a connection without requests: pings, or a head that never ends, do not keep it."""
        self._h2.close_connection()
        self._flush()
        self._transport.close()

    def _take(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._patience.stop()
                patience = Patience(self._loop, partial(self._refuse, event.stream_id))
                patience.wait(HEAD_SECONDS)
                self._streams[event.stream_id] = _Stream(event.headers, patience)
            case DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if event.stream_id in self._streams:
                    self._streams[event.stream_id].body += event.data
                    self._streams[event.stream_id].patience.extend(len(event.data))
                    if len(self._streams[event.stream_id].body) > MAX_BODY_BYTES:
                        self._refuse(event.stream_id)
            case StreamEnded() if event.stream_id in self._streams:
                if len(self._tasks) >= MOST_TASKS:
                    self._h2.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
                    raise TooManyStreamsError(f"{MOST_TASKS} requests are in progress")
                stream = self._streams[event.stream_id]
                stream.patience.stop()
                task = self._loop.create_task(self._answer(event.stream_id, stream))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case WindowUpdated():
                for stream_id, stream in self._streams.items():
                    if event.stream_id in (0, stream_id):
                        stream.window.set()
            case StreamReset() if event.stream_id in self._streams:
                self._streams[event.stream_id].cancel()
                self._end(event.stream_id)

    def _refuse(self, stream_id: int) -> None:
        """Reset the stream of a request that has not been received completely."""
        self._streams[stream_id].cancel()
        self._h2.reset_stream(stream_id, ErrorCodes.ENHANCE_YOUR_CALM)
        self._flush()
        self._end(stream_id)

    async def _answer(self, stream_id: int, stream: _Stream) -> None:
        if stream.gone.is_set():
            return  # cancelled before it began
        pseudo = {name: value for name, value in stream.headers if name.startswith(":")}
        path, _, query = pseudo.get(":path", "/").partition("?")  # CONNECT has none
        scope = {
            "type": "http",
            "method": pseudo[":method"],
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [
                (name.replace(":authority", "host").encode("latin-1"), value.encode("latin-1"))
                for name, value in stream.headers
                if name == ":authority" or not name.startswith(":")
            ],
        }

        async def receive() -> dict[str, Any]:
            if stream.taken:
                await stream.gone.wait()
                return {"type": "http.disconnect"}
            stream.taken = True
            return {"type": "http.request", "body": bytes(stream.body)}

        async def send(message: dict[str, Any]) -> None:
            if stream.gone.is_set():
                return
            if message["type"] == "http.response.start":
                head = [(b":status", str(message["status"]).encode()), *message["headers"]]
                self._h2.send_headers(stream_id, head)
                self._flush()
                return
            await self._send(stream_id, stream, message["body"])
            if not message.get("more_body", False) and not stream.gone.is_set():
                self._h2.end_stream(stream_id)
                self._flush()

        try:
            await self._application(scope, receive, send)
        finally:
            self._end(stream_id)

    async def _send(self, stream_id: int, stream: _Stream, body: bytes) -> None:
        """Send ``body`` in frames, as fast as the client makes room for them and reads them."""
        rest = memoryview(body)
        while rest:
            await self._writable.wait()
            if stream.gone.is_set():
                return
            room = min(
                self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size
            )
            if room <= 0:
                stream.window.clear()
                await stream.window.wait()
                continue
            self._h2.send_data(stream_id, bytes(rest[:room]))
            self._flush()
            rest = rest[room:]

    def _flush(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._h2.data_to_send())
