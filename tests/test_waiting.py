"""Waiting for AWS."""

from collections.abc import Callable

import pytest

from workbook import waiting
from workbook.waiting import NotReadyError, wait_until


def turns(count: int) -> Callable[[], bool]:
    """A condition that is true at its last look."""
    left = iter([False] * (count - 1) + [True])
    return lambda: next(left)


def test_a_short_wait_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    wait_until("the stream", turns(2))
    assert capfd.readouterr() == ("", "")


def test_a_long_wait_shows_what_it_is_for(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SHOW_SECONDS", 0.0)
    wait_until("the stream", turns(4))
    shown = capfd.readouterr().err
    assert "Waiting for the stream: 00:00" in shown
    assert shown.endswith("\r")  # it has been wiped


def test_a_wait_that_is_too_long_names_what_it_was_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "DEADLINE_SECONDS", 0.01)
    with pytest.raises(NotReadyError, match="after 0 s still waiting for the stream"):
        wait_until("the stream", lambda: False)
