"""Resharding: lineage, ranges, and records that stay in their shards."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.fakes import ACCOUNT
from tests.localaws.kinesis.harness import AwsError, Kinesis
from workbook.localaws.kinesis import reshard
from workbook.localaws.kinesis.hashkeys import SPACE, even_ranges, hash_key
from workbook.localaws.kinesis.stream import PROVISIONED, Stream

MIDDLE = str(SPACE // 2)


def a_stream(shards: int) -> Stream:
    return Stream.create("s", "arn", shards, PROVISIONED, 1_700_000_000.0, 1_700_000_000.0)


def ranges(stream: Stream) -> list[tuple[int, int]]:
    return [(shard.first_hash, shard.last_hash) for shard in stream.open_shards]


def assert_they_divide_the_space(pairs: Any) -> None:
    assert pairs[0][0] == 0
    assert pairs[-1][1] == SPACE - 1
    assert all(one[1] + 1 == following[0] for one, following in pairwise(pairs))


@given(st.integers(1, 300))
def test_a_new_streams_ranges_are_equal(count: int) -> None:
    """[KL] Range i starts at floor(2^128/n) times i, and the last takes the rest."""
    pairs = even_ranges(count)
    assert_they_divide_the_space(pairs)
    assert [first for first, _ in pairs] == [SPACE // count * index for index in range(count)]


@given(st.integers(1, 40), st.text(min_size=1, max_size=256))
def test_a_key_goes_to_the_shard_whose_range_holds_its_md5(count: int, key: str) -> None:
    """[KD:service-sizes-and-limits]"""
    place = hash_key(key.encode("utf-8", "surrogatepass"))
    shard = a_stream(count).shard_for(place)
    assert shard.first_hash <= place <= shard.last_hash


@given(
    st.integers(1, 6),
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.integers(0, 20)),
            st.tuples(st.just("split"), st.floats(0.01, 0.99)),
            st.tuples(st.just("merge"), st.integers(0, 50)),
            st.tuples(st.just("scale"), st.integers(1, 12)),
        ),
        max_size=40,
    ),
)
def test_resharding_keeps_every_record_once_and_in_order_of_its_key(
    shards: int, steps: Any
) -> None:
    """[design rule] Read parents to their end before children."""
    stream, now = a_stream(shards), 1_700_000_000.0
    written: list[str] = []
    for kind, value in steps:
        now += 0.25
        if kind == "put":
            key = f"key-{value}"
            place = hash_key(key.encode())
            stream.shard_for(place).append(key, str(len(written)).encode(), now)
            written.append(key)
        elif kind == "split":
            shard = stream.open_shards[int(value * len(stream.open_shards))]
            at = shard.first_hash + int((shard.last_hash - shard.first_hash) * value)
            if shard.first_hash + 1 < at < shard.last_hash:
                reshard.split(stream, shard, at, now)
        elif kind == "merge" and len(stream.open_shards) > 1:
            place = value % (len(stream.open_shards) - 1)
            shard, adjacent = stream.open_shards[place : place + 2]
            reshard.merge(stream, shard, adjacent, now)
        elif kind == "scale":
            reshard.scale(stream, value, now)
            assert len(stream.open_shards) == value
        assert_they_divide_the_space(ranges(stream))

    in_lineage = sorted(stream.shards.values(), key=lambda shard: shard.starting_sequence_number)
    seen: set[str] = set()
    for shard in in_lineage:
        assert set(shard.parents) <= seen  # a child's numbers are greater than its parents'
        seen.add(shard.id)
    read = [
        (record.partition_key, int(record.data))
        for shard in in_lineage
        for record in shard.read(1, 10_000, 1 << 30)
    ]
    assert sorted(number for _, number in read) == list(range(len(written)))
    for key in set(written):
        order = [number for its_key, number in read if its_key == key]
        assert order == sorted(order)


@given(st.integers(1, 12), st.integers(1, 12))
def test_scaling_makes_equal_ranges(before: Any, after: Any) -> None:
    """UpdateShardCount: uniform scaling."""
    stream = a_stream(before)
    reshard.scale(stream, after, 1_700_000_001.0)
    widths = [last - first for first, last in ranges(stream)]
    assert max(widths) - min(widths) <= SPACE // after >> 8


def test_a_split_closes_the_parent_and_opens_two_children() -> None:
    """[BC, KD] Ids continue upward; ChildShards come with the last records."""
    with Kinesis() as kinesis:
        kinesis.create(shards=1)
        kinesis.put("before")
        kinesis(
            "SplitShard",
            StreamName="s",
            ShardToSplit="shardId-000000000000",
            NewStartingHashKey=MIDDLE,
        )
        kinesis.put("after")
        summary = kinesis("DescribeStreamSummary", StreamName="s")["StreamDescriptionSummary"]
        assert (summary["StreamStatus"], summary["OpenShardCount"]) == ("UPDATING", 2)
        kinesis.advance(1)
        parent, low, high = kinesis.shards()
        assert "EndingSequenceNumber" in parent["SequenceNumberRange"]
        assert [low["ShardId"], high["ShardId"]] == ["shardId-000000000001", "shardId-000000000002"]
        assert low["ParentShardId"] == high["ParentShardId"] == parent["ShardId"]
        assert int(low["HashKeyRange"]["EndingHashKey"]) + 1 == int(MIDDLE)
        last = kinesis.get(kinesis.iterator())
        assert [record["Data"] for record in last["Records"]] == ["before"]
        assert "NextShardIterator" not in last
        assert last["ChildShards"] == [
            {
                "ShardId": child["ShardId"],
                "ParentShards": [parent["ShardId"]],
                "HashKeyRange": child["HashKeyRange"],
            }
            for child in (low, high)
        ]
        assert kinesis.texts(shard=1) + kinesis.texts(shard=2) == ["after"]


def test_a_merge_names_both_parents() -> None:
    with Kinesis() as kinesis:
        kinesis.create(shards=2)
        kinesis(
            "MergeShards",
            StreamName="s",
            ShardToMerge="shardId-000000000000",
            AdjacentShardToMerge="shardId-000000000001",
        )
        child = kinesis.shards()[2]
        assert child["ParentShardId"] == "shardId-000000000000"
        assert child["AdjacentParentShardId"] == "shardId-000000000001"
        assert child["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(SPACE - 1)}
        (named,) = kinesis.get(kinesis.iterator())["ChildShards"]
        assert named["ParentShards"] == ["shardId-000000000000", "shardId-000000000001"]


@pytest.mark.parametrize("at", ["0", "1", str(SPACE - 1), str(SPACE)])
def test_a_split_needs_a_hash_key_inside_the_shard(at: Any) -> None:
    """[KL]"""
    with Kinesis() as kinesis:
        kinesis.create(shards=1)
        with pytest.raises(AwsError) as error:
            kinesis(
                "SplitShard",
                StreamName="s",
                ShardToSplit="shardId-000000000000",
                NewStartingHashKey=at,
            )
        assert error.value.code == "InvalidArgumentException"
        assert error.value.message == (
            f"NewStartingHashKey {at} used in SplitShard() on shard shardId-000000000000 in stream "
            f"s under account {ACCOUNT} is not both greater than one plus the shard's "
            f"StartingHashKey 0 and less than the shard's EndingHashKey {SPACE - 1}."
        )


def test_only_neighbours_merge() -> None:
    """[KL]"""
    with Kinesis() as kinesis:
        kinesis.create(shards=3)
        with pytest.raises(AwsError) as error:
            kinesis(
                "MergeShards",
                StreamName="s",
                ShardToMerge="shardId-000000000000",
                AdjacentShardToMerge="shardId-000000000002",
            )
        assert error.value.message == (
            "Shards shardId-000000000000 and shardId-000000000002 in stream s under account "
            f"{ACCOUNT} are not an adjacent pair of shards eligible for merging"
        )


def test_a_stream_is_not_resharded_while_updating() -> None:
    """[KL]"""
    with Kinesis() as kinesis:
        kinesis.create(shards=1)
        split = {"StreamName": "s", "NewStartingHashKey": MIDDLE}
        kinesis("SplitShard", ShardToSplit="shardId-000000000000", **split)
        with pytest.raises(AwsError) as error:
            kinesis("SplitShard", ShardToSplit="shardId-000000000001", **split)
        assert error.value.code == "ResourceInUseException"
        assert error.value.message == (
            f"Stream s under account {ACCOUNT} not ACTIVE, instead in state UPDATING"
        )


def test_an_unknown_shard_is_not_found() -> None:
    """[KL]"""
    with Kinesis() as kinesis:
        kinesis.create(shards=1)
        with pytest.raises(AwsError) as error:
            kinesis(
                "SplitShard",
                StreamName="s",
                ShardToSplit="shardId-000000000007",
                NewStartingHashKey=MIDDLE,
            )
        assert error.value.code == "ResourceNotFoundException"
        assert error.value.message == (
            f"Could not find shard shardId-000000000007 in stream s under account {ACCOUNT}."
        )


def test_update_shard_count_returns_both_counts() -> None:
    with Kinesis() as kinesis:
        kinesis.create(shards=2)
        answer = kinesis(
            "UpdateShardCount",
            StreamARN=kinesis.arn(),
            TargetShardCount=3,
            ScalingType="UNIFORM_SCALING",
        )
        assert answer == {
            "StreamName": "s",
            "CurrentShardCount": 2,
            "TargetShardCount": 3,
            "StreamARN": kinesis.arn(),
        }
        assert len(kinesis.shards(ShardFilter={"Type": "AT_LATEST"})) == 3


@pytest.mark.parametrize("target", [9, 1])
def test_the_shard_count_at_most_doubles_or_halves(target: int) -> None:
    """[KD:service-sizes-and-limits]"""
    with Kinesis() as kinesis:
        kinesis.create(shards=4)
        with pytest.raises(AwsError, match="InvalidArgumentException"):
            kinesis(
                "UpdateShardCount",
                StreamName="s",
                TargetShardCount=target,
                ScalingType="UNIFORM_SCALING",
            )


def test_the_shard_count_can_be_updated_10_times_a_day() -> None:
    """[KD:service-sizes-and-limits]"""
    with Kinesis() as kinesis:
        kinesis.create(shards=2)
        for number in range(10):
            kinesis(
                "UpdateShardCount",
                StreamName="s",
                TargetShardCount=2 + number % 2,
                ScalingType="UNIFORM_SCALING",
            )
            kinesis.advance(60)
        with pytest.raises(AwsError, match="LimitExceededException"):
            kinesis(
                "UpdateShardCount",
                StreamName="s",
                TargetShardCount=2,
                ScalingType="UNIFORM_SCALING",
            )
        kinesis.advance(86_400)
        kinesis(
            "UpdateShardCount", StreamName="s", TargetShardCount=2, ScalingType="UNIFORM_SCALING"
        )


def test_on_demand_streams_cannot_be_resharded_manually() -> None:
    """[KD:service-sizes-and-limits] Split, merge and update are for provisioned streams."""
    with Kinesis() as kinesis:
        kinesis.create(StreamModeDetails={"StreamMode": "ON_DEMAND"})
        with pytest.raises(
            AwsError, match=f"Stream s under account {ACCOUNT} is in On-Demand mode"
        ):
            kinesis(
                "UpdateShardCount",
                StreamName="s",
                TargetShardCount=2,
                ScalingType="UNIFORM_SCALING",
            )


def test_shard_filters() -> None:
    """[BC], each of the six."""
    with Kinesis() as kinesis:
        kinesis.create(shards=1)
        created = kinesis.clock.now()
        kinesis.advance(100)
        kinesis(
            "SplitShard",
            StreamName="s",
            ShardToSplit="shardId-000000000000",
            NewStartingHashKey=MIDDLE,
        )
        kinesis.advance(100)

        def found(**filters: Any) -> Any:
            shards = kinesis.shards(ShardFilter=filters)
            return [int(shard["ShardId"].removeprefix("shardId-")) for shard in shards]

        assert found(Type="FROM_TRIM_HORIZON") == [0, 1, 2]
        assert found(Type="AT_TRIM_HORIZON") == [0]
        assert found(Type="AT_LATEST") == [1, 2]
        assert found(Type="AFTER_SHARD_ID", ShardId="shardId-000000000001") == [2]
        assert found(Type="AT_TIMESTAMP", Timestamp=created + 50) == [0]
        assert found(Type="AT_TIMESTAMP", Timestamp=created + 150) == [1, 2]
        assert found(Type="FROM_TIMESTAMP", Timestamp=created + 50) == [0, 1, 2]
        assert found(Type="FROM_TIMESTAMP", Timestamp=created + 150) == [1, 2]
        assert found(Type="FROM_TIMESTAMP", Timestamp=1) == [0, 1, 2]


def test_shards_are_listed_in_pages_whose_tokens_are_valid_for_5_minutes() -> None:
    """[KD:service-sizes-and-limits]"""
    with Kinesis() as kinesis:
        kinesis.create(shards=5)
        first = kinesis("ListShards", StreamName="s", MaxResults=2)
        second = kinesis("ListShards", NextToken=first["NextToken"], MaxResults=2)
        third = kinesis("ListShards", NextToken=second["NextToken"])
        pages = [first["Shards"], second["Shards"], third["Shards"]]
        assert [len(page) for page in pages] == [2, 2, 1]
        assert [shard for page in pages for shard in page] == kinesis.shards()
        assert "NextToken" not in third
        kinesis.advance(301)
        with pytest.raises(AwsError, match="ExpiredNextTokenException"):
            kinesis("ListShards", NextToken=first["NextToken"])
        with pytest.raises(AwsError, match="NextToken and StreamName cannot be provided together"):
            kinesis("ListShards", NextToken=first["NextToken"], StreamName="s")
        with pytest.raises(AwsError, match="Either NextToken or StreamName should be provided"):
            kinesis("ListShards")
