"""A template with everything that passes data from one service to another."""

import gzip
import json
from typing import Any

from tests.localaws.integrations.firehose.delivering import until
from tests.localaws.stacks.deploying import ROLE, Stacks, function
from workbook.target import Aws


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def arn(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


def role(*services: str) -> dict[str, Any]:
    """Return a role that some services may assume, and that may do everything."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": services}}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = {
        "PolicyName": "p",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [everything]},
    }
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [policy],
        },
    }


def resources() -> dict[str, Any]:
    given: dict[str, dict[str, Any]] = {
        "AWS::Kinesis::Stream Stream": {"ShardCount": 1},
        "AWS::DynamoDB::Table Table": {
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KinesisStreamSpecification": {
                "StreamArn": arn("Stream"),
                "ApproximateCreationDateTimePrecision": "MICROSECOND",
            },
        },
        "AWS::Logs::LogGroup Group": {},
        "AWS::Logs::SubscriptionFilter Subscription": {
            "LogGroupName": ref("Group"),
            "FilterPattern": "ERROR",
            "DestinationArn": arn("Stream"),
            "RoleArn": arn("Services"),
        },
        "AWS::Logs::MetricFilter Errors": {
            "LogGroupName": ref("Group"),
            "FilterPattern": "ERROR",
            "MetricTransformations": [
                {"MetricNamespace": "stack", "MetricName": "Errors", "MetricValue": "1"}
            ],
        },
        "AWS::Events::Rule Rule": {
            "EventPattern": {"source": ["stack"]},
            "Targets": [
                {
                    "Id": "stream",
                    "Arn": arn("Stream"),
                    "RoleArn": arn("Services"),
                    "KinesisParameters": {"PartitionKeyPath": "$.detail.key"},
                }
            ],
        },
        "AWS::SQS::Queue Failures": {},
        "AWS::Lambda::EventInvokeConfig Invocations": {
            "FunctionName": ref("Function"),
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": 0,
            "DestinationConfig": {"OnFailure": {"Destination": arn("Failures")}},
        },
        "AWS::CloudWatch::Alarm Alarm": {
            "Namespace": "stack",
            "MetricName": "Errors",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        },
    }
    made = {
        key.split()[1]: {"Type": key.split()[0], "Properties": properties}
        for key, properties in given.items()
    }
    made["Role"] = role("lambda.amazonaws.com")
    made["Services"] = role("events.amazonaws.com", "logs.amazonaws.com")
    made["Function"] = function("def handler(event, context): raise ValueError(event)")
    return made


def test_a_stack_of_everything_that_passes_data_on_works(unlimited: Aws) -> None:
    """[CFNL] Table changes, logs and events to a stream; failures to a queue; an alarm."""
    aws, stacks = unlimited, Stacks(unlimited)
    name = stacks.name()
    assert stacks.create(resources(), name)["StackStatus"] == "CREATE_COMPLETE"
    ids = stacks.resources(name)
    aws.client("dynamodb").put_item(TableName=ids["Table"], Item={"id": {"S": "1"}})
    logs = aws.client("logs")
    logs.create_log_stream(logGroupName=ids["Group"], logStreamName="s")
    event = {"timestamp": int(aws.now() * 1000), "message": "ERROR of a stack"}
    logs.put_log_events(logGroupName=ids["Group"], logStreamName="s", logEvents=[event])
    detail = json.dumps({"key": "chosen"})
    entry = {"Source": "stack", "DetailType": "d", "Detail": detail}
    aws.client("events").put_events(Entries=[entry])
    aws.client("lambda").invoke(FunctionName=ids["Function"], InvocationType="Event", Payload=b"1")

    kinesis = aws.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName=ids["Stream"],
        ShardId="shardId-000000000000",
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]
    records = until(
        lambda: kinesis.get_records(ShardIterator=iterator)["Records"], lambda some: len(some) == 4
    )
    data = [
        json.loads(gzip.decompress(one["Data"]) if one["Data"][:1] == b"\x1f" else one["Data"])
        for one in records
    ]
    assert {one["eventName"] for one in data if "eventName" in one} == {"INSERT"}
    kinds = {one["messageType"] for one in data if "messageType" in one}
    assert kinds == {"CONTROL_MESSAGE", "DATA_MESSAGE"}
    assert "chosen" in {one["PartitionKey"] for one in records}
    (failed,) = aws.client("sqs").receive_message(QueueUrl=ids["Failures"], WaitTimeSeconds=20)[
        "Messages"
    ]
    assert json.loads(failed["Body"])["requestPayload"] == 1
    (errors,) = aws.client("cloudwatch").list_metrics(Namespace="stack")["Metrics"]
    assert errors["MetricName"] == "Errors"
    alarms = aws.client("cloudwatch").describe_alarms(AlarmNames=[ids["Alarm"]])["MetricAlarms"]
    assert len(alarms) == 1
    stacks.api.delete_stack(StackName=name)
    stacks.api.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def test_a_table_whose_stream_is_missing_fails_its_stack(unlimited: Aws) -> None:
    """[OBS] Its streaming destination becomes ENABLE_FAILED."""
    stacks, name = Stacks(unlimited), Stacks.name()
    table = resources()["Table"]
    table["Properties"]["KinesisStreamSpecification"] = {
        "StreamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/missing"
    }
    assert stacks.create({"Table": table, "Role": ROLE}, name)["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = [why for what, state, why in stacks.events(name) if state == "CREATE_FAILED"]
    assert any("User does not have a permission to use kinesis stream" in one for one in reasons)
