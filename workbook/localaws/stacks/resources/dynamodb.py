"""Tables [CFNL]."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.stacks.errors import unsupported
from workbook.localaws.stacks.kind import Context, Kind, Made, changed_tags, properties


class Table(Kind):
    """AWS::DynamoDB::Table; it is ACTIVE when it is complete."""

    TYPE = "AWS::DynamoDB::Table"
    REQUIRED = frozenset({"KeySchema"})
    API = "dynamodb.CreateTable"
    PROPERTIES = properties(
        "AttributeDefinitions BillingMode DeletionProtectionEnabled GlobalSecondaryIndexes "
        "KeySchema LocalSecondaryIndexes ProvisionedThroughput TableClass TableName Tags",
        KinesisStreamSpecification=None,
        PointInTimeRecoverySpecification=None,
        SSESpecification=None,
        StreamSpecification=None,
        TimeToLiveSpecification=None,
    )
    REPLACES = frozenset({"KeySchema", "LocalSecondaryIndexes", "TableName"})
    ATTRIBUTES = frozenset({"Arn", "StreamArn"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("TableName"))
        asked = {**self.parameters(properties), "TableName": name}
        if stream := properties.get("StreamSpecification"):
            asked["StreamSpecification"] = {"StreamEnabled": True, **stream}
        if encryption := properties.get("SSESpecification"):
            asked["SSESpecification"] = _encryption(encryption)
        tags = context.tag_list(properties.get("Tags"))
        answer = await context.call(self.API, **asked, Tags=tags)
        made = self._made(answer["TableDescription"])
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
        name = made.physical_id
        before, after = (
            {one["IndexName"]: one for one in given.get("GlobalSecondaryIndexes") or []}
            for given in (old, new)
        )
        changes: list[dict[str, Any]] = []
        for index in before.keys() - after.keys():
            changes.append({"Delete": {"IndexName": index}})
        for index, one in after.items():
            if index not in before:
                changes.append({"Create": one})
            elif one != before[index]:
                raise unsupported(f"changes to the index {index} of {self.TYPE}")
        asked = {
            key: new.get(key)
            for key in (
                "BillingMode",
                "DeletionProtectionEnabled",
                "ProvisionedThroughput",
                "TableClass",
            )
            if old.get(key) != new.get(key)
        }
        if "DeletionProtectionEnabled" in asked and asked["DeletionProtectionEnabled"] is None:
            asked["DeletionProtectionEnabled"] = False
        if asked or changes:
            await context.call(
                "dynamodb.UpdateTable",
                TableName=name,
                AttributeDefinitions=new["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=changes or None,
                **asked,
            )
            await self._settle(context, name)
        if old.get("StreamSpecification") != new.get("StreamSpecification"):
            if old.get("StreamSpecification"):
                off = {"StreamEnabled": False}
                await context.call("dynamodb.UpdateTable", TableName=name, StreamSpecification=off)
            if stream := new.get("StreamSpecification"):
                on = {"StreamEnabled": True, **stream}
                await context.call("dynamodb.UpdateTable", TableName=name, StreamSpecification=on)
        if old.get("SSESpecification") != new.get("SSESpecification"):
            await context.call(
                "dynamodb.UpdateTable",
                TableName=name,
                SSESpecification=_encryption(new.get("SSESpecification") or {}),
            )
        await self._configure(context, name, old, new)
        wanted, gone = changed_tags(context.tags(old.get("Tags")), context.tags(new.get("Tags")))
        arn = made.attributes["Arn"]
        if gone:
            await context.call("dynamodb.UntagResource", ResourceArn=arn, TagKeys=gone)
        if wanted:
            pairs = [{"Key": key, "Value": value} for key, value in wanted.items()]
            await context.call("dynamodb.TagResource", ResourceArn=arn, Tags=pairs)
        return self._made(await self._settle(context, name))

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("dynamodb.DeleteTable", TableName=made.physical_id)

    async def _settle(self, context: Context, name: str) -> dict[str, Any]:
        table: dict[str, Any] = {}

        async def active() -> bool:
            table.update((await context.call("dynamodb.DescribeTable", TableName=name))["Table"])
            return bool(table["TableStatus"] == "ACTIVE")

        await context.until(active)
        return table

    async def _configure(
        self, context: Context, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        had, has = (one.get("TimeToLiveSpecification") for one in (old, new))
        if had != has:
            await context.call(
                "dynamodb.UpdateTimeToLive",
                TableName=name,
                TimeToLiveSpecification=has or {**(had or {}), "Enabled": False},
            )
        had, has = (one.get("PointInTimeRecoverySpecification") for one in (old, new))
        if had != has:
            await context.call(
                "dynamodb.UpdateContinuousBackups",
                TableName=name,
                PointInTimeRecoverySpecification=has or {"PointInTimeRecoveryEnabled": False},
            )
        had, has = (one.get("KinesisStreamSpecification") for one in (old, new))
        if had != has:
            if had:
                await context.gone(
                    "dynamodb.DisableKinesisStreamingDestination",
                    TableName=name,
                    StreamArn=had["StreamArn"],
                )
            if has:
                precision = has.get("ApproximateCreationDateTimePrecision")
                await context.call(
                    "dynamodb.EnableKinesisStreamingDestination",
                    TableName=name,
                    StreamArn=has["StreamArn"],
                    EnableKinesisStreamingConfiguration=precision
                    and {"ApproximateCreationDateTimePrecision": precision},
                )
                await self._check_destination(context, name, has["StreamArn"])

    async def _check_destination(self, context: Context, table: str, stream_arn: str) -> None:
        """Fail the resource if its stream cannot be written to."""
        answer = await context.call("dynamodb.DescribeKinesisStreamingDestination", TableName=table)
        for one in answer["KinesisDataStreamDestinations"]:
            if (one["StreamArn"], one["DestinationStatus"]) == (stream_arn, "ENABLE_FAILED"):
                raise ApiError("NotStabilized", one["DestinationStatusDescription"])

    @staticmethod
    def _made(table: Mapping[str, Any]) -> Made:
        attributes = {"Arn": table["TableArn"]}
        if table.get("LatestStreamArn"):
            attributes["StreamArn"] = table["LatestStreamArn"]
        return Made(table["TableName"], attributes)


def _encryption(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template's SSESpecification in the API's form."""
    renamed = {"SSEEnabled": "Enabled"}
    return {"Enabled": False} | {renamed.get(name, name): one for name, one in given.items()}


KINDS = (Table(),)
