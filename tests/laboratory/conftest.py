"""What the tests of the laboratory share: a fast AWS, and the flights, loaded once."""

from collections.abc import Iterator

import pandas as pd
import pytest

from workbook import flights, target


@pytest.fixture(scope="package")
def fast() -> Iterator[target.Aws]:
    """A local AWS in time-lapse, where a minute of retries takes less than a second."""
    with target.connect(target.LOCAL, speed=100) as aws:
        yield aws


@pytest.fixture(scope="package", autouse=True)
def year() -> Iterator[pd.DataFrame]:
    """The flights. A workload loads them each time, which takes a fifth of a second."""
    whole = flights.load()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flights, "load", lambda: whole)
        yield whole
