"""Stacks within stacks [CFNL]."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.stacks.kind import Context, Kind, Made, is_missing
from workbook.localaws.stacks.values import as_text

ALL_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


class Nested(Kind):
    """AWS::CloudFormation::Stack, whose ``Ref`` is its ARN."""

    TYPE = "AWS::CloudFormation::Stack"
    REQUIRED = frozenset({"TemplateURL"})
    PROPERTIES = dict.fromkeys(("Parameters", "Tags", "TemplateURL", "TimeoutInMinutes"))
    CANCELLABLE = False

    def attribute(self, made: Made, name: str) -> Any:
        return made.attributes.get(name.removeprefix("Outputs."))

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        answer = await context.call(
            "cloudformation.CreateStack",
            StackName=context.name(None, 128),
            TimeoutInMinutes=properties.get("TimeoutInMinutes"),
            **self._asked(context, properties),
        )
        try:
            return await self._settled(context, answer["StackId"])
        except BaseException:
            await self.delete(context, Made(answer["StackId"]), properties)
            raise

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        try:
            await context.call(
                "cloudformation.UpdateStack",
                StackName=made.physical_id,
                **self._asked(context, new),
            )
        except ApiError as error:
            if error.message != "No updates are to be performed.":
                raise
        return await self._settled(context, made.physical_id)

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("cloudformation.DeleteStack", StackName=made.physical_id)

        async def is_gone() -> bool:
            try:
                stack = await self._stack(context, made.physical_id)
                return bool(stack["StackStatus"] == "DELETE_COMPLETE")
            except ApiError as error:
                return is_missing(error) or "does not exist" in error.message

        await context.until(is_gone)

    @staticmethod
    def _asked(context: Context, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "TemplateURL": properties["TemplateURL"],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": as_text(value)}
                for key, value in (properties.get("Parameters") or {}).items()
            ],
            "Tags": context.tag_list(properties.get("Tags"), system=False) or [],
            "Capabilities": ALL_CAPABILITIES,
        }

    @staticmethod
    async def _stack(context: Context, name: str) -> dict[str, Any]:
        found = await context.call("cloudformation.DescribeStacks", StackName=name)
        stack: dict[str, Any] = found["Stacks"][0]
        return stack

    @staticmethod
    async def _reason(context: Context, stack: Mapping[str, Any]) -> str:
        """Return why a stack failed: the first reason of its latest events [SEEN]."""
        found = await context.call("cloudformation.DescribeStackEvents", StackName=stack["StackId"])
        reasons = [
            one["ResourceStatusReason"]
            for one in found["StackEvents"]
            if one["PhysicalResourceId"] == stack["StackId"] and one.get("ResourceStatusReason")
        ]
        return str(reasons[0]).removesuffix("Rollback requested by user.")

    async def _settled(self, context: Context, name: str) -> Made:
        stack: dict[str, Any] = {}

        async def done() -> bool:
            stack.update(await self._stack(context, name))
            return not stack["StackStatus"].endswith("_IN_PROGRESS")

        await context.until(done, 3600)
        if stack["StackStatus"] not in DONE:
            state, why = stack["StackStatus"], await self._reason(context, stack)
            told = (
                f"updated. Currently in {state} with reason: {why}"
                if state.startswith("UPDATE_")
                else f"created: {why}"
            )
            raise ApiError("NestedStack", f"Embedded stack {name} was not successfully {told}")
        outputs = stack.get("Outputs") or []
        return Made(name, {one["OutputKey"]: one["OutputValue"] for one in outputs})


KINDS = (Nested(),)
