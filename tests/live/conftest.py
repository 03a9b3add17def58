"""A local AWS with a pipeline, for all tests of the live view."""

from collections.abc import Iterator

import pytest

from workbook import deployment, target
from workbook.target import Aws


@pytest.fixture(scope="package")
def deployed() -> Iterator[tuple[Aws, str]]:
    """A local AWS with the pipeline, and its mapping's UUID."""
    with target.connect(target.LOCAL) as aws:
        yield aws, deployment.deploy(aws, shards=2)


@pytest.fixture
def aws(deployed: tuple[Aws, str]) -> Aws:
    return deployed[0]
