"""Code that tests of permissions share: a role, and a function that makes given calls."""

import json
import uuid
from typing import Any

from tests.localaws.functions.lambda_functions import create, invoke
from workbook.target import Aws

CALLER = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    client = boto3.client(event["service"])
    try:
        answer = getattr(client, event["method"])(**event["parameters"])
    except ClientError as error:
        answer = error.response
        metadata = answer.pop("ResponseMetadata")
        return {**answer["Error"], "Status": metadata["HTTPStatusCode"]}
    answer.pop("ResponseMetadata", None)
    return {"Answer": {key: str(value) for key, value in answer.items()}}
"""


def trusting(service: str) -> dict[str, Any]:
    """A trust policy that lets a service assume the role."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


TRUST = trusting("lambda.amazonaws.com")


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


class Role:
    """A role of the test with one policy, which the test may change.

    Args:
        aws: where.
        statements: what it may do.
        trust: who may assume it.
    """

    def __init__(self, aws: Aws, *statements: dict[str, Any], trust: Any = TRUST) -> None:
        self._iam = aws.client("iam")
        self.name = f"r-{uuid.uuid4().hex[:12]}"
        role = self._iam.create_role(
            RoleName=self.name, AssumeRolePolicyDocument=json.dumps(trust)
        )["Role"]
        self.arn = str(role["Arn"])
        self.id = str(role["RoleId"])
        self.allow(*statements)

    def allow(self, *statements: dict[str, Any]) -> None:
        """Replace the policy's statements."""
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        if statements:
            self._iam.put_role_policy(
                RoleName=self.name, PolicyName="p", PolicyDocument=json.dumps(document)
            )
        elif self._iam.list_role_policies(RoleName=self.name)["PolicyNames"]:
            self._iam.delete_role_policy(RoleName=self.name, PolicyName="p")

    def trust(self, trust: Any) -> None:
        """Replace the trust policy."""
        self._iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=json.dumps(trust))

    def delete(self) -> None:
        """Delete the role."""
        self.allow()
        self._iam.delete_role(RoleName=self.name)


class Function:
    """A function that makes the given calls, as its role."""

    def __init__(self, aws: Aws, role: Role) -> None:
        self._aws = aws
        self.role = role
        self.name = create(aws, CALLER, Role=role.arn, Timeout=30, MemorySize=512)
        self.session = f"arn:aws:sts::{aws.account_id}:assumed-role/{role.name}/{self.name}"

    def call(self, service: str, method: str, **parameters: Any) -> dict[str, Any]:
        """Return a call's ``Answer``, or its error's ``Code``, ``Message`` and ``Status``."""
        event = {"service": service, "method": method, "parameters": parameters}
        _, answer = invoke(self._aws, self.name, event)
        return dict(answer)
