"""Kinesis Data Streams: the service that ``server`` hands requests to."""

import asyncio
import uuid
from dataclasses import replace
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.api.model import read_parameters
from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import SourceGoneError, StreamSource
from workbook.localaws.kinesis import eventstream, wire
from workbook.localaws.kinesis.api import OPERATIONS
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.iterators import Seal
from workbook.localaws.kinesis.metering import Meter
from workbook.localaws.kinesis.region import Region
from workbook.localaws.kinesis.source import Source
from workbook.localaws.kinesis.subscriptions import subscribe
from workbook.localaws.metrics import Metrics
from workbook.localaws.moto.worker import Worker

TARGET = "Kinesis_20131202."
SUBSCRIBE = "SubscribeToShard"
TRANSITION_SECONDS = 0.2  # real ones: how long a stream is CREATING, UPDATING or DELETING
TRIM_SECONDS = 60  # between looks for records past their retention period


class KinesisService:
    """All streams, and the API over them.

    Args:
        clock: its time.
        services: moto, whose Kinesis backend is replaced by ours.
        metrics: where CloudWatch metrics go.
        limits: whether throughput limits hold.
    """

    def __init__(self, clock: Clock, services: Worker, metrics: Metrics, *, limits: bool) -> None:
        self._clock = clock
        self._services = services
        self._metrics = metrics
        self._limits = limits
        self._regions: dict[str, Region] = {}
        self._seal = Seal()
        self._installed = asyncio.get_running_loop().create_task(services.call(self._install))
        services.before_cloudformation(self._show_to_cloudformation)
        self._trimming = asyncio.get_running_loop().create_task(self._trim())

    def _install(self) -> None:
        """On moto's thread, before anything else there: it takes a second to import."""
        from workbook.localaws.moto import kinesis as backend

        backend.install(self._perform_for_moto)

    def _show_to_cloudformation(self) -> None:
        from workbook.localaws.moto import kinesis as backend

        backend.show_to_cloudformation()

    def _perform_for_moto(
        self, region: str, operation: str, parameters: dict[str, Any]
    ) -> dict[str, Any]:
        """An operation for moto, on moto's thread: done at once, and never throttled."""

        async def perform() -> dict[str, Any]:
            call = self.call(region, read_parameters(operation, parameters))
            return OPERATIONS[operation](replace(call, transition=0.0, limits=False)) or {}

        return self._services.on_loop(perform())

    async def respond(self, request: Request) -> Response | None:
        """Answer a request of the Kinesis API; None for any other."""
        target = request.headers.get("x-amz-target", "")
        if not target.startswith(TARGET):
            return None
        content_type = request.headers.get("content-type", "").partition(";")[0]
        content_type = wire.CBOR if content_type == wire.CBOR else wire.JSON
        try:
            return self._answer(target.removeprefix(TARGET), request, content_type)
        except ApiError as error:
            body = {"__type": error.code}
            if error.message:  # some have none [KL]
                body["message"] = error.message
            return _response(error.status, content_type, wire.encode(content_type, body))

    def _answer(self, operation: str, request: Request, content_type: str) -> Response:
        if operation not in OPERATIONS and operation != SUBSCRIBE:
            raise ApiError("UnknownOperationException", "")
        raw = wire.decode(content_type, request.body)
        call = self.call(request.region, read_parameters(operation, raw))
        if operation == SUBSCRIBE:
            events = subscribe(call, self._clock, content_type)
            return Response(200, _headers(eventstream.CONTENT_TYPE), stream=events)
        answer = OPERATIONS[operation](call)
        body = b"" if answer is None else wire.encode(content_type, answer)
        return _response(200, content_type, body)

    def call(self, region: str, parameters: dict[str, Any]) -> Call:
        """A call of the API, made now."""
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
        """The streams of a region."""
        if name not in self._regions:
            self._regions[name] = Region(name)
        return self._regions[name]

    def source(self, arn: str) -> StreamSource:
        """The stream with this ARN, or the one that the consumer with this ARN reads.

        Raises:
            SourceGoneError: there is none.
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
            now = self._clock.now()
            for region in self._regions.values():
                for stream in region.all(now):
                    stream.trim(now)

    async def close(self) -> None:
        """Stop trimming."""
        self._trimming.cancel()
        self._installed.cancel()


def _headers(content_type: str) -> dict[str, str]:
    return {"content-type": content_type, "x-amzn-requestid": str(uuid.uuid4())}


def _response(status: int, content_type: str, body: bytes) -> Response:
    return Response(status, _headers(content_type), body)
