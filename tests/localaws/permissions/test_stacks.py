"""Roles in stacks have the permissions in their templates, even within the same stack."""

import json
import uuid

import pytest

from tests.localaws.functions.lambda_functions import create, invoke
from tests.localaws.permissions.aws import CALLER, TRUST, allow
from workbook.target import Aws

MANAGED = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"


def template(*statements: object, managed: tuple[str, ...] = ()) -> str:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    properties = {
        "AssumeRolePolicyDocument": TRUST,
        "Policies": [{"PolicyName": "p", "PolicyDocument": policy}] if statements else [],
        "ManagedPolicyArns": list(managed),
    }
    return json.dumps({"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}})


@pytest.fixture
def stack(local: Aws) -> str:
    return f"stack-{uuid.uuid4().hex[:8]}"


def test_a_stacks_role_has_its_policies_and_an_update_replaces_them(local: Aws, stack: str) -> None:
    stacks = local.client("cloudformation")
    iam = ["CAPABILITY_IAM"]
    body = template(allow("sqs:ListQueues", "*"))
    stacks.create_stack(StackName=stack, TemplateBody=body, Capabilities=iam)
    (resource,) = stacks.describe_stack_resources(StackName=stack)["StackResources"]
    role = local.client("iam").get_role(RoleName=resource["PhysicalResourceId"])["Role"]["Arn"]
    name = create(local, CALLER, Role=role, Timeout=30, MemorySize=512)

    def codes() -> list[str | None]:
        """Return the errors of a call of SQS and of one of Kinesis."""
        calls = [("sqs", "list_queues"), ("kinesis", "list_streams")]
        events = [{"service": s, "method": m, "parameters": {}} for s, m in calls]
        return [invoke(local, name, event)[1].get("Code") for event in events]

    assert codes() == [None, "AccessDeniedException"]
    body = template(managed=(MANAGED,))
    stacks.update_stack(StackName=stack, TemplateBody=body, Capabilities=iam)
    assert codes() == ["AccessDenied", None]
    stacks.delete_stack(StackName=stack)
    with pytest.raises(local.client("iam").exceptions.NoSuchEntityException):
        local.client("iam").get_role(RoleName=resource["PhysicalResourceId"])
