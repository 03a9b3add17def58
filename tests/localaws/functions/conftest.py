"""Fixtures of the tests of Lambda functions."""

from collections.abc import Iterator

import pytest

from tests.localaws.functions.lambda_functions import Gate


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Make a gate that a function under test waits at."""
    with Gate() as made:
        yield made
