"""How much of the logs is kept: there is a limit, and dropped events are reported."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from moto.logs.models import LogsBackend, logs_backends

from tests.localaws.fakes import ACCOUNT, REGION
from workbook.localaws.moto import install, log_groups


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[LogsBackend]:
    """moto's log groups as replaced by us, with room for five events of a KB."""
    install.forget_what_is_deleted()
    log_groups.install()
    monkeypatch.setattr(log_groups, "MAX_KEPT_BYTES", 5 * (1000 + log_groups.EVENT_BYTES))
    monkeypatch.setattr(log_groups, "_kept", log_groups._Kept())
    backend = logs_backends[ACCOUNT][REGION]
    for name in ("one", "two"):
        backend.create_log_group(name, {})
        backend.create_log_stream(name, "s")
    yield backend
    for name in list(backend.groups):
        backend.delete_log_group(name)


def put(logs: LogsBackend, group: str, *numbers: int) -> None:
    events = [{"timestamp": n, "message": f"{n:<1000}"} for n in numbers]
    logs.groups[group].put_log_events("s", events)


def told(logs: LogsBackend, group: str) -> list[Any]:
    messages = [event.message.strip() for event in logs.groups[group].streams["s"].events]
    return [int(text) if text.isdigit() else text for text in messages]


def dropped(count: int) -> str:
    return f"The local AWS dropped {count} events here: it keeps the newest."


def test_the_oldest_events_are_dropped_first_and_leave_a_notice(logs: LogsBackend) -> None:
    put(logs, "one", 1, 2)
    put(logs, "two", 3)
    put(logs, "one", 4)
    put(logs, "two", 5)
    assert (told(logs, "one"), told(logs, "two")) == ([1, 2, 4], [3, 5])
    put(logs, "two", 6)
    assert (told(logs, "one"), told(logs, "two")) == ([dropped(2), 4], [3, 5, 6])
    put(logs, "two", 7, 8)
    assert (told(logs, "one"), told(logs, "two")) == ([dropped(2), 4], [dropped(1), 5, 6, 7, 8])
    put(logs, "one", 9)
    assert told(logs, "one") == [dropped(3), 9]


def test_a_batch_over_the_limit_is_kept_if_it_is_the_newest(logs: LogsBackend) -> None:
    put(logs, "one", *range(10))
    assert told(logs, "one") == list(range(10))
    put(logs, "two", 10)
    assert (told(logs, "one"), told(logs, "two")) == ([dropped(10)], [10])


def test_a_batch_without_events_is_not_counted(logs: LogsBackend) -> None:
    """Events are refused for their times, possibly all of a batch."""
    put(logs, "one")
    put(logs, "two", *range(10))
    put(logs, "two", 10)
    assert (told(logs, "one"), told(logs, "two")) == ([], [dropped(10), 10])


def test_deleting_a_log_group_frees_its_memory(logs: LogsBackend) -> None:
    put(logs, "one", 1)
    stream = weakref.ref(logs.groups["one"].streams["s"])
    event = weakref.ref(logs.groups["one"].streams["s"].events[0])
    logs.delete_log_group("one")
    gc.collect()
    assert (stream(), event()) == (None, None)
    put(logs, "two", *range(10))  # and the deleted group affects no other
    assert told(logs, "two") == list(range(10))
