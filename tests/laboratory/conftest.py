"""What the tests of the laboratory share: a fast AWS, and workloads that load no flights."""

from collections.abc import Iterator

import pandas as pd
import pytest

from workbook import flights, target


@pytest.fixture(scope="package")
def fast() -> Iterator[target.Aws]:
    """A local AWS in time-lapse, where a minute of retries takes less than a second."""
    with target.connect(target.LOCAL, speed=100) as aws:
        yield aws


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch, year: pd.DataFrame) -> None:
    """A workload loads the flights each time, which takes a fifth of a second."""
    monkeypatch.setattr(flights, "load", lambda: year)
