"""A table's changes on their way to files, while each part on the way fails for a time."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.localaws.functions.lambda_functions import create
from tests.localaws.integrations.firehose.delivering import Lake, until
from workbook import target

ITEMS = 120
BATCH = 20  # of a call of BatchWriteItem
POISON = 60  # the item whose change the function cannot process
SHAKY = """
import base64, boto3, json, os, random

kinesis = boto3.client("kinesis")

def handler(event, context):
    records, failures = [], []
    for record in event["Records"]:
        image = json.loads(base64.b64decode(record["kinesis"]["data"]))["dynamodb"]["NewImage"]
        n = int(image["id"]["N"])
        if n == 60:
            failures.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]})
            break
        records.append({"Data": b"%d%s," % (n, b" " * 50_000), "PartitionKey": str(n)})
    if random.random() < 0.1:
        os.kill(os.getpid(), 9)
    if records:
        answer = kinesis.put_records(StreamName=os.environ["OUT"], Records=records)
        if answer["FailedRecordCount"]:
            raise RuntimeError("throttled")
    return {"batchItemFailures": failures}
"""


def test_under_any_failure_every_change_of_a_table_is_in_the_lake_or_given_up() -> None:
    """[D23, DG:with-kinesis, FH:basic-deliver] At least once, from end to end.

    The first stream is split, the second one is throttled, the function is killed and cannot
    process one change, and the bucket is missing for a while.
    """
    with target.connect(target.LOCAL, speed=4) as aws:
        lake = Lake(aws)
        lake.make_bucket()
        kinesis, sqs = aws.client("kinesis"), aws.client("sqs")
        changes, out = (make_stream(kinesis, f"{lake.name}-{kind}") for kind in ("in", "out"))
        lake.deliver(stream_arn=out)
        lake.s3.delete_bucket(Bucket=lake.name)
        url = sqs.create_queue(QueueName=lake.name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        aws.client("lambda").create_event_source_mapping(
            EventSourceArn=changes,
            FunctionName=create(aws, SHAKY, Environment={"Variables": {"OUT": f"{lake.name}-out"}}),
            StartingPosition="TRIM_HORIZON",
            BatchSize=20,
            BisectBatchOnFunctionError=True,
            MaximumRetryAttempts=2,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            DestinationConfig={"OnFailure": {"Destination": attributes["Attributes"]["QueueArn"]}},
        )
        put_items(aws, lake.name, changes)
        kinesis.update_shard_count(
            StreamName=f"{lake.name}-in", TargetShardCount=2, ScalingType="UNIFORM_SCALING"
        )
        lake.s3.create_bucket(Bucket=lake.name)
        given_up: set[int] = set()

        def missing() -> set[int]:
            given_up.update(in_documents(aws, url, f"{lake.name}-in"))
            whole = b"".join(lake.arrived(0).values())
            arrived = {int(one) for one in whole.split(b",") if one}
            assert arrived <= set(range(ITEMS))
            return set(range(ITEMS)) - arrived - given_up

        assert until(missing, lambda found: not found) == set()
        assert POISON in given_up
        assert throttled(aws, f"{lake.name}-out") > 0


def make_stream(kinesis: Any, name: str) -> str:
    """Create a stream of one shard; return its ARN once it is ACTIVE."""
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return str(summary["StreamARN"])


def put_items(aws: target.Aws, table: str, stream_arn: str) -> None:
    """Create a table whose changes go to the stream, and write all items to it."""
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
    )
    dynamodb.enable_kinesis_streaming_destination(TableName=table, StreamArn=stream_arn)
    until(
        lambda: dynamodb.describe_kinesis_streaming_destination(TableName=table)[
            "KinesisDataStreamDestinations"
        ][0]["DestinationStatus"],
        lambda status: status == "ACTIVE",
    )

    def write(first: int) -> None:
        items = [{"id": {"N": str(n)}} for n in range(first, first + BATCH)]
        requests = [{"PutRequest": {"Item": item}} for item in items]
        answer = dynamodb.batch_write_item(RequestItems={table: requests})
        assert answer["UnprocessedItems"] == {}

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(0, ITEMS, BATCH)))


def throttled(aws: target.Aws, stream: str) -> float:
    """Return how many records the stream has refused."""
    now = aws.now()
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Kinesis",
        MetricName="WriteProvisionedThroughputExceeded",
        Dimensions=[{"Name": "StreamName", "Value": stream}],
        StartTime=now - 3600,
        EndTime=now + 3600,
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def in_documents(aws: target.Aws, url: str, stream: str) -> set[int]:
    """Return the items of the batches that the mapping gave up, from its documents."""
    sqs, kinesis = aws.client("sqs"), aws.client("kinesis")
    found = set()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            batch = json.loads(message["Body"])["KinesisBatchInfo"]
            iterator = kinesis.get_shard_iterator(
                StreamName=stream,
                ShardId=batch["shardId"],
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                StartingSequenceNumber=batch["startSequenceNumber"],
            )["ShardIterator"]
            answer = kinesis.get_records(ShardIterator=iterator, Limit=batch["batchSize"])
            for record in answer["Records"]:
                found.add(int(json.loads(record["Data"])["dynamodb"]["NewImage"]["id"]["N"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found
