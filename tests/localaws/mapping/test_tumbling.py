"""Tumbling windows at work; in process, with a clock that tests move."""

from typing import Any

import pytest

from tests.localaws.fakes import BEGIN, QUEUE, payloads
from tests.localaws.mapping.bench import Bench, numbers, report, run
from workbook.localaws.mapping.settings import Settings


def total(event: Any) -> Any:
    """A sum over the window, as in the documentation's example."""
    state = event["state"]
    return {"state": {"sum": state.get("sum", 0) + sum(payloads(event))}}


def finals(bench: Bench) -> list[Any]:
    return [event["state"] for event in bench.function.events if event["isFinalInvokeForWindow"]]


def test_a_window_takes_several_invocations_and_a_final_one() -> None:
    """[DG:services-kinesis-windows] State passes from one to the next; then it is discarded."""

    async def test() -> None:
        bench = Bench(total, Settings(batch_size=2, tumbling=30))
        assert BEGIN % 30 == 0
        bench.begin()
        for n in range(40):
            bench.stream.put(n)
            await bench.advance(1)
        await bench.advance(30)
        events = bench.function.events
        assert events[0]["window"] == {
            "start": "2027-01-15T08:00:00Z",
            "end": "2027-01-15T08:00:30Z",
        }
        assert events[0]["state"] == {}
        assert finals(bench) == [{"sum": sum(range(30))}, {"sum": sum(range(30, 40))}]
        final = next(event for event in events if event["isFinalInvokeForWindow"])
        assert final["Records"] == []
        assert final["shardId"] == "shardId-000000000000"
        assert final["isWindowTerminatedEarly"] is False
        after = events[events.index(final) + 1]
        assert after["state"] == {}
        assert after["window"]["start"] == "2027-01-15T08:00:30Z"
        await bench.stop()

    run(test)


def test_a_window_that_ended_while_the_laptop_slept_ends() -> None:
    """It ends by the arrival of its records; later ones are in their own windows."""

    async def test() -> None:
        bench = Bench(total, Settings(batch_size=2, tumbling=30))
        bench.begin()
        bench.stream.put(1)
        await bench.advance(5)
        bench.clock.moment += 3600  # and nothing that waited has woken
        bench.stream.put(10)
        await bench.advance(31)
        assert finals(bench) == [{"sum": 1}, {"sum": 10}]
        await bench.stop()

    run(test)


def test_a_backlog_is_split_at_window_boundaries() -> None:
    """[DG:services-kinesis-windows] By arrival, even if all is read at once."""

    async def test() -> None:
        bench = Bench(total, Settings(batch_size=100, tumbling=10))
        for n in range(25):
            bench.stream.put(n)
            await bench.advance(1)
        bench.begin()
        await bench.advance(20)
        shape = [
            (len(event["Records"]), event["isFinalInvokeForWindow"])
            for event in bench.function.events
        ]
        assert shape == [(10, False), (0, True)] * 2 + [(5, False), (0, True)]
        await bench.stop()

    run(test)


def test_a_window_closes_without_new_records() -> None:
    """[DG:services-kinesis-windows] At the first poll after its end."""

    async def test() -> None:
        bench = Bench(total, Settings(tumbling=10))
        bench.begin()
        bench.stream.put(5)
        await bench.advance(9)
        assert finals(bench) == []
        await bench.advance(2)
        assert finals(bench) == [{"sum": 5}]
        await bench.advance(100)
        assert len(bench.function.events) == 2  # windows without records have no invocation
        await bench.stop()

    run(test)


@pytest.mark.parametrize("reply", [None, {}, {"sum": 1}, "state"])
def test_a_response_without_state_is_a_failure(reply: Any) -> None:
    """[DG:services-kinesis-windows]"""

    async def test() -> None:
        bench = Bench(lambda event: reply, Settings(tumbling=10, retries=2, destination=QUEUE))
        bench.stream.put(1)
        bench.begin()
        await bench.advance(9)
        assert len(bench.function.events) == 3
        assert bench.destinations.documents[0]["requestContext"]["approximateInvokeCount"] == 3
        await bench.stop()

    run(test)


def test_a_state_over_a_megabyte_closes_the_window_early() -> None:
    """[DG:services-kinesis-windows] isWindowTerminatedEarly; the next window starts empty."""

    async def test() -> None:
        def handler(event: Any) -> Any:
            if event["isFinalInvokeForWindow"]:
                return {"state": {}}
            return {"state": {"big": "x" * (2**20 if payloads(event) == [1] else 1)}}

        bench = Bench(handler, Settings(batch_size=1, tumbling=60))
        bench.stream.put(0)
        bench.stream.put(1)
        bench.stream.put(2)
        bench.begin()
        await bench.advance(2)
        shape = [
            (payloads(event), event["isFinalInvokeForWindow"], event["isWindowTerminatedEarly"])
            for event in bench.function.events
        ]
        assert shape == [
            ([0], False, False),
            ([1], False, False),
            ([], True, True),
            ([2], False, False),
        ]
        assert bench.function.events[3]["state"] == {}
        await bench.stop()

    run(test)


def test_a_failing_final_invocation_blocks_the_shard() -> None:
    """[DG:services-kinesis-windows] With the state, as often as the retries allow."""

    async def test() -> None:
        def handler(event: Any) -> Any:
            if event["isFinalInvokeForWindow"] and event["state"]["sum"] == 3:
                raise ArithmeticError
            return total(event)

        bench = Bench(handler, Settings(tumbling=10, retries=2, destination=QUEUE))
        first, last = bench.stream.put(1), bench.stream.put(2)
        bench.begin()
        await bench.advance(12)
        bench.stream.put(4)
        await bench.advance(20)
        assert finals(bench) == [{"sum": 3}] * 3 + [{"sum": 4}]
        (document,) = bench.destinations.documents
        assert document["KinesisBatchInfo"]["startSequenceNumber"] == str(first)
        assert document["KinesisBatchInfo"]["endSequenceNumber"] == str(last)
        assert document["KinesisBatchInfo"]["batchSize"] == 2
        await bench.stop()

    run(test)


def test_windows_together_with_partial_failures() -> None:
    """[DG:services-kinesis-windows] The state in the response is kept; the rest is retried."""

    async def test() -> None:
        failed: list[str] = []

        def handler(event: Any) -> Any:
            state = event["state"].get("sum", 0)
            for data, number in zip(payloads(event), numbers(event), strict=True):
                if data == 3 and number not in failed:
                    failed.append(number)
                    return {"state": {"sum": state}, **report(number)}
                state += data
            return {"state": {"sum": state}}

        bench = Bench(handler, Settings(tumbling=10, reports_failures=True))
        for n in range(6):
            bench.stream.put(n)
        bench.begin()
        await bench.advance(12)
        assert [payloads(event) for event in bench.function.events] == [
            [0, 1, 2, 3, 4, 5],
            [3, 4, 5],
            [],
        ]
        assert finals(bench) == [{"sum": 15}]
        await bench.stop()

    run(test)


def test_resharding_closes_the_parents_window_and_children_start_empty() -> None:
    """[DG:services-kinesis-windows] State is kept per shard."""

    async def test() -> None:
        bench = Bench(total, Settings(tumbling=60))
        bench.stream.put(1)
        bench.begin()
        await bench.advance(2)
        child = bench.stream.add_shard(("shardId-000000000000",))
        bench.stream.put(2, shard=child)
        await bench.advance(5)
        events = bench.function.events
        assert [event["isFinalInvokeForWindow"] for event in events] == [False, True, False]
        assert events[1]["state"] == {"sum": 1}
        assert events[2]["state"] == {}
        assert events[2]["shardId"] == child
        await bench.stop()

    run(test)


def test_an_open_window_survives_disable_and_enable() -> None:
    """[?] The position is kept, so the aggregate is too."""

    async def test() -> None:
        bench = Bench(total, Settings(tumbling=60))
        bench.stream.put(1)
        bench.begin()
        await bench.advance(2)
        await bench.stop()
        bench.stream.put(2)
        bench.begin()
        await bench.advance(70)
        assert finals(bench) == [{"sum": 3}]
        await bench.stop()

    run(test)
