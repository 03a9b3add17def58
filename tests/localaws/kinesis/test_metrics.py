"""CloudWatch metrics of streams."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.localaws.kinesis.harness import Kinesis
from workbook.target import Aws

RECORD = {"PartitionKey": "k", "Data": b"x", "ExplicitHashKey": "0"}


def total(aws: Any, stream: str, metric: str, statistic: str = "Sum") -> Any:
    now = datetime.now(UTC)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Kinesis",
        MetricName=metric,
        Dimensions=[{"Name": "StreamName", "Value": stream}],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=10),
        Period=3600,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(point[statistic] for point in points)


def test_a_stream_has_metrics_of_incoming_and_outgoing_data(local: Aws) -> None:
    kinesis = local.client("kinesis")
    kinesis.create_stream(StreamName="metrics", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(
        StreamName="metrics", WaiterConfig={"Delay": 1, "MaxAttempts": 10}
    )
    kinesis.put_record(StreamName="metrics", PartitionKey="k", Data=b"12345")
    records = [{"PartitionKey": "k", "Data": b"1"}] * 500
    failed = sum(
        kinesis.put_records(StreamName="metrics", Records=records)["FailedRecordCount"]
        for _ in range(4)
    )
    assert failed > 0
    iterator = kinesis.get_shard_iterator(
        StreamName="metrics",
        ShardId="shardId-000000000000",
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]
    read = len(kinesis.get_records(ShardIterator=iterator)["Records"])
    assert read == 2001 - failed
    assert total(local, "metrics", "IncomingRecords") == read
    assert total(local, "metrics", "IncomingBytes") == 6 + 2 * (read - 1)
    assert total(local, "metrics", "PutRecord.Success") == 1
    assert total(local, "metrics", "PutRecords.Bytes") == 2 * (read - 1)
    assert total(local, "metrics", "PutRecords.TotalRecords") == 2000
    assert total(local, "metrics", "PutRecords.SuccessfulRecords") == 2000 - failed
    assert total(local, "metrics", "PutRecords.ThrottledRecords") == failed
    assert total(local, "metrics", "WriteProvisionedThroughputExceeded") == failed
    assert total(local, "metrics", "GetRecords.Records") == read
    assert total(local, "metrics", "GetRecords.Success", "Maximum") == 1
    assert total(local, "metrics", "GetRecords.IteratorAgeMilliseconds", "Maximum") >= 0


def test_shards_have_metrics_if_enhanced_monitoring_is_on() -> None:
    """The metric names of EnableEnhancedMonitoring, with dimension ShardId."""
    with Kinesis() as kinesis:
        kinesis.create(shards=2)
        kinesis("PutRecord", StreamName="s", **RECORD)
        kinesis(
            "EnableEnhancedMonitoring",
            StreamName="s",
            ShardLevelMetrics=["IncomingRecords", "OutgoingRecords"],
        )
        kinesis("PutRecords", StreamName="s", Records=[RECORD])
        kinesis("PutRecord", StreamName="s", **RECORD)
        kinesis.get(kinesis.iterator(shard=1))
        kinesis.get(kinesis.iterator(shard=0))
        shard, other = "shardId-000000000000", "shardId-000000000001"
        points = [one for one in kinesis.metrics.points if "ShardId" in one.dimensions]
        found = {(one.name, one.dimensions["ShardId"]): 0.0 for one in points}
        for one in points:
            found[one.name, one.dimensions["ShardId"]] += one.value
        assert found == {
            ("IncomingRecords", shard): 2,
            ("OutgoingRecords", shard): 3,
            ("OutgoingRecords", other): 0,
        }
