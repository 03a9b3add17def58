"""Streams: created, deleted, described and listed."""

from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.kinesis.api import quotas, shards
from workbook.localaws.kinesis.api.tags import check_tags
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.errors import in_use, invalid, over_limit, refused
from workbook.localaws.kinesis.positions import shard_id
from workbook.localaws.kinesis.stream import DEFAULT_SHARDS, ON_DEMAND, PROVISIONED, Stream

STREAMS_CREATING = 5  # at once
PAGE = 100  # streams, or shards of a stream, in one answer


def create_stream(call: Call) -> None:
    """Create a stream, which is CREATING for a short while."""
    parameters = call.parameters
    name = parameters["StreamName"]
    call.limit_rate("CreateStream", 5)
    mode = parameters.get("StreamModeDetails", {}).get("StreamMode", PROVISIONED)
    count = parameters.get("ShardCount", DEFAULT_SHARDS)
    if mode == ON_DEMAND and "ShardCount" in parameters:
        raise refused("Request is invalid. ShardCount cannot be specified in On-Demand mode.")
    if mode == PROVISIONED and parameters.get("RecordDistributionStrategy") == "AUTO":
        raise invalid("RecordDistributionStrategy AUTO is only supported in On-Demand mode.")
    if call.region.find(name, call.now) is not None:
        raise in_use(f"Stream {name} under account {ACCOUNT_ID} already exists.")
    quotas.check_shard_quota(call, count)
    streams = call.region.all(call.now)
    if sum(stream.status(call.now) == "CREATING" for stream in streams) >= STREAMS_CREATING:
        raise over_limit(
            f"Account {ACCOUNT_ID} may have at most {STREAMS_CREATING} streams in state CREATING."
        )
    if mode == ON_DEMAND and quotas.on_demand_streams(call) >= quotas.ON_DEMAND_STREAMS:
        raise over_limit(
            f"Account {ACCOUNT_ID} may have at most {quotas.ON_DEMAND_STREAMS} streams in "
            "On-Demand mode."
        )
    stream = Stream.create(
        name, call.region.stream_arn(name), count, mode, call.now, call.now + call.transition
    )
    stream.tags = check_tags(name, {}, parameters.get("Tags", {}))
    stream.max_record_kib = parameters.get("MaxRecordSizeInKiB", stream.max_record_kib)
    stream.distribution = parameters.get("RecordDistributionStrategy", stream.distribution)
    stream.warm_mibps = parameters.get("WarmThroughputMiBps")
    call.region.streams[name] = stream


def delete_stream(call: Call) -> None:
    """Delete a stream, which is DELETING for a short while."""
    call.limit_rate("DeleteStream", 5)
    stream = call.stream()
    if call.region.consumers(stream, call.now) and not call.parameters.get(
        "EnforceConsumerDeletion"
    ):
        raise in_use(
            f"DeleteStream can't delete {ACCOUNT_ID}:{stream.name} because there are consumers "
            f"associated with this data stream. To delete {stream.name} anyway, set the "
            "EnforceConsumerDeletion parameter to true to force the deletion of all the consumers "
            "that are associated with it."
        )
    if stream.gone_at is None:
        stream.gone_at = call.now + call.transition


def _common(stream: Stream, now: float) -> dict[str, Any]:
    description = {
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "StreamStatus": stream.status(now),
        "StreamModeDetails": {"StreamMode": stream.mode},
        "RetentionPeriodHours": stream.retention_hours,
        "StreamCreationTimestamp": float(int(stream.created)),
        "EnhancedMonitoring": [{"ShardLevelMetrics": stream.shard_level_metrics}],
        "EncryptionType": "NONE",
    }
    key_id = stream.key_id(now)
    if key_id is not None:
        description |= {"EncryptionType": "KMS", "KeyId": key_id}
    return description


def describe_stream(call: Call) -> dict[str, Any]:
    """Return a stream with its shards in pages of 100; a CREATING stream has no shards."""
    call.limit_rate("DescribeStream", 10)
    stream = call.stream()
    stream.trim(call.now)
    after = call.parameters.get("ExclusiveStartShardId", "")
    if after:
        after = shard_id(after, stream.name)
    listed = [] if stream.status(call.now) == "CREATING" else list(stream.shards.values())
    following = [shard for shard in listed if shard.id > after]
    limit = min(call.parameters.get("Limit", PAGE), PAGE)
    return {
        "StreamDescription": {
            **_common(stream, call.now),
            "Shards": [shards.describe(shard) for shard in following[:limit]],
            "HasMoreShards": len(following) > limit,
        }
    }


def describe_stream_summary(call: Call) -> dict[str, Any]:
    """Return a stream without its shards."""
    call.limit_rate("DescribeStreamSummary", 20)
    stream = call.stream()
    summary = {
        **_common(stream, call.now),
        "OpenShardCount": len(stream.open_shards),
        "ConsumerCount": len(call.region.consumers(stream, call.now)),
        "MaxRecordSizeInKiB": stream.max_record_kib,
    }
    if stream.mode == ON_DEMAND:
        summary["RecordDistributionStrategy"] = stream.distribution
    if stream.warm_mibps is not None:
        summary["WarmThroughput"] = {
            "TargetMiBps": stream.warm_mibps,
            "CurrentMiBps": stream.warm_mibps,
        }
    return {"StreamDescriptionSummary": summary}


def list_streams(call: Call) -> dict[str, Any]:
    """Return the streams of the region by name, in pages of up to 100."""
    call.limit_rate("ListStreams", 5)
    after = call.parameters.get("ExclusiveStartStreamName", "")
    if "NextToken" in call.parameters:
        (after,) = call.seal.open_token("ListStreams", call.parameters["NextToken"], call.now)
    following = [stream for stream in call.region.all(call.now) if stream.name > after]
    page = following[: min(call.parameters.get("Limit", PAGE), PAGE)]
    answer: dict[str, Any] = {
        "StreamNames": [stream.name for stream in page],
        "HasMoreStreams": len(following) > len(page),
        "StreamSummaries": [
            {
                "StreamName": stream.name,
                "StreamARN": stream.arn,
                "StreamStatus": stream.status(call.now),
                "StreamModeDetails": {"StreamMode": stream.mode},
                "StreamCreationTimestamp": float(int(stream.created)),
            }
            for stream in page
        ],
    }
    if answer["HasMoreStreams"]:
        answer["NextToken"] = call.seal.token("ListStreams", call.now, page[-1].name)
    return answer
