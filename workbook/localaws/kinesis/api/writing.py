"""PutRecord and PutRecords."""

from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.kinesis import reshard, sequence
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.errors import invalid, refused, throttled
from workbook.localaws.kinesis.hashkeys import SPACE, hash_key
from workbook.localaws.kinesis.limits import MIB
from workbook.localaws.kinesis.shard import Shard
from workbook.localaws.kinesis.stream import BY_KEY, ON_DEMAND, Stream

MAX_REQUEST_BYTES = 10 * MIB  # of one PutRecords, keys included [KD]
KIB = 1024

Entry = dict[str, Any]


def put_record(call: Call) -> dict[str, Any]:
    """Write one record, unless the shard throttles it."""
    stream = call.usable_stream()
    entry = call.parameters
    _check_ordering(call, stream)
    _grow(call, stream)
    shard, key, size = _place(stream, entry, "")
    call.end_dry_run()
    stream.demand.count(1, size)
    taken = not call.limits or shard.writes.admit(size, call.now)
    call.meter.put_record(stream, shard, size, taken)
    if not taken:
        raise throttled(shard.id, stream.name)
    number = shard.append(key, entry["Data"], call.now)
    return _with_encryption(call, stream, {"ShardId": shard.id, "SequenceNumber": str(number)})


def put_records(call: Call) -> dict[str, Any]:
    """Write up to 500 records; only those that a shard throttles fail."""
    stream = call.usable_stream()
    entries = call.parameters["Records"]
    _grow(call, stream)
    placed = [
        _place(stream, entry, f"records.{number}.member.")
        for number, entry in enumerate(entries, 1)
    ]
    total = sum(size for _, _, size in placed)
    if total > MAX_REQUEST_BYTES:
        raise invalid(f"Records size exceeds {MAX_REQUEST_BYTES // MIB} MB limit")
    call.end_dry_run()
    stream.demand.count(len(entries), total)
    results = []
    taken = taken_bytes = 0
    now, limits, monitored = call.now, call.limits, bool(stream.shard_level_metrics)
    for entry, (shard, key, size) in zip(entries, placed, strict=True):
        admitted = not limits or shard.writes.admit(size, now)
        if monitored:
            call.meter.put_in_shard(stream, shard, size, admitted)
        if not admitted:
            error = throttled(shard.id, stream.name)
            results.append({"ErrorCode": error.code, "ErrorMessage": error.message})
            continue
        number = shard.append(key, entry["Data"], now)
        results.append({"SequenceNumber": str(number), "ShardId": shard.id})
        taken += 1
        taken_bytes += size
    call.meter.put_records(stream, len(entries), taken, taken_bytes)
    answer = {"FailedRecordCount": len(entries) - taken, "Records": results}
    return _with_encryption(call, stream, answer)


def _place(stream: Stream, entry: Entry, path: str) -> tuple[Shard, str, int]:
    """Return a record's shard, its partition key, and its size in bytes, key included.

    Raises:
        ApiError: it has no key or a hash key out of range, or is too large for the stream.
    """
    key = entry.get("PartitionKey", "")
    if not key and stream.distribution == BY_KEY:
        raise refused(
            f"1 validation error detected: Value null at '{path}partitionKey' failed to satisfy "
            "constraint: Member must not be null"
        )
    encoded = key.encode()
    size = len(entry["Data"]) + len(encoded)
    if size > stream.max_record_kib * KIB:
        raise refused(
            f"1 validation error detected: Value at '{path}data' failed to satisfy constraint: "
            f"Member must have length less than or equal to {stream.max_record_kib * KIB}"
        )
    if stream.distribution != BY_KEY:
        return stream.next_shard(), key, size
    explicit = entry.get("ExplicitHashKey")
    if explicit is None:
        return stream.shard_for(hash_key(encoded)), key, size
    if int(explicit) >= SPACE:
        raise invalid(
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {explicit}"
        )
    return stream.shard_for(int(explicit)), key, size


def _check_ordering(call: Call, stream: Stream) -> None:
    """Refuse a SequenceNumberForOrdering that was never assigned [KL].

    The order that it asks for always holds: a shard's sequence numbers only increase.
    """
    text = call.parameters.get("SequenceNumberForOrdering")
    if text is None:
        return
    parts = sequence.parts(int(text))
    if parts is None or parts.second > call.now:
        raise invalid(
            f"ExclusiveMinimumSequenceNumber {text} used in PutRecord on stream {stream.name} "
            f"under account {ACCOUNT_ID} is invalid."
        )


def _with_encryption(call: Call, stream: Stream, answer: dict[str, Any]) -> dict[str, Any]:
    if stream.key_id(call.now) is not None:
        answer["EncryptionType"] = "KMS"
    return answer


def _grow(call: Call, stream: Stream) -> None:
    """Add shards to an on-demand stream if its traffic so far calls for them."""
    if stream.mode != ON_DEMAND:
        return
    open_shards = len(stream.open_shards)
    target = stream.demand.target(open_shards, call.now)
    if target > open_shards:
        reshard.scale(stream, target, call.now)
        call.begin_update(stream)
