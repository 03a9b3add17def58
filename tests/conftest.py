"""What many tests share: a local AWS, started once, and the flights, loaded once."""

import functools
import gc
from collections.abc import Iterator

import botocore.session
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

from workbook import flights, target

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

# Sessions of botocore share what they read of its models: reading them was 5 % of the tests' time.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def pytest_collection_finish() -> None:
    """Keep what was imported out of every garbage collection: that is 8 % of the tests' time."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture(scope="session")
def year() -> pd.DataFrame:
    """All flights in order of arrival; shared, so change nothing in place."""
    return flights.load()
