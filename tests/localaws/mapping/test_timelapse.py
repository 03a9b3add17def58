"""A five-minute lesson in a second: mappings on a clock that runs 300 times as fast."""

from collections.abc import Iterator

import pytest

from tests.localaws.mapping.aws import FAILING, World
from workbook import target


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with target.connect(target.LOCAL, speed=300) as aws:
        yield World(aws)


def test_a_long_window_takes_its_time(world: World) -> None:
    """Five minutes of the mapping's time: so old is the record when it is delivered."""
    stream, function = world.stream(), world.function()
    with world.mapping(stream, function, MaximumBatchingWindowInSeconds=300):
        world.put(stream, 1)
        world.events(function, 1)
        by_function = {"Name": "FunctionName", "Value": function}
        age = world.metric("IteratorAge", by_function, "Maximum")
    assert age >= 300_000


def test_a_records_age_passes_at_the_same_pace(world: World) -> None:
    """MaximumRecordAgeInSeconds and the pauses between retries."""
    stream, function = world.stream(), world.function(FAILING)
    url, queue = world.queue()
    world.put(stream, 1)
    with world.mapping(
        stream,
        function,
        MaximumRecordAgeInSeconds=600,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    ):
        document = world.message(url)
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"
    assert document["requestContext"]["approximateInvokeCount"] > 1
