"""Retries, back-off, ages and bisection, as decisions about values."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.mapping.event import Entry
from workbook.localaws.mapping.partial import Failed, FailedFrom, Succeeded, Verdict
from workbook.localaws.mapping.retry import (
    Piece,
    after_refusal,
    after_reply,
    backoff,
    cut_aged,
    halves,
)
from workbook.localaws.mapping.settings import Settings


def entries(count: int, arrived: float = 0.0) -> list[Entry]:
    return [Entry(number, arrived, b"{}") for number in range(count)]


def numbers(piece: Piece) -> list[int]:
    return [entry.sequence_number for entry in piece.entries]


def play(
    count: int, settings: Settings, judge: Callable[[list[int]], Verdict]
) -> tuple[list[list[int]], list[int], list[tuple[list[int], int]]]:
    """Run a batch to its end; return invocations, records done, and records given up."""
    pieces, calls, done, lost = [Piece(entries(count))], [], [], []
    while pieces:
        piece = pieces.pop(0)
        calls.append(numbers(piece))
        step = after_reply(piece, judge(numbers(piece)), settings)
        done += [entry.sequence_number for entry in step.done]
        if step.given_up:
            lost.append((numbers(step.given_up), step.given_up.attempts))
        pieces[:0] = step.again
    return calls, done, lost


@given(st.integers(0, 20), st.integers(1, 20))
def test_n_retries_give_n_plus_one_invocations(retries: int, size: int) -> None:
    """[OBS] MaximumRetryAttempts N, approximateInvokeCount N + 1; the whole batch is given up."""
    calls, done, lost = play(size, Settings(retries=retries), lambda _: Failed())
    assert calls == [list(range(size))] * (retries + 1)
    assert done == []
    assert lost == [(list(range(size)), retries + 1)]


def test_without_a_limit_a_batch_is_retried_forever() -> None:
    """[DG:services-kinesis-parameters] -1, the default."""
    piece = Piece(entries(3))
    for _ in range(1000):
        step = after_reply(piece, Failed(), Settings())
        assert step.given_up is None
        (piece,) = step.again
    assert piece.attempts == 1000


@given(st.integers(0, 3), st.integers(1, 30))
def test_throttles_and_service_errors_use_up_no_retry(retries: int, refusals: int) -> None:
    """[DG:kinesis-on-failure-destination] Throttles and service errors."""
    piece = Piece(entries(2))
    for _ in range(refusals):
        step = after_refusal(piece)
        assert step.given_up is None
        assert step.pause > 0
        (piece,) = step.again
    assert piece.attempts == 0
    for _ in range(retries):
        (piece,) = after_reply(piece, Failed(), Settings(retries=retries)).again
    assert after_reply(piece, Failed(), Settings(retries=retries)).given_up is not None


def test_backoff_doubles_from_a_second_up_to_twelve() -> None:
    """[?] AWS does not document it."""
    assert [backoff(pauses) for pauses in range(7)] == [1, 2, 4, 8, 12, 12, 12]
    assert backoff(100_000) == 12


def test_backoff_gives_the_recorded_eight_invocations_in_sixty_seconds() -> None:
    """[OBS] Always failing, age limit 60 s, no retry limit: approximateInvokeCount 8."""
    moment, invocations = 1.0, 0  # the first poll after the record arrived
    while moment < 60:
        moment += backoff(invocations)
        invocations += 1
    assert invocations == 8


@given(st.integers(2, 100))
def test_two_halves_make_up_the_batch_in_order(size: int) -> None:
    """[DG:kinesis-on-failure-destination] Two smaller batches, nothing lost."""
    first, second = halves(list(range(size)))
    assert [*first, *second] == list(range(size))
    assert 0 <= len(first) - len(second) <= 1


@given(st.integers(1, 40), st.sets(st.integers(0, 39)), st.integers(0, 4))
def test_bisecting_finds_just_the_poison_records(size: int, poison: set[int], retries: int) -> None:
    """[DG:kinesis-on-failure-destination] Splitting uses no retry; each alone has N + 1."""
    poison = {number for number in poison if number < size}

    def judge(batch: list[int]) -> Verdict:
        return Failed() if poison & set(batch) else Succeeded()

    calls, done, lost = play(size, Settings(retries=retries, bisect=True), judge)
    assert sorted(done) == sorted(set(range(size)) - poison)
    assert lost == [([number], retries + 1) for number in sorted(poison)]
    for number in poison:
        assert calls.count([number]) == retries + 1


def test_bisecting_with_no_retries_still_invokes_several_times() -> None:
    """[DG:kinesis-on-failure-destination] MaximumRetryAttempts 0 with bisect."""

    def judge(batch: list[int]) -> Verdict:
        return Failed() if 3 in batch else Succeeded()

    calls, _, lost = play(4, Settings(retries=0, bisect=True), judge)
    assert calls == [[0, 1, 2, 3], [0, 1], [2, 3], [2], [3]]
    assert lost == [([3], 1)]


def test_progress_restarts_the_retries() -> None:
    """[OBS] Limit 3: the bad third record is seen 5 times, and approximateInvokeCount is 4."""

    def judge(batch: list[int]) -> Verdict:
        return FailedFrom(batch.index(2))

    calls, done, lost = play(3, Settings(retries=3), judge)
    assert calls == [[0, 1, 2], [2], [2], [2], [2]]
    assert done == [0, 1]
    assert lost == [([2], 4)]


def test_a_partial_response_with_bisect_cuts_at_the_record() -> None:
    """[DG:services-kinesis-batchfailurereporting] Only the rest is retried, and not halved."""
    step = after_reply(Piece(entries(8)), FailedFrom(3), Settings(retries=5, bisect=True))
    assert [entry.sequence_number for entry in step.done] == [0, 1, 2]
    assert [numbers(piece) for piece in step.again] == [[3, 4, 5, 6, 7]]
    step = after_reply(step.again[0], FailedFrom(0), Settings(retries=5, bisect=True))
    assert [numbers(piece) for piece in step.again] == [[3, 4, 5, 6, 7]]


def test_an_invocation_error_with_bisect_and_partial_responses_halves() -> None:
    """[DG:services-kinesis-batchfailurereporting]"""
    step = after_reply(Piece(entries(5)), Failed(), Settings(retries=5, bisect=True))
    assert [numbers(piece) for piece in step.again] == [[0, 1, 2], [3, 4]]


@given(st.lists(st.floats(0, 100)), st.floats(0, 100))
def test_only_records_at_the_front_are_too_old(arrivals: list[float], oldest: float) -> None:
    """[OBS] Age is per record: old ones are cut off the front, younger ones are delivered."""
    arrivals.sort()
    batch = [Entry(number, arrived, b"{}") for number, arrived in enumerate(arrivals)]
    cut = cut_aged(batch, oldest)
    assert [entry.arrived >= oldest for entry in batch] == [False] * cut + [True] * (
        len(batch) - cut
    )
