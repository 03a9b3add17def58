"""Failures: retries, ages, bisection, partial responses; in process, with a clock of the test."""

import json
from typing import Any

from tests.localaws.fakes import BUCKET, FUNCTION, QUEUE, STREAM, payloads
from tests.localaws.mapping.bench import Bench, boom, numbers, report, run
from workbook.localaws.interfaces import InvokeThrottledError
from workbook.localaws.mapping.settings import Settings


def test_a_failing_batch_blocks_its_shard_and_is_retried_with_backoff() -> None:
    """[DG:kinesis-on-failure-destination] Other shards continue."""

    async def test() -> None:
        def handler(event: Any) -> None:
            if payloads(event)[0] == "bad":
                boom(event)

        bench = Bench(handler, Settings(batch_size=1), shards=2)
        bench.stream.put("bad")
        bench.stream.put("behind")
        bench.stream.put("other", shard=1)
        bench.begin()
        await bench.advance(40)
        times = [
            time
            for batch, time in zip(bench.function.batches, bench.function.times, strict=True)
            if batch == ["bad"]
        ]
        assert times == [0, 1, 3, 7, 15, 27, 39]
        assert ["other"] in bench.function.batches
        assert ["behind"] not in bench.function.batches
        assert "PROBLEM: Function call failed" in bench.results
        bench.function.handler = lambda event: None
        await bench.advance(20)
        assert bench.function.batches[-1] == ["behind"]
        assert bench.results[-1] == "OK"
        await bench.stop()

    run(test)


def test_n_retries_then_the_batch_goes_to_the_destination() -> None:
    """[OBS] N + 1 invocations, as the document says; then the shard continues."""

    async def test() -> None:
        bench = Bench(boom, Settings(batch_size=2, retries=2, destination=QUEUE))
        first = bench.stream.put("a")
        last = bench.stream.put("b")
        bench.stream.put("c")
        bench.begin()
        await bench.advance(20)
        assert bench.function.batches == [["a", "b"]] * 3 + [["c"]] * 3
        document = bench.destinations.documents[0]
        assert document["requestContext"] == {
            "requestId": "request-3",
            "functionArn": FUNCTION,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        }
        assert document["responseContext"]["functionError"] == "Unhandled"
        assert document["KinesisBatchInfo"]["startSequenceNumber"] == str(first)
        assert document["KinesisBatchInfo"]["endSequenceNumber"] == str(last)
        assert document["KinesisBatchInfo"]["streamArn"] == STREAM
        await bench.stop()

    run(test)


def test_a_bucket_also_gets_the_event_under_awss_key() -> None:
    """[DG:kinesis-on-failure-destination]"""

    async def test() -> None:
        bench = Bench(boom, Settings(retries=0, destination=BUCKET))
        bench.stream.put("a")
        bench.begin()
        await bench.advance(1)
        ((arn, document),) = bench.destinations.delivered
        told = json.loads(document.body)
        assert arn == BUCKET
        assert document.object_key.startswith("aws/lambda/esm/shardId-000000000000/2027/01/15/")
        assert json.loads(told["payload"]) == bench.function.events[0]
        assert told["KinesisBatchInfo"]["batchSize"] == 1
        await bench.stop()

    run(test)


def test_throttles_use_up_no_retry() -> None:
    """[DG:kinesis-on-failure-destination]"""

    async def test() -> None:
        left = 20

        def handler(event: Any) -> None:
            nonlocal left
            left -= 1
            if left >= 0:
                raise InvokeThrottledError

        bench = Bench(handler, Settings(retries=0, destination=QUEUE))
        bench.stream.put("a")
        bench.begin()
        await bench.advance(400)
        assert len(bench.function.events) == 21
        assert bench.destinations.documents == []
        assert bench.results[-1] == "OK"
        await bench.stop()

    run(test)


def test_a_deleted_function_loses_nothing() -> None:
    """[DG:kinesis-on-failure-destination] Its records wait for it."""

    async def test() -> None:
        bench = Bench(settings=Settings(retries=0, destination=QUEUE))
        bench.begin()
        await bench.advance(1)
        bench.function.gone = True
        bench.stream.put("a")
        await bench.advance(100)
        assert bench.destinations.documents == []
        assert bench.results[-1].startswith("PROBLEM:")
        bench.function.gone = False
        await bench.advance(20)
        assert bench.function.batches == [["a"]]
        await bench.stop()

    run(test)


def test_a_deleted_function_is_reported_when_there_are_records() -> None:
    """[OBS] Its idle mapping keeps its last result."""

    async def test() -> None:
        bench = Bench()
        bench.begin()
        await bench.advance(1)
        bench.function.gone = True
        await bench.advance(100)
        assert bench.results == []
        bench.stream.put("a")
        await bench.advance(1)
        assert bench.results == ["PROBLEM: Function does not exist"]
        await bench.stop()

    run(test)


def test_record_age_is_per_record() -> None:
    """[OBS] Old records leave the front of a batch, younger ones are delivered."""

    async def test() -> None:
        bench = Bench(boom, Settings(max_age=60, destination=QUEUE))
        old = bench.stream.put("old")
        await bench.advance(40)
        bench.stream.put("young")
        bench.begin()
        await bench.advance(25)
        assert bench.function.batches[0] == ["old", "young"]
        bench.function.handler = lambda event: None
        await bench.advance(10)
        assert bench.function.batches[-1] == ["young"]
        (document,) = bench.destinations.documents
        assert document["requestContext"]["condition"] == "RecordAgeExceeded"
        assert document["KinesisBatchInfo"]["startSequenceNumber"] == str(old)
        assert document["KinesisBatchInfo"]["endSequenceNumber"] == str(old)
        assert "responseContext" not in document
        await bench.stop()

    run(test)


def test_a_record_too_old_before_any_invocation_has_a_count_of_one() -> None:
    """[OBS] approximateInvokeCount 1, and the function is not invoked."""

    async def test() -> None:
        bench = Bench(settings=Settings(max_age=60, destination=QUEUE))
        bench.stream.put("old")
        await bench.advance(61)
        bench.begin()
        await bench.advance(1)
        assert bench.function.events == []
        (document,) = bench.destinations.documents
        assert document["requestContext"]["approximateInvokeCount"] == 1
        await bench.stop()

    run(test)


def test_a_function_that_always_fails_gets_eight_invocations_in_a_minute() -> None:
    """[OBS] Age limit 60 s, unlimited retries."""

    async def test() -> None:
        bench = Bench(boom, Settings(max_age=60, destination=QUEUE))
        bench.begin()
        await bench.advance(0.5)
        bench.stream.put("a")
        await bench.advance(70)
        (document,) = bench.destinations.documents
        assert document["requestContext"]["approximateInvokeCount"] == 8
        await bench.stop()

    run(test)


def test_throttled_records_age_too() -> None:
    """[DG:kinesis-on-failure-destination] Until expiry or MaximumRecordAge."""

    async def test() -> None:
        def handler(event: Any) -> None:
            raise InvokeThrottledError

        bench = Bench(handler, Settings(max_age=60, destination=QUEUE))
        bench.stream.put("a")
        bench.begin()
        await bench.advance(80)
        (document,) = bench.destinations.documents
        assert document["requestContext"]["condition"] == "RecordAgeExceeded"
        await bench.stop()

    run(test)


def test_a_poison_record_blocks_until_it_expires() -> None:
    """[DG:kinesis-on-failure-destination] On the defaults: until the stream's retention."""

    async def test() -> None:
        def handler(event: Any) -> None:
            if payloads(event)[0] == "bad":
                boom(event)

        bench = Bench(handler, Settings(batch_size=1))
        bench.stream.put("bad")
        await bench.advance(100)
        bench.stream.put("good")
        bench.begin()
        await bench.advance(86_299)
        assert ["good"] not in bench.function.batches
        await bench.advance(15)
        assert bench.function.batches[-1] == ["good"]
        assert bench.destinations.documents == []
        await bench.stop()

    run(test)


def test_bisect_isolates_the_poison_record() -> None:
    """[DG:kinesis-on-failure-destination] The good ones are processed once, in order."""

    async def test() -> None:
        def handler(event: Any) -> None:
            if "bad" in payloads(event):
                boom(event)

        bench = Bench(handler, Settings(bisect=True, retries=0, destination=QUEUE))
        for data in ("a", "b", "c", "bad", "d"):
            bench.stream.put(data)
        bench.begin()
        await bench.advance(10)
        assert bench.function.batches == [
            ["a", "b", "c", "bad", "d"],
            ["a", "b", "c"],
            ["bad", "d"],
            ["bad"],
            ["d"],
        ]
        (document,) = bench.destinations.documents
        assert document["KinesisBatchInfo"]["batchSize"] == 1
        assert document["requestContext"]["approximateInvokeCount"] == 1
        await bench.stop()

    run(test)


def first_bad(event: Any) -> str | None:
    """Return the sequence number of the first record marked as bad."""
    pairs = zip(numbers(event), payloads(event), strict=True)
    return next((number for number, data in pairs if data == "bad"), None)


def test_a_batch_whose_first_record_is_reported_is_never_split() -> None:
    """[?] Not with bisect either: the records after it are given up with it."""

    async def test() -> None:
        def handler(event: Any) -> Any:
            number = first_bad(event)
            return report(number) if number else None

        settings = Settings(bisect=True, retries=2, reports_failures=True, destination=QUEUE)
        bench = Bench(handler, settings)
        for data in ("a", "bad", "c", "d"):
            bench.stream.put(data)
        bench.begin()
        await bench.advance(20)
        assert bench.function.batches == [["a", "bad", "c", "d"]] + [["bad", "c", "d"]] * 3
        (document,) = bench.destinations.documents
        assert document["KinesisBatchInfo"]["batchSize"] == 3
        await bench.stop()

    run(test)


def test_an_error_where_the_first_record_fails_isolates_it() -> None:
    """[DG:services-kinesis-batchfailurereporting] An invocation error halves the batch.

    This does not depend on what happens to a batch whose first record is reported.
    """

    async def test() -> None:
        def handler(event: Any) -> Any:
            number = first_bad(event)
            if number == numbers(event)[0]:
                boom(event)
            return report(number) if number else None

        settings = Settings(bisect=True, retries=2, reports_failures=True, destination=QUEUE)
        bench = Bench(handler, settings)
        for data in ("a", "bad", "c", "d"):
            bench.stream.put(data)
        bench.begin()
        await bench.advance(20)
        assert bench.function.batches == [
            ["a", "bad", "c", "d"],
            ["bad", "c", "d"],
            ["bad", "c"],
            *[["bad"]] * 3,
            ["c"],
            ["d"],
        ]
        (document,) = bench.destinations.documents
        assert document["KinesisBatchInfo"]["batchSize"] == 1
        await bench.stop()

    run(test)


def test_a_partial_response_retries_the_rest_without_new_records() -> None:
    """[OBS] A batch of 3 that failed on its last record is retried as a batch of 1."""

    async def test() -> None:
        def handler(event: Any) -> Any:
            bad = [n for n, data in zip(numbers(event), payloads(event), strict=True) if data == 2]
            return report(*bad)

        settings = Settings(batch_size=3, retries=3, reports_failures=True, destination=QUEUE)
        bench = Bench(handler, settings)
        for n in range(6):
            bench.stream.put(n)
        bench.begin()
        await bench.advance(30)
        assert bench.function.batches == [[0, 1, 2], [2], [2], [2], [2], [3, 4, 5]]
        (document,) = bench.destinations.documents
        assert document["requestContext"]["approximateInvokeCount"] == 4
        assert document["responseContext"]["functionError"] is None
        await bench.stop()

    run(test)


def test_partial_responses_are_ignored_unless_enabled() -> None:
    """[DG:services-kinesis-batchfailurereporting] And so is every other response."""

    async def test() -> None:
        bench = Bench(lambda event: report(*numbers(event)), Settings(batch_size=1))
        for n in range(3):
            bench.stream.put(n)
        bench.begin()
        await bench.advance(10)
        assert bench.function.batches == [[0], [1], [2]]
        await bench.stop()

    run(test)
