"""The queue of asynchronous invocations, on a clock that tests move by hand."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.fakes import (
    BEGIN,
    QUEUE,
    REGION,
    FakeDestinations,
    FakeMetrics,
    FakeRoles,
    HandClock,
    settle,
)
from tests.localaws.functions.in_process import version
from workbook.localaws.function_arn import Reference
from workbook.localaws.functions.asynchronous import SUCCESS, record
from workbook.localaws.functions.configuration import LATEST, EventInvokeConfig, Function
from workbook.localaws.functions.event_queue import EventQueue
from workbook.localaws.functions.invoker import Invoker
from workbook.localaws.functions.outcome import Outcome, failed, replied
from workbook.localaws.functions.published import PublishedFunctions
from workbook.localaws.functions.runtime_api import Event
from workbook.localaws.interfaces import DeliveryError, InvokeThrottledError

REFERENCE = Reference(REGION, "f", None)
EVENT = Event("id", b'{"a":1}', REFERENCE.arn)
FINE = replied("id", LATEST, b"1")
ERROR = failed("id", LATEST, b'{"errorMessage":"boom"}')


class Tries(Invoker):
    """Returns outcomes, or raises errors, one after the other; the last one repeatedly."""

    def __init__(self, clock: HandClock, *outcomes: Outcome | Exception) -> None:
        self._clock = clock
        self._outcomes = list(outcomes)
        self.times: list[float] = []

    async def run(self, reference: Reference, event: Event) -> Outcome:
        self.times.append(self._clock.now() - BEGIN)
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Queue:
    """An event queue with fakes, for a function with destinations."""

    def __init__(
        self,
        *outcomes: Outcome | Exception,
        reserved: int | None = None,
        dead_letters: str | None = None,
        config: EventInvokeConfig | None = None,
    ) -> None:
        self.clock = HandClock()
        self.tries = Tries(self.clock, *outcomes)
        self.destinations = FakeDestinations()
        self.metrics = FakeMetrics()
        self.roles = FakeRoles()
        functions = PublishedFunctions()
        config = config or EventInvokeConfig(on_success=QUEUE, on_failure=QUEUE)
        latest = version("", dead_letters=dead_letters)
        function = Function({LATEST: latest}, reserved=reserved, events={LATEST: config})
        functions.publish(REGION, {"f": function})
        self.functions = functions
        self.queue = EventQueue(
            functions, self.tries, self.destinations, self.roles, self.clock, self.metrics
        )

    async def put(self, seconds: float = 0.0) -> None:
        """Put an event and let time pass."""
        self.queue.put(REFERENCE, EVENT)
        await settle()
        if seconds:
            await self.clock.advance(seconds)

    @property
    def conditions(self) -> list[str]:
        """Return the conditions on which events ended."""
        return [one["requestContext"]["condition"] for one in self.destinations.documents]


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())


def test_failed_events_are_retried_after_one_and_two_minutes() -> None:
    """[OBS] Three attempts, then RetriesExhausted."""

    async def test() -> None:
        queue = Queue(ERROR)
        await queue.put(1000)
        assert queue.tries.times == [0, 60, 180]
        assert queue.conditions == ["RetriesExhausted"]

    run(test)


@pytest.mark.parametrize(
    "problem", [InvokeThrottledError("why"), OSError("no room"), RuntimeError("a fault of ours")]
)
def test_an_event_that_could_not_run_is_retried_and_uses_up_no_retry(problem: Exception) -> None:
    """[DG:invocation-async] Throttles and system errors are retried with growing pauses."""

    async def test() -> None:
        queue = Queue(problem, problem, problem, ERROR, FINE)
        await queue.put(1000)
        assert queue.tries.times == [0, 1, 3, 7, 67]
        assert queue.conditions == [SUCCESS]

    run(test)


def test_a_deleted_functions_events_are_dropped() -> None:
    async def test() -> None:
        queue = Queue(ERROR)
        await queue.put()
        queue.functions.publish(REGION, {})
        await queue.clock.advance(1000)
        assert (queue.tries.times, queue.conditions) == ([0], [])

    run(test)


def test_a_reserve_of_zero_ends_the_attempts_at_once() -> None:
    """[OBS] ZeroReservedConcurrency."""

    async def test() -> None:
        queue = Queue(FINE, reserved=0)
        await queue.put()
        assert (queue.tries.times, queue.conditions) == ([], ["ZeroReservedConcurrency"])

    run(test)


def test_a_destinations_refusal_is_counted() -> None:
    """[DG:monitoring-metrics-types] DestinationDeliveryFailures."""

    async def test() -> None:
        queue = Queue(FINE)
        queue.destinations.error = DeliveryError("AccessDenied", "no")
        await queue.put()
        assert queue.metrics.values("DestinationDeliveryFailures", FunctionName="f") == [1]

    run(test)


def test_a_dead_letter_queue_gets_the_event_itself_after_the_last_attempt() -> None:
    """[DG:invocation-async-retain-records] Attributes say why; a success sends nothing."""

    async def test() -> None:
        queue = Queue(ERROR, dead_letters=QUEUE, config=EventInvokeConfig())
        await queue.put(180)
        assert len(queue.tries.times) == 3
        ((arn, letter),) = queue.destinations.delivered
        assert (arn, letter.body) == (QUEUE, EVENT.payload)
        assert letter.attributes == (
            ("RequestID", "String", "id"),
            ("ErrorCode", "Number", "200"),
            ("ErrorMessage", "String", "boom"),
        )
        fine = Queue(FINE, dead_letters=QUEUE, config=EventInvokeConfig())
        await fine.put(180)
        assert fine.destinations.delivered == []

    run(test)


def test_a_destination_and_a_dead_letter_queue_both_get_failed_events() -> None:
    """[?] The record for the destination, the event for the queue."""

    async def test() -> None:
        queue = Queue(FINE, reserved=0, dead_letters=QUEUE)
        await queue.put()
        record, letter = queue.destinations.documents
        assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
        assert letter == {"a": 1}
        assert ("ErrorCode", "Number", "429") in queue.destinations.delivered[1][1].attributes

    run(test)


def test_a_dead_letter_queues_refusal_is_counted() -> None:
    """[DG:monitoring-metrics-types] DeadLetterErrors."""

    async def test() -> None:
        queue = Queue(ERROR, dead_letters=QUEUE, config=EventInvokeConfig(retries=0))
        queue.destinations.error = DeliveryError("QueueDoesNotExist", "")
        await queue.put()
        assert queue.metrics.values("DeadLetterErrors", FunctionName="f") == [1]
        assert queue.metrics.values("DestinationDeliveryFailures") == []

    run(test)


def test_a_response_that_is_not_json_reaches_its_destination() -> None:
    """A handler may return bytes, and a bootstrap anything: the record then has a string."""

    async def test() -> None:
        queue = Queue(replied("id", LATEST, b"no json \xff"))
        await queue.put()
        (document,) = queue.destinations.documents
        assert document["responsePayload"] == "no json \N{REPLACEMENT CHARACTER}"

    run(test)


@given(payload=st.binary(max_size=20) | st.sampled_from([b"NaN", b"", b'"\\ud800"', b"1" * 400]))
def test_a_record_can_contain_any_payload(payload: bytes) -> None:
    outcome = replied("id", LATEST, payload)
    told = record(REFERENCE, "id", BEGIN, SUCCESS, 1, b"1", outcome)
    assert orjson.loads(orjson.dumps(told)) == told
