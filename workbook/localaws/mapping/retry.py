"""What happens to a batch after an invocation, and when [DG:kinesis-on-failure-destination]."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from workbook.localaws.mapping.event import Entry
from workbook.localaws.mapping.partial import FailedFrom, Succeeded, Verdict

T = TypeVar("T")
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 12.0


class Policy(Protocol):
    """The settings that decide about retries; see ``settings.Settings``."""

    @property
    def retries(self) -> int:
        """MaximumRetryAttempts; -1 is without end."""
        ...

    @property
    def bisect(self) -> bool:
        """BisectBatchOnFunctionError."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """A batch, or what is left of one, that is yet to be done.

    Args:
        entries: its records, in order.
        attempts: invocations that failed and count: what MaximumRetryAttempts limits.
        pauses: pauses made so far, which decide how long the next one is.
    """

    entries: Sequence[Entry]
    attempts: int = 0
    pauses: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from an invocation: who is done, who is given up, who is tried again, and
    after how many seconds."""

    done: Sequence[Entry]
    again: tuple[Piece, ...] = ()
    given_up: Piece | None = None
    pause: float = 0.0


def backoff(pauses: int) -> float:
    """Seconds until the next try, after so many pauses: 1, 2, 4, 8, then always 12.

    AWS does not document its back-off [?].  With this one, a function that always fails under an
    age limit of 60 s is invoked 8 times, which is what was recorded on AWS [OBS].
    """
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(pauses, 10))


def after_refusal(piece: Piece) -> Step:
    """The function did not run (throttled, deleted, broken down): this uses up no retry."""
    again = replace(piece, pauses=piece.pauses + 1)
    return Step((), (again,), None, backoff(piece.pauses))


def after_reply(piece: Piece, verdict: Verdict, policy: Policy) -> Step:
    """The function ran.

    Progress, by a partial response or by cutting the batch in two, restarts what is left with
    all its retries [OBS]; splitting uses none.
    """
    match verdict:
        case Succeeded():
            return Step(piece.entries)
        case FailedFrom(index) if index > 0:
            done, rest = piece.entries[:index], piece.entries[index:]
            return Step(done, (Piece(rest),), None, backoff(0))
    if policy.bisect and len(piece.entries) > 1 and not isinstance(verdict, FailedFrom):
        first, second = halves(piece.entries)
        return Step((), (replace(piece, entries=first), replace(piece, entries=second)))
    failed = replace(piece, attempts=piece.attempts + 1, pauses=piece.pauses + 1)
    if 0 <= policy.retries < failed.attempts:
        return Step((), (), failed)
    return Step((), (failed,), None, backoff(piece.pauses))


def halves(batch: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """BisectBatchOnFunctionError: both halves of a batch of at least two, in order.

    The first is never the smaller.
    """
    middle = (len(batch) + 1) // 2
    return batch[:middle], batch[middle:]


def cut_aged(entries: Sequence[Entry], oldest: float) -> int:
    """How many records at the front of a batch arrived before ``oldest``: they are too old [OBS].

    Age is per record: the younger ones behind are still delivered.
    """
    for index, entry in enumerate(entries):
        if entry.arrived >= oldest:
            return index
    return len(entries)
