"""Faults of the local AWS itself: none ends a mapping, and nothing is lost.

Errors raised by the other parts stand for unexpected ones. Tests move the clock.
"""

import asyncio
import logging
from itertools import pairwise
from typing import Any

import pytest

from tests.localaws.fakes import BUCKET, FUNCTION, QUEUE, STREAM
from tests.localaws.mapping.bench import Bench, boom, run
from workbook.localaws.mapping.event_source_mapping import INTERNAL_ERROR, EventSourceMapping
from workbook.localaws.mapping.settings import Settings, Start

FAULTS = [
    ValueError("embedded null byte"),
    KeyError("x"),
    RecursionError(),
    OSError(24, "files"),
    asyncio.CancelledError(),
]


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_a_fault_of_an_invocation_uses_up_no_retry(fault: BaseException) -> None:
    """[DG:kinesis-on-failure-destination] Service errors are retried, with back-off."""

    async def test() -> None:
        bench = Bench(settings=Settings(retries=0, destination=QUEUE, batch_size=1), shards=2)
        bench.expects_faults = True

        def handler(event: Any) -> None:
            if event["Records"][0]["kinesis"]["partitionKey"] == "odd":
                tries.append(bench.clock.now())
                if len(tries) < 6:
                    raise fault

        tries: list[float] = []
        bench.function.handler = handler
        bench.stream.put("a", key="odd")
        bench.stream.put("b")
        bench.stream.put("c", shard=1)
        bench.begin()
        await bench.advance(1)
        assert bench.function.batches[-1] == ["a"]
        assert ["c"] in bench.function.batches
        await bench.advance(30)
        pauses = [after - before for before, after in pairwise(tries)]
        assert pauses == [1, 2, 4, 8, 12]
        assert len(bench.faults) == 5
        assert bench.function.batches[-1] == ["b"]
        assert bench.destinations.documents == []
        assert bench.results[-1] == "OK"
        await bench.stop()

    run(test)


@pytest.mark.parametrize("part", ["stream", "function", "destinations"])
def test_after_a_fault_in_any_part_the_mapping_resumes_where_it_was(part: str) -> None:
    async def test() -> None:
        bench = Bench(boom, Settings(retries=0, destination=BUCKET, batch_size=1))
        bench.expects_faults = True
        bench.begin()
        await bench.advance(1)
        failing: Any = getattr(bench, part)
        failing.fault = ZeroDivisionError()
        bench.stream.put("a")
        bench.stream.put("b")
        await bench.advance(60)
        assert bench.faults
        assert bench.destinations.documents == []
        failing.fault = None
        await bench.advance(13)
        told = [document["KinesisBatchInfo"] for document in bench.destinations.documents]
        assert [batch["startSequenceNumber"] for batch in told] == ["1", "2"]
        await bench.stop()

    run(test)


def test_a_fault_at_the_start_of_polling_does_not_end_it() -> None:
    async def test() -> None:
        bench = Bench()
        bench.expects_faults = True
        bench.stream.put("a")
        bench.stream.fault = ZeroDivisionError()
        bench.begin()
        await bench.advance(30)
        assert len(bench.faults) == 6  # at 0, 1, 3, 7, 15 and 27 seconds
        bench.stream.fault = None
        await bench.advance(9)
        assert bench.function.batches == [["a"]]
        await bench.stop()

    run(test)


def test_after_an_internal_fault_reading_resumes_at_the_checkpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fault that no part raises: here in making batches."""

    async def test() -> None:
        bench = Bench(settings=Settings(batch_size=2))
        bench.expects_faults = True
        for n in range(4):
            bench.stream.put(n)
        bench.begin()
        with monkeypatch.context() as patch:
            patch.setattr("workbook.localaws.mapping.batching.next_batch", _fault)
            await bench.advance(5)
            assert bench.function.batches == []
            assert bench.faults
        await bench.advance(5)
        assert bench.function.batches == [[0, 1], [2, 3]]
        await bench.stop()

    run(test)


def _fault(*_: Any, **__: Any) -> None:
    raise ZeroDivisionError


def test_stopping_does_not_wait_for_a_part_that_fails() -> None:
    async def test() -> None:
        bench = Bench()
        bench.expects_faults = True
        bench.stream.put("a")
        bench.begin()
        bench.function.fault = ZeroDivisionError()
        await bench.advance(100)
        before = bench.clock.now()
        await bench.stop()
        assert bench.clock.now() == before
        bench.function.fault = None
        bench.begin()
        await bench.advance()
        assert bench.function.batches == [["a"]]
        await bench.stop()

    run(test)


def mapping_of(bench: Bench) -> EventSourceMapping:
    start, settings = Start("TRIM_HORIZON"), Settings()
    return EventSourceMapping(
        "u", "us-east-1", STREAM, FUNCTION, start, settings, {}, bench.dependencies
    )


async def settled(mapping: EventSourceMapping, bench: Bench) -> None:
    """Wait until a change is complete, and its immediate effects."""
    await mapping.settled()
    await bench.clock.advance(0)


def test_a_mapping_shows_an_internal_fault_and_logs_its_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """[SEEN] AWS's message; the reason is logged by the local AWS, once until the fault is over."""

    async def test() -> None:
        bench = Bench()
        bench.stream.put("a")
        bench.function.fault = ValueError("embedded null byte")
        mapping = mapping_of(bench)
        mapping.start()
        await settled(mapping, bench)
        await bench.clock.advance(60)
        shown = mapping.shown()
        assert (shown["State"], shown["LastProcessingResult"]) == ("Enabled", INTERNAL_ERROR)
        (logged,) = [one for one in caplog.records if one.levelno == logging.ERROR]
        assert "embedded null byte" in str(logged.exc_info)
        bench.function.fault = None
        await bench.clock.advance(13)
        assert bench.function.batches == [["a"]]
        assert mapping.shown()["LastProcessingResult"] == "OK"
        bench.function.fault = ValueError("embedded null byte")
        bench.stream.put("b")
        await bench.clock.advance(2)
        assert len([one for one in caplog.records if one.levelno == logging.ERROR]) == 2
        await mapping.close()

    run(test)


def test_an_update_retries_at_once() -> None:
    """The update neither waits for a pause nor loses the position."""

    async def test() -> None:
        bench = Bench()
        bench.stream.put("a")
        bench.function.fault = ValueError()
        mapping = mapping_of(bench)
        mapping.start()
        await settled(mapping, bench)
        await bench.clock.advance(100)
        bench.function.fault = None
        mapping.update(Settings(batch_size=5), FUNCTION)
        await asyncio.wait_for(settled(mapping, bench), 30)
        assert bench.function.batches == [["a"]]
        await mapping.close()

    run(test)
