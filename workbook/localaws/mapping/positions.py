"""A mapping's place in a stream: the shards that it reads, their starts, its checkpoint."""

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
    """Return the shards to read now: parents to their end before their children [design rule].

    Args:
        shards: all that the stream lists; an expired parent is no longer one of them.
        ended: those read to their end.
    """
    listed = {shard.shard_id: shard for shard in shards}
    return [
        shard_id
        for shard_id, shard in listed.items()
        if shard_id not in ended
        and all(parent in ended or parent not in listed for parent in shard.parents)
    ]


def starting_position(name: str, timestamp: float | None, *, is_child: bool) -> Position:
    """Return where to begin in a shard.

    Args:
        name: the mapping's StartingPosition.
        timestamp: its StartingPositionTimestamp, with AT_TIMESTAMP.
        is_child: whether the shard came out of one that the mapping has read: it is then read
            from its beginning, else records would be lost [design rule].
    """
    if is_child or name == "TRIM_HORIZON":
        return TrimHorizon()
    if name == "LATEST":
        return Latest()
    assert timestamp is not None
    return AtTimestamp(timestamp)


class Checkpoint:
    """The place in a shard before which every record is finished.

    Several batches of a shard may be under way at once (ParallelizationFactor); the checkpoint is
    just before the lowest record that is not finished.

    Args:
        position: where to begin.
    """

    def __init__(self, position: Position) -> None:
        self.position = position
        self._pending: deque[int] = deque()
        self._finished: set[int] = set()

    def begin(self, sequence_number: int) -> bool:
        """Note a record that was read; return false if it was finished before a restart."""
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
        """Note that reading has come to ``position``, the checkpoint if all before is finished."""
        if not self._pending:
            self.position = position

    def restart(self) -> None:
        """Begin to read at the checkpoint again; what is finished beyond it stays so."""
        self._pending.clear()
