"""Kinesis Data Streams: the service that ``server`` hands requests to."""

from workbook.localaws.clock import Clock
from workbook.localaws.doors import SourceGoneError, StreamSource
from workbook.localaws.http import Request, Response
from workbook.localaws.metrics import Metrics
from workbook.localaws.services import Services


class KinesisService:
    """Placeholder until the data plane lands."""

    def __init__(
        self, clock: Clock, services: Services, metrics: Metrics, *, limits: bool
    ) -> None: ...

    async def respond(self, request: Request) -> Response | None:
        return None

    def source(self, arn: str) -> StreamSource:
        raise SourceGoneError(arn)

    async def close(self) -> None: ...
