"""Lesson 06's check of "report or raise" plays Lambda; here it is held to the local AWS's rules."""

from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.exercises.lesson_06.checks import deliver
from workbook.localaws.mapping import retry
from workbook.localaws.mapping.partial import Failed, FailedFrom, Succeeded
from workbook.localaws.mapping.retry import Piece

REPLIES = {
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


def deliver_by_retry(reply, batch, bad, retries):
    """The same as ``deliver``, by what decides in the local AWS."""
    policy = SimpleNamespace(retries=retries, bisect=True)
    invocations, written, given_up = 0, Counter(), []
    pieces = [Piece(batch)]
    while pieces:
        piece = pieces.pop(0)
        place = next((i for i, record in enumerate(piece.entries) if record in bad), None)
        invocations += 1
        written.update(piece.entries[:place])
        said = reply(len(piece.entries), place)
        verdict = {"done": Succeeded(), "raise": Failed(), "report": FailedFrom(place)}[said]
        step = retry.after_reply(piece, verdict, policy)
        given_up += step.given_up.entries if step.given_up else []
        pieces[:0] = step.again
    return invocations, written, given_up


@given(
    name=st.sampled_from(sorted(REPLIES)),
    size=st.integers(1, 40),
    bad=st.sets(st.integers(0, 39)),
    retries=st.integers(0, 4),
)
def test_the_check_delivers_as_the_local_aws_does(name, size, bad, retries):
    batch = list(range(size))
    expected = deliver_by_retry(REPLIES[name], batch, bad, retries)
    assert deliver(REPLIES[name], batch, bad, retries) == expected


def test_a_reply_that_is_none_of_the_three_is_refused():
    with pytest.raises(ValueError, match="'stop' for a batch of 8 with the first bad at 3"):
        deliver(lambda size, place: "stop", range(8), {3}, 0)
    with pytest.raises(ValueError, match="first bad at None"):
        deliver(lambda size, place: "report", range(8), set(), 0)
