"""Data on its way from service to service, while each part on the way fails for a time."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.localaws.functions.lambda_functions import create, log_lines
from tests.localaws.integrations.firehose.delivering import Lake, until
from workbook import deployment, target

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
EVENTS = 40
WRITER = """
import base64, boto3, json, os, random
from botocore.config import Config

dynamodb = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))

def handler(event, context):
    for record in event["Records"]:
        failed = {"batchItemFailures": [{"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}
        n = json.loads(base64.b64decode(record["kinesis"]["data"]))["detail"]["n"]
        if n == 13:
            return failed
        if random.random() < 0.1:
            os.kill(os.getpid(), 9)
        item = {"id": {"S": str(n)}, "text": {"S": "x" * 20 * 1024}}
        try:
            dynamodb.put_item(TableName=os.environ["TABLE"], Item=item)
        except dynamodb.exceptions.ProvisionedThroughputExceededException:
            print("throttled")
            return failed
"""


def test_under_any_failure_every_event_is_in_the_table_or_at_an_error_output() -> None:
    """[D23, DG:with-kinesis] At least once: from a bus through a stream and a function to a table.

    The stream is split and then deleted, the function is killed and cannot process one event, and
    the table throttles.
    """
    with target.connect(target.LOCAL, speed=100) as aws:
        name, kinesis, events = "chaos", aws.client("kinesis"), aws.client("events")
        stream, table = make_stream(kinesis, name), make_throttling_table(aws, name)
        dead, dead_arn = deployment.create_queue(aws.client("sqs"), "dead")
        failed, failed_arn = deployment.create_queue(aws.client("sqs"), "failed")
        function = create(aws, WRITER, Environment={"Variables": table}, Timeout=10)
        aws.client("lambda").create_event_source_mapping(
            EventSourceArn=stream,
            FunctionName=function,
            StartingPosition="TRIM_HORIZON",
            BatchSize=5,
            MaximumRetryAttempts=4,
            BisectBatchOnFunctionError=True,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            DestinationConfig={"OnFailure": {"Destination": failed_arn}},
        )
        events.put_rule(Name=name, EventPattern='{"source": ["chaos"]}')
        letters = {"DeadLetterConfig": {"Arn": dead_arn}}
        role = "arn:aws:iam::123456789012:role/r"
        events.put_targets(
            Rule=name, Targets=[{"Id": "1", "Arn": stream, "RoleArn": role, **letters}]
        )
        send(events, range(EVENTS // 2))
        kinesis.update_shard_count(
            StreamName=name, TargetShardCount=2, ScalingType="UNIFORM_SCALING"
        )
        send(events, range(EVENTS // 2, EVENTS))
        outputs: set[int] = set()

        def missing() -> set[int]:
            outputs.update(int(one["detail"]["n"]) for one in given_up(aws, failed, name))
            pages = (
                aws.client("dynamodb")
                .get_paginator("scan")
                .paginate(TableName=name, ProjectionExpression="id")
            )
            stored = {int(item["id"]["S"]) for page in pages for item in page["Items"]}
            return set(range(EVENTS)) - stored - outputs

        assert until(missing, lambda found: not found) == set()
        assert 13 in outputs
        assert any("throttled" in line for line in log_lines(aws, function))
        kinesis.delete_stream(StreamName=name)
        send(events, [EVENTS])
        sqs = aws.client("sqs")
        (letter,) = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=20)["Messages"]
        assert json.loads(letter["Body"])["detail"] == {"n": EVENTS}


def make_throttling_table(aws: target.Aws, name: str) -> dict[str, str]:
    """Create a table that soon throttles; return the function's variable with its name."""
    aws.client("dynamodb").create_table(
        TableName=name,
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    return {"TABLE": name}


def send(events: Any, numbers: Iterable[int]) -> None:
    """Send an event with each number."""
    for n in numbers:
        entry = {"Source": "chaos", "DetailType": "d", "Detail": json.dumps({"n": n})}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0


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
    changes = given_up(aws, url, stream)
    return {int(one["dynamodb"]["NewImage"]["id"]["N"]) for one in changes}


def given_up(aws: target.Aws, url: str, stream: str) -> list[Any]:
    """Return the data of the records that a mapping gave up, from the documents in its queue."""
    sqs, kinesis = aws.client("sqs"), aws.client("kinesis")
    found = []
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
            found += [json.loads(record["Data"]) for record in answer["Records"]]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found
