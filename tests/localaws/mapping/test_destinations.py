"""The way to on-failure destinations is made ready before a shard could wait for it."""

from typing import Any

from tests.localaws.mapping.bench import FUNCTION, STREAM, Bench, Failures, run
from workbook.localaws.mapping.destinations import Destinations
from workbook.localaws.mapping.event_source_mapping import EventSourceMapping
from workbook.localaws.mapping.route import Tools
from workbook.localaws.mapping.settings import Settings, Start

QUEUE = "arn:aws:sqs:us-east-1:123456789012:failures"


class Noting(Failures):
    """Notes what it was prepared for, and in which state the mapping was then."""

    def __init__(self) -> None:
        super().__init__()
        self.mapping: EventSourceMapping | None = None
        self.prepared: list[Any] = []

    async def prepare(self, arn: str, region: str) -> None:
        assert self.mapping is not None
        self.prepared.append((arn, region, self.mapping.state))


def test_a_mapping_is_enabled_once_its_destination_can_be_told() -> None:
    async def test() -> None:
        bench, noting = Bench(), Noting()
        tools = Tools(bench.clock, bench.stream, bench.function, noting, bench.metrics)
        noting.mapping = mapping = EventSourceMapping(
            "u",
            "us-east-1",
            STREAM,
            FUNCTION,
            Start("LATEST"),
            Settings(destination=QUEUE),
            {},
            tools,
        )
        await mapping.settled()
        assert mapping.state == "Enabled"
        assert noting.prepared == [(QUEUE, "us-east-1", "Creating")]
        await mapping.close()

    run(test)


def test_what_was_prepared_is_there_for_every_destination_of_its_kind() -> None:
    async def test() -> None:
        destinations = Destinations("http://nowhere")
        await destinations.prepare(QUEUE, "us-east-1")
        await destinations.prepare(f"{QUEUE}-2", "us-east-1")
        made = destinations._client.cache_info()
        assert (made.misses, made.hits) == (1, 1)

    run(test)
