"""Account quotas [KD:service-sizes-and-limits]."""

from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.errors import over_limit
from workbook.localaws.kinesis.stream import ON_DEMAND

_LARGE_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
ON_DEMAND_STREAMS = 50


def shard_quota(region: str) -> int:
    """Return the quota of open shards in a region; new accounts have a lower one [KD]."""
    return 20_000 if region in _LARGE_REGIONS else 6_000


def open_shards(call: Call) -> int:
    """Return how many open shards the account has in the region."""
    return sum(len(stream.open_shards) for stream in call.region.all(call.now))


def on_demand_streams(call: Call) -> int:
    """Return how many on-demand streams the account has in the region."""
    return sum(stream.mode == ON_DEMAND for stream in call.region.all(call.now))


def check_shard_quota(call: Call, additional: int) -> None:
    """Refuse more shards than the account may have [KL].

    Raises:
        ApiError: LimitExceededException.
    """
    current, quota = open_shards(call), shard_quota(call.region.name)
    if additional > 0 and current + additional > quota:
        raise over_limit(
            f"This request would exceed the shard limit for the account {ACCOUNT_ID} in "
            f"{call.region.name}. Current shard count for the account: {current}. Limit: {quota}. "
            "Number of additional shards that would have resulted from this request: "
            f"{additional}. Refer to the AWS Service Limits page "
            "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current "
            "limits and how to request higher limits."
        )


def describe_limits(call: Call) -> dict[str, Any]:
    """Return the quotas and how much of each is used."""
    call.limit_rate("DescribeLimits", 1)
    return {
        "ShardLimit": shard_quota(call.region.name),
        "OpenShardCount": open_shards(call),
        "OnDemandStreamCount": on_demand_streams(call),
        "OnDemandStreamCountLimit": ON_DEMAND_STREAMS,
    }


def describe_account_settings(call: Call) -> dict[str, Any]:
    """Return whether the account has committed to a minimum throughput (On-demand Advantage)."""
    return {"MinimumThroughputBillingCommitment": {"Status": call.region.commitment}}


def update_account_settings(call: Call) -> dict[str, Any]:
    """Begin or end the commitment. Here it may end immediately; on AWS, after 24 hours."""
    call.region.commitment = call.parameters["MinimumThroughputBillingCommitment"]["Status"]
    return describe_account_settings(call)
