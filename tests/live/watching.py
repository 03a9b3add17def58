"""Steps that tests of the live view repeat: send, wait, sample."""

from collections.abc import Callable

from workbook import deployment, flights
from workbook.events import flight_event
from workbook.live import monitoring
from workbook.live.sampler import Sampler
from workbook.target import Aws
from workbook.waiting import wait_until

NAMES = (deployment.INPUT_STREAM, deployment.FUNCTION, deployment.OUTPUT_STREAM)


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; fail if it does not become true."""
    wait_until("what the test is about", condition)


def put(aws: Aws, records: int) -> None:
    data = flights.encode(flight_event())
    entries = [{"Data": data, "PartitionKey": f"key {n}"} for n in range(records)]
    aws.client("kinesis").put_records(StreamName=NAMES[0], Records=entries)


def monitored(aws: Aws) -> bool:
    answer = aws.client("kinesis").describe_stream_summary(StreamName=NAMES[0])
    levels = answer["StreamDescriptionSummary"]["EnhancedMonitoring"]
    return any(monitoring.METRIC in level["ShardLevelMetrics"] for level in levels)


def sampled(sampler: Sampler, name: str, least: float) -> float:
    """Sample until the figure's sum over all periods is ``least``; return the sum."""

    def there() -> bool:
        sampler.sample()
        return bool(sampler.frame()[name].sum() * sampler.period >= least)

    until(there)
    return float(sampler.frame()[name].sum() * sampler.period)
