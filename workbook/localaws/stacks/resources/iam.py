"""Roles and policies [CFNL]."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.stacks.kind import (
    Context,
    Kind,
    Made,
    as_json,
    changed_tags,
    is_missing,
    properties,
)

# Types that require CAPABILITY_IAM [SEEN], and the property that requires CAPABILITY_NAMED_IAM.
CAPABLE = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::RolePolicy": None,
    "AWS::IAM::User": "UserName",
}


class Role(Kind):
    """AWS::IAM::Role."""

    TYPE = "AWS::IAM::Role"
    REQUIRED = frozenset({"AssumeRolePolicyDocument"})
    API = "iam.CreateRole"
    PROPERTIES = properties(
        "AssumeRolePolicyDocument Description MaxSessionDuration Path PermissionsBoundary "
        "RoleName Tags",
        ManagedPolicyArns=None,
        Policies=None,
    )
    REPLACES = frozenset({"Path", "RoleName"})
    ATTRIBUTES = frozenset({"Arn", "RoleId"})

    def shape(self, name: str) -> Any:
        return None if name == "AssumeRolePolicyDocument" else super().shape(name)

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("RoleName"), 64)
        asked = {**self.parameters(properties), "RoleName": name}
        answer = await context.call(
            self.API, **asked, Tags=context.tag_list(properties.get("Tags"))
        )
        role = answer["Role"]
        made = Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})
        try:
            await self._allow(context, name, {}, properties)
        except BaseException:
            await self.delete(context, made, properties)
            raise
        return made

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        name = made.physical_id
        if old.get("AssumeRolePolicyDocument") != new.get("AssumeRolePolicyDocument"):
            await context.call(
                "iam.UpdateAssumeRolePolicy",
                RoleName=name,
                PolicyDocument=as_json(new["AssumeRolePolicyDocument"]),
            )
        await context.call(
            "iam.UpdateRole",
            RoleName=name,
            Description=new.get("Description", ""),
            MaxSessionDuration=new.get("MaxSessionDuration", 3600),
        )
        boundary = new.get("PermissionsBoundary")
        if boundary != old.get("PermissionsBoundary"):
            if boundary:
                await context.call(
                    "iam.PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=boundary
                )
            else:
                await context.call("iam.DeleteRolePermissionsBoundary", RoleName=name)
        await self._allow(context, name, old, new)
        wanted, gone = changed_tags(context.tags(old.get("Tags")), context.tags(new.get("Tags")))
        if gone:
            await context.call("iam.UntagRole", RoleName=name, TagKeys=gone)
        if wanted:
            pairs = [{"Key": key, "Value": value} for key, value in wanted.items()]
            await context.call("iam.TagRole", RoleName=name, Tags=pairs)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        name = made.physical_id
        try:
            inline = await context.call("iam.ListRolePolicies", RoleName=name)
            attached = await context.call("iam.ListAttachedRolePolicies", RoleName=name)
        except ApiError as error:
            if is_missing(error):
                return
            raise
        for policy in inline["PolicyNames"]:
            await context.gone("iam.DeleteRolePolicy", RoleName=name, PolicyName=policy)
        for policy in attached["AttachedPolicies"]:
            await context.gone("iam.DetachRolePolicy", RoleName=name, PolicyArn=policy["PolicyArn"])
        await context.gone("iam.DeleteRole", RoleName=name)

    async def _allow(
        self, context: Context, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        """Change a role's policies to those in the template."""
        had, has = (set(one.get("ManagedPolicyArns") or []) for one in (old, new))
        for arn in sorted(has - had):
            await context.call("iam.AttachRolePolicy", RoleName=name, PolicyArn=arn)
        for arn in sorted(had - has):
            await context.gone("iam.DetachRolePolicy", RoleName=name, PolicyArn=arn)
        before, after = (
            {policy["PolicyName"]: policy["PolicyDocument"] for policy in one.get("Policies") or []}
            for one in (old, new)
        )
        for policy in before.keys() - after.keys():
            await context.gone("iam.DeleteRolePolicy", RoleName=name, PolicyName=policy)
        for policy, document in after.items():
            await context.call(
                "iam.PutRolePolicy",
                RoleName=name,
                PolicyName=policy,
                PolicyDocument=as_json(document),
            )


class InlinePolicy(Kind):
    """AWS::IAM::Policy, a policy within roles, users and groups."""

    TYPE = "AWS::IAM::Policy"
    REQUIRED = frozenset({"PolicyDocument", "PolicyName"})
    PROPERTIES = dict.fromkeys(("Groups", "PolicyDocument", "PolicyName", "Roles", "Users"))
    REPLACES = frozenset({"PolicyName"})
    ATTRIBUTES = frozenset({"Id"})
    HOLDERS = (("Roles", "Role"), ("Users", "User"), ("Groups", "Group"))

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        await self._put(context, properties)
        return Made(context.name(None, 128))

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        await self._put(context, new)
        for holders, holder in self.HOLDERS:
            for name in set(old.get(holders) or []) - set(new.get(holders) or []):
                await self._take(context, holder, name, old["PolicyName"])
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        for holders, holder in self.HOLDERS:
            for name in properties.get(holders) or []:
                await self._take(context, holder, name, properties["PolicyName"])

    async def _put(self, context: Context, properties: Mapping[str, Any]) -> None:
        for holders, holder in self.HOLDERS:
            for name in properties.get(holders) or []:
                given = {
                    f"{holder}Name": name,
                    "PolicyName": properties["PolicyName"],
                    "PolicyDocument": as_json(properties["PolicyDocument"]),
                }
                await context.call(f"iam.Put{holder}Policy", **given)

    async def _take(self, context: Context, holder: str, name: str, policy: str) -> None:
        given = {f"{holder}Name": name, "PolicyName": policy}
        await context.gone(f"iam.Delete{holder}Policy", **given)


class RolePolicy(Kind):
    """AWS::IAM::RolePolicy."""

    TYPE = "AWS::IAM::RolePolicy"
    REQUIRED = frozenset({"PolicyName", "RoleName"})
    PROPERTIES = dict.fromkeys(("PolicyDocument", "PolicyName", "RoleName"))
    REPLACES = frozenset({"PolicyName", "RoleName"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        await context.call(
            "iam.PutRolePolicy",
            RoleName=properties["RoleName"],
            PolicyName=properties["PolicyName"],
            PolicyDocument=as_json(properties["PolicyDocument"]),
        )
        return Made(f"{properties['PolicyName']}|{properties['RoleName']}")

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        return await self.create(context, new)

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        policy, _, role = made.physical_id.partition("|")
        await context.gone("iam.DeleteRolePolicy", RoleName=role, PolicyName=policy)


class ManagedPolicy(Kind):
    """AWS::IAM::ManagedPolicy, whose ``Ref`` is its ARN."""

    TYPE = "AWS::IAM::ManagedPolicy"
    REQUIRED = frozenset({"PolicyDocument"})
    PROPERTIES = dict.fromkeys(
        ("Description", "Groups", "ManagedPolicyName", "Path", "PolicyDocument", "Roles", "Users")
    )
    REPLACES = frozenset({"Description", "ManagedPolicyName", "Path"})
    ATTRIBUTES = frozenset({"PolicyArn"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        answer = await context.call(
            "iam.CreatePolicy",
            PolicyName=context.name(properties.get("ManagedPolicyName"), 128),
            PolicyDocument=as_json(properties["PolicyDocument"]),
            Path=properties.get("Path"),
            Description=properties.get("Description"),
        )
        arn = answer["Policy"]["Arn"]
        made = Made(arn, {"PolicyArn": arn})
        try:
            await self._attach(context, arn, {}, properties)
        except BaseException:
            await self.delete(context, made, properties)
            raise
        return made

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        arn = made.physical_id
        if old["PolicyDocument"] != new["PolicyDocument"]:
            versions = (await context.call("iam.ListPolicyVersions", PolicyArn=arn))["Versions"]
            idle = [one["VersionId"] for one in versions if not one["IsDefaultVersion"]]
            if len(versions) >= 5:  # the maximum
                await context.call(
                    "iam.DeletePolicyVersion", PolicyArn=arn, VersionId=sorted(idle)[0]
                )
            await context.call(
                "iam.CreatePolicyVersion",
                PolicyArn=arn,
                PolicyDocument=as_json(new["PolicyDocument"]),
                SetAsDefault=True,
            )
        await self._attach(context, arn, old, new)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        arn = made.physical_id
        await self._attach(context, arn, properties, {})
        try:
            versions = (await context.call("iam.ListPolicyVersions", PolicyArn=arn))["Versions"]
        except ApiError as error:
            if is_missing(error):
                return
            raise
        for one in versions:
            if not one["IsDefaultVersion"]:
                await context.gone(
                    "iam.DeletePolicyVersion", PolicyArn=arn, VersionId=one["VersionId"]
                )
        await context.gone("iam.DeletePolicy", PolicyArn=arn)

    async def _attach(
        self, context: Context, arn: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        for holders, holder in InlinePolicy.HOLDERS:
            had, has = (set(one.get(holders) or []) for one in (old, new))
            for name in sorted(has - had):
                given = {f"{holder}Name": name, "PolicyArn": arn}
                await context.call(f"iam.Attach{holder}Policy", **given)
            for name in sorted(had - has):
                given = {f"{holder}Name": name, "PolicyArn": arn}
                await context.gone(f"iam.Detach{holder}Policy", **given)


def capabilities(resources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the capabilities that a template's resources require."""
    found = [one for one in resources.values() if one.get("Type") in CAPABLE]
    for one in found:
        name = CAPABLE[one["Type"]]
        if name and name in (one.get("Properties") or {}):
            return ["CAPABILITY_NAMED_IAM"]
    return ["CAPABILITY_IAM"] if found else []


KINDS = (Role(), InlinePolicy(), RolePolicy(), ManagedPolicy())
