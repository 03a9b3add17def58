"""A stream to which a table, a log group, a bus and a producer write."""

import json
import uuid
from typing import Any

from workbook import deployment
from workbook.target import Aws
from workbook.waiting import wait_until

RECORDS = 5  # two of them from the log group, whose first record is a control message
READER = """
import base64, gzip, json

def handler(event, context):
    for record in event["Records"]:
        data = base64.b64decode(record["kinesis"]["data"])
        json.loads(gzip.decompress(data) if data.startswith(b"\\x1f\\x8b") else data)
    return {"batchItemFailures": []}
"""


def feed(aws: Aws) -> tuple[str, str]:
    """Create the stream and what writes to it, and send one event of each kind.

    Returns:
        The stream's name and ARN, once it has all records.
    """
    name = f"fed-{uuid.uuid4().hex[:8]}"
    kinesis = aws.client("kinesis")
    arn = deployment.create_stream(kinesis, name)
    trust = deployment.trust_policy("events.amazonaws.com")
    trust["Statement"][0]["Principal"]["Service"] = ["events.amazonaws.com", "logs.amazonaws.com"]
    put = [{"Effect": "Allow", "Action": "kinesis:PutRecord*", "Resource": arn}]
    iam = aws.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": put})
    iam.put_role_policy(RoleName=name, PolicyName="put", PolicyDocument=policy)
    _write_to_table(aws, name, arn)
    _log(aws, name, arn, role["Arn"])
    _put_event(aws, name, arn, role["Arn"])
    kinesis.put_record(StreamName=name, PartitionKey="producer", Data=b'{"from":"producer"}')
    wait_until("all records", lambda: len(_stored(kinesis, name)) == RECORDS)
    return name, arn


def _write_to_table(aws: Aws, name: str, arn: str) -> None:
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    dynamodb.enable_kinesis_streaming_destination(TableName=name, StreamArn=arn)
    dynamodb.put_item(TableName=name, Item={"id": {"S": "1"}})


def _log(aws: Aws, name: str, arn: str, role_arn: str) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    logs.put_subscription_filter(
        logGroupName=name, filterName="f", filterPattern="", destinationArn=arn, roleArn=role_arn
    )
    event = {"timestamp": int(aws.now() * 1000), "message": "a line"}
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[event])


def _put_event(aws: Aws, name: str, arn: str, role_arn: str) -> None:
    events = aws.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, "RoleArn": role_arn}])
    events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": "{}"}])


def _stored(kinesis: Any, name: str) -> list[Any]:
    iterator = kinesis.get_shard_iterator(
        StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return list(kinesis.get_records(ShardIterator=iterator)["Records"])
