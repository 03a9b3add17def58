"""Fixtures that many tests share: a local AWS, started once, and the flights, loaded once."""

import functools
import gc
from collections.abc import Iterator

import botocore.session
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

from workbook import flights, target

# The duration of an example depends on how busy the machine is, not on the code.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

# Sessions of botocore share what they read of its models: reading them was 5 % of the tests' time.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


# Models of APIs are large trees without cycles: to look for garbage less often saves 7 % of the
# tests' time.
gc.set_threshold(50_000, 20, 20)


def pytest_collection_finish() -> None:
    """Exclude what was imported from garbage collection: this saves 8 % of the tests' time."""
    gc.freeze()


@pytest.fixture(scope="session")
def local() -> Iterator[target.Aws]:
    """A local AWS with Kinesis' limits, as learners get it; shared, so use unique names."""
    with target.connect(target.LOCAL) as aws:
        yield aws


@pytest.fixture(scope="session")
def unlimited() -> Iterator[target.Aws]:
    """A local AWS without Kinesis' limits, for tests that send a lot of data."""
    with target.connect(target.LOCAL, limits=False) as aws:
        yield aws


@pytest.fixture(scope="session")
def year() -> pd.DataFrame:
    """All flights in order of arrival; shared, so change nothing in place."""
    return flights.load()
