"""Tumbling windows, as values."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.mapping import windows
from workbook.localaws.mapping.event import Entry
from workbook.localaws.mapping.failures import Span
from workbook.localaws.mapping.windows import Window

NEVER = float("-inf")
ENDED = float("inf")


@given(st.floats(1e9, 2e9), st.integers(1, 900))
def test_windows_are_adjacent_and_contain_what_arrived_in_them(arrived: float, length: int) -> None:
    """[DG:services-kinesis-windows] Aligned by arrival time."""
    window = windows.window_of(arrived, length)
    assert window.holds(arrived)
    assert window.end - window.start == length
    assert window.start % length == 0
    assert not window.holds(window.end)


@given(st.lists(st.floats(1e9, 1e9 + 100)), st.integers(1, 30))
def test_a_batch_never_crosses_a_window(arrivals: list[float], length: int) -> None:
    """[DG:services-kinesis-windows]"""
    entries = [Entry(n, arrived, b"") for n, arrived in enumerate(sorted(arrivals))]
    while entries:
        window = windows.window_of(entries[0].arrived, length)
        inside = list(windows.in_window(window, entries))
        assert inside == [one for one in entries if one.arrived < window.end]
        entries = entries[len(inside) :]


@pytest.mark.parametrize(
    ("next_arrived", "tip_read_at", "over"),
    [
        (105.0, NEVER, False),  # more of this window waits
        (109.9, 200.0, False),
        (110.0, NEVER, True),  # a later window's record is here
        (None, 109.9, False),  # the window is still running
        (None, 110.0, True),  # all was read after its end: no new record will come into it
        (None, ENDED, True),  # the shard is closed: its windows close with it
    ],
)
def test_when_the_final_invocation_is_due(
    next_arrived: float | None, tip_read_at: float, over: bool
) -> None:
    """[DG:services-kinesis-windows] Even without new records, and at a shard's end."""
    assert windows.is_over(Window(100, 110), next_arrived, tip_read_at) is over


def test_a_state_over_a_megabyte_ends_the_window_early() -> None:
    """[DG:services-kinesis-windows] 1 MB per shard; the event then says so."""
    window = Window(100, 110, state=b'"' + b"x" * 1024 * 1024 + b'"')
    assert windows.is_over(window, 101.0, NEVER)
    members = windows.event_members(window, "shardId-0", "arn", is_final=True)
    shown = orjson.loads(b"{" + members[1:] + b"}")
    assert shown["isFinalInvokeForWindow"] is True
    assert shown["isWindowTerminatedEarly"] is True
    small = Window(100, 110, state=b'"' + b"x" * (1024 * 1024 - 2) + b'"')
    assert not windows.is_over(small, 101.0, NEVER)


def test_the_members_of_a_windows_event() -> None:
    """[DG:services-kinesis-windows] window, state, shardId, eventSourceARN and the two flags."""
    window = Window(1606842720, 1606842750, state=b'{"n":3}')
    members = windows.event_members(window, "shardId-000000000006", "arn:s", is_final=False)
    shown = orjson.loads(b"{" + members[1:] + b"}")
    assert list(shown.items()) == [
        ("window", {"start": "2020-12-01T17:12:00Z", "end": "2020-12-01T17:12:30Z"}),
        ("state", {"n": 3}),
        ("shardId", "shardId-000000000006"),
        ("eventSourceARN", "arn:s"),
        ("isFinalInvokeForWindow", False),
        ("isWindowTerminatedEarly", False),
    ]


@pytest.mark.parametrize(
    ("payload", "parts"),
    [
        (b'{"state":{"n":1}}', (b'{"n":1}', b"{}")),
        (b'{"state":null,"batchItemFailures":[]}', (b"null", b'{"batchItemFailures":[]}')),
        (b"{}", None),
        (b"null", None),
        (b"", None),
        (b'"state"', None),
        (b"{", None),
        (b'{"state":NaN}', None),
        (b'{"state":%b}' % (b"[" * 200_000 + b"]" * 200_000), None),
    ],
)
def test_a_response_must_have_state(payload: bytes, parts: tuple[bytes, bytes] | None) -> None:
    """[DG:services-kinesis-windows] Otherwise the invocation counts as failed."""
    assert windows.split_reply(payload) == parts


@pytest.mark.parametrize("state", [b"[" * 500 + b"]" * 500, b"[1" + b"0" * 40 + b',"\xc3\xbc"]'])
def test_state_is_passed_on_unchanged(state: bytes) -> None:
    """[DG:services-kinesis-windows] Every digit of it, and every level."""
    assert windows.split_reply(b'{"state":%b}' % state) == (state, b"{}")


def test_a_window_remembers_its_records() -> None:
    """So that a final invocation that is given up can report what was lost."""
    first = Window(0, 10).with_reply(b"1", Span(5, 6, 1.0, 2.0, 2))
    second = first.with_reply(b"2", Span(7, 7, 3.0, 3.0, 1)).with_reply(b"3", None)
    assert second == Window(0, 10, b"3", Span(5, 7, 1.0, 3.0, 3))
