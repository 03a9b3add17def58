"""ParallelizationFactor, filters, resharding and metrics; in process, with a clock of the test."""

import json
import random
from collections import defaultdict
from typing import Any

import pytest

from tests.localaws.fakes import BEGIN, QUEUE, payloads
from tests.localaws.mapping.bench import Bench, boom, joined, numbers, report, run
from workbook.localaws.interfaces import DeliveryError, InvokeThrottledError
from workbook.localaws.mapping.settings import Settings, Start


def keys(event: Any) -> set[str]:
    return {record["kinesis"]["partitionKey"] for record in event["Records"]}


@pytest.mark.parametrize("factor", [1, 2, 10])
def test_as_many_batches_of_a_shard_at_once_as_the_factor(factor: int) -> None:
    """[DG:with-kinesis] And never two with the same key: order is kept per partition key."""

    async def test() -> None:
        busy: list[set[str]] = []
        most = 0

        async def handler(event: Any) -> None:
            nonlocal most
            mine = keys(event)
            assert not any(mine & others for others in busy)
            busy.append(mine)
            most = max(most, len(busy))
            await bench.clock.sleep(1)
            busy.remove(mine)

        bench = Bench(handler, Settings(batch_size=5, factor=factor))
        for n in range(400):
            bench.stream.put(n, key=str(n % 40))
        bench.begin()
        await bench.advance(100)
        assert most == factor
        seen = joined(bench.function.batches)
        assert sorted(seen) == list(range(400))
        for key in range(40):
            assert [n for n in seen if n % 40 == key] == list(range(key, 400, 40))
        await bench.stop()

    run(test)


def test_a_blocked_key_does_not_block_the_others() -> None:
    """[DG:with-kinesis] With a factor above 1; the checkpoint stays at the blocked record."""

    async def test() -> None:
        def handler(event: Any) -> None:
            if "bad" in payloads(event):
                boom(event)

        bench = Bench(handler, Settings(batch_size=1, factor=10))
        bench.stream.put("bad", key="bad")
        for n in range(30):
            bench.stream.put(n, key=str(n))
        bench.begin()
        await bench.advance(5)
        delivered = [one for one in joined(bench.function.batches) if one != "bad"]
        assert len(delivered) > 15
        await bench.stop()
        bench.function.handler = lambda event: None
        before = len(bench.function.events)
        bench.begin()
        await bench.advance(5)
        after = joined(bench.function.batches[before:])
        assert after[0] == "bad"
        assert sorted(delivered + after[1:]) == list(range(30))  # nothing repeated
        await bench.stop()

    run(test)


def test_filtered_records_cost_no_invocation_and_advance_the_checkpoint() -> None:
    """[DG:invocation-eventfiltering] Nor do they fill a batch."""

    async def test() -> None:
        settings = Settings(
            batch_size=3, patterns=('{"data":{"keep":[true]}}',), counts_events=True
        )
        bench = Bench(settings=settings)
        for n in range(30):
            bench.stream.put({"n": n, "keep": n % 10 == 0})
        bench.stream.put(b"no json")
        bench.begin()
        await bench.advance(2)
        assert [[one["n"] for one in batch] for batch in bench.function.batches] == [[0, 10, 20]]
        assert bench.metrics.sum("PolledEventCount") == 31
        assert bench.metrics.sum("FilteredOutEventCount") == 28
        await bench.stop()
        bench.settings = Settings()
        bench.begin()
        await bench.advance(2)
        assert len(bench.function.events) == 1  # the checkpoint is after all of them
        await bench.stop()

    run(test)


def test_filtered_records_alone_cause_no_invocation() -> None:
    """[DG:invocation-eventfiltering]"""

    async def test() -> None:
        bench = Bench(settings=Settings(patterns=('{"data":{"keep":[true]}}',)))
        for n in range(6000):
            bench.stream.put({"n": n})
        bench.begin()
        await bench.advance(2)
        assert bench.function.events == []
        assert len(bench.stream.reads) >= 3
        await bench.stop()

    run(test)


@pytest.mark.parametrize("position", ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"])
def test_parents_are_processed_to_their_end_before_their_children(position: str) -> None:
    """[design rule] Split and merge while running: nothing lost or repeated, order kept.

    Children start at their first record, whatever the mapping's starting position.
    """

    async def test() -> None:
        timestamp = BEGIN if position == "AT_TIMESTAMP" else None
        bench = Bench(settings=Settings(batch_size=2), shards=2, start=Start(position, timestamp))
        if position == "LATEST":
            bench.stream.put("skipped")
        bench.begin()
        await bench.advance(0.5)
        for n in range(10):
            bench.stream.put(n, key=str(n), shard=n % 2)
        left = bench.stream.add_shard(("shardId-000000000000",))
        right = bench.stream.add_shard(("shardId-000000000000",))
        for n in range(10, 20):
            bench.stream.put(n, shard=left if n % 2 else right)
        merged = bench.stream.add_shard((right, "shardId-000000000001"))
        for n in range(20, 25):
            bench.stream.put(n, shard=merged)
        await bench.advance(5)
        seen = joined(bench.function.batches)
        assert sorted(seen) == list(range(25))
        for parents, children in (
            (range(0, 10, 2), range(10, 20)),
            (range(1, 10, 2), range(20, 25)),
            (range(10, 20, 2), range(20, 25)),
        ):
            assert max(map(seen.index, parents)) < min(map(seen.index, children))
        await bench.stop()

    run(test)


def test_latest_starts_at_the_tip_of_every_existing_shard() -> None:
    """[design rule] Even in children that existed before the mapping."""

    async def test() -> None:
        bench = Bench(start=Start("LATEST"))
        bench.stream.put("old")
        child = bench.stream.add_shard(("shardId-000000000000",))
        bench.stream.put("older than the mapping", shard=child)
        bench.begin()
        await bench.advance(3)
        bench.stream.put("new", shard=child)
        await bench.advance(3)
        assert bench.function.batches == [["new"]]
        await bench.stop()

    run(test)


def test_a_blocked_parent_holds_back_its_children() -> None:
    """[design rule] Even across disabling and enabling."""

    async def test() -> None:
        def handler(event: Any) -> None:
            if "bad" in payloads(event):
                boom(event)

        bench = Bench(handler)
        bench.stream.put("bad")
        child = bench.stream.add_shard(("shardId-000000000000",))
        bench.stream.put("child", shard=child)
        bench.begin()
        await bench.advance(10)
        await bench.stop()
        bench.begin()
        await bench.advance(10)
        assert ["child"] not in bench.function.batches
        bench.function.handler = lambda event: None
        await bench.advance(15)
        assert bench.function.batches[-2:] == [["bad"], ["child"]]
        await bench.stop()

    run(test)


def test_iterator_age() -> None:
    """[DG:monitoring-metrics-types] Age of the last record of the batch, in milliseconds."""

    async def test() -> None:
        bench = Bench()
        bench.stream.put("a")
        await bench.advance(5)
        bench.stream.put("b")
        await bench.advance(2)
        bench.begin()
        await bench.advance(1)
        assert bench.metrics.values("IteratorAge") == [2000]
        assert bench.metrics.dimensions["IteratorAge"] == {"FunctionName": "f"}
        await bench.stop()

    run(test)


def test_the_event_count_group_is_opt_in() -> None:
    """[DG:monitoring-metrics-types]"""

    async def test() -> None:
        bench = Bench()
        bench.stream.put("a")
        bench.begin()
        await bench.advance(1)
        assert set(bench.metrics.dimensions) == {"IteratorAge"}
        await bench.stop()

    run(test)


def test_the_event_count_group() -> None:
    """[DG:monitoring-metrics-types] Each of its members, retries counted again."""

    async def test() -> None:
        def handler(event: Any) -> Any:
            if len(payloads(event)) == 4:
                return report(numbers(event)[1])
            return boom(event)

        settings = Settings(
            retries=1, reports_failures=True, counts_events=True, destination=QUEUE, batch_size=4
        )
        bench = Bench(handler, settings)
        for n in range(4):
            bench.stream.put(n)
        bench.begin()
        await bench.advance(5)
        total, dimensions = bench.metrics.sum, bench.metrics.dimensions
        assert bench.metrics.values("PolledEventCount") == [4, 0, 0, 0, 0, 0]
        assert total("InvokedEventCount") == 4 + 3 + 3
        assert total("FailedInvokeEventCount") == 3 + 3 + 3
        assert total("OnFailureDestinationDeliveredEventCount") == 3
        assert "DroppedEventCount" not in dimensions
        assert "FilteredOutEventCount" not in dimensions
        assert "DeletedEventCount" not in dimensions  # SQS only
        assert dimensions["InvokedEventCount"] == {"EventSourceMappingUUID": "esm"}
        await bench.stop()

    run(test)


def test_without_a_destination_records_are_dropped() -> None:
    """[DG:monitoring-metrics-types] DroppedEventCount."""

    async def test() -> None:
        bench = Bench(boom, Settings(retries=0, counts_events=True))
        bench.stream.put("a")
        bench.stream.put("b")
        bench.begin()
        await bench.advance(1)
        assert bench.metrics.sum("DroppedEventCount") == 2
        assert "DestinationDeliveryFailures" not in bench.metrics.dimensions
        await bench.stop()

    run(test)


def test_a_failed_delivery_is_counted_and_the_shard_continues() -> None:
    """[DG:monitoring-metrics-types] DestinationDeliveryFailures 1, DroppedEventCount records."""

    async def test() -> None:
        settings = Settings(retries=0, counts_events=True, destination=QUEUE, batch_size=2)
        bench = Bench(boom, settings)
        bench.destinations.error = DeliveryError("QueueDoesNotExist", "")
        for n in range(4):
            bench.stream.put(n)
        bench.begin()
        await bench.advance(1)
        assert bench.function.batches == [[0, 1], [2, 3]]
        assert bench.metrics.values("DestinationDeliveryFailures") == [1, 1]
        assert bench.metrics.values("DroppedEventCount") == [2, 2]
        await bench.stop()

    run(test)


@pytest.mark.parametrize("seed", range(12))
def test_under_random_failures_every_record_is_processed_in_order(seed: int) -> None:
    """[DG:with-kinesis] At least once, whatever fails and whatever the settings.

    Every record is processed or at the destination, and first copies are in order per key, while
    shards split and the mapping is restarted.
    """
    dice = random.Random(seed)

    async def handler(event: Any) -> Any:
        await bench.clock.sleep(dice.choice([0, 0, 0.3, 2]))
        fate = dice.random()
        if fate < 0.1:
            raise InvokeThrottledError
        if fate < 0.25:
            boom(event)
        for data, number in zip(payloads(event), numbers(event), strict=True):
            if data[1] % 17 == 3 or dice.random() < 0.02:
                return report(number)
            done[tuple(data)] += 1
            seen[data[0]].append(data[1])
        return report()

    done: dict[tuple[Any, ...], int] = defaultdict(int)
    seen: dict[str, list[int]] = defaultdict(list)
    settings = Settings(
        batch_size=dice.choice([1, 3, 10]),
        window=dice.choice([0, 0, 3]),
        factor=dice.choice([1, 2, 5]),
        retries=dice.choice([0, 1, 4]),
        max_age=dice.choice([-1, 60]),
        bisect=dice.random() < 0.5,
        reports_failures=True,
        destination=QUEUE,
    )

    async def test() -> None:
        bench.begin()
        homes = {
            key: shard
            for shard in ("shardId-000000000000", "shardId-000000000001")
            for key in (f"{shard[-1]}-{n}" for n in range(4))
        }
        bench.expects_faults = True
        for n in range(120):
            fails = dice.choice([bench.stream, bench.function, bench.destinations, None, None])
            if fails is not None:
                fails.fault = RuntimeError("a fault of ours")
                await bench.advance(dice.choice([0, 0.2, 3]))
                fails.fault = None
            key = dice.choice(list(homes))
            bench.stream.put([key, n], key=key, shard=homes[key])
            if n in (40, 80):
                parent = homes[key]
                children = [bench.stream.add_shard((parent,)) for _ in range(2)]
                for other in [other for other, home in homes.items() if home == parent]:
                    homes[other] = dice.choice(children)
            if n % 50 == 30:
                await bench.stop()
                bench.begin()
            await bench.advance(dice.choice([0, 0.2, 1.1]))
        for _ in range(60):
            await bench.advance(20)
        await bench.stop()

    bench = Bench(handler, settings, shards=2)
    run(test)
    given_up = {
        number
        for document in bench.destinations.documents
        for number in range(
            int(document["KinesisBatchInfo"]["startSequenceNumber"]),
            int(document["KinesisBatchInfo"]["endSequenceNumber"]) + 1,
        )
    }
    for records in bench.stream.records.values():
        for record in records:
            key, n = json.loads(record.data)
            assert done[key, n] or record.sequence_number in given_up
    for order in seen.values():
        first = list(dict.fromkeys(order))
        assert first == sorted(first)
