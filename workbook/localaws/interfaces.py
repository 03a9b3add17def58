"""The two doors through which an event source mapping sees the rest of the local AWS.

*Read records after a checkpoint* (``StreamSource``) is kept by ``kinesis``; *invoke with this
event* (``FunctionTarget``) by ``functions``.  Neither knows of the other, nor of mappings.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a shard.

    ``sequence_number`` is the integer behind AWS's decimal string; ``arrived`` is the approximate
    arrival time in seconds since the epoch.
    """

    sequence_number: int
    partition_key: str
    data: bytes
    arrived: float


@dataclass(frozen=True, slots=True)
class TrimHorizon:
    """The oldest record that the stream still keeps."""


@dataclass(frozen=True, slots=True)
class Latest:
    """Just after the newest record at the moment of the first read."""


@dataclass(frozen=True, slots=True)
class AtTimestamp:
    """The first record that arrived at or after ``seconds`` since the epoch."""

    seconds: float


@dataclass(frozen=True, slots=True)
class AfterSequenceNumber:
    """Just after the record with this number."""

    sequence_number: int


Position = TrimHorizon | Latest | AtTimestamp | AfterSequenceNumber


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """A shard and where it comes from: no parents, one (a split) or two (a merge)."""

    shard_id: str
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What one read of a shard gave.

    ``position`` is where the next read goes on (always an exact one once the shard was read, so
    that a mapping that started at LATEST misses nothing).  ``closed`` is true when the shard is
    closed and this read reached its end.
    """

    records: list[Record]
    position: Position
    millis_behind_latest: int
    closed: bool


class ReadThrottledError(Exception):
    """The shard's read limits (2 MB/s, 5 calls/s) are used up; try again later."""


class SourceGoneError(Exception):
    """The stream (or its consumer) was deleted."""


class StreamSource(Protocol):
    """A stream, as its readers see it."""

    arn: str

    def shards(self) -> list[ShardInfo]:
        """Every shard that is not expired, open and closed, oldest first."""
        ...

    def oldest(self) -> float:
        """Records that arrived before this moment have expired; in seconds since the epoch.

        Raises:
            SourceGoneError: the stream was deleted.
        """
        ...

    def read(self, shard_id: str, position: Position, limit: int) -> ReadResult:
        """Up to ``limit`` records (and 10 MB) from ``position`` on.

        Raises:
            ReadThrottledError: over the shard's read limits.
            SourceGoneError: the stream was deleted.
        """
        ...


class Streams(Protocol):
    """All streams, as an event source mapping finds its own."""

    def source(self, arn: str) -> StreamSource:
        """The stream with this ARN, or the one that the consumer with this ARN reads.

        Raises:
            SourceGoneError: there is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Invocation:
    """How an invocation ended.

    ``function_error`` is None for a success, else AWS's ``Unhandled``; ``payload`` is the reply or
    the error document, as JSON.
    """

    request_id: str
    payload: bytes
    function_error: str | None
    executed_version: str


class InvokeThrottledError(Exception):
    """No concurrency is left for the function (AWS: 429 TooManyRequestsException)."""


class FunctionGoneError(Exception):
    """The function, version or alias does not exist."""


class FunctionTarget(Protocol):
    """Lambda functions, as an event source sees them."""

    def resolve(self, name_or_arn: str, region: str) -> str:
        """The ARN (with its qualifier, if one was given) of a function that exists.

        ``name_or_arn`` is what the Lambda API takes: a name, ``name:qualifier``, a partial or a
        full ARN.

        Raises:
            FunctionGoneError: it does not.
        """
        ...

    def role(self, function_arn: str) -> str:
        """The execution role's ARN: ``invokeIdentityArn`` in the records of an event.

        Raises:
            FunctionGoneError: the function was deleted.
        """
        ...

    async def invoke(self, function_arn: str, event: bytes) -> Invocation:
        """Invoke synchronously with a JSON event and wait for the end.

        Raises:
            InvokeThrottledError: no concurrency is left.
            FunctionGoneError: the function was deleted.
        """
        ...
