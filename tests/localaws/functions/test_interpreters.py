"""The interpreters on this machine that run functions."""

import platform
import sys
from pathlib import Path
from typing import Any

import pytest

from workbook.localaws.functions import interpreters


@pytest.mark.parametrize("variable", ["PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"])
def test_an_unreadable_folder_is_skipped_in_the_search_for_interpreters(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Another user's folder; a name that is too long stands for the missing permission."""
    monkeypatch.setenv(variable, "/" + "n" * 300)
    interpreters.find.cache_clear()
    try:
        for runtime in interpreters.SUPPORTED:
            assert interpreters.find(runtime).version
    finally:
        interpreters.find.cache_clear()


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has no such users")
def test_a_user_may_have_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs as a numeric user."""

    def unknown(number: int) -> Any:
        raise KeyError(number)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    interpreters.find.cache_clear()
    assert interpreters.find("python3.14").version
    interpreters.find.cache_clear()


def test_our_own_version_uses_our_own_interpreter() -> None:
    major, minor, _ = platform.python_version_tuple()
    assert interpreters.find(f"python{major}.{minor}").is_ours


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows runs no scripts of a shell")
def test_a_launcher_on_the_path_is_resolved_to_the_interpreter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A launcher such as pyenv's takes time at each start, and changes the environment."""
    major, minor, _ = platform.python_version_tuple()
    launcher = tmp_path / f"python{major}.{minor}"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")  # so that ours does not fit
    interpreters.find.cache_clear()
    try:
        found = interpreters.find(launcher.name).executable
    finally:
        interpreters.find.cache_clear()
    assert found == sys.executable
