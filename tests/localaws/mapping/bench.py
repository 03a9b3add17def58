"""A poller between a stream and a function, on a clock that tests move."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.localaws.fakes import (
    FUNCTION,
    STREAM,
    FakeDestinations,
    FakeFunction,
    FakeMetrics,
    FakeRoles,
    FakeStream,
    HandClock,
    settle,
)
from workbook.localaws.mapping.context import Dependencies, PollingContext
from workbook.localaws.mapping.settings import Settings, Start
from workbook.localaws.mapping.stream_poller import StreamPoller


class Bench:
    """A poller at work.

    Args:
        handler: the function.
        settings: the mapping's, as keywords.
        shards: how many the stream has at first.
        start: the starting position.
    """

    def __init__(
        self,
        handler: Callable[[Any], Any] = lambda event: None,
        settings: Settings | None = None,
        shards: int = 1,
        start: Start | None = None,
    ) -> None:
        self.clock = HandClock()
        self.stream = FakeStream(self.clock, shards)
        self.function = FakeFunction(self.clock, handler)
        self.destinations = FakeDestinations()
        self.metrics = FakeMetrics()
        self.roles = FakeRoles()
        self.dependencies = Dependencies(
            self.clock, self.stream, self.function, self.destinations, self.metrics, self.roles
        )
        self.results: list[str] = []
        self.faults: list[Exception] = []
        self.expects_faults = False
        self.settings = settings or Settings()
        self.poller = StreamPoller(start or Start("TRIM_HORIZON"))
        self._stopped = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def begin(self, source_arn: str = STREAM) -> None:
        """Start polling, at the next advance of the clock."""
        context = PollingContext(
            "esm",
            source_arn,
            FUNCTION,
            "awslambda_1_20270115080000000",
            self.settings,
            self.dependencies,
            self.results.append,
            self.faults.append,
        )
        self._stopped = asyncio.Event()
        self._running = asyncio.create_task(self.poller.run(context, self._stopped))

    async def advance(self, seconds: float = 0.0) -> None:
        """Let time pass; fail if there is an unexpected fault."""
        await self.clock.advance(seconds)
        assert self._running is None or not self._running.done() or not self._running.exception()
        assert self.expects_faults or not self.faults

    async def stop(self) -> None:
        """Stop polling, as a mapping does when it is disabled."""
        assert self._running is not None
        self._stopped.set()
        self.poller.wake()
        await settle()
        for _ in range(1000):
            if self._running.done():
                return
            await self.clock.advance(1)
        raise AssertionError("it does not stop")

    async def close(self) -> None:
        """Stop polling, as the server does when it stops."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)


def boom(event: Any) -> None:
    """A handler that always fails."""
    raise ArithmeticError("boom")


def joined(batches: list[list[Any]]) -> list[Any]:
    """All records of several batches, in order."""
    return [record for batch in batches for record in batch]


def numbers(event: Any) -> list[str]:
    """The sequence numbers of an event's records."""
    return [record["kinesis"]["sequenceNumber"] for record in event["Records"]]


def report(*sequence_numbers: str) -> dict[str, Any]:
    """A partial batch response."""
    return {"batchItemFailures": [{"itemIdentifier": number} for number in sequence_numbers]}


def run(test: Callable[[], Any]) -> None:
    """Run an asynchronous test to its end."""
    asyncio.run(test())
