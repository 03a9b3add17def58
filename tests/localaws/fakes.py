"""Fakes for the parts of the local AWS.

They are a clock that tests move, a stream, a function, destinations and metrics.
"""

import asyncio
import base64
import heapq
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from workbook.localaws.api.errors import ApiError
from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import (
    LAMBDA,
    AfterSequenceNumber,
    AtTimestamp,
    Credentials,
    DeliveryError,
    Document,
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
from workbook.localaws.metrics import Metrics

ACCOUNT = "123456789012"
REGION = "us-east-1"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
BUCKET = "arn:aws:s3:::b"
BEGIN = 1_800_000_000.0
MOST_TURNS = 10_000  # of the loop, after which something counts as busy forever


class HandClock(Clock):
    """A clock that stands still until a test moves it.

    Args:
        speed: see ``Clock``; the hand moves it by its own seconds, at any speed.
        moment: where it stands, in seconds since the epoch; tests may set it.
    """

    def __init__(self, speed: float = 1.0, moment: float = BEGIN) -> None:
        super().__init__(speed)
        self.moment = moment
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        self._count += 1
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.moment + seconds, self._count, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass: each sleeper wakes when it is due and runs until it waits again."""
        end = self.moment + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            self.moment = max(self.moment, due)  # a test may have set it beyond
            if not future.done():
                future.set_result(None)
                await settle()
        self.moment = end


async def settle() -> None:
    """Run everything until all of it waits for time or for the test."""
    loop: Any = asyncio.get_running_loop()
    for _ in range(MOST_TURNS):
        await asyncio.sleep(0)
        if not loop._ready:  # asyncio has no public way; a number of turns would be a guess
            return
    raise AssertionError("something is busy without waiting for time")


class FakeStream:
    """An ``interfaces.StreamSource`` and its ``interfaces.Streams``, in memory.

    Args:
        clock: stamps the records.
        shards: how many it has at first.
    """

    arn = STREAM

    def __init__(self, clock: Clock, shards: int = 1) -> None:
        self._clock = clock
        self._parents: dict[str, tuple[str, ...]] = {}
        self._number = 0
        self.records: dict[str, list[Record]] = {}
        self.closed: set[str] = set()
        self.retention = 86_400.0
        self.gone = False
        self.throttled = 0  # reads yet to be refused
        self.fault: Exception | None = None  # what every call raises
        self.reads: list[tuple[str, float, int]] = []
        for _ in range(shards):
            self.add_shard(())

    def add_shard(self, parents: tuple[str, ...]) -> str:
        shard_id = f"shardId-{len(self.records):012d}"
        self.records[shard_id] = []
        self._parents[shard_id] = parents
        self.closed |= set(parents)
        return shard_id

    def put(self, data: Any, key: str = "k", shard: int | str = 0) -> int:
        """Put bytes, or anything else as JSON; return the sequence number."""
        shard_id = shard if isinstance(shard, str) else f"shardId-{shard:012d}"
        assert shard_id not in self.closed
        self._number += 1
        raw = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.records[shard_id].append(Record(self._number, key, raw, self._clock.now()))
        return self._number

    def source(self, arn: str) -> "FakeStream":
        if self.fault is not None:
            raise self.fault
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
        records = self.records[shard_id]
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
        closed = shard_id in self.closed and at_tip
        return ReadResult(found, AfterSequenceNumber(end), 0 if at_tip else 1, closed)


class FakeFunction:
    """An ``interfaces.FunctionTarget`` with a handler of the test; it keeps the events.

    Args:
        clock: the time of invocations.
        handler: takes the event and returns the reply; may be a coroutine. An ArithmeticError or
            an AssertionError is the function's own failure; anything else is raised as it is.
    """

    def __init__(self, clock: Clock, handler: Callable[[Any], Any]) -> None:
        self._clock = clock
        self.handler = handler
        self.events: list[Any] = []
        self.times: list[float] = []
        self.gone = False
        self.fault: BaseException | None = None  # what every call raises

    @property
    def batches(self) -> list[list[Any]]:
        """Return the data of each event's records."""
        return [payloads(event) for event in self.events]

    def resolve(self, name_or_arn: str, region: str) -> str:
        return FUNCTION

    def role(self, function_arn: str) -> str:
        if self.fault is not None:
            raise self.fault
        if self.gone:
            raise FunctionGoneError(function_arn)
        return ROLE

    async def invoke(self, function_arn: str, event: bytes) -> Invocation:
        if self.fault is not None:
            raise self.fault
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
        payload = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        return Invocation(number, payload, None, "$LATEST")


class FakeDestinations:
    """An ``interfaces.Destinations`` that keeps what is delivered."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, Document]] = []
        self.error: DeliveryError | None = None  # what a delivery is answered with
        self.fault: Exception | None = None  # what every call raises

    @property
    def documents(self) -> list[Any]:
        """The documents' bodies, parsed."""
        return [json.loads(document.body) for _, document in self.delivered]

    async def deliver(self, arn: str, document: Document) -> None:
        if self.fault is not None:
            raise self.fault
        if self.error is not None:
            raise self.error
        self.delivered.append((arn, document))


class NoOtherMappings:
    """An ``interfaces.OtherMappings`` without any."""

    async def call(
        self, operation: str, region: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        if operation == "ListEventSourceMappings":
            return {"EventSourceMappings": []}
        raise ApiError("ResourceNotFoundException", "there are none", 404)


class Point(NamedTuple):
    """A data point of a metric."""

    region: str
    namespace: str
    name: str
    value: float
    unit: str
    dimensions: dict[str, str]


class FakeMetrics(Metrics):
    """Keeps the data points instead of putting them into CloudWatch."""

    def __init__(self) -> None:
        self.points: list[Point] = []

    def put(
        self, region: str, namespace: str, name: str, value: float, unit: str, **dimensions: str
    ) -> None:
        self.points.append(Point(region, namespace, name, value, unit, dimensions))

    @property
    def dimensions(self) -> dict[str, dict[str, str]]:
        """Return the dimensions of each metric that has a point; those of its last point."""
        return {point.name: point.dimensions for point in self.points}

    def values(self, name: str, **dimensions: str) -> list[float]:
        """Return the values of a metric, for all dimensions or for those given."""
        return [
            point.value
            for point in self.points
            if point.name == name and dimensions.items() <= point.dimensions.items()
        ]

    def sum(self, name: str, **dimensions: str) -> float:
        """Return the sum of a metric's values; see ``values``."""
        return sum(self.values(name, **dimensions))


def payloads(event: Any) -> list[Any]:
    """Return the decoded data of an event's records; what is not JSON stays bytes."""
    found: list[Any] = []
    for record in event["Records"]:
        raw = base64.b64decode(record["kinesis"]["data"])
        try:
            found.append(json.loads(raw))
        except ValueError:
            found.append(raw)
    return found


class FakeCredentials:
    """An ``interfaces.CredentialsSource`` that returns the same for everyone."""

    async def issue(self, role_arn: str, function_arn: str) -> Credentials:
        return Credentials("ASIA", "secret", "token")


class FakeRoles:
    """An ``interfaces.ExecutionRoles`` that allows everything except ``denied`` actions."""

    def __init__(self) -> None:
        self.is_trusted = True
        self.denied: set[str] = set()  # actions

    def can_be_assumed(self, role_arn: str, service: str = LAMBDA) -> bool:
        return self.is_trusted

    def is_bare(self, role_arn: str) -> bool:
        return False

    def denial(self, role_arn: str, session: str, action: str, resource: str) -> str | None:
        return f"{session} may not {action} on {resource}" if action in self.denied else None
