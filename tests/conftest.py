"""What many tests share: a local AWS, started once."""

from collections.abc import Iterator

import pytest

from workbook import target


@pytest.fixture(scope="session")
def local() -> Iterator[target.Aws]:
    """A local AWS with Kinesis' limits on, as learners get it; shared, so name things uniquely."""
    with target.connect(target.LOCAL) as aws:
        yield aws


@pytest.fixture(scope="session")
def unlimited() -> Iterator[target.Aws]:
    """A local AWS with Kinesis' limits off, for tests that load much."""
    with target.connect(target.LOCAL, limits=False) as aws:
        yield aws
