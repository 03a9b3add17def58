"""Data on its way from service to service, while each part on the way fails for a time."""

import base64
import gzip
import io
import json
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pyarrow.parquet as pq

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

LOGGED = 12
HEARER = """
import base64, gzip, json, os, random

def numbers(event):
    if "detail" in event:
        return [event["detail"]["n"]]
    whole = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    return [int(one["message"]) for one in whole["logEvents"]]

def handler(event, context):
    found = numbers(event)
    if random.random() < 0.2:
        os.kill(os.getpid(), 9)
    assert 7 not in found
    print("done", *found)
"""
PUT, FAILING, MISFIT = 60, 13, 14
TRANSFORMER = """
import base64, json, os, random

def handler(event, context):
    if random.random() < 0.3:
        os.kill(os.getpid(), 9)
    records = []
    for one in event["records"]:
        n = int(base64.b64decode(one["data"]))
        data = json.dumps({"n": "14?" if n == 14 else n}).encode()
        records.append({
            "recordId": one["recordId"],
            "result": "ProcessingFailed" if n == 13 else "Ok",
            "data": base64.b64encode(data).decode(),
            "metadata": {"partitionKeys": {"half": str(n % 2)}},
        })
    return {"records": records}
"""


def test_under_any_failure_every_log_event_and_bus_event_is_processed_or_in_a_queue() -> None:
    """[D23, DG:invocation-async] At least once: from a log group and a bus to a function.

    The function is killed and cannot process one event, and its destination for failures is gone,
    so that only its dead-letter queue is left. The log group also fills a stream, which is split.
    """
    with target.connect(target.LOCAL, speed=100) as aws:
        name, kinesis, logs = "heard", aws.client("kinesis"), aws.client("logs")
        sqs, lambda_ = aws.client("sqs"), aws.client("lambda")
        dead, dead_arn = deployment.create_queue(sqs, "dead")
        gone, gone_arn = deployment.create_queue(sqs, "gone")
        function = create(aws, HEARER, DeadLetterConfig={"TargetArn": dead_arn})
        lambda_.put_function_event_invoke_config(
            FunctionName=function, DestinationConfig={"OnFailure": {"Destination": gone_arn}}
        )
        sqs.delete_queue(QueueUrl=gone)
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
        role = "arn:aws:iam::123456789012:role/r"
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
        follow = partial(logs.put_subscription_filter, logGroupName=name, filterPattern="")
        follow(filterName="to-function", destinationArn=arn)
        follow(filterName="to-stream", destinationArn=make_stream(kinesis, name), roleArn=role)
        events = aws.client("events")
        events.put_rule(Name=name, EventPattern='{"source": ["chaos"]}')
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])

        def write(numbers: Iterable[int]) -> None:
            for n in numbers:
                event = {"timestamp": int(aws.now() * 1000), "message": str(n)}
                logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[event])
            send(events, (100 + n for n in numbers))

        write(range(LOGGED // 2))
        kinesis.update_shard_count(
            StreamName=name, TargetShardCount=2, ScalingType="UNIFORM_SCALING"
        )
        write(range(LOGGED // 2, LOGGED))
        letters: set[int] = set()

        def missing() -> set[int]:
            letters.update(n for one in taken(sqs, dead) for n in heard(one))
            lines = [line.split() for line in log_lines(aws, function)]
            done = {int(n) for words in lines if words[:1] == ["done"] for n in words[1:]}
            sent = range(LOGGED)
            return {*sent, *(100 + n for n in sent)} - done - letters

        group = f"/aws/lambda/{function}"
        until(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"], bool)
        assert until(missing, lambda found: not found) == set()
        assert 7 in letters
        assert until(lambda: in_stream(kinesis, name), lambda found: len(found) >= LOGGED) == set(
            range(LOGGED)
        )
        lost = partial(total, aws, "AWS/Lambda", "DestinationDeliveryFailures")
        assert until(lambda: lost(FunctionName=function), bool) > 0


def heard(event: Any) -> list[int]:
    """Return the numbers in an event of the bus or the log group."""
    if "detail" in event:
        return [int(event["detail"]["n"])]
    data = base64.b64decode(event["awslogs"]["data"])
    return [int(one["message"]) for one in json.loads(gzip.decompress(data))["logEvents"]]


def taken(sqs: Any, url: str) -> list[Any]:
    """Take all messages out of a queue; return their bodies, read as JSON."""
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def in_stream(kinesis: Any, name: str) -> set[int]:
    """Return the numbers of all log events in a stream."""
    found = set()
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for record in kinesis.get_records(ShardIterator=iterator)["Records"]:
            whole = json.loads(gzip.decompress(record["Data"]))
            if whole["messageType"] == "DATA_MESSAGE":
                found |= {int(one["message"]) for one in whole["logEvents"]}
    return found


def test_under_any_failure_every_direct_put_is_in_parquet_or_at_the_error_output() -> None:
    """[FH:basic-deliver, FH:data-transformation, FH:record-format-conversion]

    Firehose transforms, converts and partitions. The function is killed and fails one record,
    another one does not fit the schema, and the bucket is missing for a while.
    """
    with target.connect(target.LOCAL, speed=10) as aws:
        lake, glue = Lake(aws), aws.client("glue")
        lake.make_bucket()
        glue.create_database(DatabaseInput={"Name": lake.name})
        storage = {"Columns": [{"Name": "n", "Type": "int"}]}
        glue.create_table(
            DatabaseName=lake.name, TableInput={"Name": "t", "StorageDescriptor": storage}
        )
        function = create(aws, TRANSFORMER)
        transform = {
            "LambdaArn": f"arn:aws:lambda:us-east-1:123456789012:function:{function}",
            "NumberOfRetries": "1",
            "BufferIntervalInSeconds": "1",
        }
        parameters = [{"ParameterName": k, "ParameterValue": v} for k, v in transform.items()]
        schema = {"RoleARN": lake.role, "DatabaseName": lake.name, "TableName": "t"}
        lake.deliver(
            mib=64,
            Prefix="good/half=!{partitionKeyFromLambda:half}/",
            ErrorOutputPrefix="failed/!{firehose:error-output-type}/",
            DynamicPartitioningConfiguration={"Enabled": True},
            ProcessingConfiguration={
                "Enabled": True,
                "Processors": [{"Type": "Lambda", "Parameters": parameters}],
            },
            DataFormatConversionConfiguration={
                "SchemaConfiguration": schema,
                "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
                "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
            },
        )
        lake.s3.delete_bucket(Bucket=lake.name)
        for first in range(0, PUT, 10):
            lake.put(*[b"%d" % n for n in range(first, first + 10)])
        lake.make_bucket()
        failed: dict[str, set[int]] = {}

        def missing() -> set[int]:
            good: set[int] = set()
            for key, body in lake.arrived(0).items():
                if key.startswith("good/half="):
                    found = set(pq.read_table(io.BytesIO(body))["n"].to_pylist())
                    assert {n % 2 for n in found} == {int(key[len("good/half=")])}
                    good |= found
                else:
                    documents = [json.loads(line) for line in body.splitlines()]
                    data = [base64.b64decode(one["rawData"]).decode() for one in documents]
                    numbers = {int(re.sub(r"\D", "", text)) for text in data}
                    failed.setdefault(key.split("/")[1], set()).update(numbers)
            return set(range(PUT)) - good - set().union(*failed.values())

        assert until(missing, lambda found: not found) == set()
        assert FAILING in failed["processing-failed"]
        assert MISFIT in set().union(*failed.values())


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
        refused = "WriteProvisionedThroughputExceeded"
        assert total(aws, "AWS/Kinesis", refused, StreamName=f"{lake.name}-out") > 0


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


def total(aws: target.Aws, namespace: str, name: str, **dimensions: str) -> float:
    """Return the sum of a metric so far."""
    now = aws.now()
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
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
    kinesis, found = aws.client("kinesis"), []
    for document in taken(aws.client("sqs"), url):
        batch = document["KinesisBatchInfo"]
        iterator = kinesis.get_shard_iterator(
            StreamName=stream,
            ShardId=batch["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            StartingSequenceNumber=batch["startSequenceNumber"],
        )["ShardIterator"]
        answer = kinesis.get_records(ShardIterator=iterator, Limit=batch["batchSize"])
        found += [json.loads(record["Data"]) for record in answer["Records"]]
    return found
