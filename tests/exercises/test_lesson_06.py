"""Lesson 06's check of "report or raise" plays Lambda; here it is held to the local AWS's rules."""

from collections import Counter
from collections.abc import Callable, Sequence, Set

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.exercises.lesson_06.checks import deliver
from workbook.localaws.mapping import retry
from workbook.localaws.mapping.event import Entry
from workbook.localaws.mapping.partial import Failed, FailedFrom, Succeeded
from workbook.localaws.mapping.retry import Piece
from workbook.localaws.mapping.settings import Settings

Reply = Callable[[int, int | None], str]
REPLIES: dict[str, Reply] = {
    "always report": lambda size, place: "done" if place is None else "report",
    "always raise": lambda size, place: "done" if place is None else "raise",
    "raise when nothing is done": lambda size, place: (
        "done" if place is None else "report" if place else "raise"
    ),
    "report the first, raise for others": lambda size, place: (
        "done" if place is None else "raise" if place else "report"
    ),
    "swallow": lambda size, place: "done",
}


def verdict(said: str, place: int | None) -> Succeeded | Failed | FailedFrom:
    """Return what the local AWS makes of a reply."""
    if said == "report":
        assert place is not None
        return FailedFrom(place)
    return Succeeded() if said == "done" else Failed()


def deliver_by_retry(
    reply: Reply, batch: Sequence[int], bad: Set[int], retries: int
) -> tuple[int, Counter[int], list[int]]:
    """The same as ``deliver``, by what decides in the local AWS."""
    policy = Settings(retries=retries, bisect=True)
    invocations = 0
    written: Counter[int] = Counter()
    given_up: list[int] = []
    pieces = [Piece([Entry(number, 0.0, b"") for number in batch])]
    while pieces:
        piece = pieces.pop(0)
        numbers = [entry.sequence_number for entry in piece.entries]
        place = next((i for i, number in enumerate(numbers) if number in bad), None)
        invocations += 1
        written.update(numbers[:place])
        step = retry.after_reply(piece, verdict(reply(len(numbers), place), place), policy)
        if step.given_up:
            given_up += (entry.sequence_number for entry in step.given_up.entries)
        pieces[:0] = step.again
    return invocations, written, given_up


@given(
    name=st.sampled_from(sorted(REPLIES)),
    size=st.integers(1, 40),
    bad=st.sets(st.integers(0, 39)),
    retries=st.integers(0, 4),
)
def test_the_check_delivers_as_the_local_aws_does(
    name: str, size: int, bad: set[int], retries: int
) -> None:
    batch = list(range(size))
    expected = deliver_by_retry(REPLIES[name], batch, bad, retries)
    assert deliver(REPLIES[name], batch, bad, retries) == expected


def test_a_reply_that_is_none_of_the_three_is_refused() -> None:
    with pytest.raises(ValueError, match="'stop' for a batch of 8 with the first bad at 3"):
        deliver(lambda size, place: "stop", range(8), {3}, 0)
    with pytest.raises(ValueError, match="first bad at None"):
        deliver(lambda size, place: "report", range(8), set(), 0)
