"""A reader's starting position: AWS's five iterator types, as counters of a shard."""

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.interfaces import (
    AfterSequenceNumber,
    AtTimestamp,
    Latest,
    Position,
    TrimHorizon,
)
from workbook.localaws.kinesis import sequence
from workbook.localaws.kinesis.errors import could_not_find_shard, invalid, no_shard
from workbook.localaws.kinesis.shard import Shard
from workbook.localaws.kinesis.stream import Stream

_BY_NUMBER = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")


def counter_at(shard: Shard, position: Position) -> int:
    """Return the counter of the first record to read."""
    match position:
        case TrimHorizon():
            return 0
        case Latest():
            return shard.end
        case AtTimestamp(seconds):
            return shard.horizon(seconds)
        case AfterSequenceNumber(number):
            parts = sequence.parts(number)
            return parts.counter + 1 if parts is not None else 0


def starting_counter(
    stream: Stream,
    shard: Shard,
    kind: str,
    number: str | None,
    timestamp: float | None,
    now: float,
) -> int:
    """Return the counter of the first record to read, for GetShardIterator and SubscribeToShard.

    Args:
        stream, shard: what is read.
        kind: ``TRIM_HORIZON``, ``LATEST``, ``AT_TIMESTAMP``, ``AT_SEQUENCE_NUMBER`` or
            ``AFTER_SEQUENCE_NUMBER``.
        number: the sequence number, for the kinds that need one.
        timestamp: seconds since the epoch, for AT_TIMESTAMP.
        now: seconds since the epoch.

    Raises:
        ApiError: a required argument is missing, is not of this shard, or is in the future [KL].
    """
    if (number is None) == (kind in _BY_NUMBER):
        raise invalid(
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
            "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
            f"Request specified {kind} and "
            f"{'no' if number is None else 'also a'} StartingSequenceNumber."
        )
    if number is not None:
        counter = _counter(stream, shard, number)
        return counter if kind == "AT_SEQUENCE_NUMBER" else counter + 1
    if kind == "AT_TIMESTAMP":
        return counter_at(shard, _at(timestamp, now))
    return counter_at(shard, Latest() if kind == "LATEST" else TrimHorizon())


def _at(timestamp: float | None, now: float) -> Position:
    if timestamp is None:
        raise invalid(
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. "
            "Current request has no timestamp parameter."
        )
    if timestamp > now:
        raise invalid(
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
            f"timestampInMillis: {int(timestamp * 1000)}, "
            f"currentTimestampInMillis: {int(now * 1000)}"
        )
    return AtTimestamp(timestamp)


def _counter(stream: Stream, shard: Shard, number: str) -> int:
    parts = sequence.parts(int(number))
    used = (
        f"StartingSequenceNumber {number} used in GetShardIterator on shard {shard.id} in stream "
        f"{stream.name} under account {ACCOUNT_ID} is invalid"
    )
    if parts is None:
        raise invalid(f"{used}.")
    if parts.shard_index != shard.index:
        raise invalid(
            f"Invalid StartingSequenceNumber. It encodes shardId-{parts.shard_index:012d}, "
            f"while it was used in a call to a shard with {shard.id}"
        )
    if parts.created != shard.created:
        raise invalid(f"{used} because it did not come from this stream.")
    return parts.counter


def find_shard(stream: Stream, text: str) -> Shard:
    """Return the shard that a call names.

    Raises:
        ApiError: it does not exist.
    """
    found = shard_id(text, stream.name)
    if found not in stream.shards:
        raise no_shard(found, stream.name)
    return stream.shards[found]


def shard_id(text: str, stream: str) -> str:
    """Return the full ID of a shard; AWS also accepts the number alone [KL].

    Raises:
        ApiError: ``text`` is neither.
    """
    number = text.removeprefix("shardId-")
    if not number.isdecimal() or int(number) >= 1 << 31:
        raise could_not_find_shard(text, stream)
    return f"shardId-{int(number):012d}"
