"""The Runtime API against hostile clients: a web page, and a function that sends too much."""

import asyncio
import contextlib
import tracemalloc
from collections.abc import Awaitable, Callable

import pytest

from tests.localaws.functions.lambda_functions import create, invoke
from workbook.localaws.functions.outcome import MAX_RESPONSE_BYTES, TOO_LARGE
from workbook.localaws.functions.runtime_api import MAX_HEAD_BYTES, Event, RuntimeApi
from workbook.target import Aws

NEXT = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"
RESPONSE = "POST /2018-06-01/runtime/invocation/id/response HTTP/1.1\r\n"
OURS = "Host: 127.0.0.1:9\r\n"
MANY_BYTES = 64 * 2**20

Scenario = Callable[[RuntimeApi, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def connected(scenario: Scenario) -> None:
    """Run a scenario with a Runtime API and a connection to it."""

    async def run() -> None:
        api = RuntimeApi("$LATEST", lambda: None)
        host, port = (await api.open()).split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            await scenario(api, reader, writer)
        finally:
            writer.close()
            api.close()

    asyncio.run(asyncio.wait_for(run(), 60))


@pytest.mark.parametrize(
    "header",
    [
        "Host: rebound.example\r\n",
        f"{OURS}Origin: https://example.com\r\n",
        f"{OURS}Origin: null\r\n",
        f"{OURS}Sec-Fetch-Site: cross-site\r\n",
        "",
    ],
)
def test_a_web_page_neither_takes_an_event_nor_responds_to_it(header: str) -> None:
    async def scenario(
        api: RuntimeApi, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        turn = asyncio.create_task(api.turn(Event("id", b"{}", "arn"), 0.0))
        for head in (NEXT, f"{RESPONSE}Content-Length: 0\r\n"):
            writer.write(f"{head}{header}\r\n".encode())
            assert b" 403 " in await reader.readuntil(b"}")
        assert not turn.done()
        writer.write(f"{NEXT}{OURS}\r\n".encode())  # as the runtime client asks
        assert b" 200 " in await reader.readuntil(b"{}")
        turn.cancel()

    connected(scenario)


@pytest.mark.parametrize("kind", ["response", "error"])
def test_a_response_that_is_too_large_is_not_kept(kind: str) -> None:
    async def scenario(
        api: RuntimeApi, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        turn = asyncio.create_task(api.turn(Event("id", b"{}", "arn"), 0.0))
        writer.write(f"{NEXT}{OURS}\r\n".encode())
        await reader.readuntil(b"{}")
        head = RESPONSE.replace("response", kind)
        writer.write(f"{head}{OURS}Content-Length: {MANY_BYTES}\r\n\r\n".encode())
        part = bytes(2**20)
        tracemalloc.start()
        try:
            for _ in range(MANY_BYTES // len(part)):
                writer.write(part)
                await writer.drain()
            assert b" 413 " in await reader.readuntil(b"}")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < MANY_BYTES / 2
        assert MAX_RESPONSE_BYTES < MANY_BYTES
        assert TOO_LARGE["errorType"].encode() in (await turn).payload

    connected(scenario)


def test_a_head_that_never_ends_closes_the_connection() -> None:
    async def scenario(
        api: RuntimeApi, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(f"{NEXT}X-Endless: ".encode())
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x" * MAX_HEAD_BYTES)
                await writer.drain()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""

    connected(scenario)


def test_an_exception_may_be_long(local: Aws) -> None:
    """The runtime client repeats it in a header."""
    code = "def handler(event, context): raise ValueError('x' * event)"
    _, error = invoke(local, create(local, code), 500_000)
    assert error["errorMessage"] == "x" * 500_000
