"""Tumbling windows: state passed from one invocation to the next.

The function returns it, and the next event contains it [DG:services-kinesis-windows].
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import takewhile

import orjson

from workbook.localaws.mapping.event import Entry
from workbook.localaws.mapping.failures import Span

STATE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Window:
    """A window that has started.

    Args:
        start, end: in seconds since the epoch; a record belongs to it if it arrived between them.
        state: the state returned by the function, as JSON; ``{}`` at first [?].
        span: the records delivered in it; None before the first.
    """

    start: int
    end: int
    state: bytes = b"{}"
    span: Span | None = None

    def holds(self, arrived: float) -> bool:
        """Return whether a record that arrived at this time belongs to the window."""
        return self.start <= arrived < self.end

    @property
    def is_too_large(self) -> bool:
        """Return whether its state is over 1 MB, which ends it early."""
        return len(self.state) > STATE_BYTES

    def with_reply(self, state: bytes, delivered: Span | None) -> "Window":
        """Return the window after an invocation."""
        spans = [span for span in (self.span, delivered) if span is not None]
        return replace(self, state=state, span=Span.joined(spans) if spans else None)


def window_of(arrived: float, length: int) -> Window:
    """Return the window of a record; windows follow one another from the epoch."""
    start = int(arrived // length) * length
    return Window(start, start + length)


def in_window(window: Window, entries: Iterable[Entry]) -> Iterable[Entry]:
    """Return the entries up to the first that belongs to another window."""
    return takewhile(lambda entry: window.holds(entry.arrived), entries)


def is_over(window: Window, next_arrived: float | None, tip_read_at: float) -> bool:
    """Return whether the window's final invocation is due.

    AWS may wait up to two minutes before it closes a window without new records. Here it closes as
    soon as the shard has been read to its tip after the window's end.

    Args:
        window: the window in question.
        next_arrived: when the next waiting record arrived; None if none is waiting.
        tip_read_at: when the shard was last read to its tip; infinity at the end of a closed shard.
    """
    if window.is_too_large:
        return True
    if next_arrived is not None:
        return not window.holds(next_arrived)
    return tip_read_at >= window.end


def event_members(window: Window, shard_id: str, source_arn: str, *, is_final: bool) -> bytes:
    """Return the event's members other than its records, as JSON that starts with a comma."""
    shown = {"start": _instant(window.start), "end": _instant(window.end)}
    rest = {
        "shardId": shard_id,
        "eventSourceARN": source_arn,
        "isFinalInvokeForWindow": is_final,
        "isWindowTerminatedEarly": is_final and window.is_too_large,
    }
    return b',"window":%b,"state":%b,%b' % (
        orjson.dumps(shown),
        window.state,
        orjson.dumps(rest)[1:-1],
    )


def split_reply(payload: bytes) -> tuple[bytes, bytes] | None:
    """Return the state in a function's response, and the response without it, both as JSON.

    Return None if there is no state: the invocation then counts as failed. This does not use
    orjson, which rounds integers over 64 bits and cannot write more than 254 levels of nesting.
    """
    try:
        reply = json.loads(payload or b"null", parse_constant=_refuse)
        if not isinstance(reply, dict) or "state" not in reply:
            return None
        state = reply.pop("state")
        return _json(state), _json(reply)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def _instant(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
