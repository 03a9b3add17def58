"""moto's Kinesis with our streams in it: the one module here that touches moto.

moto's other services (CloudFormation, log subscriptions) reach Kinesis through its backend, on
moto's own thread.  Here they find our streams; every change is one of our operations, run on the
loop.
"""

from collections.abc import Callable
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.kinesis import urls
from moto.kinesis.models import KinesisBackend, kinesis_backends

from workbook.localaws.api.errors import ApiError

Perform = Callable[[str, str, dict[str, Any]], dict[str, Any]]
SYSTEM_TAG = "aws:"
CONSUMER_ATTRIBUTES = (
    "ConsumerARN",
    "ConsumerCreationTimestamp",
    "ConsumerName",
    "ConsumerStatus",
    "StreamARN",
)


class Door:
    """What this module needs of the service; set by ``install``."""

    perform: Perform


def _ask(region: str, operation: str, **parameters: Any) -> dict[str, Any]:
    """An answer of our API, with errors as moto's CloudFormation tells them."""
    given = {name: value for name, value in parameters.items() if value is not None}
    try:
        return Door.perform(region, operation, given)
    except ApiError as error:
        from moto.cloudformation.exceptions import ValidationError  # late: brings all of moto

        raise ValidationError(message=error.message) from None


class StreamResource(CloudFormationModel):
    """A stream as moto's other services see it, and as a resource of a stack."""

    def __init__(self, name: str, arn: str, region: str) -> None:
        self.stream_name = name
        self.arn = arn
        self.region = region

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives."""
        return self.stream_name

    def is_created(self) -> bool:
        """Always: a stack's stream is ACTIVE at once."""
        return True

    def put_record(self, partition_key: str, explicit_hash_key: str, data: str) -> tuple[str, str]:
        """Write a record whose data is base64; gives its sequence number and shard."""
        answer = _ask(
            self.region,
            "PutRecord",
            StreamName=self.stream_name,
            PartitionKey=partition_key,
            ExplicitHashKey=explicit_hash_key or None,
            Data=data,
        )
        return answer["SequenceNumber"], answer["ShardId"]

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property that names it."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """The resource's type."""
        return "AWS::Kinesis::Stream"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """What Fn::GetAtt knows."""
        return attr == "Arn"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """What Fn::GetAtt gives."""
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
        """Create the stream; it is ACTIVE when its stack is complete."""
        properties = cloudformation_json.get("Properties", {})
        _ask(
            region_name,
            "CreateStream",
            StreamName=resource_name,
            ShardCount=_number(properties.get("ShardCount")),
            StreamModeDetails=properties.get("StreamModeDetails"),
            MaxRecordSizeInKiB=_number(properties.get("MaxRecordSizeInKiB")),
            Tags=_tags(properties) | _system_tags(kwargs) or None,
        )
        _configure(region_name, resource_name, properties, _summary(region_name, resource_name))
        arn = _summary(region_name, resource_name)["StreamARN"]
        return cls(resource_name, arn, region_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "StreamResource",
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> "StreamResource":
        """Change the stream, or replace it when its Name changed."""
        properties = cloudformation_json["Properties"]
        name = original_resource.stream_name
        if properties.get("Name", name) != name:
            created = cls.create_from_cloudformation_json(
                properties["Name"], cloudformation_json, account_id, region_name
            )
            cls.delete_from_cloudformation_json(name, cloudformation_json, account_id, region_name)
            return created
        summary = _summary(region_name, name)
        mode = properties.get("StreamModeDetails")
        if mode is not None and mode != summary["StreamModeDetails"]:
            arn = original_resource.arn
            _ask(region_name, "UpdateStreamMode", StreamARN=arn, StreamModeDetails=mode)
        count = _number(properties.get("ShardCount"))
        if count is not None and count != summary["OpenShardCount"]:
            _ask(
                region_name,
                "UpdateShardCount",
                StreamName=name,
                TargetShardCount=count,
                ScalingType="UNIFORM_SCALING",
            )
        size = _number(properties.get("MaxRecordSizeInKiB"))
        if size is not None and size != summary["MaxRecordSizeInKiB"]:
            arn = original_resource.arn
            _ask(region_name, "UpdateMaxRecordSize", StreamARN=arn, MaxRecordSizeInKiB=size)
        _configure(region_name, name, properties, summary)
        _retag(region_name, name, _tags(properties))
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        """Delete the stream, and consumers that others registered.

        AWS would not, and the stack would be DELETE_FAILED; moto has no such state and would
        forget the stack while the stream lives on.
        """
        _ask(region_name, "DeleteStream", StreamName=resource_name, EnforceConsumerDeletion=True)


class ConsumerResource(CloudFormationModel):
    """A registered consumer as a resource of a stack; moto has none."""

    def __init__(self, region: str, description: dict[str, Any]) -> None:
        self.region = region
        self.description = description

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives."""
        arn: str = self.description["ConsumerARN"]
        return arn

    def is_created(self) -> bool:
        """Always: a stack's consumer is ACTIVE at once."""
        return True

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property that names it."""
        return "ConsumerName"

    @staticmethod
    def cloudformation_type() -> str:
        """The resource's type."""
        return "AWS::Kinesis::StreamConsumer"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """What Fn::GetAtt knows."""
        return attr in CONSUMER_ATTRIBUTES

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """What Fn::GetAtt gives."""
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
        answer = _ask(
            region_name,
            "RegisterStreamConsumer",
            StreamARN=properties["StreamARN"],
            ConsumerName=resource_name,
            Tags=_tags(properties) or None,
        )
        description = {**answer["Consumer"], "StreamARN": properties["StreamARN"]}
        return cls(region_name, description)

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
            Door.perform(region_name, "DeregisterStreamConsumer", {"ConsumerARN": resource_name})
        except ApiError as error:
            if error.code != "ResourceNotFoundException":
                raise


def _configure(region: str, name: str, properties: dict[str, Any], summary: dict[str, Any]) -> None:
    """Bring what CreateStream does not set to what a template says."""
    hours = _number(properties.get("RetentionPeriodHours"))
    if hours is not None and hours != summary["RetentionPeriodHours"]:
        longer = hours > summary["RetentionPeriodHours"]
        operation = f"{'Increase' if longer else 'Decrease'}StreamRetentionPeriod"
        _ask(region, operation, StreamName=name, RetentionPeriodHours=hours)
    encryption = properties.get("StreamEncryption")
    if encryption is not None:
        _ask(region, "StartStreamEncryption", StreamName=name, **encryption)
    elif summary["EncryptionType"] == "KMS":
        key_id = summary["KeyId"]
        _ask(region, "StopStreamEncryption", StreamName=name, EncryptionType="KMS", KeyId=key_id)
    metrics = properties.get("DesiredShardLevelMetrics")
    if metrics:
        _ask(region, "EnableEnhancedMonitoring", StreamName=name, ShardLevelMetrics=metrics)


def _summary(region: str, name: str) -> dict[str, Any]:
    answer = _ask(region, "DescribeStreamSummary", StreamName=name)
    summary: dict[str, Any] = answer["StreamDescriptionSummary"]
    return summary


def _retag(region: str, name: str, wanted: dict[str, str]) -> None:
    tags = _ask(region, "ListTagsForStream", StreamName=name)["Tags"]
    own = [tag["Key"] for tag in tags if not tag["Key"].startswith(SYSTEM_TAG)]
    gone = [key for key in own if key not in wanted]
    if gone:
        _ask(region, "RemoveTagsFromStream", StreamName=name, TagKeys=gone)
    if wanted:
        _ask(region, "AddTagsToStream", StreamName=name, Tags=wanted)


def _tags(properties: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def _system_tags(context: dict[str, Any]) -> dict[str, str]:
    """What CloudFormation itself puts on a stream."""
    if "StackId" not in context:
        return {}
    return {
        "aws:cloudformation:stack-name": context["StackId"].split("/")[1],
        "aws:cloudformation:stack-id": context["StackId"],
        "aws:cloudformation:logical-id": context["LogicalId"],
    }


def _number(value: Any) -> int | None:
    """Templates may write numbers as strings."""
    return None if value is None else int(value)


class Backend(KinesisBackend):
    """moto's backend, over our streams."""

    @property
    def _url_module(self) -> Any:
        return urls  # moto derives it from the class' module

    @property
    def streams(self) -> dict[str, Any]:
        """Every stream by name."""
        summaries = _ask(self.region_name, "ListStreams")["StreamSummaries"]
        return {
            one["StreamName"]: StreamResource(one["StreamName"], one["StreamARN"], self.region_name)
            for one in summaries
        }

    @streams.setter
    def streams(self, empty: dict[str, Any]) -> None:
        """moto begins with none, and so do we."""

    def describe_stream(self, stream_arn: str | None, stream_name: str | None) -> Any:
        """The stream of that ARN or name."""
        answer = _ask(
            self.region_name,
            "DescribeStreamSummary",
            StreamARN=stream_arn,
            StreamName=stream_name,
        )["StreamDescriptionSummary"]
        return StreamResource(answer["StreamName"], answer["StreamARN"], self.region_name)

    def reset(self) -> None:
        """Delete every stream, as moto's reset of all services asks."""
        for name in self.streams:
            _ask(self.region_name, "DeleteStream", StreamName=name, EnforceConsumerDeletion=True)
        super().reset()


def install(perform: Perform) -> None:
    """Put our backend in the place of moto's, before anything uses that.

    Args:
        perform: runs an operation (region, name, parameters as sent) and waits for its answer.
    """
    Door.perform = perform
    kinesis_backends.backend = Backend


def show_to_cloudformation() -> None:
    """Let CloudFormation find the resources here, should it have looked around already."""
    from moto.cloudformation.parsing import get_model_map

    get_model_map.cache_clear()
