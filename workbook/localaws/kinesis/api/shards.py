"""Shards: listed, split, merged and scaled."""

from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.kinesis import reshard
from workbook.localaws.kinesis.api.quotas import check_shard_quota
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.errors import (
    could_not_find_shard,
    in_use,
    invalid,
    over_limit,
    refused,
)
from workbook.localaws.kinesis.positions import shard_id
from workbook.localaws.kinesis.shard import Shard
from workbook.localaws.kinesis.stream import HOUR, ON_DEMAND, Stream

PAGE = 1000  # shards in one answer of ListShards
COUNT_CHANGES_PER_DAY = 10


def describe(shard: Shard) -> dict[str, Any]:
    """Return a shard as AWS's ``Shard`` structure."""
    numbers = {"StartingSequenceNumber": str(shard.starting_sequence_number)}
    if shard.ending_sequence_number is not None:
        numbers["EndingSequenceNumber"] = str(shard.ending_sequence_number)
    description: dict[str, Any] = {"ShardId": shard.id}
    if shard.parents:
        description["ParentShardId"] = shard.parents[0]
    if len(shard.parents) > 1:
        description["AdjacentParentShardId"] = shard.parents[1]
    return description | {"HashKeyRange": _range(shard), "SequenceNumberRange": numbers}


def describe_children(stream: Stream, shard: Shard) -> list[dict[str, Any]]:
    """Return a closed shard's children as AWS's ``ChildShard`` structures."""
    children = [stream.shards[child] for child in shard.children if child in stream.shards]
    return [
        {"ShardId": child.id, "ParentShards": list(child.parents), "HashKeyRange": _range(child)}
        for child in children
    ]


def _range(shard: Shard) -> dict[str, str]:
    return {"StartingHashKey": str(shard.first_hash), "EndingHashKey": str(shard.last_hash)}


def list_shards(call: Call) -> dict[str, Any]:
    """Return the shards of a stream that pass a filter, in pages."""
    parameters = call.parameters
    token = parameters.get("NextToken")
    call.limit_rate("ListShards", 1000)
    after = parameters.get("ExclusiveStartShardId", "")
    chosen = parameters.get("ShardFilter", {})
    if token is not None:
        if "StreamName" in parameters:
            raise invalid("NextToken and StreamName cannot be provided together.")
        name, after, *rest = call.seal.open_token("ListShards", token, call.now)
        stream = call.region.stream({"StreamName": name}, call.now)
        chosen = {"Type": rest[0]} | ({"Timestamp": float(rest[1])} if rest[1] else {})
    elif "StreamName" not in parameters and "StreamARN" not in parameters:
        raise invalid("Either NextToken or StreamName should be provided.")
    else:
        stream = call.stream()
    if stream.status(call.now) == "CREATING":
        raise in_use(
            f"Stream {stream.name} under account {ACCOUNT_ID} not ACTIVE, instead in state CREATING"
        )
    stream.trim(call.now)
    kind, timestamp = chosen.get("Type", "FROM_TRIM_HORIZON"), chosen.get("Timestamp")
    if kind == "AFTER_SHARD_ID" and token is None:
        if "ShardId" not in chosen:
            raise invalid("ShardId must be specified in ShardFilter of type AFTER_SHARD_ID.")
        after = max(after, shard_id(chosen["ShardId"], stream.name))
    if kind.endswith("_TIMESTAMP") and timestamp is None:
        raise invalid(f"Timestamp must be specified in ShardFilter of type {kind}.")
    following = [
        shard for shard in _filtered(stream, kind, timestamp, call.now) if shard.id > after
    ]
    page = following[: min(parameters.get("MaxResults", PAGE), PAGE)]
    answer: dict[str, Any] = {"Shards": [describe(shard) for shard in page]}
    if len(following) > len(page):
        answer["NextToken"] = call.seal.token(
            "ListShards",
            call.now,
            stream.name,
            page[-1].id,
            kind,
            "" if timestamp is None else str(timestamp),
        )
    return answer


def _filtered(stream: Stream, kind: str, timestamp: float | None, now: float) -> list[Shard]:
    """Return the shards open at the time in a filter; with ``FROM``, later ones too [BC]."""
    shards = list(stream.shards.values())
    horizon = max(stream.oldest(now), stream.created)
    moment = horizon if timestamp is None else max(timestamp, horizon)
    match kind:
        case "AT_LATEST":
            return [shard for shard in shards if shard.is_open]
        case "AT_TRIM_HORIZON" | "AT_TIMESTAMP":
            return [shard for shard in shards if shard.opened <= moment and _open_at(shard, moment)]
        case "FROM_TIMESTAMP":
            return [shard for shard in shards if _open_at(shard, moment)]
        case _:
            return shards


def _open_at(shard: Shard, moment: float) -> bool:
    """Return True if the shard was not closed before ``moment``."""
    return shard.closed_at is None or shard.closed_at >= moment


def split_shard(call: Call) -> None:
    """Split a shard in two."""
    call.limit_rate("SplitShard", 5)
    stream = _provisioned(call)
    shard = _open_shard(stream, call.parameters["ShardToSplit"])
    at = int(call.parameters["NewStartingHashKey"])
    check_shard_quota(call, 1)
    if not shard.first_hash + 1 < at < shard.last_hash:
        raise invalid(
            f"NewStartingHashKey {at} used in SplitShard() on shard {shard.id} in stream "
            f"{stream.name} under account {ACCOUNT_ID} is not both greater than one plus the "
            f"shard's StartingHashKey {shard.first_hash} and less than the shard's EndingHashKey "
            f"{shard.last_hash}."
        )
    reshard.split(stream, shard, at, call.now)
    call.begin_update(stream)


def merge_shards(call: Call) -> None:
    """Merge two adjacent shards."""
    call.limit_rate("MergeShards", 5)
    stream = _provisioned(call)
    shard = _open_shard(stream, call.parameters["ShardToMerge"])
    adjacent = _open_shard(stream, call.parameters["AdjacentShardToMerge"])
    if (shard.last_hash + 1 != adjacent.first_hash) and (
        adjacent.last_hash + 1 != shard.first_hash
    ):
        raise invalid(
            f"Shards {shard.id} and {adjacent.id} in stream {stream.name} under account "
            f"{ACCOUNT_ID} are not an adjacent pair of shards eligible for merging"
        )
    reshard.merge(stream, shard, adjacent, call.now)
    call.begin_update(stream)


def _provisioned(call: Call) -> Stream:
    stream = call.active_stream()
    if stream.mode == ON_DEMAND:
        raise refused(
            f"Request is invalid. Stream {stream.name} under account {ACCOUNT_ID} is in "
            "On-Demand mode."
        )
    return stream


def _open_shard(stream: Stream, text: str) -> Shard:
    shard = stream.shards.get(shard_id(text, stream.name))
    if shard is None:
        raise could_not_find_shard(text, stream.name)
    if not shard.is_open:
        raise invalid(
            f"Shard {shard.id} in stream {stream.name} under account {ACCOUNT_ID} has already "
            "been merged or split, and thus is not eligible for merging or splitting."
        )
    return shard


def update_shard_count(call: Call) -> dict[str, Any]:
    """Scale a stream to a number of equal shards; return the old and the new count."""
    call.limit_rate("UpdateShardCount", 10)
    stream = _provisioned(call)
    target = call.parameters["TargetShardCount"]
    current = len(stream.open_shards)
    scale(call, stream, target)
    return {
        "StreamName": stream.name,
        "CurrentShardCount": current,
        "TargetShardCount": target,
        "StreamARN": stream.arn,
    }


def scale(call: Call, stream: Stream, target: int) -> None:
    """Scale a stream to ``target`` shards, within AWS's limits."""
    current = len(stream.open_shards)
    if target > 2 * current:
        raise invalid(
            f"UpdateShardCount cannot scale up over double your current open shard count. "
            f"Current open shard count: {current} Target shard count: {target}"
        )
    if 2 * target < current:
        raise invalid(
            f"UpdateShardCount cannot scale down below half your current open shard count. "
            f"Current open shard count: {current} Target shard count: {target}"
        )
    check_shard_quota(call, target - current)
    recent = [moment for moment in stream.count_changes if moment > call.now - 24 * HOUR]
    if len(recent) >= COUNT_CHANGES_PER_DAY:
        raise over_limit(
            f"UpdateShardCount can be called at most {COUNT_CHANGES_PER_DAY} times in 24 hours "
            f"on stream {stream.name} under account {ACCOUNT_ID}."
        )
    stream.count_changes = [*recent, call.now]
    if target != current:
        reshard.scale(stream, target, call.now)
    call.begin_update(stream)
