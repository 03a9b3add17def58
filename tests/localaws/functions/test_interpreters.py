"""The interpreters that run functions: those of this machine, as far as it lets us look."""

import platform

import pytest

from workbook.localaws.functions import interpreters


@pytest.mark.parametrize("variable", ["PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"])
def test_a_folder_that_cannot_be_looked_into_holds_no_interpreter(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """A folder of another user's; a name that is too long stands for the missing permission."""
    monkeypatch.setenv(variable, "/" + "n" * 300)
    interpreters.find.cache_clear()
    try:
        for runtime in interpreters.SUPPORTED:
            assert interpreters.find(runtime).version
    finally:
        interpreters.find.cache_clear()


def test_our_own_version_runs_on_our_own_interpreter() -> None:
    major, minor, _ = platform.python_version_tuple()
    assert interpreters.find(f"python{major}.{minor}").is_ours
