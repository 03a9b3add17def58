"""Streams and registered consumers as resources of stacks [CFNL]."""

from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.moto.cloudformation import (
    SYSTEM_TAG,
    Resource,
    number,
    refusals,
    system_tags,
    tags,
)
from workbook.localaws.moto.kinesis import Backend, backend

ON_DEMAND = {"StreamMode": "ON_DEMAND"}
DEFAULT_SHARDS = 1


class StreamResource(Resource):
    """AWS::Kinesis::Stream; it is ACTIVE when its stack is complete."""

    TYPE = "AWS::Kinesis::Stream"
    NAME_PROPERTY = "Name"
    ATTRIBUTES = ("Arn",)

    def __init__(self, name: str, arn: str) -> None:
        self.stream_name = name
        self.arn = arn

    @property
    def physical_resource_id(self) -> str:
        """What ``Ref`` gives."""
        return self.stream_name

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return what ``Fn::GetAtt`` gives."""
        return self.arn

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> "StreamResource":
        """Create the stream."""
        properties = cloudformation_json.get("Properties", {})
        streams, mode = backend(region_name), properties.get("StreamModeDetails")
        # The API's default is 4 shards, that of a stack 1 [OBS].
        count = properties.get("ShardCount", None if mode == ON_DEMAND else DEFAULT_SHARDS)
        with refusals():
            streams.ask(
                "CreateStream",
                StreamName=resource_name,
                ShardCount=number(count),
                StreamModeDetails=mode,
                MaxRecordSizeInKiB=number(properties.get("MaxRecordSizeInKiB")),
                Tags=tags(properties) | system_tags(kwargs) or None,
            )
            summary = _summary(streams, resource_name)
            _configure(streams, resource_name, properties, summary)
        return cls(resource_name, summary["StreamARN"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "StreamResource",
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> "StreamResource":
        """Change the stream, or replace it when its name changed."""
        properties = cloudformation_json["Properties"]
        name = original_resource.stream_name
        if properties.get("Name", name) != name:
            created = cls.create_from_cloudformation_json(
                properties["Name"], cloudformation_json, account_id, region_name
            )
            cls.delete_from_cloudformation_json(name, cloudformation_json, account_id, region_name)
            return created
        with refusals():
            _change(backend(region_name), name, original_resource.arn, properties)
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        """Delete the stream, and consumers that others registered.

        AWS would not, and the stack would be DELETE_FAILED; moto has no such state and would
        forget the stack while the stream lives on.
        """
        with refusals():
            backend(region_name).ask(
                "DeleteStream", StreamName=resource_name, EnforceConsumerDeletion=True
            )


class ConsumerResource(Resource):
    """AWS::Kinesis::StreamConsumer, which moto does not have."""

    TYPE = "AWS::Kinesis::StreamConsumer"
    NAME_PROPERTY = "ConsumerName"
    ATTRIBUTES = (
        "ConsumerARN",
        "ConsumerCreationTimestamp",
        "ConsumerName",
        "ConsumerStatus",
        "StreamARN",
    )

    def __init__(self, description: dict[str, Any]) -> None:
        self.description = description

    @property
    def physical_resource_id(self) -> str:
        """What ``Ref`` gives."""
        arn: str = self.description["ConsumerARN"]
        return arn

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return what ``Fn::GetAtt`` gives."""
        return str(self.description[attribute_name])

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> "ConsumerResource":
        """Register the consumer."""
        properties = cloudformation_json["Properties"]
        with refusals():
            answer = backend(region_name).ask(
                "RegisterStreamConsumer",
                StreamARN=properties["StreamARN"],
                ConsumerName=resource_name,
                Tags=tags(properties) or None,
            )
        return cls({**answer["Consumer"], "StreamARN": properties["StreamARN"]})

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "ConsumerResource",
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> "ConsumerResource":
        """Replace the consumer: AWS changes none of its properties in place."""
        created = cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )
        old = original_resource.physical_resource_id
        cls.delete_from_cloudformation_json(old, cloudformation_json, account_id, region_name)
        return created

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        """Deregister the consumer, unless it went with its stream."""
        try:
            backend(region_name).ask("DeregisterStreamConsumer", ConsumerARN=resource_name)
        except ApiError as error:
            if error.code != "ResourceNotFoundException":
                raise


def _change(streams: Backend, name: str, arn: str, properties: dict[str, Any]) -> None:
    """Bring a stream to what its template says now."""
    summary = _summary(streams, name)
    mode = properties.get("StreamModeDetails")
    if mode is not None and mode != summary["StreamModeDetails"]:
        streams.ask("UpdateStreamMode", StreamARN=arn, StreamModeDetails=mode)
    count = number(properties.get("ShardCount"))
    if count is not None and count != summary["OpenShardCount"]:
        streams.ask(
            "UpdateShardCount",
            StreamName=name,
            TargetShardCount=count,
            ScalingType="UNIFORM_SCALING",
        )
    size = number(properties.get("MaxRecordSizeInKiB"))
    if size is not None and size != summary["MaxRecordSizeInKiB"]:
        streams.ask("UpdateMaxRecordSize", StreamARN=arn, MaxRecordSizeInKiB=size)
    _configure(streams, name, properties, summary)
    _retag(streams, name, tags(properties))


def _configure(
    streams: Backend, name: str, properties: dict[str, Any], summary: dict[str, Any]
) -> None:
    """Bring what CreateStream does not set to what a template says."""
    hours = number(properties.get("RetentionPeriodHours"))
    if hours is not None and hours != summary["RetentionPeriodHours"]:
        longer = hours > summary["RetentionPeriodHours"]
        operation = f"{'Increase' if longer else 'Decrease'}StreamRetentionPeriod"
        streams.ask(operation, StreamName=name, RetentionPeriodHours=hours)
    encryption = properties.get("StreamEncryption")
    if encryption is not None:
        streams.ask("StartStreamEncryption", StreamName=name, **encryption)
    elif summary["EncryptionType"] == "KMS":
        key_id = summary["KeyId"]
        streams.ask("StopStreamEncryption", StreamName=name, EncryptionType="KMS", KeyId=key_id)
    metrics = properties.get("DesiredShardLevelMetrics")
    if metrics:
        streams.ask("EnableEnhancedMonitoring", StreamName=name, ShardLevelMetrics=metrics)


def _summary(streams: Backend, name: str) -> dict[str, Any]:
    answer = streams.ask("DescribeStreamSummary", StreamName=name)
    summary: dict[str, Any] = answer["StreamDescriptionSummary"]
    return summary


def _retag(streams: Backend, name: str, wanted: dict[str, str]) -> None:
    """Bring a stream's tags to those wanted; what AWS itself set stays."""
    present = streams.ask("ListTagsForStream", StreamName=name)["Tags"]
    own = [tag["Key"] for tag in present if not tag["Key"].startswith(SYSTEM_TAG)]
    gone = [key for key in own if key not in wanted]
    if gone:
        streams.ask("RemoveTagsFromStream", StreamName=name, TagKeys=gone)
    if wanted:
        streams.ask("AddTagsToStream", StreamName=name, Tags=wanted)
