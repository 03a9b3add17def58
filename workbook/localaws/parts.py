"""The parts of the local AWS, created and connected: the only module that knows all of them."""

import asyncio
from functools import partial
from urllib.parse import urlsplit

from workbook.localaws.api import model
from workbook.localaws.api.http import Request, Response
from workbook.localaws.calls import Calls
from workbook.localaws.clock import Clock
from workbook.localaws.functions.api import LambdaApi
from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.environment import Environment
from workbook.localaws.functions.event_queue import EventQueue
from workbook.localaws.functions.invoker import Invoker
from workbook.localaws.functions.pool import Pool
from workbook.localaws.functions.processes import Processes
from workbook.localaws.functions.published import PublishedFunctions
from workbook.localaws.integrations.dead_letters import DeadLetters
from workbook.localaws.integrations.firehose.context import Dependencies as Deliverers
from workbook.localaws.integrations.firehose.delivery_streams import DeliveryStreams
from workbook.localaws.integrations.stream_writes import StreamWrites
from workbook.localaws.kinesis.service import TARGET, KinesisService
from workbook.localaws.mapping.api import MappingApi
from workbook.localaws.mapping.context import Dependencies
from workbook.localaws.mapping.registry import Registry
from workbook.localaws.metrics import Metrics
from workbook.localaws.moto.alarms import Alarms
from workbook.localaws.moto.cloudwatch import CloudWatch
from workbook.localaws.moto.deliver import MotoDestinations
from workbook.localaws.moto.function_configurations import FunctionConfigurations
from workbook.localaws.moto.install import install
from workbook.localaws.moto.logs import Logs
from workbook.localaws.moto.mappings import MotoMappings
from workbook.localaws.moto.permissions import FreshRoles, Guard
from workbook.localaws.moto.schedules import Schedules
from workbook.localaws.moto.worker import Worker
from workbook.localaws.permissions import signatures
from workbook.localaws.permissions.enforcement import Enforcer
from workbook.localaws.permissions.permissions import Permissions
from workbook.localaws.stacks.service import StacksService


class Parts:
    """The connected parts of the local AWS.

    Args:
        endpoint_url: the local AWS's address, for clients and functions.
        clock: its time.
        limits: whether to enforce the throughput limits of Kinesis and Firehose, as AWS does; turn
            this off for bulk loads.
    """

    def __init__(self, endpoint_url: str, clock: Clock, *, limits: bool = True) -> None:
        self._clock = clock
        self._worker = Worker()
        self._metrics = Metrics(clock, CloudWatch(self._worker))
        self._alarms = Alarms(clock, self._worker, self._metrics)
        self._schedules = Schedules(clock, self._worker)
        permissions = Permissions(clock)
        self._roles = Enforcer(permissions)
        self._guard = Guard(self._worker, permissions)
        self._logs = Logs(clock, self._worker, self._roles)
        destinations = MotoDestinations(self._worker)

        self._kinesis = KinesisService(clock, self._metrics, self._roles, limits=limits)

        self._writes = StreamWrites(clock, self._kinesis.put)
        self._dead_letters = DeadLetters(destinations)

        self._processes = Processes()
        functions = PublishedFunctions()
        make = partial(self._environment, endpoint_url, clock)
        self._invoker = Invoker(functions, Pool(make), self._metrics)
        self._events = EventQueue(
            functions, self._invoker, destinations, self._roles, clock, self._metrics
        )
        self._configurations = FunctionConfigurations(
            endpoint_url,
            clock,
            self._worker,
            functions,
            self._events,
            FreshRoles(self._guard, self._roles),
        )
        self._functions = LambdaApi(functions, self._invoker, self._events, self._configurations)

        self._registry = Registry(
            Dependencies(
                clock, self._kinesis, self._invoker, destinations, self._metrics, self._roles
            )
        )
        self._mappings = MappingApi(self._registry, MotoMappings(self._worker))
        calls = Calls(self.respond, urlsplit(endpoint_url).netloc)
        self._deliveries = DeliveryStreams(
            Deliverers(
                clock,
                self._kinesis,
                self._invoker,
                calls,
                self._roles,
                self._metrics,
                has_quotas=limits,
            )
        )
        self._stacks = StacksService(calls, clock, endpoint_url, self._roles)

    def _environment(
        self, endpoint_url: str, clock: Clock, version: FunctionVersion
    ) -> Environment:
        return Environment(
            version, endpoint_url, self._processes, self._logs, self._guard, clock.now
        )

    async def start(self) -> None:
        """Start all parts. moto takes a second to load in its own thread, and blocks nothing.

        Raises:
            OSError: this machine has no room for the functions' folders.
        """
        self._processes.open()
        self._worker.start(
            partial(
                install,
                self._worker,
                self._kinesis,
                self._writes,
                self._configurations,
                self._guard,
                self._deliveries,
                self._dead_letters,
                self._clock.now,
            )
        )
        self._kinesis.start()
        await self._invoker.start()

    async def close(self) -> None:
        """Stop deployments and polling, end every function's process, and release moto."""
        await self._schedules.close()
        await self._stacks.close()
        await self._registry.close()
        await self._deliveries.close()
        await self._writes.close()
        await self._dead_letters.close()
        await self._events.close()
        await self._invoker.close()
        await asyncio.to_thread(self._processes.close)
        await self._kinesis.close()
        await self._alarms.close()
        await self._metrics.close()
        self._worker.close()

    async def respond(self, request: Request) -> Response:
        """Respond to a request: through the part for its service, otherwise through moto."""
        if self._stacks.is_answer(request):
            return await self._stacks.respond(request)
        service = _service(request)
        unsigned = signatures.refusal(request)
        if service == "kinesis":
            return await self._kinesis.respond(request, unsigned)
        if unsigned is not None:
            return unsigned
        refusal = await self._guard.check(request)
        if refusal is not None:
            return refusal
        match service:
            case "cloudformation":
                return await self._stacks.respond(request)
            case "lambda":
                for part in (self._mappings, self._functions):
                    response = await part.respond(request)
                    if response is not None:
                        return response
            case "events":
                self._schedules.watch()
            case "logs" | "iam":  # earlier log lines need the earlier permissions
                await self._logs.flush()
            case "monitoring":
                self._alarms.watch()
                await self._metrics.flush()
        return await self._worker.respond(request)


def _service(request: Request) -> str:
    """Return a request's service: the one it is signed for, otherwise from its target or path."""
    if request.service:
        return request.service
    if request.target.startswith(TARGET):
        return "kinesis"
    if request.segments[0] == ".functions" or model.lambda_().operation(request):
        return "lambda"
    return ""
