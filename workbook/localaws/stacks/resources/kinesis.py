"""Streams, their consumers and their policies [CFNL]."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.stacks.kind import Context, Kind, Made, as_json, changed_tags, properties

PROVISIONED = {"StreamMode": "PROVISIONED"}
DEFAULT_SHARDS = 1  # in a stack; the API's default is 4 [OBS]
DEFAULT_HOURS = 24
DEFAULT_RECORD_KIB = 1024


class Stream(Kind):
    """AWS::Kinesis::Stream; it is ACTIVE when it is complete."""

    TYPE = "AWS::Kinesis::Stream"
    API = "kinesis.CreateStream"
    PROPERTIES = properties(
        "ShardCount StreamModeDetails MaxRecordSizeInKiB WarmThroughputMiBps Tags",
        Name="StreamName",
        RetentionPeriodHours=None,
        StreamEncryption=None,
        DesiredShardLevelMetrics=None,
    )
    REPLACES = frozenset({"Name"})
    ATTRIBUTES = frozenset({"Arn"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("Name"), 128)
        asked = {**self.parameters(properties), "StreamName": name}
        mode = properties.get("StreamModeDetails") or PROVISIONED
        if mode == PROVISIONED:
            asked["ShardCount"] = properties.get("ShardCount", DEFAULT_SHARDS)
        await context.call(self.API, **asked, Tags=context.tags(properties.get("Tags")))
        made = Made(name, {"Arn": context.arn("kinesis", f"stream/{name}")})
        try:
            await self._settle(context, name)
            await self._configure(context, name, {}, properties)
        except BaseException:
            await self.delete(context, made, properties)
            raise
        return made

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        name, arn = made.physical_id, made.attributes["Arn"]
        summary = await self._settle(context, name)
        mode = new.get("StreamModeDetails") or PROVISIONED
        if mode != summary["StreamModeDetails"]:
            await context.call("kinesis.UpdateStreamMode", StreamARN=arn, StreamModeDetails=mode)
            summary = await self._settle(context, name)
        count = int(new.get("ShardCount", DEFAULT_SHARDS))
        if mode == PROVISIONED and count != summary["OpenShardCount"]:
            await context.call(
                "kinesis.UpdateShardCount",
                StreamName=name,
                TargetShardCount=count,
                ScalingType="UNIFORM_SCALING",
            )
            await self._settle(context, name)
        size = int(new.get("MaxRecordSizeInKiB", DEFAULT_RECORD_KIB))
        if size != summary.get("MaxRecordSizeInKiB", DEFAULT_RECORD_KIB):
            await context.call(
                "kinesis.UpdateMaxRecordSize", StreamARN=arn, MaxRecordSizeInKiB=size
            )
            await self._settle(context, name)
        warm = new.get("WarmThroughputMiBps")
        if warm != old.get("WarmThroughputMiBps") and warm is not None:
            await context.call(
                "kinesis.UpdateStreamWarmThroughput", StreamARN=arn, WarmThroughputMiBps=warm
            )
            await self._settle(context, name)
        await self._configure(context, name, old, new)
        before = {tag["Key"]: tag["Value"] for tag in await self._tags(context, name)}
        wanted, gone = changed_tags(before, context.tags(new.get("Tags")))
        if gone:
            await context.call("kinesis.RemoveTagsFromStream", StreamName=name, TagKeys=gone)
        if wanted:
            await context.call("kinesis.AddTagsToStream", StreamName=name, Tags=wanted)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        name = made.physical_id
        await context.gone("kinesis.DeleteStream", StreamName=name, EnforceConsumerDeletion=True)

        async def is_gone() -> bool:
            listed = await context.call("kinesis.ListStreams", ExclusiveStartStreamName=name[:-1])
            return name not in listed["StreamNames"]

        await context.until(is_gone)

    async def _tags(self, context: Context, name: str) -> list[dict[str, str]]:
        answer = await context.call("kinesis.ListTagsForStream", StreamName=name)
        tags: list[dict[str, str]] = answer["Tags"]
        return tags

    async def _settle(self, context: Context, name: str) -> dict[str, Any]:
        """Wait until the stream is ACTIVE, and return its summary."""
        summary: dict[str, Any] = {}

        async def active() -> bool:
            answer = await context.call("kinesis.DescribeStreamSummary", StreamName=name)
            summary.update(answer["StreamDescriptionSummary"])
            return bool(summary["StreamStatus"] == "ACTIVE")

        await context.until(active)
        return summary

    async def _configure(
        self, context: Context, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        """Apply the settings that CreateStream does not set."""
        summary = await self._settle(context, name)
        hours = int(new.get("RetentionPeriodHours", DEFAULT_HOURS))
        if hours != summary["RetentionPeriodHours"]:
            longer = hours > summary["RetentionPeriodHours"]
            operation = f"{'Increase' if longer else 'Decrease'}StreamRetentionPeriod"
            await context.call(f"kinesis.{operation}", StreamName=name, RetentionPeriodHours=hours)
            summary = await self._settle(context, name)
        encryption = new.get("StreamEncryption")
        if encryption != old.get("StreamEncryption"):
            if encryption is not None:
                await context.call("kinesis.StartStreamEncryption", StreamName=name, **encryption)
            else:
                await context.call(
                    "kinesis.StopStreamEncryption",
                    StreamName=name,
                    EncryptionType="KMS",
                    KeyId=summary["KeyId"],
                )
            await self._settle(context, name)
        had = set(old.get("DesiredShardLevelMetrics") or [])
        has = set(new.get("DesiredShardLevelMetrics") or [])
        if had - has:
            await context.call(
                "kinesis.DisableEnhancedMonitoring",
                StreamName=name,
                ShardLevelMetrics=sorted(had - has),
            )
            await self._settle(context, name)
        if has - had:
            await context.call(
                "kinesis.EnableEnhancedMonitoring",
                StreamName=name,
                ShardLevelMetrics=sorted(has - had),
            )
            await self._settle(context, name)


class StreamConsumer(Kind):
    """AWS::Kinesis::StreamConsumer."""

    TYPE = "AWS::Kinesis::StreamConsumer"
    REQUIRED = frozenset({"ConsumerName", "StreamARN"})
    API = "kinesis.RegisterStreamConsumer"
    PROPERTIES = properties("ConsumerName StreamARN Tags")
    REPLACES = frozenset({"ConsumerName", "StreamARN", "Tags"})
    ATTRIBUTES = frozenset(
        {"ConsumerARN", "ConsumerCreationTimestamp", "ConsumerName", "ConsumerStatus", "StreamARN"}
    )

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        answer = await context.call(
            self.API, **self.parameters(properties), Tags=context.tags(properties.get("Tags"))
        )
        arn, shown = answer["Consumer"]["ConsumerARN"], {}

        async def active() -> bool:
            found = await context.call("kinesis.DescribeStreamConsumer", ConsumerARN=arn)
            shown.update(found["ConsumerDescription"])
            return bool(shown["ConsumerStatus"] == "ACTIVE")

        await context.until(active)
        return Made(arn, {name: str(value) for name, value in shown.items()})

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("kinesis.DeregisterStreamConsumer", ConsumerARN=made.physical_id)


class ResourcePolicy(Kind):
    """AWS::Kinesis::ResourcePolicy."""

    TYPE = "AWS::Kinesis::ResourcePolicy"
    REQUIRED = frozenset({"ResourceArn", "ResourcePolicy"})
    PROPERTIES = dict.fromkeys(("ResourceArn", "ResourcePolicy"))
    REPLACES = frozenset({"ResourceArn"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        await context.call(
            "kinesis.PutResourcePolicy",
            ResourceARN=properties["ResourceArn"],
            Policy=as_json(properties["ResourcePolicy"]),
        )
        return Made(properties["ResourceArn"])

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        return await self.create(context, new)

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("kinesis.DeleteResourcePolicy", ResourceARN=made.physical_id)


KINDS = (Stream(), StreamConsumer(), ResourcePolicy())
