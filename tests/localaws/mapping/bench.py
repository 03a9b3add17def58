"""A stream, a function and a clock that tests move by hand, around a real poller."""

import asyncio
import base64
import heapq
import inspect
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import (
    AfterSequenceNumber,
    AtTimestamp,
    FunctionGoneError,
    Invocation,
    Latest,
    Position,
    ReadResult,
    ReadThrottledError,
    Record,
    ShardInfo,
    SourceGoneError,
    TrimHorizon,
)
from workbook.localaws.mapping.destinations import Destinations
from workbook.localaws.mapping.route import Route, Tools
from workbook.localaws.mapping.settings import Settings, Start
from workbook.localaws.mapping.stream_poller import StreamPoller
from workbook.localaws.metrics import Metrics

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
BEGIN = 1_800_000_000.0
TURNS = 25  # of the loop, after which everything waits for time or for the test


class HandClock(Clock):
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        super().__init__()
        self._now = BEGIN
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        self._count += 1
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, self._count, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let so much time pass, waking each sleeper at its moment."""
        end = self._now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
                await settle()
        self._now = end


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


class Stream:
    """A ``interfaces.StreamSource`` and ``interfaces.Streams`` in memory."""

    arn = STREAM

    def __init__(self, clock: Clock, shards: int) -> None:
        self._clock = clock
        self._records: dict[str, list[Record]] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self._number = 0
        self.closed: set[str] = set()
        self.retention = 86_400.0
        self.gone = False
        self.throttled = 0  # reads yet to be refused
        self.reads: list[tuple[str, float, int]] = []
        for _ in range(shards):
            self.add_shard(())

    def add_shard(self, parents: tuple[str, ...]) -> str:
        shard_id = f"shardId-{len(self._records):012d}"
        self._records[shard_id] = []
        self._parents[shard_id] = parents
        self.closed |= set(parents)
        return shard_id

    def put(self, data: Any, key: str = "k", shard: int | str = 0) -> int:
        shard_id = shard if isinstance(shard, str) else f"shardId-{shard:012d}"
        assert shard_id not in self.closed
        self._number += 1
        raw = data if isinstance(data, bytes) else json.dumps(data).encode()
        self._records[shard_id].append(Record(self._number, key, raw, self._clock.now()))
        return self._number

    def source(self, arn: str) -> "Stream":
        if self.gone:
            raise SourceGoneError(arn)
        return self

    def shards(self) -> list[ShardInfo]:
        self.source(self.arn)
        return [ShardInfo(shard_id, parents) for shard_id, parents in self._parents.items()]

    def oldest(self) -> float:
        self.source(self.arn)
        return self._clock.now() - self.retention

    def read(self, shard_id: str, position: Position, limit: int) -> ReadResult:
        self.source(self.arn)
        self.reads.append((shard_id, self._clock.now(), limit))
        if self.throttled:
            self.throttled -= 1
            raise ReadThrottledError(shard_id)
        records = self._records[shard_id]
        newest = records[-1].sequence_number if records else 0
        match position:
            case TrimHorizon():
                start = 0
            case Latest():
                start = newest
            case AtTimestamp(seconds):
                before = [one.sequence_number for one in records if one.arrived < seconds]
                start = before[-1] if before else 0
            case AfterSequenceNumber(number):
                start = number
        found = [
            one for one in records if one.sequence_number > start and one.arrived >= self.oldest()
        ][:limit]
        end = found[-1].sequence_number if found else start
        at_tip = end == newest or not found
        behind = 0 if at_tip else 1
        return ReadResult(
            found, AfterSequenceNumber(end), behind, shard_id in self.closed and at_tip
        )


class Function:
    """A ``interfaces.FunctionTarget``: a handler given by the test, and what it was called with.

    The handler takes the event and returns the reply, or raises: a door's error as it is, any
    other as the function's own failure. It may be a coroutine.
    """

    def __init__(self, clock: Clock, handler: Callable[[Any], Any]) -> None:
        self._clock = clock
        self.handler = handler
        self.events: list[Any] = []
        self.times: list[float] = []
        self.gone = False

    @property
    def batches(self) -> list[list[Any]]:
        return [payloads(event) for event in self.events]

    def resolve(self, name_or_arn: str, region: str) -> str:
        return FUNCTION

    def role(self, function_arn: str) -> str:
        if self.gone:
            raise FunctionGoneError(function_arn)
        return "arn:aws:iam::123456789012:role/r"

    async def invoke(self, function_arn: str, event: bytes) -> Invocation:
        if self.gone:
            raise FunctionGoneError(function_arn)
        self.events.append(json.loads(event))
        self.times.append(self._clock.now() - BEGIN)
        number = f"request-{len(self.events)}"
        try:
            reply = self.handler(self.events[-1])
            if inspect.isawaitable(reply):
                reply = await reply
        except (ArithmeticError, AssertionError) as error:
            return Invocation(number, json.dumps(str(error)).encode(), "Unhandled", "$LATEST")
        return Invocation(number, json.dumps(reply).encode(), None, "$LATEST")


class Failures(Destinations):
    """Keeps the documents instead of sending them."""

    def __init__(self) -> None:
        super().__init__("http://nowhere")
        self.documents: list[dict[str, Any]] = []
        self.payloads: list[Any] = []
        self.works = True

    async def send(self, arn: str, document: dict[str, Any], **rest: Any) -> bool:
        if self.works:
            self.documents.append(document)
            self.payloads.append(json.loads(rest["payload"]))
        return self.works


class Gauge(Metrics):
    """Keeps the sums of data points instead of putting them into CloudWatch."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = defaultdict(float)
        self.points: dict[str, list[float]] = defaultdict(list)
        self.dimensions: dict[str, dict[str, str]] = {}

    def put(
        self, region: str, namespace: str, name: str, value: float, unit: str, **dimensions: str
    ) -> None:
        assert (region, namespace) == ("us-east-1", "AWS/Lambda")
        self.sums[name] += value
        self.points[name].append(value)
        self.dimensions[name] = dimensions


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
        self.stream = Stream(self.clock, shards)
        self.function = Function(self.clock, handler)
        self.failures = Failures()
        self.metrics = Gauge()
        self.results: list[str] = []
        self.settings = settings or Settings()
        self.poller = StreamPoller(start or Start("TRIM_HORIZON"))
        self._stopped = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def begin(self, source_arn: str = STREAM) -> None:
        """Start polling, at the next advance of the clock."""
        tools = Tools(self.clock, self.stream, self.function, self.failures, self.metrics)
        route = Route("esm", source_arn, FUNCTION, self.settings, tools, self.results.append)
        self._stopped = asyncio.Event()
        self._running = asyncio.create_task(self.poller.run(route, self._stopped))

    async def advance(self, seconds: float = 0.0) -> None:
        """Let time pass."""
        await self.clock.advance(seconds)
        assert self._running is None or not self._running.done() or not self._running.exception()

    async def stop(self) -> None:
        """Stop polling as a mapping does when it is disabled."""
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
        """Stop polling as the server does at its end."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)


def payloads(event: Any) -> list[Any]:
    """The decoded data of an event's records; what is no JSON stays bytes."""
    found: list[Any] = []
    for record in event["Records"]:
        raw = base64.b64decode(record["kinesis"]["data"])
        try:
            found.append(json.loads(raw))
        except ValueError:
            found.append(raw)
    return found


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
