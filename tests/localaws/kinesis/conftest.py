"""A Kinesis for each test that needs one."""

from collections.abc import Iterator

import pytest

from tests.localaws.kinesis.harness import Kinesis


@pytest.fixture
def kinesis() -> Iterator[Kinesis]:
    """A Kinesis without limits that has a stream ``s`` of one shard."""
    with Kinesis(limits=False) as kinesis:
        kinesis.create()
        yield kinesis
