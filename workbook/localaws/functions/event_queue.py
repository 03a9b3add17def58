"""Runs asynchronous invocations: tries, waits, tries again, and tells the destination."""

from collections.abc import Awaitable, Callable

from botocore.exceptions import BotoCoreError, ClientError

from workbook.localaws.clock import Clock
from workbook.localaws.function_arn import Reference
from workbook.localaws.functions import asynchronous
from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.destinations import Destinations
from workbook.localaws.functions.environment import Event, Outcome
from workbook.localaws.interfaces import FunctionGoneError, InvokeThrottledError
from workbook.localaws.moto import lookup

Run = Callable[[Reference, Event], Awaitable[tuple[FunctionVersion, Outcome]]]
Count = Callable[[str, str, str, float], None]


class EventQueue:
    """See above.

    Args:
        endpoint_url: where the destinations are.
        clock: the time of waits and ages.
        run: runs one try.
        count: puts a metric: region, function, metric, value.
    """

    def __init__(self, endpoint_url: str, clock: Clock, run: Run, count: Count) -> None:
        self._clock = clock
        self._run = run
        self._count = count
        self._destinations = Destinations(endpoint_url)

    async def work(self, reference: Reference, event: Event) -> None:
        """Try until it succeeds or is given up; a deleted function's events are dropped."""
        accepted = self._clock.now()
        tries = throttles = 0
        response: bytes | None = None
        step: float | str = 0.0
        try:
            while not isinstance(step, str):
                await self._clock.sleep(step)
                policy = asynchronous.policy(lookup.event_invoke_config(reference))
                if lookup.reserved(reference.region, reference.name) == 0:
                    step = asynchronous.ZERO_RESERVED
                    continue
                try:
                    _, outcome = await self._run(reference, event)
                except InvokeThrottledError:
                    throttles += 1
                    age = self._clock.now() - accepted
                    step = asynchronous.after_throttle(policy, throttles, age)
                    continue
                tries, response = tries + 1, outcome.payload
                if outcome.is_error:
                    age = self._clock.now() - accepted
                    step = asynchronous.after_error(policy, tries, age)
                else:
                    step = asynchronous.SUCCESS
        except FunctionGoneError:
            return
        succeeded = step == asynchronous.SUCCESS
        destination = policy.on_success if succeeded else policy.on_failure
        if destination is None:
            return
        record = asynchronous.record(
            reference,
            event.request_id,
            self._clock.now(),
            step,
            tries,
            event.payload,
            response,
            None if succeeded else "Unhandled",
        )
        try:
            await self._destinations.send(destination, record)
        except (BotoCoreError, ClientError, ValueError):
            self._count(reference.region, reference.name, "DestinationDeliveryFailures", 1)

    def close(self) -> None:
        """Deliver nothing more."""
        self._destinations.close()
