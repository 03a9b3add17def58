"""Run functions: find the requested version, limit its concurrency, count the outcome."""

import asyncio
import random
import uuid
from functools import partial

from workbook.localaws.function_arn import Reference, is_in_reach, parse_reference
from workbook.localaws.functions.concurrency import Concurrency
from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.outcome import Outcome
from workbook.localaws.functions.pool import Pool
from workbook.localaws.functions.published import PublishedFunctions
from workbook.localaws.functions.runtime_api import Event
from workbook.localaws.interfaces import FunctionGoneError, InvokeThrottledError
from workbook.localaws.metrics import Metrics

GAUGE_SECONDS = 1.0  # real seconds between counts of running invocations


class Invoker:
    """Runs functions in environments; an ``interfaces.FunctionTarget``.

    Args:
        functions: all functions.
        pool: provides the environments.
        metrics: receives Invocations, Errors, Throttles, Duration and ConcurrentExecutions.
    """

    def __init__(self, functions: PublishedFunctions, pool: Pool, metrics: Metrics) -> None:
        self._functions = functions
        self._pool = pool
        self._metrics = metrics
        self._concurrency = Concurrency()
        self._gauging: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Outcome]] = set()

    async def start(self) -> None:
        """Start to discard the environments of functions that are changed or deleted."""
        loop = asyncio.get_running_loop()
        discard = partial(self._pool.discard_idle, self._functions.is_current)

        def discard_soon() -> None:
            loop.call_soon_threadsafe(discard)

        self._functions.on_change(discard_soon)

    async def close(self) -> None:
        """End every process; invocations in progress are lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._gauging is not None:
            self._gauging.cancel()
        await self._pool.close()

    def resolve(self, name_or_arn: str, region: str) -> str:
        """Return the ARN of an existing function; see ``interfaces.FunctionTarget``."""
        if not is_in_reach(name_or_arn, region):
            raise FunctionGoneError(name_or_arn)
        reference = parse_reference(name_or_arn, region)
        self._functions.version(reference)
        return reference.arn

    def role(self, function_arn: str) -> str:
        """Return the execution role's ARN; see ``interfaces.FunctionTarget``."""
        return self._functions.version(parse_reference(function_arn, "")).role

    async def invoke(self, function_arn: str, event: bytes) -> Outcome:
        """Invoke a function and wait for the outcome; see ``interfaces.FunctionTarget``."""
        reference = parse_reference(function_arn, "")
        return await self.run(reference, Event(str(uuid.uuid4()), event, reference.arn))

    async def run(self, reference: Reference, event: Event) -> Outcome:
        """Run one invocation to its end, even if its caller has disconnected, as on AWS.

        Raises:
            InvokeThrottledError: no concurrency is left.
            FunctionGoneError: the function, version or alias does not exist.
            OSError: this machine has no room for the process.
        """
        task = asyncio.get_running_loop().create_task(self._run(reference, event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _run(self, reference: Reference, event: Event) -> Outcome:
        version = self._functions.version(reference, random.random())
        region, name = version.region, version.name
        reserved = self._functions.function(reference).reserved
        try:
            with self._concurrency.slot(
                region, name, reserved, self._functions.reserved_in_all(region)
            ):
                self._gauge(region, name)
                outcome = await self._run_in_environment(version, event)
        except InvokeThrottledError:
            self._count(region, name, "Throttles", 1)
            raise
        self._count(region, name, "Invocations", 1)
        self._count(region, name, "Errors", int(outcome.function_error is not None))
        self._count(region, name, "Duration", outcome.milliseconds, "Milliseconds")
        return outcome

    async def _run_in_environment(self, version: FunctionVersion, event: Event) -> Outcome:
        """Run the event in an environment that runs no other event meanwhile."""
        environment = self._pool.take(version)
        try:
            outcome = await environment.invoke(event)
        except BaseException:  # including cancellation: the process may still be running
            self._pool.discard(environment)
            raise
        if self._functions.is_current(version):
            self._pool.give_back(environment)
        else:
            self._pool.discard(environment)
        return outcome

    def _count(
        self, region: str, name: str, metric: str, value: float, unit: str = "Count"
    ) -> None:
        """Record a metric by FunctionName only; moto would count further dimensions twice."""
        self._metrics.put(region, "AWS/Lambda", metric, value, unit, FunctionName=name)

    def _gauge(self, region: str, name: str) -> None:
        """Record how many invocations of a function run, now and every second while any does."""
        self._count(region, name, "ConcurrentExecutions", self._concurrency.of(region, name))
        if self._gauging is None:
            loop = asyncio.get_running_loop()
            self._gauging = loop.call_later(GAUGE_SECONDS, self._gauge_all)

    def _gauge_all(self) -> None:
        self._gauging = None
        for region, name in self._concurrency.under_way():
            self._gauge(region, name)
