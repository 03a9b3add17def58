"""Roles in moto's CloudFormation: AWS::IAM::Role."""

import json
from typing import Any

from moto.iam.models import Role, iam_backends
from moto.utilities.utils import get_partition


class RoleResource(Role):
    """How stacks make roles, and change them: with the properties that moto leaves out."""

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> Role:
        """Create a role with its policies, those of its own and those attached."""
        role = super().create_from_cloudformation_json(
            resource_name, cloudformation_json, account_id, region_name, **kwargs
        )
        _apply(role, cloudformation_json["Properties"])
        return role

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Role,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Role:
        """Update a role in place: what the template no longer says is no longer so."""
        properties = cloudformation_json["Properties"]
        super().update_from_cloudformation_json(
            original_resource, new_resource_name, cloudformation_json, account_id, region_name
        )
        original_resource.assume_role_policy_document = _text(
            properties["AssumeRolePolicyDocument"]
        )
        original_resource.permissions_boundary_arn = properties.get("PermissionsBoundary", "")
        _apply(original_resource, properties)
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        """Delete a role, after what is attached to it has been detached."""
        for role in iam_backends[account_id][get_partition(region_name)].roles.values():
            if role.name == resource_name:
                for managed in list(role.managed_policies.values()):
                    managed.detach_from(role)
        super().delete_from_cloudformation_json(
            resource_name, cloudformation_json, account_id, region_name
        )


def _apply(role: Role, properties: dict[str, Any]) -> None:
    """Give a role the policies that a template says it has."""
    backend = iam_backends[role.account_id][role.partition]
    role.policies = {
        one["PolicyName"]: _text(one["PolicyDocument"]) for one in properties.get("Policies") or []
    }
    wanted = properties.get("ManagedPolicyArns") or []
    for arn in [arn for arn in role.managed_policies if arn not in wanted]:
        role.managed_policies[arn].detach_from(role)
    for arn in wanted:
        backend.attach_role_policy(arn, role.name)


def _text(document: Any) -> str:
    """A policy document as IAM keeps it; YAML makes dates of its version."""
    return document if isinstance(document, str) else json.dumps(document, default=str)
