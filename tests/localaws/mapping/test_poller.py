"""Polling: reads, batches, windows, positions; in process, with a clock that tests move."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from typing import Any

from tests.localaws.fakes import BEGIN, QUEUE
from tests.localaws.mapping.bench import Bench, boom, joined, run
from workbook.localaws.mapping.settings import Settings, Start


def test_an_idle_shard_is_polled_once_a_second() -> None:
    """[DG:with-kinesis]"""

    async def test() -> None:
        bench = Bench(shards=2)
        bench.begin()
        await bench.advance(10)
        for shard in ("shardId-000000000000", "shardId-000000000001"):
            times = [time - BEGIN for name, time, _ in bench.stream.reads if name == shard]
            assert times == list(range(11))
        assert bench.function.events == []
        await bench.stop()

    run(test)


def test_a_shard_with_a_backlog_is_polled_without_waiting() -> None:
    """[DG:with-kinesis] Many reads and batches, at one instant of the clock."""

    async def test() -> None:
        bench = Bench(settings=Settings(batch_size=1000))
        for n in range(20_500):
            bench.stream.put(n)
        bench.begin()
        await bench.advance()
        assert [len(batch) for batch in bench.function.batches] == [1000] * 20 + [500]
        assert joined(bench.function.batches) == list(range(20_500))
        assert set(bench.function.times) == {0.0}
        await bench.stop()

    run(test)


def test_a_shard_has_one_batch_at_a_time_and_shards_run_in_parallel() -> None:
    """[DG:with-kinesis] A batch never mixes shards."""

    async def test() -> None:
        busy: list[str] = []
        most: list[int] = []

        async def handler(event: Any) -> None:
            (shard,) = {record["eventID"].split(":")[0] for record in event["Records"]}
            assert shard not in busy
            busy.append(shard)
            most.append(len(busy))
            await bench.clock.sleep(1)
            busy.remove(shard)

        bench = Bench(handler, Settings(batch_size=2), shards=3)
        for n in range(30):
            bench.stream.put(n, shard=n % 3)
        bench.begin()
        await bench.advance(6)
        assert max(most) == 3
        assert len(bench.function.events) == 15
        for shard in range(3):
            seen = [n for batch in bench.function.batches for n in batch if n % 3 == shard]
            assert seen == list(range(shard, 30, 3))
        await bench.stop()

    run(test)


def test_without_a_window_a_batch_may_have_one_record() -> None:
    """[DG:with-kinesis] MaximumBatchingWindowInSeconds 0."""

    async def test() -> None:
        bench = Bench(settings=Settings(batch_size=100))
        bench.begin()
        await bench.advance(0.5)
        bench.stream.put("a")
        await bench.advance(1)
        bench.stream.put("b")
        await bench.advance(1)
        assert bench.function.batches == [["a"], ["b"]]
        await bench.stop()

    run(test)


def test_a_window_gathers_records() -> None:
    """[DG:services-kinesis-parameters] It opens when the first record is read."""

    async def test() -> None:
        bench = Bench(settings=Settings(batch_size=100, window=5))
        bench.begin()
        await bench.advance(2.5)
        for n in range(4):
            bench.stream.put(n)
            await bench.advance(1)
        await bench.advance(3)
        assert bench.function.batches == [[0, 1, 2, 3]]
        assert bench.function.times == [8.0]  # read at 3, waited 5
        await bench.stop()

    run(test)


def test_a_full_batch_does_not_wait_for_the_window() -> None:
    """[DG:with-kinesis] Whichever comes first."""

    async def test() -> None:
        bench = Bench(settings=Settings(batch_size=3, window=300))
        for n in range(7):
            bench.stream.put(n)
        bench.begin()
        await bench.advance(0)
        assert bench.function.batches == [[0, 1, 2], [3, 4, 5]]
        await bench.advance(301)
        assert bench.function.batches[2:] == [[6]]
        await bench.stop()

    run(test)


def test_the_next_window_opens_when_the_invocation_ends() -> None:
    """[DG:invocation-eventsourcemapping]"""

    async def test() -> None:
        async def handler(event: Any) -> None:
            await bench.clock.sleep(10)

        bench = Bench(handler, Settings(batch_size=100, window=5))
        bench.stream.put("a")
        bench.begin()
        await bench.advance(7)  # invoked at 5, until 15
        bench.stream.put("b")
        await bench.advance(14)
        assert bench.function.batches == [["a"], ["b"]]
        assert bench.function.times == [5.0, 20.0]
        await bench.stop()

    run(test)


def test_an_event_is_never_over_six_megabytes() -> None:
    """[DG:with-kinesis] The batch ends before it, whatever its size."""

    async def test() -> None:
        bench = Bench(settings=Settings(batch_size=100))
        for _ in range(10):
            bench.stream.put(bytes(1_000_000))  # 1.33 MB each in base64
        bench.begin()
        await bench.advance()
        assert [len(batch) for batch in bench.function.batches] == [4, 4, 2]
        await bench.stop()

    run(test)


def test_a_record_too_large_for_an_event_goes_to_the_destination() -> None:
    """[KD:large-records] The records around it are delivered."""

    async def test() -> None:
        bench = Bench(settings=Settings(destination=QUEUE))
        bench.stream.put("before")
        large = bench.stream.put(bytes(6_000_000))
        bench.stream.put("after")
        bench.begin()
        await bench.advance()
        assert bench.function.batches == [["before"], ["after"]]
        (document,) = bench.destinations.documents
        assert document["KinesisBatchInfo"]["startSequenceNumber"] == str(large)
        assert document["KinesisBatchInfo"]["batchSize"] == 1
        await bench.stop()

    run(test)


def test_starting_positions() -> None:
    """[BC] TRIM_HORIZON, LATEST and AT_TIMESTAMP."""

    async def seen(start: Start) -> list[Any]:
        bench = Bench(start=start)
        bench.stream.put("first")
        await bench.advance(10)
        bench.stream.put("second")
        await bench.advance(10)
        bench.begin()
        await bench.advance(3)
        bench.stream.put("third")
        await bench.advance(3)
        await bench.stop()
        return joined(bench.function.batches)

    async def test() -> None:
        assert await seen(Start("TRIM_HORIZON")) == ["first", "second", "third"]
        assert await seen(Start("LATEST")) == ["third"]
        assert await seen(Start("AT_TIMESTAMP", BEGIN + 10)) == ["second", "third"]
        assert await seen(Start("AT_TIMESTAMP", BEGIN - 10)) == ["first", "second", "third"]

    run(test)


def test_the_position_is_kept_while_disabled() -> None:
    """[DG:with-kinesis] Nothing lost or repeated; LATEST counts from its first poll."""

    async def test() -> None:
        for start in ("TRIM_HORIZON", "LATEST"):
            bench = Bench(start=Start(start))
            bench.begin()
            await bench.advance(1)
            bench.stream.put("a")
            await bench.advance(1)
            await bench.stop()
            bench.stream.put("b")
            await bench.advance(100)
            assert bench.function.batches == [["a"]]
            bench.begin()
            await bench.advance(1)
            assert bench.function.batches == [["a"], ["b"]]
            await bench.stop()

    run(test)


def test_disabling_a_blocked_shard_keeps_its_unfinished_records() -> None:
    """[DG:with-kinesis] New settings apply as soon as it continues."""

    async def test() -> None:
        bench = Bench(boom, Settings(destination=QUEUE))
        bench.stream.put("a")
        bench.stream.put("b")
        bench.begin()
        await bench.advance(5)
        await bench.stop()
        tries = len(bench.function.events)
        await bench.advance(100)
        assert len(bench.function.events) == tries
        bench.settings = replace(bench.settings, retries=0)
        bench.begin()
        await bench.advance(1)
        assert bench.function.batches == [["a", "b"]] * (tries + 1)
        assert len(bench.destinations.documents) == 1
        await bench.stop()

    run(test)


def test_stopping_waits_for_the_invocation_in_progress() -> None:
    """[DG:with-kinesis] Its records are not delivered again."""

    async def test() -> None:
        async def handler(event: Any) -> None:
            await bench.clock.sleep(5)

        bench = Bench(handler)
        bench.stream.put("a")
        bench.begin()
        await bench.advance(1)
        bench._stopped.set()
        bench.poller.wake()
        await bench.advance(3)
        assert bench._running is not None
        assert not bench._running.done()
        await bench.advance(2)
        assert bench._running.done()
        bench.begin()
        await bench.advance(5)
        assert bench.function.batches == [["a"]]
        await bench.close()

    run(test)


def test_stopping_the_server_waits_for_no_invocation() -> None:
    """Neither for a batch that is retried forever nor for an invocation in progress."""

    async def test() -> None:
        async def never(event: Any) -> None:
            await asyncio.Event().wait()

        for handler in (boom, never):
            bench = Bench(handler)
            bench.stream.put("a")
            bench.begin()
            await bench.advance(5)
            assert bench.function.events
            await asyncio.wait_for(bench.close(), 30)

    run(test)


def test_throttled_reads_are_retried_after_about_a_second() -> None:
    """[KD:service-sizes-and-limits] Reads are shared with others; nothing is lost.

    Pauses that grow, or that are equal, would starve one of many readers.
    """

    async def test() -> None:
        bench = Bench()
        bench.stream.put("a")
        bench.stream.throttled = 8
        bench.begin()
        await bench.advance(15)
        times = [time for _, time, _ in bench.stream.reads][:9]
        pauses = [after - before for before, after in pairwise(times)]
        assert all(0.5 <= pause <= 1.5 for pause in pauses)
        assert len(set(pauses)) > 1
        assert bench.function.batches == [["a"]]
        await bench.stop()

    run(test)


def test_a_stream_that_is_created_again_is_read_again() -> None:
    """[?] Until then, the mapping shows the problem."""

    async def test() -> None:
        bench = Bench()
        bench.begin()
        await bench.advance(1)
        bench.stream.gone = True
        await bench.advance(3)
        assert bench.results[-1] == "PROBLEM: Stream not found"
        bench.stream.gone = False
        bench.stream.put("a")
        await bench.advance(3)
        assert bench.function.batches == [["a"]]
        await bench.stop()

    run(test)
