"""Read a partial batch response [DG:services-kinesis-batchfailurereporting, OBS]."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The whole batch is done with."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The whole batch failed."""


@dataclass(frozen=True, slots=True)
class FailedFrom:
    """Records before ``index`` are done with; that one and all after it failed."""

    index: int


Verdict = Succeeded | Failed | FailedFrom
MAX_DIGITS = 129  # of a sequence number [BC]


def verdict(payload: bytes, sequence_numbers: Sequence[int]) -> Verdict:
    """Return the verdict of a function's response, if the mapping reports batch item failures.

    A response that is neither empty nor an object with ``batchItemFailures`` fails the batch. For
    shapes that AWS does not describe (a plain string, a number), this loses nothing [?].

    Args:
        payload: the response, as JSON.
        sequence_numbers: the sequence numbers of the batch, in order.
    """
    try:
        reply = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        return Failed()
    if reply in (None, "", [], {}):
        return Succeeded()
    if not isinstance(reply, dict) or "batchItemFailures" not in reply:
        return Failed()
    failures = reply["batchItemFailures"]
    if failures is None or failures == []:
        return Succeeded()
    if not isinstance(failures, list):
        return Failed()
    places = {number: index for index, number in enumerate(sequence_numbers)}
    found = [_place(failure, places) for failure in failures]
    if any(place is None for place in found):
        return Failed()
    return FailedFrom(min(place for place in found if place is not None))


def _place(failure: Any, places: dict[int, int]) -> int | None:
    """Return the index of a reported item in the batch; compare sequence numbers as integers."""
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    if not isinstance(identifier, str) or not identifier.isdecimal():
        return None
    if len(identifier) > MAX_DIGITS:
        return None
    return places.get(int(identifier))
