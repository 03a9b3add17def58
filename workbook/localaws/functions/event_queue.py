"""Run asynchronous invocations: attempt, wait, retry, and report to the destination."""

import asyncio
import logging
from dataclasses import replace

import orjson

from workbook.localaws.clock import Clock
from workbook.localaws.destinations import check_delivery
from workbook.localaws.function_arn import Reference
from workbook.localaws.functions import asynchronous
from workbook.localaws.functions.configuration import LATEST
from workbook.localaws.functions.invoker import Invoker
from workbook.localaws.functions.outcome import Outcome
from workbook.localaws.functions.published import PublishedFunctions
from workbook.localaws.functions.runtime_api import Event
from workbook.localaws.interfaces import (
    DeliveryError,
    Destinations,
    Document,
    ExecutionRoles,
    FunctionGoneError,
    InvokeThrottledError,
)
from workbook.localaws.metrics import Metrics

RESULTS = {True: "Success", False: "Failure"}  # of an invocation, as in an event on a bus [OBS]
log = logging.getLogger(__name__)


class EventQueue:
    """The events of asynchronous invocations that are not finished.

    Args:
        functions: all functions.
        invoker: makes the attempts.
        destinations: receive the records of successes and failures.
        roles: check the permissions of functions' roles.
        clock: the clock for pauses and ages.
        metrics: receives DestinationDeliveryFailures and DeadLetterErrors.
    """

    def __init__(
        self,
        functions: PublishedFunctions,
        invoker: Invoker,
        destinations: Destinations,
        roles: ExecutionRoles,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._functions = functions
        self._invoker = invoker
        self._destinations = destinations
        self._roles = roles
        self._clock = clock
        self._metrics = metrics
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, reference: Reference, event: Event) -> None:
        """Accept an event."""
        task = asyncio.get_running_loop().create_task(self._work(reference, event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop all attempts and deliveries."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, reference: Reference, event: Event) -> None:
        """Try until the event succeeds or is given up; drop it if the function was deleted."""
        accepted = self._clock.now()
        tries = refusals = 0
        outcome: Outcome | None = None
        step: float | str = 0.0
        try:
            while not isinstance(step, str):
                await self._clock.sleep(step)
                function = self._functions.function(reference)
                config = function.events_of(reference.qualifier)
                if function.reserved == 0:
                    step = asynchronous.ZERO_RESERVED
                    continue
                try:
                    outcome = await self._invoker.run(reference, event)
                except FunctionGoneError:
                    raise
                except Exception as problem:  # no error may lose an event
                    if not isinstance(problem, InvokeThrottledError):
                        log.exception(
                            "%s could not run; its event will be tried again", reference.arn
                        )
                    refusals += 1
                    age = self._clock.now() - accepted
                    step = asynchronous.after_throttle(config, refusals, age)
                    continue
                tries += 1
                if outcome.function_error is None:
                    step = asynchronous.SUCCESS
                else:
                    age = self._clock.now() - accepted
                    step = asynchronous.after_error(config, tries, age)
        except FunctionGoneError:
            return
        succeeded = step == asynchronous.SUCCESS
        destination = config.on_success if succeeded else config.on_failure
        if destination is not None:
            record = asynchronous.record(
                reference,
                event.request_id,
                self._clock.now(),
                step,
                tries,
                event.payload,
                outcome,
            )
            document = Document(
                orjson.dumps(record),
                detail_type=f"Lambda Function Invocation Result - {RESULTS[succeeded]}",
                resources=(record["requestContext"]["functionArn"],),
            )
            role = function.versions[LATEST].role
            await self._deliver(
                reference, role, destination, document, "DestinationDeliveryFailures"
            )
        if not succeeded:
            await self._send_dead_letter(reference, event, outcome)

    async def _send_dead_letter(
        self, reference: Reference, event: Event, outcome: Outcome | None
    ) -> None:
        """Send a failed event to the dead-letter queue of the last version that ran it, if any."""
        number = outcome.executed_version if outcome else reference.qualifier
        try:
            version = self._functions.version(replace(reference, qualifier=number))
        except FunctionGoneError:
            return
        if version.dead_letters is not None:
            letter = asynchronous.dead_letter(event.request_id, event.payload, outcome)
            await self._deliver(
                reference, version.role, version.dead_letters, letter, "DeadLetterErrors"
            )

    async def _deliver(
        self, reference: Reference, role: str, arn: str, document: Document, metric: str
    ) -> None:
        """Deliver a document with a role's permissions; count failed deliveries in ``metric``."""
        try:
            check_delivery(self._roles, role, reference.name, arn)
            await self._destinations.deliver(arn, document)
        except DeliveryError:
            self._metrics.put(
                reference.region, "AWS/Lambda", metric, 1, "Count", FunctionName=reference.name
            )
