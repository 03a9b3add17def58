"""Setting up .venv: when, with which Python, and beside another call. CI really installs."""

import sys
import threading
from pathlib import Path

import pytest

from workbook import bootstrap


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that has never been set up."""
    (tmp_path / "requirements.lock").write_text("one==1 \\\n    --hash=sha256:1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(bootstrap, "READY", tmp_path / ".venv" / "ready")
    return tmp_path


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each installation."""
    noted: list[str] = []
    monkeypatch.setattr(bootstrap, "_install", lambda: noted.append("installed"))
    return noted


def test_it_installs_once_and_again_after_a_change_of_the_lock(
    project: Path, installs: list[str]
) -> None:
    bootstrap.main()
    bootstrap.main()
    assert installs == ["installed"]
    (project / "requirements.lock").write_text("one==2 \\\n    --hash=sha256:2\n")
    bootstrap.main()
    assert installs == ["installed", "installed"]


def test_a_failed_set_up_is_repeated(
    project: Path, installs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        sys.exit("no index")

    with monkeypatch.context() as broken:
        broken.setattr(bootstrap, "_install", fail)
        with pytest.raises(SystemExit, match="no index"):
            bootstrap.main()
    bootstrap.main()
    assert installs == ["installed"]


def test_a_second_make_waits_for_the_first_and_finds_the_work_done(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    installing, go_on = threading.Event(), threading.Event()
    noted: list[str] = []

    def install() -> None:
        noted.append("installed")
        installing.set()
        assert go_on.wait(60)

    monkeypatch.setattr(bootstrap, "_install", install)
    first, second = threading.Thread(target=bootstrap.main), threading.Thread(target=bootstrap.main)
    first.start()
    assert installing.wait(60)
    second.start()
    told = ""
    while second.is_alive() and "Waiting for another make" not in told:
        second.join(0.01)
        told += capfd.readouterr().out
    assert second.is_alive()
    go_on.set()
    first.join(60)
    second.join(60)
    assert noted == ["installed"]


def test_an_old_python_gets_a_message_about_what_is_needed(
    project: Path, installs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer, but .* is 3\.9\."):
        bootstrap.main()
    assert installs == []


def test_the_locked_pip_is_found_with_its_hashes() -> None:
    first, *hashes = bootstrap._locked("pip").splitlines()
    assert first.startswith("pip==")
    assert any("--hash=sha256:" in line for line in hashes)
    assert all(line.startswith("    ") for line in hashes)
