"""The function with its settings, for tests that write to no stream."""

from types import ModuleType

import pytest

from tests.handler.loading import load


@pytest.fixture(scope="module")
def handler() -> ModuleType:
    """The function's file, imported once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.delenv("AWS_PROFILE", raising=False)
        patch.setenv("OUTPUT_STREAM", "processed_stream")
        return load()
