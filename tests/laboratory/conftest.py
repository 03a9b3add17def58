"""Fixtures of the laboratory's tests: a fast AWS, and workloads that do not load the flights."""

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
    """Let workloads share the flights; loading them each time takes a fifth of a second."""
    monkeypatch.setattr(flights, "load", lambda: year)
