"""Delivery streams in templates."""

from typing import Any

from tests.localaws.integrations.firehose.delivering import Lake
from tests.localaws.stacks.deploying import Stacks
from workbook.target import Aws


def resources(lake: Lake, prefix: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "firehose.amazonaws.com"},
    }
    everything = {"Effect": "Allow", "Action": ["s3:*", "kinesis:*"], "Resource": "*"}
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    return {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": lake.name}},
        "Stream": {
            "Type": "AWS::Kinesis::Stream",
            "Properties": {"Name": lake.name, "ShardCount": 1},
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
                "Policies": [
                    {
                        "PolicyName": "p",
                        "PolicyDocument": {"Version": "2012-10-17", "Statement": [everything]},
                    }
                ],
            },
        },
        "Delivery": {
            "Type": "AWS::KinesisFirehose::DeliveryStream",
            "Properties": {
                "DeliveryStreamName": lake.name,
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration": {
                    "KinesisStreamARN": {"Fn::GetAtt": ["Stream", "Arn"]},
                    "RoleARN": role,
                },
                "ExtendedS3DestinationConfiguration": {
                    "BucketARN": {"Fn::GetAtt": ["Bucket", "Arn"]},
                    "RoleARN": role,
                    "Prefix": prefix,
                    "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
                },
            },
        },
    }


def test_a_stacks_delivery_stream_delivers_and_is_changed_in_place(local: Aws) -> None:
    """[CFNL] The destination changes without interruption."""
    lake, stacks = Lake(local), Stacks(local)
    name = stacks.name()

    def delivers(status: str, version: int, prefix: str) -> None:
        assert stacks.get(name)["StackStatus"] == status, str(stacks.events(name))
        local.client("kinesis").put_record(
            StreamName=lake.name, PartitionKey="k", Data=prefix.encode()
        )
        ((key, body),) = lake.arrived(prefix=prefix).items()
        assert f"{lake.name}-{version}-" in key
        assert body == prefix.encode()

    stacks.create(resources(lake, "old/"), name)
    delivers("CREATE_COMPLETE", 1, "old/")
    stacks.update(name, resources(lake, "new/"))
    delivers("UPDATE_COMPLETE", 2, "new/")
    for key in lake.object_keys():
        lake.s3.delete_object(Bucket=lake.name, Key=key)
    stacks.api.delete_stack(StackName=name)
    assert lake.name not in lake.firehose.list_delivery_streams()["DeliveryStreamNames"]
