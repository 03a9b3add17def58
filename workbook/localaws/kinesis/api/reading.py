"""GetShardIterator and GetRecords."""

from binascii import b2a_base64
from typing import Any

from workbook.localaws.http import ACCOUNT_ID
from workbook.localaws.kinesis import sequence
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.errors import not_found
from workbook.localaws.kinesis.iterators import Iterator
from workbook.localaws.kinesis.region import no_stream
from workbook.localaws.kinesis.shard import Shard
from workbook.localaws.kinesis.stream import Stream

MAX_RECORDS = 10_000  # of one GetRecords


def get_shard_iterator(call: Call) -> dict[str, Any]:
    """Where to begin to read a shard."""
    stream = call.region.data_stream(call.parameters, call.now)
    shard_id = call.parameters["ShardId"]
    shard = stream.shards.get(shard_id)
    if shard is None:
        raise not_found(
            f"Shard {shard_id} in stream {stream.name} under account {ACCOUNT_ID} does not exist"
        )
    return {"ShardIterator": _iterator(call, stream, shard, _start(call, shard))}


def _start(call: Call, shard: Shard) -> int:
    match call.parameters["ShardIteratorType"]:
        case "TRIM_HORIZON":
            return 0
        case "LATEST":
            return shard.end
        case "AT_TIMESTAMP":
            return shard.horizon(call.parameters["Timestamp"])
        case "AT_SEQUENCE_NUMBER":
            return _counter(call)
        case _:
            return _counter(call) + 1


def _counter(call: Call) -> int:
    parts = sequence.parts(int(call.parameters["StartingSequenceNumber"]))
    return parts.counter if parts else 0


def _iterator(call: Call, stream: Stream, shard: Shard, counter: int) -> str:
    return call.seal.close(Iterator(call.now, counter, stream.created, shard.index, stream.name))


def get_records(call: Call) -> dict[str, Any]:
    """Records from an iterator on, and the iterator that goes on from there."""
    iterator = call.seal.open(call.parameters["ShardIterator"], call.now)
    stream = call.region.data_stream({"StreamName": iterator.stream}, call.now)
    shard = stream.shards.get(f"shardId-{iterator.shard_index:012d}")
    if shard is None or stream.created != iterator.stream_created:
        raise no_stream(stream.name)
    limit = call.parameters.get("Limit", MAX_RECORDS)
    records, after, behind = stream.read(shard, iterator.counter, limit, call.now)
    answer: dict[str, Any] = {
        "Records": [
            {
                "SequenceNumber": str(record.sequence_number),
                "ApproximateArrivalTimestamp": round(record.arrived, 3),
                "Data": b2a_base64(record.data, newline=False).decode(),
                "PartitionKey": record.partition_key,
            }
            for record in records
        ],
        "MillisBehindLatest": behind,
    }
    if shard.is_open or after < shard.end:
        answer["NextShardIterator"] = _iterator(call, stream, shard, after)
    return answer
