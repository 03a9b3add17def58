"""Kinesis Data Streams: the service that ``server`` hands requests to."""

import uuid
from typing import Any

import orjson

from workbook.localaws.clock import Clock
from workbook.localaws.doors import SourceGoneError, StreamSource
from workbook.localaws.http import Request, Response
from workbook.localaws.kinesis.api import OPERATIONS
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.errors import KinesisError
from workbook.localaws.kinesis.iterators import IteratorSeal
from workbook.localaws.kinesis.region import Region
from workbook.localaws.kinesis.source import Source
from workbook.localaws.metrics import Metrics
from workbook.localaws.services import Services

TARGET = "Kinesis_20131202."
TRANSITION_SECONDS = 0.2  # real ones: how long a stream is CREATING, UPDATING or DELETING


class KinesisService:
    """All streams, and the API over them.

    Args:
        clock: its time.
        services: moto.
        metrics: where CloudWatch metrics go.
        limits: whether throughput limits hold.
    """

    def __init__(self, clock: Clock, services: Services, metrics: Metrics, *, limits: bool) -> None:
        self._clock = clock
        self._regions: dict[str, Region] = {}
        self._seal = IteratorSeal()

    def region(self, name: str) -> Region:
        """The streams of a region."""
        return self._regions.setdefault(name, Region(name))

    async def respond(self, request: Request) -> Response | None:
        """Answer a request of the Kinesis API; None for any other."""
        target = request.headers.get("x-amz-target", "")
        if not target.startswith(TARGET):
            return None
        try:
            answer = self._answer(target.removeprefix(TARGET), request)
        except KinesisError as error:
            body: Any = {"__type": error.code, "message": error.message}
            return _response(error.status, orjson.dumps(body))
        return _response(200, b"" if answer is None else orjson.dumps(answer))

    def _answer(self, name: str, request: Request) -> dict[str, Any] | None:
        operation = OPERATIONS.get(name)
        if operation is None:
            raise KinesisError("UnknownOperationException", "")
        call = Call(
            region=self.region(request.region),
            parameters=orjson.loads(request.body),
            now=self._clock.now(),
            transition=TRANSITION_SECONDS * self._clock.speed,
            seal=self._seal,
        )
        return operation(call)

    def source(self, arn: str) -> StreamSource:
        """The stream with this ARN, or the one that the consumer with this ARN reads.

        Raises:
            SourceGoneError: there is none.
        """
        parts = arn.split(":", 5)
        if len(parts) != 6:
            raise SourceGoneError(arn)
        region = self.region(parts[3])
        name = parts[5].removeprefix("stream/")
        stream = region.find(name, self._clock.now())
        if stream is None or stream.arn != arn or stream.gone_at is not None:
            raise SourceGoneError(arn)
        return Source(arn, stream, region, self._clock)

    async def close(self) -> None:
        """Let go of everything."""


def _response(status: int, body: bytes) -> Response:
    return Response(
        status,
        {"content-type": "application/x-amz-json-1.1", "x-amzn-requestid": str(uuid.uuid4())},
        body,
    )
