"""Shards in lists, and how they are cut and joined."""

from typing import Any

from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.shard import Shard


def describe(shard: Shard) -> dict[str, Any]:
    """A shard as AWS's ``Shard`` structure."""
    numbers = {"StartingSequenceNumber": str(shard.starting_sequence_number)}
    if shard.ending_sequence_number is not None:
        numbers["EndingSequenceNumber"] = str(shard.ending_sequence_number)
    description: dict[str, Any] = {"ShardId": shard.id}
    if shard.parents:
        description["ParentShardId"] = shard.parents[0]
    if len(shard.parents) > 1:
        description["AdjacentParentShardId"] = shard.parents[1]
    description["HashKeyRange"] = {
        "StartingHashKey": str(shard.first_hash),
        "EndingHashKey": str(shard.last_hash),
    }
    description["SequenceNumberRange"] = numbers
    return description


def list_shards(call: Call) -> dict[str, Any]:
    """The shards of a stream."""
    stream = call.region.data_stream(call.parameters, call.now)
    return {"Shards": [describe(shard) for shard in stream.shards.values()]}
