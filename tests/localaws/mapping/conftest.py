"""Local AWSs that tests of mappings share."""

from collections.abc import Iterator

import pytest

from tests.localaws.mapping.aws import World
from workbook import target

SPEED = 100


@pytest.fixture(scope="session")
def world(local: target.Aws) -> World:
    """A local AWS as learners get it."""
    return World(local)


@pytest.fixture(scope="session")
def hurried() -> Iterator[World]:
    """A local AWS with a fast clock, so that pauses are short, and without Kinesis' limits."""
    with target.connect(target.LOCAL, limits=False, speed=SPEED) as aws:
        yield World(aws)


@pytest.fixture(scope="session")
def stream(world: World) -> str:
    """The ARN of a stream that stays empty."""
    return world.stream()


@pytest.fixture
def function(world: World) -> str:
    """The name of a new function."""
    return world.function()


@pytest.fixture
def mapping(world: World, stream: str, function: str) -> Iterator[str]:
    """The UUID of a mapping between the two."""
    with world.mapping(stream, function) as made:
        yield made
