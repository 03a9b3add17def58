"""Templates and stacks for the tests of stacks."""

import json
import uuid
from typing import Any

from workbook.target import Aws
from workbook.waiting import wait_until

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    ],
}
ROLE: dict[str, Any] = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}


def function(code: str = "def handler(event, context): return 1", **properties: Any) -> Any:
    """Return a function for a template, with ROLE as its Role."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.11",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": code},
            **properties,
        },
    }


class Stacks:
    """CloudFormation, and a name for a stack."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.api = aws.client("cloudformation")

    @staticmethod
    def name() -> str:
        """Return a name that no other test has."""
        return f"st-{uuid.uuid4().hex[:10]}"

    def create(self, resources: Any, name: str = "", **given: Any) -> Any:
        """Create a stack of resources; return it as described afterwards."""
        name = name or self.name()
        body = {"Resources": resources, **given.pop("template", {})}
        self.api.create_stack(
            StackName=name,
            TemplateBody=json.dumps(body),
            **{"Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"], **given},
        )
        return self.settled(name)

    def update(self, name: str, resources: Any, **given: Any) -> Any:
        """Update a stack; return it as described afterwards."""
        body = {"Resources": resources, **given.pop("template", {})}
        self.api.update_stack(
            StackName=name,
            TemplateBody=json.dumps(body),
            **{"Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"], **given},
        )
        return self.settled(name)

    def settled(self, name: str) -> Any:
        """Wait until no operation is in progress; return the stack."""
        wait_until(name, lambda: not self.get(name)["StackStatus"].endswith("_IN_PROGRESS"))
        return self.get(name)

    def get(self, name: str) -> Any:
        """Return a stack as shown by DescribeStacks."""
        return self.api.describe_stacks(StackName=name)["Stacks"][0]

    def events(self, name: str) -> list[tuple[str, str, str]]:
        """Return the events of a stack, oldest first: resource, state and reason."""
        found = self.api.describe_stack_events(StackName=name)["StackEvents"]
        return [
            (
                one["LogicalResourceId"],
                one["ResourceStatus"],
                one.get("ResourceStatusReason", ""),
            )
            for one in reversed(found)
        ]

    def resources(self, name: str) -> dict[str, str]:
        """Return the physical ids of a stack's resources, by logical id."""
        found = self.api.describe_stack_resources(StackName=name)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}


def outputs(stack: Any) -> dict[str, str]:
    """Return a stack's outputs by key."""
    return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
