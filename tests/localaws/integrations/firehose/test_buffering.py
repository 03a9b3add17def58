"""When buffered records are delivered."""

from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.integrations.firehose.buffering import NEVER, Buffer, Hints

ARRIVALS = st.lists(st.tuples(st.integers(0, 40), st.floats(0, 30)), max_size=60)


@given(ARRIVALS, st.integers(1, 100), st.floats(0, 60))
def test_every_record_is_delivered_once_in_order_within_size_and_time(
    arrivals: list[tuple[int, float]], size: int, seconds: float
) -> None:
    """[BC] SizeInMBs and IntervalInSeconds: whichever comes first."""
    hints, buffer, now = Hints(size, seconds), Buffer[int](), 0.0
    delivered: list[list[int]] = []

    def deliver(moment: float) -> None:
        nonlocal buffer
        if buffer.due_at(hints) <= moment:
            assert buffer.size >= hints.size or moment >= buffer.since + hints.seconds
            delivered.append(buffer.items)
            buffer = Buffer()

    for index, (length, pause) in enumerate(arrivals):
        due = buffer.due_at(hints)
        if due <= now + pause:
            deliver(due)
        now += pause
        buffer.add(index, length, now)
        deliver(now)
    delivered += [buffer.items] if buffer.items else []
    assert [index for batch in delivered for index in batch] == list(range(len(arrivals)))
    for batch in delivered:
        assert sum(arrivals[index][0] for index in batch[:-1]) < hints.size
        began = sum(pause for _, pause in arrivals[: batch[0] + 1])
        ended = sum(pause for _, pause in arrivals[: batch[-1] + 1])
        assert ended - began <= hints.seconds + 1e-6


def test_an_empty_buffer_is_never_due() -> None:
    assert Buffer[int]().due_at(Hints(1, 0)) == NEVER
