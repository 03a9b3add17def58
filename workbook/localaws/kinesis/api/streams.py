"""Streams: created, deleted, described and listed."""

from typing import Any

from workbook.localaws.http import ACCOUNT_ID
from workbook.localaws.kinesis.api import shards
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.errors import in_use
from workbook.localaws.kinesis.stream import DEFAULT_SHARDS, PROVISIONED, Stream


def create_stream(call: Call) -> None:
    """Make a stream; it is CREATING for a short while."""
    name = call.parameters["StreamName"]
    if call.region.find(name, call.now) is not None:
        raise in_use(f"Stream {name} under account {ACCOUNT_ID} already exists.")
    mode = call.parameters.get("StreamModeDetails", {}).get("StreamMode", PROVISIONED)
    count = call.parameters.get("ShardCount", DEFAULT_SHARDS)
    arn = call.region.stream_arn(name)
    call.region.streams[name] = Stream.create(
        name, arn, count, mode, call.now, call.now + call.transition
    )


def delete_stream(call: Call) -> None:
    """Delete a stream; it is DELETING for a short while."""
    stream = call.region.stream(call.parameters, call.now)
    stream.gone_at = call.now + call.transition


def _common(stream: Stream, now: float) -> dict[str, Any]:
    description = {
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "StreamStatus": stream.status(now),
        "StreamModeDetails": {"StreamMode": stream.mode},
        "RetentionPeriodHours": stream.retention_hours,
        "StreamCreationTimestamp": int(stream.created),
        "EnhancedMonitoring": [{"ShardLevelMetrics": stream.shard_level_metrics}],
        "EncryptionType": stream.encryption,
    }
    if stream.key_id is not None:
        description["KeyId"] = stream.key_id
    return description


def describe_stream(call: Call) -> dict[str, Any]:
    """A stream with its shards, by pages of 100."""
    stream = call.region.stream(call.parameters, call.now)
    limit = min(call.parameters.get("Limit", 100), 100)
    after = call.parameters.get("ExclusiveStartShardId", "")
    following = [shard for shard in stream.shards.values() if shard.id > after]
    return {
        "StreamDescription": {
            **_common(stream, call.now),
            "Shards": [shards.describe(shard) for shard in following[:limit]],
            "HasMoreShards": len(following) > limit,
        }
    }


def describe_stream_summary(call: Call) -> dict[str, Any]:
    """A stream without its shards."""
    stream = call.region.stream(call.parameters, call.now)
    return {
        "StreamDescriptionSummary": {
            **_common(stream, call.now),
            "OpenShardCount": len(stream.open_shards),
            "ConsumerCount": 0,
            "MaxRecordSizeInKiB": stream.max_record_kib,
        }
    }


def list_streams(call: Call) -> dict[str, Any]:
    """The streams of the region, by name."""
    names = sorted(name for name in list(call.region.streams) if call.region.find(name, call.now))
    after = call.parameters.get("NextToken") or call.parameters.get("ExclusiveStartStreamName", "")
    following = [name for name in names if name > after]
    limit = call.parameters.get("Limit", 100)
    page = [call.region.streams[name] for name in following[:limit]]
    answer: dict[str, Any] = {
        "StreamNames": [stream.name for stream in page],
        "HasMoreStreams": len(following) > limit,
        "StreamSummaries": [
            {
                "StreamName": stream.name,
                "StreamARN": stream.arn,
                "StreamStatus": stream.status(call.now),
                "StreamModeDetails": {"StreamMode": stream.mode},
                "StreamCreationTimestamp": int(stream.created),
            }
            for stream in page
        ],
    }
    if answer["HasMoreStreams"]:
        answer["NextToken"] = page[-1].name
    return answer
