"""A mapping's position in a stream: the shards to read, where to start, and the checkpoint."""

from collections import deque
from collections.abc import Collection, Iterable

from workbook.localaws.interfaces import (
    AfterSequenceNumber,
    AtTimestamp,
    Latest,
    Position,
    ShardInfo,
    TrimHorizon,
)


def readable(shards: Iterable[ShardInfo], ended: Collection[str]) -> list[str]:
    """Return the shards to read now: a child only after its parents have ended [design rule].

    Args:
        shards: all shards that the stream lists, which do not include expired parents.
        ended: the shards that were read to their end.
    """
    listed = {shard.shard_id: shard for shard in shards}
    return [
        shard_id
        for shard_id, shard in listed.items()
        if shard_id not in ended
        and all(parent in ended or parent not in listed for parent in shard.parents)
    ]


def starting_position(name: str, timestamp: float | None, *, is_child: bool) -> Position:
    """Return where to start in a shard.

    Args:
        name: the mapping's StartingPosition.
        timestamp: its StartingPositionTimestamp, for AT_TIMESTAMP.
        is_child: whether a parent of the shard was read: the shard is then read from its start, or
            records would be lost [design rule].
    """
    if is_child or name == "TRIM_HORIZON":
        return TrimHorizon()
    if name == "LATEST":
        return Latest()
    assert timestamp is not None
    return AtTimestamp(timestamp)


class Checkpoint:
    """The position in a shard before which every record is finished.

    Several batches of a shard may be in progress at once (ParallelizationFactor); the checkpoint is
    just before the first record that is not finished.

    Args:
        position: where to start.
    """

    def __init__(self, position: Position) -> None:
        self.position = position
        self._pending: deque[int] = deque()
        self._finished: set[int] = set()

    def begin(self, sequence_number: int) -> bool:
        """Note that a record was read; return false if it was finished before a restart."""
        self._pending.append(sequence_number)
        return sequence_number not in self._finished

    def finish(self, sequence_numbers: Iterable[int]) -> None:
        """Note records that are done with: delivered, filtered out or given up."""
        self._finished.update(sequence_numbers)
        passed = None
        while self._pending and self._pending[0] in self._finished:
            passed = self._pending.popleft()
            self._finished.discard(passed)
        if passed is not None:
            self.position = AfterSequenceNumber(passed)

    def reach(self, position: Position) -> None:
        """Note how far reading has come: the checkpoint, if all before it is finished."""
        if not self._pending:
            self.position = position

    def restart(self) -> None:
        """Resume reading at the checkpoint; records finished beyond it remain finished."""
        self._pending.clear()
