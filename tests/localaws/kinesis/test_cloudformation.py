"""Streams through CloudFormation: the same streams as through the Kinesis API."""

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from workbook.target import Aws


def template(**properties: Any) -> Any:
    return json.dumps(
        {
            "Resources": {"Flights": {"Type": "AWS::Kinesis::Stream", "Properties": properties}},
            "Outputs": {
                "Name": {"Value": {"Ref": "Flights"}},
                "Arn": {"Value": {"Fn::GetAtt": ["Flights", "Arn"]}},
            },
        }
    )


def outputs(cloudformation: Any, stack: Any) -> Any:
    (description,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}


def summary(kinesis: Any, name: str) -> Any:
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


def user_tags(kinesis: Any, name: str) -> dict[str, str]:
    tags = kinesis.list_tags_for_stream(StreamName=name)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")}


def test_a_stack_creates_updates_and_deletes_a_stream(unlimited: Aws) -> None:
    cloudformation, kinesis = unlimited.client("cloudformation"), unlimited.client("kinesis")
    cloudformation.create_stack(
        StackName="cfn-life",
        TemplateBody=template(
            Name="cfn-life",
            ShardCount=2,
            RetentionPeriodHours=48,
            Tags=[{"Key": "team", "Value": "data"}],
        ),
    )
    described = summary(kinesis, "cfn-life")
    assert described["StreamStatus"] == "ACTIVE"
    assert described["OpenShardCount"] == 2
    assert described["RetentionPeriodHours"] == 48
    assert user_tags(kinesis, "cfn-life") == {"team": "data"}
    assert outputs(cloudformation, "cfn-life") == {
        "Name": "cfn-life",
        "Arn": "arn:aws:kinesis:us-east-1:123456789012:stream/cfn-life",
    }
    kinesis.put_record(StreamName="cfn-life", PartitionKey="k", Data=b"kept")

    cloudformation.update_stack(
        StackName="cfn-life",
        TemplateBody=template(
            Name="cfn-life",
            ShardCount=4,
            RetentionPeriodHours=24,
            Tags=[{"Key": "team", "Value": "ml"}, {"Key": "cost", "Value": "7"}],
        ),
    )
    described = summary(kinesis, "cfn-life")
    assert described["OpenShardCount"] == 4
    assert described["RetentionPeriodHours"] == 24
    assert user_tags(kinesis, "cfn-life") == {"team": "ml", "cost": "7"}

    cloudformation.delete_stack(StackName="cfn-life")
    with pytest.raises(ClientError, match="Stream cfn-life under account 123456789012 not found"):
        summary(kinesis, "cfn-life")


def test_a_stacks_stream_has_one_shard_by_default(unlimited: Aws) -> None:
    """[OBS] The API's default is 4; a number may be a string [CFNL]."""
    cloudformation, kinesis = unlimited.client("cloudformation"), unlimited.client("kinesis")
    on_demand = {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    for name, properties, shards in (
        ("cfn-default", {}, 1),
        ("cfn-text", {"ShardCount": "3"}, 3),
        ("cfn-on-demand", on_demand, 4),
    ):
        body = template(Name=name, **properties)
        cloudformation.create_stack(StackName=name, TemplateBody=body)
        assert summary(kinesis, name)["OpenShardCount"] == shards
        assert summary(kinesis, name)["StreamModeDetails"] == (
            on_demand["StreamModeDetails"]
            if name == "cfn-on-demand"
            else {"StreamMode": "PROVISIONED"}
        )
        cloudformation.delete_stack(StackName=name)


def test_a_stream_without_a_name_gets_one_and_keeps_it(unlimited: Aws) -> None:
    cloudformation, kinesis = unlimited.client("cloudformation"), unlimited.client("kinesis")
    cloudformation.create_stack(
        StackName="cfn-unnamed",
        TemplateBody=template(StreamModeDetails={"StreamMode": "ON_DEMAND"}),
    )
    name = outputs(cloudformation, "cfn-unnamed")["Name"]
    assert name.startswith("cfn-unnamed-Flights-")
    assert summary(kinesis, name)["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    cloudformation.update_stack(
        StackName="cfn-unnamed",
        TemplateBody=template(ShardCount=2, StreamModeDetails={"StreamMode": "PROVISIONED"}),
    )
    assert outputs(cloudformation, "cfn-unnamed")["Name"] == name
    assert summary(kinesis, name)["OpenShardCount"] == 2


def test_a_changed_name_replaces_the_stream(unlimited: Aws) -> None:
    cloudformation, kinesis = unlimited.client("cloudformation"), unlimited.client("kinesis")
    cloudformation.create_stack(
        StackName="cfn-renamed", TemplateBody=template(Name="cfn-old", ShardCount=1)
    )
    cloudformation.update_stack(
        StackName="cfn-renamed", TemplateBody=template(Name="cfn-new", ShardCount=1)
    )
    assert summary(kinesis, "cfn-new")["OpenShardCount"] == 1
    with pytest.raises(ClientError, match="not found"):
        summary(kinesis, "cfn-old")


def test_logs_can_be_sent_to_a_stream(unlimited: Aws) -> None:
    kinesis, logs = unlimited.client("kinesis"), unlimited.client("logs")
    cloudformation = unlimited.client("cloudformation")
    cloudformation.create_stack(
        StackName="cfn-logs", TemplateBody=template(Name="cfn-logs", ShardCount=1)
    )
    logs.create_log_group(logGroupName="/to-kinesis")
    logs.create_log_stream(logGroupName="/to-kinesis", logStreamName="one")
    logs.put_subscription_filter(
        logGroupName="/to-kinesis",
        filterName="all",
        filterPattern="",
        destinationArn="arn:aws:kinesis:us-east-1:123456789012:stream/cfn-logs",
        roleArn="arn:aws:iam::123456789012:role/logs",
    )
    logs.put_log_events(
        logGroupName="/to-kinesis",
        logStreamName="one",
        logEvents=[{"timestamp": int(unlimited.now() * 1000), "message": "hello"}],
    )
    iterator = kinesis.get_shard_iterator(
        StreamName="cfn-logs",
        ShardId="shardId-000000000000",
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]
    records = kinesis.get_records(ShardIterator=iterator)["Records"]
    _, data = (json.loads(gzip.decompress(record["Data"])) for record in records)
    assert [event["message"] for event in data["logEvents"]] == ["hello"]


def test_a_consumer_can_be_a_resource(unlimited: Aws) -> None:
    """AWS::Kinesis::StreamConsumer."""
    cloudformation, kinesis = unlimited.client("cloudformation"), unlimited.client("kinesis")
    resources = json.loads(template(Name="cfn-fan-out", ShardCount=1))["Resources"]
    resources["Reader"] = {
        "Type": "AWS::Kinesis::StreamConsumer",
        "Properties": {
            "ConsumerName": "reader",
            "StreamARN": {"Fn::GetAtt": ["Flights", "Arn"]},
        },
    }
    cloudformation.create_stack(
        StackName="cfn-fan-out",
        TemplateBody=json.dumps(
            {"Resources": resources, "Outputs": {"Reader": {"Value": {"Ref": "Reader"}}}}
        ),
    )
    arn = outputs(cloudformation, "cfn-fan-out")["Reader"]
    described = kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]
    assert (described["ConsumerName"], described["ConsumerStatus"]) == ("reader", "ACTIVE")
    cloudformation.delete_stack(StackName="cfn-fan-out")
    with pytest.raises(ClientError, match="not found"):
        summary(kinesis, "cfn-fan-out")


def test_a_refused_resource_rolls_its_stack_back(unlimited: Aws) -> None:
    """[SEEN] The stack's events have the API's message."""
    cloudformation = unlimited.client("cloudformation")
    cloudformation.create_stack(
        StackName="cfn-refused", TemplateBody=template(Name="cfn-refused", ShardCount=0)
    )
    (stack,) = cloudformation.describe_stacks(StackName="cfn-refused")["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName="cfn-refused")["StackEvents"]
    (reason,) = [
        one["ResourceStatusReason"] for one in events if one["ResourceStatus"] == "CREATE_FAILED"
    ]
    assert "Member must have value greater than or equal to 1" in reason
