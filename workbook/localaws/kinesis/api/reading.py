"""GetShardIterator and GetRecords."""

from typing import Any

from workbook.localaws.interfaces import Record
from workbook.localaws.kinesis.api.shards import describe_children
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.errors import no_shard, throttled
from workbook.localaws.kinesis.iterators import Iterator
from workbook.localaws.kinesis.metering import total_bytes
from workbook.localaws.kinesis.positions import find_shard, starting_counter
from workbook.localaws.kinesis.shard import Shard
from workbook.localaws.kinesis.stream import Stream

MAX_RECORDS = 10_000  # of one GetRecords


def get_shard_iterator(call: Call) -> dict[str, Any]:
    """Return a shard iterator for the requested starting position."""
    parameters = call.parameters
    stream = call.usable_stream()
    shard = find_shard(stream, parameters["ShardId"])
    if call.limits:
        if not shard.iterators.has(1, call.now):
            raise throttled(shard.id, stream.name)
        shard.iterators.take(1)
    counter = starting_counter(
        stream,
        shard,
        parameters["ShardIteratorType"],
        parameters.get("StartingSequenceNumber"),
        parameters.get("Timestamp"),
        call.now,
    )
    call.end_dry_run()
    return {"ShardIterator": _iterator(call, stream, shard, counter)}


def _iterator(call: Call, stream: Stream, shard: Shard, counter: int) -> str:
    return call.seal.iterator(Iterator(call.now, counter, stream.created, shard.index, stream.name))


def get_records(call: Call) -> dict[str, Any]:
    """Return the records at an iterator, and the next iterator.

    At the end of a closed shard, the answer lists the child shards instead of an iterator.
    """
    iterator = call.seal.open_iterator(call.parameters["ShardIterator"], call.now)
    stream, shard = _find(call, iterator)
    call.end_dry_run()
    if call.limits and not shard.reads.admit(call.now):
        call.meter.refused_read(stream, shard)
        raise throttled(shard.id, stream.name)
    limit = call.parameters.get("Limit", MAX_RECORDS)
    records, after, behind = stream.read(shard, iterator.counter, limit, call.now)
    shard.reads.record(total_bytes(records), call.now)
    call.meter.read(stream, shard, records, call.now)
    answer: dict[str, Any] = {
        "Records": describe_records(stream, records),
        "MillisBehindLatest": behind,
    }
    if shard.is_open or after < shard.end:
        answer["NextShardIterator"] = _iterator(call, stream, shard, after)
    else:
        answer["ChildShards"] = describe_children(stream, shard)
    return answer


def _find(call: Call, iterator: Iterator) -> tuple[Stream, Shard]:
    stream = call.region.find(iterator.stream, call.now)
    found = f"shardId-{iterator.shard_index:012d}"
    shard = stream.shards.get(found) if stream is not None else None
    if (
        stream is None
        or shard is None
        or stream.created != iterator.stream_created
        or stream.gone_at is not None
    ):
        raise no_shard(found, iterator.stream)
    return stream, shard


def describe_records(stream: Stream, records: list[Record]) -> list[dict[str, Any]]:
    """Return AWS's ``Record`` structures; only encrypted records have EncryptionType [OBS]."""
    described: list[dict[str, Any]] = [
        {
            "SequenceNumber": str(record.sequence_number),
            "ApproximateArrivalTimestamp": round(record.arrived, 3),
            "Data": record.data,
            "PartitionKey": record.partition_key,
        }
        for record in records
    ]
    if stream.encryption:
        for record, structure in zip(records, described, strict=True):
            if stream.key_id(record.arrived) is not None:
                structure["EncryptionType"] = "KMS"
    return described
