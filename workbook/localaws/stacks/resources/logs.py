"""Log groups and resources that belong to them [CFNL]."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.stacks.kind import Context, Kind, Made, changed_tags, properties


class LogGroup(Kind):
    """AWS::Logs::LogGroup."""

    TYPE = "AWS::Logs::LogGroup"
    API = "logs.CreateLogGroup"
    PROPERTIES = properties(
        "",
        KmsKeyId="kmsKeyId",
        LogGroupClass="logGroupClass",
        LogGroupName="logGroupName",
        RetentionInDays=None,
        Tags=None,
    )
    REPLACES = frozenset({"LogGroupClass", "LogGroupName"})
    ATTRIBUTES = frozenset({"Arn"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("LogGroupName"), 512)
        asked = {**self.parameters(properties), "logGroupName": name}
        await context.call(self.API, **asked, tags=context.tags(properties.get("Tags")))
        made = Made(name, {"Arn": context.arn("logs", f"log-group:{name}:*")})
        try:
            await self._retain(context, name, {}, properties)
        except BaseException:
            await self.delete(context, made, properties)
            raise
        return made

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        name = made.physical_id
        await self._retain(context, name, old, new)
        key = new.get("KmsKeyId")
        if key != old.get("KmsKeyId"):
            if key:
                await context.call("logs.AssociateKmsKey", logGroupName=name, kmsKeyId=key)
            else:
                await context.call("logs.DisassociateKmsKey", logGroupName=name)
        wanted, gone = changed_tags(context.tags(old.get("Tags")), context.tags(new.get("Tags")))
        if gone:
            await context.call("logs.UntagLogGroup", logGroupName=name, tags=gone)
        if wanted:
            await context.call("logs.TagLogGroup", logGroupName=name, tags=wanted)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("logs.DeleteLogGroup", logGroupName=made.physical_id)

    async def _retain(
        self, context: Context, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        days = new.get("RetentionInDays")
        if days == old.get("RetentionInDays"):
            return
        if days is None:
            await context.call("logs.DeleteRetentionPolicy", logGroupName=name)
        else:
            await context.call("logs.PutRetentionPolicy", logGroupName=name, retentionInDays=days)


class LogStream(Kind):
    """AWS::Logs::LogStream."""

    TYPE = "AWS::Logs::LogStream"
    REQUIRED = frozenset({"LogGroupName"})
    PROPERTIES = dict.fromkeys(("LogGroupName", "LogStreamName"))
    REPLACES = frozenset(PROPERTIES)

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("LogStreamName"), 512)
        await context.call(
            "logs.CreateLogStream", logGroupName=properties["LogGroupName"], logStreamName=name
        )
        return Made(name)

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone(
            "logs.DeleteLogStream",
            logGroupName=properties["LogGroupName"],
            logStreamName=made.physical_id,
        )


class SubscriptionFilter(Kind):
    """AWS::Logs::SubscriptionFilter."""

    TYPE = "AWS::Logs::SubscriptionFilter"
    REQUIRED = frozenset({"DestinationArn", "FilterPattern", "LogGroupName"})
    API = "logs.PutSubscriptionFilter"
    PROPERTIES = properties(
        "",
        DestinationArn="destinationArn",
        Distribution="distribution",
        FilterName="filterName",
        FilterPattern="filterPattern",
        LogGroupName="logGroupName",
        RoleArn="roleArn",
    )
    REPLACES = frozenset({"FilterName", "LogGroupName"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("FilterName"), 512)
        await context.call(self.API, **{**self.parameters(properties), "filterName": name})
        return Made(name)

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        asked = {**self.parameters(new), "filterName": made.physical_id}
        await context.call(self.API, **asked)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone(
            "logs.DeleteSubscriptionFilter",
            logGroupName=properties["LogGroupName"],
            filterName=made.physical_id,
        )


class MetricFilter(Kind):
    """AWS::Logs::MetricFilter."""

    TYPE = "AWS::Logs::MetricFilter"
    REQUIRED = frozenset({"FilterPattern", "LogGroupName", "MetricTransformations"})
    PROPERTIES = dict.fromkeys(
        ("FilterName", "FilterPattern", "LogGroupName", "MetricTransformations")
    )
    REPLACES = frozenset({"FilterName", "LogGroupName"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        return await self._put(context, context.name(properties.get("FilterName")), properties)

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        return await self._put(context, made.physical_id, new)

    async def _put(self, context: Context, name: str, properties: Mapping[str, Any]) -> Made:
        transformations = [
            {
                **one,
                "Dimensions": {pair["Key"]: pair["Value"] for pair in one["Dimensions"]},
            }
            if one.get("Dimensions")
            else one
            for one in properties["MetricTransformations"]
        ]
        await context.call(
            "logs.PutMetricFilter",
            logGroupName=properties["LogGroupName"],
            filterName=name,
            filterPattern=properties.get("FilterPattern", ""),
            metricTransformations=transformations,
        )
        return Made(name)

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone(
            "logs.DeleteMetricFilter",
            logGroupName=properties["LogGroupName"],
            filterName=made.physical_id,
        )


KINDS = (LogGroup(), LogStream(), SubscriptionFilter(), MetricFilter())
