"""Lambda functions: the service that ``server`` hands requests to."""

import asyncio
import random
import uuid
from datetime import UTC, datetime

from workbook.localaws.api.http import Request, Response
from workbook.localaws.clock import Clock
from workbook.localaws.function_arn import Reference, parse_reference
from workbook.localaws.functions import api
from workbook.localaws.functions.concurrency import Concurrency
from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.environment import Environment, Event, Outcome
from workbook.localaws.functions.event_queue import EventQueue
from workbook.localaws.functions.pool import Pool
from workbook.localaws.functions.processes import Processes
from workbook.localaws.interfaces import FunctionGoneError, Invocation, InvokeThrottledError
from workbook.localaws.metrics import Metrics
from workbook.localaws.moto import lookup
from workbook.localaws.moto.logs import Logs
from workbook.localaws.moto.worker import Worker

GAUGE_SECONDS = 1.0  # real ones, as invocations are; between two looks at how many run


class FunctionService:
    """Runs functions; a ``interfaces.FunctionTarget``.

    Args:
        endpoint_url: where functions' boto3 finds the local AWS.
        clock: the time of logs and metrics.
        services: moto, which keeps the configuration.
        metrics: takes Invocations, Errors, Duration and so on.
    """

    def __init__(self, endpoint_url: str, clock: Clock, services: Worker, metrics: Metrics) -> None:
        self._endpoint_url = endpoint_url
        self._clock = clock
        self._services = services
        self._metrics = metrics
        self._logs = Logs(clock, services)
        self._processes = Processes()
        self._events = EventQueue(endpoint_url, clock, self.run, self._count)
        self._loop = asyncio.get_running_loop()
        self._concurrency = Concurrency()
        self._gauging: asyncio.TimerHandle | None = None
        self._pool = Pool(self._make)
        self._tasks: set[asyncio.Task[object]] = set()
        self._installed = self._loop.create_task(services.call(self._install))

    def _install(self) -> None:
        """On moto's thread, before anything else there: it takes a second to import."""
        from workbook.localaws.moto import functions as backend
        from workbook.localaws.moto.function import Host

        backend.install_unless_extended(
            Host(
                self._endpoint_url,
                self._clock.now,
                self._invoke_event_from_moto,
                self._deleted_in_moto,
            )
        )

    async def ready(self) -> None:
        """Wait until moto keeps its functions with us."""
        await self._installed

    # --- the door

    def resolve(self, name_or_arn: str, region: str) -> str:
        """See ``interfaces.FunctionTarget``."""
        reference = parse_reference(name_or_arn, region)
        self._find(reference)
        return reference.arn

    def role(self, function_arn: str) -> str:
        """See ``interfaces.FunctionTarget``."""
        return self._find(parse_reference(function_arn, "")).role

    async def invoke(self, function_arn: str, event: bytes) -> Invocation:
        """See ``interfaces.FunctionTarget``."""
        reference = parse_reference(function_arn, "")
        request_id = str(uuid.uuid4())
        function, outcome = await self.run(reference, Event(request_id, event, reference.arn))
        error = "Unhandled" if outcome.is_error else None
        return Invocation(request_id, outcome.payload, error, function.version)

    # --- invocations

    async def run(self, reference: Reference, event: Event) -> tuple[FunctionVersion, Outcome]:
        """Run one invocation in an environment of its own for that time.

        Raises:
            InvokeThrottledError: no concurrency is left.
            FunctionGoneError: there is no such function, version or alias.
        """
        await self.ready()
        function = self._find(reference)
        region, name = function.region, function.name
        try:
            with self._concurrency.slot(
                region, name, lookup.reserved(region, name), lookup.reserved_in_all(region)
            ):
                self._gauge(region, name)
                outcome = await self._run_in_environment(function, event)
        except InvokeThrottledError:
            self._count(region, name, "Throttles", 1)
            raise
        self._count(region, name, "Invocations", 1)
        self._count(region, name, "Errors", int(outcome.is_error))
        self._count(region, name, "Duration", outcome.milliseconds, "Milliseconds")
        return function, outcome

    async def _run_in_environment(self, function: FunctionVersion, event: Event) -> Outcome:
        environment = self._pool.take(function)
        try:
            return await environment.invoke(event)
        finally:
            self._give_back(environment)

    def invoke_event(self, reference: Reference, event: Event) -> None:
        """Accept an asynchronous invocation."""
        self._spawn(self._events.work(reference, event))

    def code(self, reference: Reference) -> bytes:
        """A version's zip."""
        return self._find(reference).code

    async def ask_moto(self, request: Request) -> Response:
        """moto's answer to a request."""
        return await self._services.respond(request)

    def _find(self, reference: Reference) -> FunctionVersion:
        return lookup.find(reference, random.random())

    def _make(self, function: FunctionVersion) -> Environment:
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        stream = f"{now:%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
        place = (function.region, function.log_group, stream)
        return Environment(
            function,
            self._endpoint_url,
            self._processes,
            stream,
            lambda lines: self._logs.put(place, lines),
            self._clock.now,
        )

    def _give_back(self, environment: Environment) -> None:
        function = environment.function
        try:
            self._find(Reference(function.region, function.name, None))
        except FunctionGoneError:
            self._pool.end(environment)
        else:
            self._pool.give_back(environment)

    def _spawn(self, work: "asyncio._CoroutineLike[object]") -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- what happens in moto, on its thread

    def _invoke_event_from_moto(self, function_arn: str, payload: bytes) -> None:
        reference = parse_reference(function_arn, "")
        event = Event(str(uuid.uuid4()), payload, reference.arn)
        self._loop.call_soon_threadsafe(self.invoke_event, reference, event)

    def _deleted_in_moto(self, region: str, name: str) -> None:
        self._loop.call_soon_threadsafe(self._pool.forget, region, name)

    # --- metrics

    def _count(
        self, region: str, name: str, metric: str, value: float, unit: str = "Count"
    ) -> None:
        """Put a metric, by FunctionName alone: moto would count more dimensions twice."""
        self._metrics.put(region, "AWS/Lambda", metric, value, unit, FunctionName=name)

    def _gauge(self, region: str, name: str) -> None:
        """Put how many of a function run, now and each second while any does."""
        self._count(region, name, "ConcurrentExecutions", self._concurrency.of(region, name))
        if self._gauging is None:
            self._gauging = self._loop.call_later(GAUGE_SECONDS, self._gauge_all)

    def _gauge_all(self) -> None:
        self._gauging = None
        for region, name in self._concurrency.under_way():
            self._gauge(region, name)

    # --- requests

    async def respond(self, request: Request) -> Response | None:
        """Answer a request of the Lambda API, or None: moto answers it."""
        if request.service == "logs":
            await self._logs.flush()
        await self.ready()
        return await api.respond(self, request)

    async def close(self) -> None:
        """End every process."""
        for task in list(self._tasks):
            task.cancel()
        if self._gauging is not None:
            self._gauging.cancel()
        self._events.close()
        await self._pool.close()
        await asyncio.to_thread(self._processes.close)
