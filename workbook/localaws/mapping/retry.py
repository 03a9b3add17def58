"""Decide how a batch continues after an invocation [DG:kinesis-on-failure-destination]."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from workbook.localaws.mapping.event import Entry
from workbook.localaws.mapping.partial import FailedFrom, Succeeded, Verdict
from workbook.localaws.mapping.settings import Settings

T = TypeVar("T")
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 12.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A batch, or the unfinished rest of one.

    Args:
        entries: its records, in order.
        attempts: the number of failed invocations that count towards MaximumRetryAttempts.
        pauses: the number of pauses so far, which determines the length of the next.
    """

    entries: Sequence[Entry]
    attempts: int = 0
    pauses: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """The consequences of an invocation.

    Args:
        done: the records that are done with.
        again: the pieces to retry, in order.
        given_up: a piece that is not retried.
        pause: the seconds to wait before the next attempt.
    """

    done: Sequence[Entry]
    again: tuple[Piece, ...] = ()
    given_up: Piece | None = None
    pause: float = 0.0


def backoff(pauses: int) -> float:
    """Return the pause in seconds after ``pauses`` earlier ones: 1, 2, 4, 8, then always 12.

    AWS does not document its back-off [?]. With this one, a function that always fails under an age
    limit of 60 s is invoked 8 times, as recorded on AWS [OBS].
    """
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(pauses, 10))


def after_refusal(piece: Piece) -> Step:
    """Return the step after the function could not run (throttled, deleted, internal fault).

    It uses up no retry.
    """
    again = replace(piece, pauses=piece.pauses + 1)
    return Step((), (again,), None, backoff(piece.pauses))


def after_reply(piece: Piece, verdict: Verdict, settings: Settings) -> Step:
    """Return the step after the function ran.

    Progress, by a partial response or by splitting the batch in two, gives the rest all its retries
    again [OBS]; splitting uses none. If the first record of a batch is reported, there is no
    progress, and the batch is not split, even with BisectBatchOnFunctionError [?].
    """
    match verdict:
        case Succeeded():
            return Step(piece.entries)
        case FailedFrom(index) if index > 0:
            done, rest = piece.entries[:index], piece.entries[index:]
            return Step(done, (Piece(rest),), None, backoff(0))
    if settings.bisect and len(piece.entries) > 1 and not isinstance(verdict, FailedFrom):
        first, second = halves(piece.entries)
        return Step((), (replace(piece, entries=first), replace(piece, entries=second)))
    failed = replace(piece, attempts=piece.attempts + 1, pauses=piece.pauses + 1)
    if 0 <= settings.retries < failed.attempts:
        return Step((), (), failed)
    return Step((), (failed,), None, backoff(piece.pauses))


def halves(batch: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Return both halves of a batch of at least two, in order; the first is never smaller."""
    middle = (len(batch) + 1) // 2
    return batch[:middle], batch[middle:]


def cut_aged(entries: Sequence[Entry], oldest: float) -> int:
    """Return how many records at the front of a batch arrived before ``oldest`` [OBS].

    Age is per record: younger records behind them are still delivered.
    """
    for index, entry in enumerate(entries):
        if entry.arrived >= oldest:
            return index
    return len(entries)
