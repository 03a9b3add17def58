"""The parts of the local AWS, made and joined: the one place that knows them all."""

from functools import partial

from workbook.localaws.api import model
from workbook.localaws.api.http import Request, Response
from workbook.localaws.clock import Clock
from workbook.localaws.functions.service import FunctionService
from workbook.localaws.kinesis.service import TARGET, KinesisService
from workbook.localaws.mapping.service import MappingService
from workbook.localaws.metrics import Metrics
from workbook.localaws.moto.cloudwatch import CloudWatch
from workbook.localaws.moto.deliver import MotoDestinations
from workbook.localaws.moto.install import install
from workbook.localaws.moto.worker import Worker


class Parts:
    """The parts of the local AWS, joined.

    Args:
        endpoint_url: where clients, functions included, reach it.
        clock: its time.
        limits: whether Kinesis' throughput limits hold, as on AWS. Off is for bulk loads.
    """

    def __init__(self, endpoint_url: str, clock: Clock, *, limits: bool = True) -> None:
        self._worker = Worker()
        self._metrics = Metrics(clock, CloudWatch(self._worker))
        self._kinesis = KinesisService(clock, self._metrics, limits=limits)
        destinations = MotoDestinations(self._worker)
        self._functions = FunctionService(
            endpoint_url, clock, self._worker, self._metrics, destinations
        )
        self._mappings = MappingService(
            clock, self._worker, self._metrics, self._kinesis, self._functions, destinations
        )

    async def start(self) -> None:
        """Begin to work; moto takes a second to come in, in its own thread, and nobody waits."""
        self._worker.start(partial(install, self._worker, self._kinesis))
        self._kinesis.start()

    async def close(self) -> None:
        """Stop polling, end every function's process, let moto go."""
        await self._mappings.close()
        await self._functions.close()
        await self._kinesis.close()
        await self._metrics.close()
        self._worker.close()

    async def respond(self, request: Request) -> Response:
        """Answer a request: by the part whose service it is for, else by moto."""
        match _service(request):
            case "kinesis":
                return await self._kinesis.respond(request)
            case "lambda":
                for part in (self._mappings, self._functions):
                    response = await part.respond(request)
                    if response is not None:
                        return response
            case "logs":
                await self._functions.respond(request)  # writes the lines that are waiting
            case "monitoring":
                await self._metrics.flush()
        return await self._worker.respond(request)


def _service(request: Request) -> str:
    """Return the service that a request is for: signed for, else named, else known by its path."""
    if request.service:
        return request.service
    if request.target.startswith(TARGET):
        return "kinesis"
    if request.segments[0] == ".functions" or model.lambda_().operation(request):
        return "lambda"
    return ""
