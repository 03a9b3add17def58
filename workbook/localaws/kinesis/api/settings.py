"""Settings of a stream: retention, mode, record size, distribution, encryption, monitoring."""

from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.errors import invalid, over_limit, refused
from workbook.localaws.kinesis.stream import BY_KEY, HOUR, ON_DEMAND, PROVISIONED, Stream

MIN_RETENTION_HOURS = 24
MAX_RETENTION_HOURS = 8760
MODE_CHANGES_PER_DAY = 2
ALL_METRICS = [
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
]


def increase_retention(call: Call) -> None:
    """Lengthen the time for which a stream keeps records."""
    stream, hours = _retention(call)
    if hours < stream.retention_hours:
        raise invalid(
            f"Requested retention period ({hours} hours) for stream {stream.name} can not be "
            f"shorter than existing retention period ({stream.retention_hours} hours). Use "
            "DecreaseRetentionPeriod API."
        )
    stream.trim(call.now)  # records that have expired already do not come back [BC]
    set_retention(call, stream, hours)


def decrease_retention(call: Call) -> None:
    """Shorten the time for which a stream keeps records."""
    stream, hours = _retention(call)
    if hours > stream.retention_hours:
        raise invalid(
            f"Requested retention period ({hours} hours) for stream {stream.name} can not be "
            f"longer than existing retention period ({stream.retention_hours} hours). Use "
            "IncreaseRetentionPeriod API."
        )
    set_retention(call, stream, hours)


def _retention(call: Call) -> tuple[Stream, int]:
    stream, hours = call.active_stream(), call.parameters["RetentionPeriodHours"]
    check_retention(hours)
    return stream, hours


def check_retention(hours: int) -> None:
    """Check a retention period.

    Raises:
        ApiError: outside 24 hours to 365 days.
    """
    if hours < MIN_RETENTION_HOURS:
        raise invalid(
            f"Minimum allowed retention period is {MIN_RETENTION_HOURS} hours. Requested "
            f"retention period ({hours} hours) is too short."
        )
    if hours > MAX_RETENTION_HOURS:
        raise invalid(
            f"Maximum allowed retention period is {MAX_RETENTION_HOURS} hours. Requested "
            f"retention period ({hours} hours) is too long."
        )


def set_retention(call: Call, stream: Stream, hours: int) -> None:
    """Set the retention period."""
    stream.retention_hours = hours
    call.begin_update(stream)


def update_stream_mode(call: Call) -> None:
    """Switch between provisioned and on-demand mode, at most twice in 24 hours."""
    stream = call.active_stream()
    recent = [moment for moment in stream.mode_changes if moment > call.now - 24 * HOUR]
    if len(recent) >= MODE_CHANGES_PER_DAY:
        raise over_limit(
            f"Stream {stream.name} under account {ACCOUNT_ID} can be switched between modes at "
            f"most {MODE_CHANGES_PER_DAY} times in 24 hours."
        )
    stream.mode_changes = [*recent, call.now]
    stream.mode = call.parameters["StreamModeDetails"]["StreamMode"]
    stream.warm_mibps = call.parameters.get("WarmThroughputMiBps", stream.warm_mibps)
    if stream.mode == PROVISIONED:
        stream.distribution, stream.warm_mibps = BY_KEY, None
    call.begin_update(stream)


def update_max_record_size(call: Call) -> None:
    """Set the maximum size of a record in a stream."""
    stream = call.active_stream()
    stream.max_record_kib = call.parameters["MaxRecordSizeInKiB"]
    call.begin_update(stream)


def update_distribution(call: Call) -> None:
    """Distribute records by key or, in on-demand mode only, evenly."""
    stream = call.active_stream()
    if stream.mode == PROVISIONED:
        raise invalid(
            f"Stream {stream.name} under account {ACCOUNT_ID} is in Provisioned mode, which does "
            "not support a record distribution strategy."
        )
    stream.distribution = call.parameters["RecordDistributionStrategy"]


def update_warm_throughput(call: Call) -> dict[str, Any]:
    """Set the warm throughput, which requires on-demand mode and the account's commitment."""
    stream = call.active_stream()
    if stream.mode != ON_DEMAND or call.region.commitment == "DISABLED":
        raise refused(
            "Request is invalid. Warm throughput needs On-Demand mode and an account with "
            "MinimumThroughputBillingCommitment enabled."
        )
    before, wanted = stream.warm_mibps or 0, call.parameters["WarmThroughputMiBps"]
    stream.warm_mibps = wanted
    call.begin_update(stream)
    return {
        "StreamARN": stream.arn,
        "StreamName": stream.name,
        "WarmThroughput": {"TargetMiBps": wanted, "CurrentMiBps": before},
    }


def start_encryption(call: Call) -> None:
    """Mark records as encrypted from now on.

    They are stored in memory unencrypted; readers get the same data either way.
    """
    stream = call.active_stream()
    if call.parameters["EncryptionType"] == "NONE":
        raise invalid("EncryptionType NONE cannot be started; use StopStreamEncryption.")
    stream.encryption.append((call.now, call.parameters["KeyId"]))
    call.begin_update(stream)


def stop_encryption(call: Call) -> None:
    """Stop marking records as encrypted."""
    stream = call.active_stream()
    if stream.key_id(call.now) is not None:
        stream.encryption.append((call.now, None))
    call.begin_update(stream)


def enable_monitoring(call: Call) -> dict[str, Any]:
    """Turn shard-level metrics on."""
    stream = call.active_stream()
    asked = _metrics(call)
    return _monitor(stream, [name for name in ALL_METRICS if name in {*_on(stream), *asked}])


def disable_monitoring(call: Call) -> dict[str, Any]:
    """Turn shard-level metrics off."""
    stream = call.active_stream()
    asked = _metrics(call)
    return _monitor(stream, [name for name in _on(stream) if name not in asked])


def _metrics(call: Call) -> list[str]:
    names: list[str] = call.parameters["ShardLevelMetrics"]
    return ALL_METRICS if "ALL" in names else names


def _on(stream: Stream) -> list[str]:
    return stream.shard_level_metrics


def _monitor(stream: Stream, desired: list[str]) -> dict[str, Any]:
    current, stream.shard_level_metrics = stream.shard_level_metrics, desired
    return {
        "StreamName": stream.name,
        "CurrentShardLevelMetrics": current,
        "DesiredShardLevelMetrics": desired,
        "StreamARN": stream.arn,
    }
