"""Rules and buses of EventBridge [CFNL]."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.stacks.kind import Context, Kind, Made, as_json, properties

DEFAULT_BUS = "default"


class Rule(Kind):
    """AWS::Events::Rule."""

    TYPE = "AWS::Events::Rule"
    API = "events.PutRule"
    PROPERTIES = properties(
        "Description EventBusName EventPattern Name RoleArn ScheduleExpression State Tags",
        Targets=None,
    )
    REPLACES = frozenset({"EventBusName", "Name"})
    ATTRIBUTES = frozenset({"Arn"})

    def shape(self, name: str) -> Any:
        return None if name == "EventPattern" else super().shape(name)

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("Name"), 64)
        arn = await self._put(context, name, properties)
        made = Made(self._ref(name, properties), {"Arn": arn})
        try:
            await self._aim(context, name, {}, properties)
        except BaseException:
            await self.delete(context, made, properties)
            raise
        return made

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        name = made.physical_id.split("|")[-1]
        await self._put(context, name, new)
        await self._aim(context, name, old, new)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        name, bus = made.physical_id.split("|")[-1], properties.get("EventBusName")
        await self._aim(context, name, properties, {"EventBusName": bus})
        await context.gone("events.DeleteRule", Name=name, EventBusName=bus)

    @staticmethod
    def _ref(name: str, properties: Mapping[str, Any]) -> str:
        bus = properties.get("EventBusName") or DEFAULT_BUS
        return name if bus == DEFAULT_BUS else f"{bus.rpartition('/')[2]}|{name}"

    async def _put(self, context: Context, name: str, properties: Mapping[str, Any]) -> str:
        asked = {**self.parameters(properties), "Name": name}
        if "EventPattern" in asked:
            asked["EventPattern"] = as_json(asked["EventPattern"])
        answer = await context.call(
            self.API, **asked, Tags=context.tag_list(properties.get("Tags"))
        )
        arn: str = answer["RuleArn"]
        return arn

    async def _aim(
        self, context: Context, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        """Change a rule's targets to those in the template."""
        bus, targets = new.get("EventBusName"), new.get("Targets") or []
        gone = {one["Id"] for one in old.get("Targets") or []} - {one["Id"] for one in targets}
        if gone:
            await context.gone(
                "events.RemoveTargets", Rule=name, EventBusName=bus, Ids=sorted(gone)
            )
        if targets and targets != old.get("Targets"):
            answer = await context.call(
                "events.PutTargets", Rule=name, EventBusName=bus, Targets=targets
            )
            for entry in answer.get("FailedEntries") or []:
                raise ApiError(entry["ErrorCode"], entry["ErrorMessage"])


class EventBus(Kind):
    """AWS::Events::EventBus."""

    TYPE = "AWS::Events::EventBus"
    REQUIRED = frozenset({"Name"})
    API = "events.CreateEventBus"
    PROPERTIES = properties("Description Name Tags")
    REPLACES = frozenset(PROPERTIES)
    ATTRIBUTES = frozenset({"Arn", "Name"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        asked, tags = self.parameters(properties), context.tag_list(properties.get("Tags"))
        answer = await context.call(self.API, **asked, Tags=tags)
        name = properties["Name"]
        return Made(name, {"Arn": answer["EventBusArn"], "Name": name})

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("events.DeleteEventBus", Name=made.physical_id)


KINDS = (Rule(), EventBus())
