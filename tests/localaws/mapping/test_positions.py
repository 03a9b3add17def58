"""Checkpoints, starting positions, and parents before children."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.interfaces import (
    AfterSequenceNumber,
    AtTimestamp,
    Latest,
    Position,
    ShardInfo,
    TrimHorizon,
)
from workbook.localaws.mapping.positions import Checkpoint, readable, starting_position


@given(st.permutations(range(1, 12)), st.data())
def test_the_checkpoint_is_just_before_the_lowest_unfinished_record(
    order: list[int], data: st.DataObject
) -> None:
    """[DG:with-kinesis] However many batches of a shard finish, in whatever order."""
    checkpoint = Checkpoint(TrimHorizon())
    for number in sorted(order):
        assert checkpoint.begin(number)
    finished: set[int] = set()
    while order:
        cut = data.draw(st.integers(1, len(order)))
        checkpoint.finish(order[:cut])
        finished |= set(order[:cut])
        order = order[cut:]
        lowest = next(number for number in range(1, 13) if number not in finished)
        expected: Position = TrimHorizon() if lowest == 1 else AfterSequenceNumber(lowest - 1)
        assert checkpoint.position == expected


def test_records_finished_beyond_the_checkpoint_are_not_repeated_after_a_restart() -> None:
    """[DG:with-kinesis] Disable and enable, or update: the position is kept."""
    checkpoint = Checkpoint(TrimHorizon())
    for number in (1, 2, 3, 4):
        checkpoint.begin(number)
    checkpoint.finish([1, 3])
    checkpoint.restart()
    assert checkpoint.position == AfterSequenceNumber(1)
    assert [number for number in (2, 3, 4) if checkpoint.begin(number)] == [2, 4]
    checkpoint.finish([2, 4])
    assert checkpoint.position == AfterSequenceNumber(4)


def test_reading_nothing_moves_the_checkpoint_only_when_nothing_is_unfinished() -> None:
    """So that LATEST, once read, keeps the position of that time."""
    checkpoint = Checkpoint(Latest())
    checkpoint.reach(AfterSequenceNumber(5))
    assert checkpoint.position == AfterSequenceNumber(5)
    checkpoint.begin(6)
    checkpoint.reach(AfterSequenceNumber(6))
    assert checkpoint.position == AfterSequenceNumber(5)


@pytest.mark.parametrize(
    ("name", "timestamp", "position"),
    [
        ("TRIM_HORIZON", None, TrimHorizon()),
        ("LATEST", None, Latest()),
        ("AT_TIMESTAMP", 12.5, AtTimestamp(12.5)),
    ],
)
def test_children_of_a_shard_that_was_read_start_at_their_first_record(
    name: str, timestamp: float | None, position: Position
) -> None:
    """[design rule] With LATEST or AT_TIMESTAMP, data would be lost otherwise."""
    assert starting_position(name, timestamp, is_child=False) == position
    assert starting_position(name, timestamp, is_child=True) == TrimHorizon()


def test_parents_are_read_to_the_end_before_their_children() -> None:
    """[design rule] Splits and merges; an expired parent blocks nothing."""
    shards = [
        ShardInfo("0", ()),
        ShardInfo("1", ()),
        ShardInfo("2", ("0",)),
        ShardInfo("3", ("0",)),
        ShardInfo("4", ("3", "1")),
        ShardInfo("5", ("expired",)),
    ]
    assert readable(shards, set()) == ["0", "1", "5"]
    assert readable(shards, {"0"}) == ["1", "2", "3", "5"]
    assert readable(shards, {"0", "3"}) == ["1", "2", "5"]
    assert readable(shards, {"0", "3", "1"}) == ["2", "4", "5"]
