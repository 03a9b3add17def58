"""Fixtures of the tests of delivery streams."""

import pytest

from tests.localaws.integrations.firehose.delivering import Lake
from workbook.target import Aws


@pytest.fixture
def lake(local: Aws) -> Lake:
    """A bucket, a role and the name of a delivery stream."""
    made = Lake(local)
    made.make_bucket()
    return made
