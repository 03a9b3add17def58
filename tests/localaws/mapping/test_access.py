"""A mapping whose function's role loses permissions, and gets them back."""

import pytest

from tests.localaws.fakes import QUEUE, STREAM
from tests.localaws.mapping.bench import Bench, boom, run
from workbook.localaws.mapping import access
from workbook.localaws.mapping.settings import Settings

SESSION = "awslambda_1_20270115080000000"
CONSUMER = f"{STREAM}/consumer/c:1800000000"


@pytest.mark.parametrize("action", ["DescribeStream", "GetShardIterator", "GetRecords"])
def test_a_lost_permission_is_reported_and_reading_resumes_when_it_is_back(action: str) -> None:
    """[SEEN] The mapping stays as it is; LastProcessingResult shows the problem."""

    async def test() -> None:
        bench = Bench()
        bench.begin()
        bench.stream.put(1)
        await bench.advance(2)
        bench.roles.denied = {f"kinesis:{action}"}
        bench.stream.put(2)
        await bench.advance(10)
        assert len(bench.function.batches) == 1
        assert bench.results[-1] == f"PROBLEM: {SESSION} may not kinesis:{action} on {STREAM}"
        bench.roles.denied = set()
        await bench.advance(2)
        assert bench.function.batches[1:] == [[2]]
        assert bench.results[-1] == "OK"
        await bench.close()

    run(test)


def test_a_role_that_no_longer_trusts_lambda_is_reported() -> None:
    """[SEEN]"""

    async def test() -> None:
        bench = Bench()
        bench.roles.is_trusted = False
        bench.begin()
        bench.stream.put(1)
        await bench.advance(5)
        assert bench.function.batches == []
        assert bench.results[-1] == (
            "PROBLEM: Lambda failed to assume your function execution role. Please check if the "
            "role trust Lambda service principal, and make sure it does not require setting source "
            "identity to be assumed."
        )
        bench.roles.is_trusted = True
        await bench.advance(2)
        assert bench.function.batches == [[1]]
        await bench.close()

    run(test)


def test_a_consumers_mapping_reads_only_with_permission_to_subscribe() -> None:
    """[SEEN] On the consumer; on its stream, the summary is enough."""
    assert access.needed(CONSUMER) == [
        ("kinesis:DescribeStreamSummary", STREAM),
        ("kinesis:GetShardIterator", STREAM),
        ("kinesis:GetRecords", STREAM),
        ("kinesis:SubscribeToShard", CONSUMER),
    ]


def test_a_failure_that_may_not_be_reported_is_counted_and_dropped() -> None:
    """[DG:monitoring-metrics-types] And the shard continues."""

    async def test() -> None:
        settings = Settings(retries=0, destination=QUEUE, counts_events=True)
        bench = Bench(boom, settings)
        bench.roles.denied = {"sqs:SendMessage"}
        bench.begin()
        bench.stream.put(1)
        await bench.advance(2)
        assert bench.destinations.documents == []
        assert bench.metrics.sum("DestinationDeliveryFailures") == 1
        assert bench.metrics.sum("DroppedEventCount") == 1
        bench.roles.denied = set()
        bench.stream.put(2)
        await bench.advance(2)
        assert len(bench.destinations.documents) == 1
        await bench.close()

    run(test)


def test_lambda_reads_with_its_own_session_name() -> None:
    """[SEEN] ``awslambda_783_20180222015150438``"""
    name = access.session_name(1_519_264_310.438)
    prefix, number, moment = name.split("_")
    assert (prefix, moment) == ("awslambda", "20180222015150438")
    assert 0 <= int(number) < 1000
