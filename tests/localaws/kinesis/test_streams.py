"""Streams: their states, their settings, and AWS's responses about them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.localaws.fakes import ACCOUNT
from tests.localaws.kinesis.harness import AwsError, Kinesis


@pytest.fixture
def kinesis() -> Iterator[Kinesis]:
    with Kinesis(limits=False) as kinesis:
        yield kinesis


def refusal(kinesis: Kinesis, operation: str, **parameters: Any) -> Any:
    with pytest.raises(AwsError) as error:
        kinesis(operation, **parameters)
    assert error.value.status == 400
    return error.value.code, error.value.message


def summary(kinesis: Kinesis, name: str = "s") -> Any:
    return kinesis("DescribeStreamSummary", StreamName=name)["StreamDescriptionSummary"]


def test_a_stream_is_creating_then_active_then_deleting_then_gone(kinesis: Kinesis) -> None:
    kinesis("CreateStream", StreamName="s", ShardCount=1)
    assert summary(kinesis)["StreamStatus"] == "CREATING"
    kinesis.advance(1)
    assert summary(kinesis)["StreamStatus"] == "ACTIVE"
    kinesis("DeleteStream", StreamName="s")
    assert summary(kinesis)["StreamStatus"] == "DELETING"
    kinesis.advance(1)
    assert refusal(kinesis, "DescribeStreamSummary", StreamName="s") == (
        "ResourceNotFoundException",
        f"Stream s under account {ACCOUNT} not found.",
    )


def test_a_stream_that_is_creating_accepts_no_records(kinesis: Kinesis) -> None:
    """[KL]"""
    kinesis("CreateStream", StreamName="s", ShardCount=1)
    assert refusal(kinesis, "PutRecord", StreamName="s", PartitionKey="k", Data=b"x") == (
        "ResourceNotFoundException",
        f"Stream s under account {ACCOUNT} not found.",
    )


def test_create_stream_without_shard_count_gives_4_shards(kinesis: Kinesis) -> None:
    """[OBS]"""
    kinesis("CreateStream", StreamName="s")
    assert summary(kinesis)["OpenShardCount"] == 4


def test_create_stream_without_a_name_is_refused(kinesis: Kinesis) -> None:
    """[OBS]"""
    assert refusal(kinesis, "CreateStream") == (
        "ValidationException",
        "1 validation error detected: Value null at 'streamName' failed to satisfy constraint: "
        "Member must not be null",
    )


def test_a_stream_name_is_unique(kinesis: Kinesis) -> None:
    """[KL]"""
    kinesis.create()
    assert refusal(kinesis, "CreateStream", StreamName="s", ShardCount=1) == (
        "ResourceInUseException",
        f"Stream s under account {ACCOUNT} already exists.",
    )


def test_at_most_5_streams_are_creating_at_once(kinesis: Kinesis) -> None:
    """[KD:service-sizes-and-limits]"""
    for number in range(5):
        kinesis("CreateStream", StreamName=f"s{number}", ShardCount=1)
    code, _ = refusal(kinesis, "CreateStream", StreamName="s5", ShardCount=1)
    assert code == "LimitExceededException"


def test_the_shard_quota(kinesis: Kinesis) -> None:
    """[KD:service-sizes-and-limits] 20,000 in us-east-1."""
    code, message = refusal(kinesis, "CreateStream", StreamName="s", ShardCount=20_001)
    assert code == "LimitExceededException"
    assert message.startswith(
        f"This request would exceed the shard limit for the account {ACCOUNT} in us-east-1. "
        "Current shard count for the account: 0. Limit: 20000. Number of additional shards that "
        "would have resulted from this request: 20001."
    )


def test_describe_limits_counts_existing_shards(kinesis: Kinesis) -> None:
    kinesis.create("a", shards=3)
    kinesis.create("b", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert kinesis("DescribeLimits") == {
        "ShardLimit": 20_000,
        "OpenShardCount": 7,
        "OnDemandStreamCount": 1,
        "OnDemandStreamCountLimit": 50,
    }


def test_describe_stream_has_all_its_keys(kinesis: Kinesis) -> None:
    kinesis.create(shards=2)
    description = kinesis("DescribeStream", StreamARN=kinesis.arn())["StreamDescription"]
    shards = description.pop("Shards")
    assert description == {
        "StreamName": "s",
        "StreamARN": kinesis.arn(),
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "HasMoreShards": False,
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": kinesis.clock.now() - 1,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE",
    }
    assert [set(shard) for shard in shards] == [
        {"ShardId", "HashKeyRange", "SequenceNumberRange"}
    ] * 2


def test_describe_stream_returns_100_shards_a_page(kinesis: Kinesis) -> None:
    """[KD:service-sizes-and-limits]"""
    kinesis.create(shards=120)
    page = kinesis("DescribeStream", StreamName="s")["StreamDescription"]
    assert (len(page["Shards"]), page["HasMoreShards"]) == (100, True)
    page = kinesis(
        "DescribeStream", StreamName="s", ExclusiveStartShardId=page["Shards"][-1]["ShardId"]
    )["StreamDescription"]
    assert (len(page["Shards"]), page["HasMoreShards"]) == (20, False)


def test_streams_are_listed_by_name_in_pages(kinesis: Kinesis) -> None:
    for name in ("c", "a", "b"):
        kinesis.create(name)
    first = kinesis("ListStreams", Limit=2)
    assert (first["StreamNames"], first["HasMoreStreams"]) == (["a", "b"], True)
    second = kinesis("ListStreams", NextToken=first["NextToken"])
    assert (second["StreamNames"], second["HasMoreStreams"]) == (["c"], False)
    assert kinesis("ListStreams", ExclusiveStartStreamName="a")["StreamNames"] == ["b", "c"]
    assert second["StreamSummaries"][0]["StreamARN"] == kinesis.arn("c")


def test_an_arn_can_replace_a_name_and_both_must_agree(kinesis: Kinesis) -> None:
    kinesis.create()
    kinesis("PutRecord", StreamARN=kinesis.arn(), PartitionKey="k", Data=b"x")
    code, _ = refusal(kinesis, "DescribeStream", StreamARN=kinesis.arn(), StreamName="another")
    assert code == "InvalidArgumentException"
    code, _ = refusal(kinesis, "DescribeStream")
    assert code == "InvalidArgumentException"
    elsewhere = kinesis.arn().replace("us-east-1", "eu-west-1")
    assert refusal(kinesis, "DescribeStream", StreamARN=elsewhere)[0] == (
        "ResourceNotFoundException"
    )


def test_a_stream_with_consumers_is_deleted_only_if_enforced(kinesis: Kinesis) -> None:
    """[BC]"""
    kinesis.create()
    kinesis("RegisterStreamConsumer", StreamARN=kinesis.arn(), ConsumerName="c")
    assert refusal(kinesis, "DeleteStream", StreamName="s") == (
        "ResourceInUseException",
        f"DeleteStream can't delete {ACCOUNT}:s because there are consumers associated with this "
        "data stream. To delete s anyway, set the EnforceConsumerDeletion parameter to true to "
        "force the deletion of all the consumers that are associated with it.",
    )
    kinesis("DeleteStream", StreamName="s", EnforceConsumerDeletion=True)


def test_the_mode_is_switched_twice_a_day(kinesis: Kinesis) -> None:
    """[KD:service-sizes-and-limits]"""
    kinesis.create()
    for mode in ("ON_DEMAND", "PROVISIONED"):
        kinesis("UpdateStreamMode", StreamARN=kinesis.arn(), StreamModeDetails={"StreamMode": mode})
        assert summary(kinesis)["StreamStatus"] == "UPDATING"
        kinesis.advance(1)
        assert summary(kinesis)["StreamModeDetails"] == {"StreamMode": mode}
    third = {"StreamARN": kinesis.arn(), "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    assert refusal(kinesis, "UpdateStreamMode", **third)[0] == "LimitExceededException"
    kinesis.advance(86_400)
    kinesis("UpdateStreamMode", **third)


def test_settings_change_only_while_active(kinesis: Kinesis) -> None:
    """[KL]"""
    kinesis.create()
    kinesis("IncreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=30)
    assert refusal(
        kinesis, "IncreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=40
    ) == (
        "ResourceInUseException",
        f"Stream s under account {ACCOUNT} not ACTIVE, instead in state UPDATING",
    )


def test_the_record_size_grows_to_10_mib(kinesis: Kinesis) -> None:
    """[KD:service-sizes-and-limits] 1 MiB of data and key by default."""
    kinesis.create()
    exactly = {"StreamName": "s", "PartitionKey": "k"}
    kinesis("PutRecord", Data=b"x" * (2**20 - 1), **exactly)
    assert refusal(kinesis, "PutRecord", Data=b"x" * 2**20, **exactly) == (
        "ValidationException",
        "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must "
        "have length less than or equal to 1048576",
    )
    assert refusal(
        kinesis,
        "PutRecords",
        StreamName="s",
        Records=[{"PartitionKey": "k", "Data": b"x"}, {"PartitionKey": "k", "Data": b"x" * 2**20}],
    )[1].startswith("1 validation error detected: Value at 'records.2.member.data' failed")
    kinesis("UpdateMaxRecordSize", StreamARN=kinesis.arn(), MaxRecordSizeInKiB=10_240)
    kinesis.advance(1)
    assert summary(kinesis)["MaxRecordSizeInKiB"] == 10_240
    kinesis("PutRecord", Data=b"x" * (10 * 2**20 - 1), **exactly)


def test_put_records_accepts_500_records_and_10_mib(kinesis: Kinesis) -> None:
    """[KD:service-sizes-and-limits]"""
    kinesis.create()
    record = {"PartitionKey": "k", "Data": b"x"}
    assert refusal(kinesis, "PutRecords", StreamName="s", Records=[record] * 501) == (
        "ValidationException",
        "1 validation error detected: Value at 'records' failed to satisfy constraint: Member "
        "must have length less than or equal to 500",
    )
    large = {"PartitionKey": "k", "Data": b"x" * (2**20 - 1)}
    kinesis("PutRecords", StreamName="s", Records=[large] * 10)
    code, _ = refusal(kinesis, "PutRecords", StreamName="s", Records=[*[large] * 10, record])
    assert code == "InvalidArgumentException"


def test_an_explicit_hash_key_decides_the_shard(kinesis: Kinesis) -> None:
    """[KD:service-sizes-and-limits, KL]"""
    kinesis.create(shards=2)
    for place, shard in ((0, 0), (2**127 - 1, 0), (2**127, 1), (2**128 - 1, 1)):
        answer = kinesis(
            "PutRecord", StreamName="s", PartitionKey="k", Data=b"", ExplicitHashKey=str(place)
        )
        assert answer["ShardId"] == f"shardId-{shard:012d}"
    assert refusal(
        kinesis,
        "PutRecord",
        StreamName="s",
        PartitionKey="k",
        Data=b"",
        ExplicitHashKey=str(2**128),
    ) == (
        "InvalidArgumentException",
        "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified "
        f"value was {2**128}",
    )


def test_sequence_number_for_ordering_must_be_an_assigned_one(kinesis: Kinesis) -> None:
    """[KL]"""
    kinesis.create()
    (first,) = kinesis.put("a")
    (second,) = kinesis.put("b", SequenceNumberForOrdering=first)
    assert int(second) > int(first)
    assert refusal(
        kinesis,
        "PutRecord",
        StreamName="s",
        PartitionKey="k",
        Data=b"",
        SequenceNumberForOrdering="7",
    ) == (
        "InvalidArgumentException",
        "ExclusiveMinimumSequenceNumber 7 used in PutRecord on stream s under account "
        f"{ACCOUNT} is invalid.",
    )


def test_records_written_with_encryption_show_its_type(kinesis: Kinesis) -> None:
    """[BC, OBS]"""
    kinesis.create()
    assert "EncryptionType" not in kinesis("PutRecord", StreamName="s", PartitionKey="k", Data=b"")
    kinesis.advance(1)
    key = {"StreamName": "s", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    kinesis("StartStreamEncryption", **key)
    kinesis.advance(1)
    assert summary(kinesis)["EncryptionType"] == "KMS"
    assert summary(kinesis)["KeyId"] == "alias/aws/kinesis"
    answer = kinesis("PutRecords", StreamName="s", Records=[{"PartitionKey": "k", "Data": b""}])
    assert answer["EncryptionType"] == "KMS"
    first, second = kinesis.get(kinesis.iterator())["Records"]
    assert "EncryptionType" not in first
    assert second["EncryptionType"] == "KMS"
    kinesis("StopStreamEncryption", **key)
    assert summary(kinesis)["EncryptionType"] == "NONE"


def test_enhanced_monitoring_is_switched_by_metric(kinesis: Kinesis) -> None:
    kinesis.create()
    answer = kinesis(
        "EnableEnhancedMonitoring", StreamName="s", ShardLevelMetrics=["IncomingBytes"]
    )
    assert answer["CurrentShardLevelMetrics"] == []
    assert answer["DesiredShardLevelMetrics"] == ["IncomingBytes"]
    answer = kinesis("EnableEnhancedMonitoring", StreamName="s", ShardLevelMetrics=["ALL"])
    assert len(answer["DesiredShardLevelMetrics"]) == 7
    kinesis("DisableEnhancedMonitoring", StreamName="s", ShardLevelMetrics=["ALL"])
    assert summary(kinesis)["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}]


def test_tags_of_a_stream(kinesis: Kinesis) -> None:
    kinesis.create(Tags={"a": "1"})
    kinesis("AddTagsToStream", StreamName="s", Tags={"b": "2", "c": "3"})
    kinesis("TagResource", ResourceARN=kinesis.arn(), Tags={"a": "9"})
    kinesis("RemoveTagsFromStream", StreamName="s", TagKeys=["c", "unknown"])
    listed = [{"Key": "a", "Value": "9"}, {"Key": "b", "Value": "2"}]
    assert kinesis("ListTagsForResource", ResourceARN=kinesis.arn()) == {"Tags": listed}
    assert kinesis("ListTagsForStream", StreamName="s", Limit=1) == {
        "Tags": listed[:1],
        "HasMoreTags": True,
    }
    assert kinesis("ListTagsForStream", StreamName="s", ExclusiveStartTagKey="a") == {
        "Tags": listed[1:],
        "HasMoreTags": False,
    }


def test_a_stream_has_at_most_50_tags_of_allowed_characters(kinesis: Kinesis) -> None:
    """[BC], [KL]."""
    kinesis.create()
    kinesis("AddTagsToStream", StreamName="s", Tags={f"t{number}": "" for number in range(50)})
    assert refusal(kinesis, "AddTagsToStream", StreamName="s", Tags={"one more": ""})[0] == (
        "InvalidArgumentException"
    )
    assert refusal(kinesis, "AddTagsToStream", StreamName="s", Tags={"!": ""}) == (
        "InvalidArgumentException",
        "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white "
        "space, _ . / = + - % @.",
    )


def test_resource_policies(kinesis: Kinesis) -> None:
    """[OBS] A missing one is {}, deleting a missing one is an error."""
    kinesis.create()
    arn = {"ResourceARN": kinesis.arn()}
    assert kinesis("GetResourcePolicy", **arn) == {"Policy": "{}"}
    assert refusal(kinesis, "DeleteResourcePolicy", **arn)[0] == "ResourceNotFoundException"
    policy = '{"Version": "2012-10-17", "Statement": []}'
    kinesis("PutResourcePolicy", Policy=policy, **arn)
    assert kinesis("GetResourcePolicy", **arn) == {"Policy": policy}
    kinesis("DeleteResourcePolicy", **arn)
    assert kinesis("GetResourcePolicy", **arn) == {"Policy": "{}"}


def test_record_distribution_auto_ignores_keys(kinesis: Kinesis) -> None:
    """[BC] On-demand only."""
    kinesis.create("provisioned")
    auto: dict[str, Any] = {"RecordDistributionStrategy": "AUTO"}
    code, _ = refusal(
        kinesis,
        "UpdateStreamRecordDistributionStrategy",
        StreamARN=kinesis.arn("provisioned"),
        **auto,
    )
    assert code == "InvalidArgumentException"
    kinesis.create(StreamModeDetails={"StreamMode": "ON_DEMAND"}, **auto)
    records = [{"Data": b"x"}] * 8
    answer = kinesis("PutRecords", StreamName="s", Records=records)
    assert len({record["ShardId"] for record in answer["Records"]}) == 4
    by_key = {"RecordDistributionStrategy": "USER_PARTITION_KEY"}
    kinesis("UpdateStreamRecordDistributionStrategy", StreamARN=kinesis.arn(), **by_key)
    assert refusal(kinesis, "PutRecords", StreamName="s", Records=records)[1].startswith(
        "1 validation error detected: Value null at 'records.1.member.partitionKey' failed"
    )


def test_warm_throughput_needs_the_accounts_commitment(kinesis: Kinesis) -> None:
    """[BC]"""
    kinesis.create(StreamModeDetails={"StreamMode": "ON_DEMAND"})
    warm = {"StreamName": "s", "WarmThroughputMiBps": 50}
    assert refusal(kinesis, "UpdateStreamWarmThroughput", **warm)[0] == "ValidationException"
    kinesis("UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    kinesis("UpdateStreamWarmThroughput", **warm)
    assert summary(kinesis)["WarmThroughput"]["TargetMiBps"] == 50


def test_a_dry_run_checks_and_does_nothing(kinesis: Kinesis) -> None:
    """[BC]"""
    kinesis.create()
    code, _ = refusal(
        kinesis, "PutRecord", StreamName="s", PartitionKey="k", Data=b"x", DryRun=True
    )
    assert code == "DryRunOperationException"
    assert kinesis.texts() == []
