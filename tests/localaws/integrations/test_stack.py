"""A template with everything that passes data from one service to another."""

import gzip
import json
from typing import Any

from tests.localaws.functions.lambda_functions import log_lines
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
        "AWS::Events::Rule Hourly": {
            "ScheduleExpression": "rate(1 hour)",
            "Targets": [{"Id": "function", "Arn": arn("Consumer")}],
        },
        "AWS::Lambda::Permission HourlyMayInvoke": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": ref("Consumer"),
            "Principal": "events.amazonaws.com",
            "SourceArn": arn("Hourly"),
        },
        "AWS::Lambda::EventSourceMapping Mapping": {
            "FunctionName": ref("Consumer"),
            "EventSourceArn": arn("Stream"),
            "StartingPosition": "TRIM_HORIZON",
        },
        "AWS::KinesisFirehose::DeliveryStream Delivery": {
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": {
                "KinesisStreamARN": arn("Stream"),
                "RoleARN": arn("Services"),
            },
            "ExtendedS3DestinationConfiguration": {
                "BucketARN": arn("Lake"),
                "RoleARN": arn("Services"),
                "Prefix": "first/",
                "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
                "CompressionFormat": "GZIP",
            },
        },
        "AWS::SQS::Queue Failures": {},
        "AWS::SQS::Queue Dead": {},
        "AWS::SQS::Queue Alerts": {},
        "AWS::SNS::Topic Topic": {},
        "AWS::SNS::Subscription Told": {
            "TopicArn": ref("Topic"),
            "Protocol": "sqs",
            "Endpoint": arn("Alerts"),
        },
        "AWS::CloudWatch::Alarm Rate": {
            "Metrics": [
                {
                    "Id": "errors",
                    "ReturnData": False,
                    "MetricStat": {
                        "Metric": {"Namespace": "stack", "MetricName": "Errors"},
                        "Period": 60,
                        "Stat": "Sum",
                    },
                },
                {"Id": "rate", "Expression": "errors / 60"},
            ],
            "EvaluationPeriods": 1,
            "Threshold": 100,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "ignore",
            "AlarmActions": [ref("Topic")],
        },
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
    services = ("events", "firehose", "logs")
    made["Services"] = role(*(f"{one}.amazonaws.com" for one in services))
    made["Consumer"] = function("def handler(event, context): print('read', len(event['Records']))")
    made["Function"] = function(
        "def handler(event, context): raise ValueError(event)",
        DeadLetterConfig={"TargetArn": arn("Dead")},
    )
    made["Lake"] = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}  # it is not empty
    return made


def test_a_stack_of_everything_that_passes_data_on_works(unlimited: Aws) -> None:
    """[CFNL] Created, changed and deleted: sources of a stream, its consumers, and alarms."""
    aws, stacks = unlimited, Stacks(unlimited)
    name, template = stacks.name(), resources()
    assert stacks.create(template, name)["StackStatus"] == "CREATE_COMPLETE"
    ids = stacks.resources(name)
    aws.client("dynamodb").put_item(TableName=ids["Table"], Item={"id": {"S": "1"}})
    aws.client("logs").create_log_stream(logGroupName=ids["Group"], logStreamName="s")
    log(aws, ids, "ERROR of a stack")
    publish(aws, "stack", key="chosen")
    aws.client("lambda").invoke(FunctionName=ids["Function"], InvocationType="Event", Payload=b"1")

    records = in_stream(aws, ids, 4)
    data = [
        json.loads(gzip.decompress(one["Data"]) if one["Data"][:1] == b"\x1f" else one["Data"])
        for one in records
    ]
    assert {one["eventName"] for one in data if "eventName" in one} == {"INSERT"}
    kinds = {one["messageType"] for one in data if "messageType" in one}
    assert kinds == {"CONTROL_MESSAGE", "DATA_MESSAGE"}
    assert "chosen" in {one["PartitionKey"] for one in records}
    for queue in ("Failures", "Dead"):
        (failed,) = messages(aws, ids[queue])
        body = json.loads(failed["Body"])
        assert (body["requestPayload"] if queue == "Failures" else body) == 1
    (errors,) = aws.client("cloudwatch").list_metrics(Namespace="stack")["Metrics"]
    assert errors["MetricName"] == "Errors"
    until(lambda: in_lake(aws, ids, "first/"), lambda found: b"chosen" in found)
    read = until(lambda: consumed(aws, ids), lambda count: count >= 4)

    template["Alarm"]["Properties"]["Threshold"] = 5
    template["Subscription"]["Properties"]["FilterPattern"] = "FATAL"
    template["Rule"]["Properties"]["EventPattern"] = {"source": ["changed"]}
    template["Mapping"]["Properties"]["BatchSize"] = 10
    destination = template["Delivery"]["Properties"]["ExtendedS3DestinationConfiguration"]
    destination["Prefix"] = "second/"
    assert stacks.update(name, template)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.resources(name) == ids
    log(aws, ids, "ERROR no longer")
    log(aws, ids, "FATAL")
    publish(aws, "stack", key="unmatched")
    publish(aws, "changed", key="matched")
    in_lake_now = until(lambda: in_lake(aws, ids, "second/"), lambda found: b"matched" in found)
    assert b"unmatched" not in in_lake_now
    until(lambda: consumed(aws, ids), lambda count: count > read)
    cloudwatch = aws.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[ids["Alarm"]])["MetricAlarms"]
    assert alarm["Threshold"] == 5
    cloudwatch.set_alarm_state(AlarmName=ids["Rate"], StateValue="ALARM", StateReason="a test")
    (alert,) = messages(aws, ids["Alerts"])
    assert json.loads(json.loads(alert["Body"])["Message"])["AlarmName"] == ids["Rate"]

    stacks.api.delete_stack(StackName=name)
    stacks.api.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert ids["Stream"] not in aws.client("kinesis").list_streams()["StreamNames"]
    streams = aws.client("firehose").list_delivery_streams()["DeliveryStreamNames"]
    assert ids["Delivery"] not in streams
    assert cloudwatch.describe_alarms(AlarmNames=[ids["Alarm"], ids["Rate"]])["MetricAlarms"] == []
    assert ids["Table"] not in aws.client("dynamodb").list_tables()["TableNames"]


def log(aws: Aws, ids: dict[str, str], message: str) -> None:
    """Write an event to the stack's log group."""
    event = {"timestamp": int(aws.now() * 1000), "message": message}
    aws.client("logs").put_log_events(
        logGroupName=ids["Group"], logStreamName="s", logEvents=[event]
    )


def publish(aws: Aws, source: str, **detail: Any) -> None:
    """Send an event to the default bus."""
    entry = {"Source": source, "DetailType": "d", "Detail": json.dumps(detail)}
    assert aws.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def messages(aws: Aws, url: str) -> list[Any]:
    """Return the messages of a queue, once there are any."""
    sqs = aws.client("sqs")
    found = until(
        lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages", []), bool
    )
    return list(found)


def in_stream(aws: Aws, ids: dict[str, str], count: int) -> list[Any]:
    """Return the records of the stack's stream, once there are enough."""
    kinesis = aws.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName=ids["Stream"],
        ShardId="shardId-000000000000",
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]
    return until(
        lambda: list(kinesis.get_records(ShardIterator=iterator)["Records"]),
        lambda some: len(some) >= count,
    )


def in_lake(aws: Aws, ids: dict[str, str], prefix: str) -> bytes:
    """Return the content of the bucket's objects with a prefix."""
    s3 = aws.client("s3")
    found = s3.list_objects_v2(Bucket=ids["Lake"], Prefix=prefix).get("Contents", [])
    bodies = [s3.get_object(Bucket=ids["Lake"], Key=one["Key"])["Body"].read() for one in found]
    return b"".join(gzip.decompress(body) for body in bodies)


def consumed(aws: Aws, ids: dict[str, str]) -> int:
    """Return how many records the consumer has read."""
    group = f"/aws/lambda/{ids['Consumer']}"
    if not aws.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return 0
    lines = [line.split() for line in log_lines(aws, ids["Consumer"])]
    return sum(int(words[1]) for words in lines if words[:1] == ["read"])


SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Stream:
    Type: AWS::Kinesis::Stream
    Properties: {ShardCount: 1}
  Group:
    Type: AWS::Logs::LogGroup
  Dead:
    Type: AWS::SQS::Queue
  Hearer:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            if "Records" in event:
                print("heard kinesis")
            elif "awslogs" in event:
                print("heard logs")
            elif event.get("source") == "sam":
                print("heard bus")
            else:
                raise ValueError(event)
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Dead.Arn}
      EventInvokeConfig: {MaximumRetryAttempts: 0}
      Events:
        Records:
          Type: Kinesis
          Properties: {Stream: !GetAtt Stream.Arn, StartingPosition: TRIM_HORIZON}
        Lines:
          Type: CloudWatchLogs
          Properties: {LogGroupName: !Ref Group, FilterPattern: ERROR}
        Bus:
          Type: EventBridgeRule
          Properties: {Pattern: {source: [sam]}}
        Clock:
          Type: Schedule
          Properties: {Schedule: rate(1 hour)}
"""


def test_a_sam_function_hears_a_stream_a_log_group_and_a_bus(unlimited: Aws) -> None:
    """[SAMT] Its dead-letter queue receives what it cannot process."""
    aws, stacks = unlimited, Stacks(unlimited)
    name = stacks.name()
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    stacks.api.create_stack(StackName=name, TemplateBody=SAM, Capabilities=capabilities)
    assert stacks.get(name)["StackStatus"] == "CREATE_COMPLETE"
    ids = stacks.resources(name)
    aws.client("kinesis").put_record(StreamName=ids["Stream"], Data=b"x", PartitionKey="k")
    aws.client("logs").create_log_stream(logGroupName=ids["Group"], logStreamName="s")
    log(aws, ids, "ERROR of a stack")
    publish(aws, "sam")
    aws.client("lambda").invoke(FunctionName=ids["Hearer"], InvocationType="Event", Payload=b"{}")
    (letter,) = messages(aws, ids["Dead"])
    assert letter["Body"] == "{}"

    def heard() -> set[str]:
        lines = [line.split() for line in log_lines(aws, ids["Hearer"])]
        return {words[1] for words in lines if words[:1] == ["heard"]}

    assert until(heard, lambda found: len(found) == 3) == {"kinesis", "logs", "bus"}
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
