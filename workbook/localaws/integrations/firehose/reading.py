"""A Kinesis stream as the source of a delivery stream."""

import logging
from collections.abc import Callable
from dataclasses import replace

from workbook.localaws.integrations.firehose.aggregation import unpacked
from workbook.localaws.integrations.firehose.context import (
    NOT_ASSUMED,
    SERVICE,
    SESSION,
    Dependencies,
    Item,
)
from workbook.localaws.interfaces import (
    AtTimestamp,
    Position,
    ReadThrottledError,
    Record,
    SourceGoneError,
    StreamSource,
)
from workbook.localaws.mapping.positions import readable

ACTIONS = (
    "DescribeStream",
    "GetShardIterator",
    "GetRecords",
)  # which the role must allow [FH:controlling-access]
READ_SECONDS = 1.0  # between reads of a shard [FH:writing-with-kinesis-streams]
READ_LIMIT = 10_000  # records per read
log = logging.getLogger(__name__)


def denial(dependencies: Dependencies, role_arn: str, stream_arn: str) -> str | None:
    """Return why a role may not read a stream; None if it may."""
    roles = dependencies.roles
    if not roles.can_be_assumed(role_arn, SERVICE):
        return NOT_ASSUMED.format(role_arn)
    for action in ACTIONS:
        if roles.denial(role_arn, SESSION, f"kinesis:{action}", stream_arn):
            return (
                f"Role {role_arn} is not authorized to perform: kinesis:{action} on resource "
                f"{stream_arn}."  # [SEEN]
            )
    return None


class Reader:
    """A delivery stream's position in its source stream.

    Each shard is read from the time at which the delivery stream was created; earlier records are
    not delivered [BC, SEEN].

    Args:
        dependencies: the rest of the local AWS.
        stream_arn: the source stream's ARN.
        role_arn: the role that reads it.
        start: when the delivery stream was created, in seconds since the epoch.
    """

    def __init__(
        self, dependencies: Dependencies, stream_arn: str, role_arn: str, start: float
    ) -> None:
        self.stream_arn = stream_arn
        self.role_arn = role_arn
        self._dependencies = dependencies
        self._start: Position = AtTimestamp(start)
        self._positions: dict[str, Position] = {}
        self._ended: set[str] = set()
        self._problem: str | None = None  # the last one logged

    async def run(self, take: Callable[[list[Item]], None], has_room: Callable[[], bool]) -> None:
        """Read each shard once a second, while there is room, without end."""
        while True:
            if has_room():
                self._read(take)
            await self._dependencies.clock.sleep(READ_SECONDS)

    def _read(self, take: Callable[[list[Item]], None]) -> None:
        """Read each shard once; never read records again that were taken."""
        problem = denial(self._dependencies, self.role_arn, self.stream_arn)
        if problem is None:
            try:
                source = self._dependencies.streams.source(self.stream_arn)
                for shard_id in readable(source.shards(), self._ended):
                    self._read_shard(source, shard_id, take)
            except SourceGoneError:  # the delivery stream stays ACTIVE, and waits [SEEN]
                problem = f"the stream {self.stream_arn} is gone"
        if problem != self._problem and problem:
            log.warning("a delivery stream cannot read: %s", problem)
        self._problem = problem

    def _read_shard(
        self, source: StreamSource, shard_id: str, take: Callable[[list[Item]], None]
    ) -> None:
        position = self._positions.get(shard_id, self._start)
        try:
            result = source.read(shard_id, position, READ_LIMIT)
        except ReadThrottledError:
            return
        take([item for record in result.records for item in _items(record, shard_id)])
        self._positions[shard_id] = result.position
        if result.closed:
            self._ended.add(shard_id)


def _items(record: Record, shard_id: str) -> list[Item]:
    """Return the record, or those that the KPL packed into it [FH:writing-with-kinesis-streams]."""
    inner = unpacked(record.data)
    if inner is None:
        return [Item(record.data, record.arrived, shard_id, record)]
    return [
        Item(one.data, record.arrived, shard_id, replace(record, **one._asdict()), place)
        for place, one in enumerate(inner)
    ]
