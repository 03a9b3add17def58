"""Custom resources, created by a function or a topic [D23]."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.stacks.kind import Context, Kind, Made

DEFAULT_SECONDS = 3600.0  # AWS's limit, by the services' clock
MAX_BYTES = 4096


class Custom(Kind):
    """``Custom::...`` and AWS::CloudFormation::CustomResource."""

    TYPE = "AWS::CloudFormation::CustomResource"
    ANY_PROPERTY = True
    CANCELLABLE = True
    REPLACES = frozenset({"ServiceToken"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        return await self._ask(context, properties, RequestType="Create")

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        return await self._ask(
            context,
            new,
            RequestType="Update",
            PhysicalResourceId=made.physical_id,
            OldResourceProperties=_texts(old),
        )

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await self._ask(
            context, properties, RequestType="Delete", PhysicalResourceId=made.physical_id
        )

    async def _ask(self, context: Context, properties: Mapping[str, Any], **request: Any) -> Made:
        """Send a request, wait for the response, and return the resource.

        Raises:
            ApiError: the response is a failure, or there is none.
        """
        token = str(properties.get("ServiceToken", ""))
        identity = str(uuid.uuid4())
        url, answer = context.answers.expect(context.stack_id, context.logical_id, identity)
        event = {
            **request,
            "ServiceToken": token,
            "ResponseURL": url,
            "StackId": context.stack_id,
            "RequestId": identity,
            "LogicalResourceId": context.logical_id,
            "ResourceType": context.kind,
            "ResourceProperties": _texts(properties),
        }
        try:
            await self._send(context, token, event)
            seconds = float(properties.get("ServiceTimeout", DEFAULT_SECONDS))
            response = await self._wait(context, answer, seconds, identity)
        finally:
            context.answers.forget(identity)
        given = response.get("PhysicalResourceId") or request.get("PhysicalResourceId")
        if response.get("Status") != "SUCCESS":
            raise ApiError(
                "CustomResource",
                f"Received response status [FAILED] from custom resource. Message returned: "
                f"{response.get('Reason', '')} (RequestId: {identity})",
            )
        if not given:
            raise ApiError("CustomResource", "Invalid PhysicalResourceId")
        attributes = response.get("Data") or {}
        return Made(str(given), attributes if isinstance(attributes, dict) else {})

    async def _send(self, context: Context, token: str, event: Mapping[str, Any]) -> None:
        match token.split(":"):
            case ["arn", _, "lambda", *_]:
                await context.call(
                    "lambda.Invoke",
                    FunctionName=token,
                    InvocationType="Event",
                    Payload=json.dumps(event).encode(),
                )
            case ["arn", _, "sns", *_]:
                await context.call(
                    "sns.Publish",
                    TopicArn=token,
                    Subject="AWS CloudFormation custom resource request",
                    Message=json.dumps(event),
                )
            case _:
                raise ApiError("CustomResource", f"Invalid service token: {token}")

    async def _wait(
        self,
        context: Context,
        answer: "asyncio.Future[dict[str, Any]]",
        seconds: float,
        identity: str,
    ) -> dict[str, Any]:
        answered = asyncio.Event()
        answer.add_done_callback(lambda _: answered.set())
        await context.clock.wait(answered, seconds)
        if not answer.done():
            raise ApiError(
                "CustomResource",
                "CloudFormation did not receive a response from your Custom Resource. Please "
                f"check your logs for requestId [{identity}]. If you are using the Python "
                "cfn-response module, you may need to update your Lambda function so that "
                "CloudFormation can attach the updated version.",
            )
        return answer.result()


def _texts(value: Any) -> Any:
    """Return properties as a custom resource receives them: numbers and booleans as strings."""
    match value:
        case dict():
            return {name: _texts(one) for name, one in value.items()}
        case list():
            return [_texts(one) for one in value]
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
    return value


KINDS = (Custom(),)
