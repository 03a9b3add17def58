"""The Kinesis service: it answers requests, and lends streams to the rest of the local AWS."""

import asyncio
from dataclasses import replace
from typing import Any

from workbook.localaws.api import json_rpc, model
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response, headers
from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import Authorizer, SourceGoneError, StreamSource
from workbook.localaws.kinesis import eventstream, subject
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.iterators import Seal
from workbook.localaws.kinesis.metering import Meter
from workbook.localaws.kinesis.operations import OPERATIONS
from workbook.localaws.kinesis.region import Region
from workbook.localaws.kinesis.source import Source
from workbook.localaws.kinesis.subscriptions import subscribe
from workbook.localaws.metrics import Metrics

TARGET = "Kinesis_20131202."
SUBSCRIBE = "SubscribeToShard"
TRANSITION_SECONDS = 0.2  # real seconds for which a stream is CREATING, UPDATING or DELETING
TRIM_SECONDS = 60  # real seconds between removals of expired records


class KinesisService:
    """All streams, and the API over them.

    Args:
        clock: the service's time.
        metrics: where CloudWatch metrics go.
        authorizer: checks permissions; None allows everything.
        limits: whether to enforce throughput limits.
    """

    def __init__(
        self,
        clock: Clock,
        metrics: Metrics,
        authorizer: Authorizer | None = None,
        *,
        limits: bool,
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._authorizer = authorizer
        self._limits = limits
        self._regions: dict[str, Region] = {}
        self._seal = Seal()
        self._trimming: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start freeing the memory of expired records in the background."""
        self._trimming = asyncio.get_running_loop().create_task(self._trim())

    async def close(self) -> None:
        """Stop the background work."""
        if self._trimming is not None:
            self._trimming.cancel()

    async def respond(self, request: Request, unsigned: Response | None = None) -> Response:
        """Answer a request of the Kinesis API.

        Args:
            request: the request.
            unsigned: the error for a request that is not signed properly, or None.  A request that
                calls no known operation gets the error for that instead [KL].
        """
        content_type = json_rpc.format_of(request)
        try:
            operation, parameters = _called(request)
            if unsigned is not None:
                return unsigned
            return self._answer(operation, parameters, request, content_type)
        except ApiError as error:
            return json_rpc.error(content_type, error)

    async def perform(
        self, region: str, operation: str, parameters: dict[str, Any]
    ) -> dict[str, Any]:
        """Perform an operation for another service of the local AWS, without delay or throttling.

        Args:
            region: the region's name.
            operation: the operation's name, such as ``PutRecord``.
            parameters: the parameters, as JSON carries them.

        Raises:
            ApiError: AWS would answer with this error.
        """
        call = self.call(region, model.kinesis().read(operation, parameters))
        return OPERATIONS[operation](replace(call, transition=0.0, limits=False)) or {}

    async def put(self, stream_arn: str, partition_key: str, data: bytes) -> None:
        """Write a record for another service of the local AWS, within the shard's limits.

        Raises:
            ApiError: AWS would answer with this error.
        """
        parameters = {"StreamARN": stream_arn, "PartitionKey": partition_key, "Data": data}
        OPERATIONS["PutRecord"](self.call(stream_arn.split(":")[3], parameters))

    def _answer(
        self, operation: str, parameters: Any, request: Request, content_type: str
    ) -> Response:
        call = self.call(request.region, model.kinesis().read(operation, parameters))
        if self._authorizer is not None and request.has_temporary_key:
            about = subject.of(operation, call)
            self._authorizer.authorize(request.access_key, request.region, operation, *about)
        if operation == SUBSCRIBE:
            events = subscribe(call, self._clock, content_type)
            return Response(200, headers(eventstream.CONTENT_TYPE), stream=events)
        return json_rpc.answer(content_type, OPERATIONS[operation](call))

    def call(self, region: str, parameters: dict[str, Any]) -> Call:
        """Return a ``Call`` with the current time."""
        return Call(
            region=self.region(region),
            parameters=parameters,
            now=self._clock.now(),
            transition=TRANSITION_SECONDS * self._clock.speed,
            seal=self._seal,
            meter=Meter(self._metrics, region),
            limits=self._limits,
        )

    def region(self, name: str) -> Region:
        """Return the streams of a region."""
        if name not in self._regions:
            self._regions[name] = Region(name)
        return self._regions[name]

    def source(self, arn: str) -> StreamSource:
        """Return the stream with this ARN, or the stream of the consumer with this ARN.

        Raises:
            SourceGoneError: it does not exist.
        """
        parts = arn.split(":")
        if len(parts) < 6 or parts[2] != "kinesis":
            raise SourceGoneError(arn)
        region, now = self.region(parts[3]), self._clock.now()
        meter = Meter(self._metrics, region.name)
        try:
            if "/consumer/" in arn:
                stream, consumer = region.consumer(arn, now)
                return Source(stream, consumer, region, self._clock, meter, self._limits)
            stream = region.stream({"StreamARN": arn}, now)
        except ApiError:
            raise SourceGoneError(arn) from None
        return Source(stream, None, region, self._clock, meter, self._limits)

    async def _trim(self) -> None:
        while True:
            await self._clock.sleep(TRIM_SECONDS)
            self._trim_now()  # no variable here may keep a stream alive while asleep

    def _trim_now(self) -> None:
        now = self._clock.now()
        for region in self._regions.values():
            for stream in region.all(now):
                stream.trim(now)


def _called(request: Request) -> tuple[str, Any]:
    """Return the operation and the unchecked parameters of a request.

    Raises:
        ApiError: the body cannot be read or, checked next, the operation does not exist [KL].
    """
    operation = request.target.removeprefix(TARGET)
    is_known = request.target.startswith(TARGET) and (
        operation in OPERATIONS or operation == SUBSCRIBE
    )
    parameters = json_rpc.decode(request) if request.body or is_known else None
    if not is_known:
        raise ApiError("UnknownOperationException", "")
    return operation, parameters
