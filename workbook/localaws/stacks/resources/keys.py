"""Keys, parameters and secrets [CFNL]."""

import json
from collections.abc import Mapping
from typing import Any

from workbook.localaws.stacks.kind import Context, Kind, Made, as_json, properties
from workbook.localaws.stacks.values import as_text

DAYS = 30  # until a key is deleted, by default


class Parameter(Kind):
    """AWS::SSM::Parameter."""

    TYPE = "AWS::SSM::Parameter"
    TAG_KEYS = ()
    REQUIRED = frozenset({"Type", "Value"})
    API = "ssm.PutParameter"
    PROPERTIES = properties("AllowedPattern DataType Description Name Tier Type Value", Tags=None)
    REPLACES = frozenset({"Name"})
    ATTRIBUTES = frozenset({"Type", "Value"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("Name"))
        tags = context.tag_list(properties.get("Tags"), system=False)
        asked = {**self.parameters(properties), "Name": name}
        await context.call(self.API, **asked, Tags=tags)
        return self._made(name, properties)

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        asked = {**self.parameters(new), "Name": made.physical_id, "Overwrite": True}
        await context.call(self.API, **asked)
        return self._made(made.physical_id, new)

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("ssm.DeleteParameter", Name=made.physical_id)

    @staticmethod
    def _made(name: str, properties: Mapping[str, Any]) -> Made:
        return Made(name, {"Type": properties["Type"], "Value": as_text(properties["Value"])})


class Key(Kind):
    """AWS::KMS::Key."""

    TYPE = "AWS::KMS::Key"
    API = "kms.CreateKey"
    PROPERTIES = properties(
        "BypassPolicyLockoutSafetyCheck Description KeySpec KeyUsage MultiRegion Origin",
        KeyPolicy="Policy",
        EnableKeyRotation=None,
        Enabled=None,
        PendingWindowInDays=None,
        Tags=None,
    )
    REPLACES = frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"})
    ATTRIBUTES = frozenset({"Arn", "KeyId"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        asked = self.parameters(properties)
        if "Policy" in asked:
            asked["Policy"] = as_json(asked["Policy"])
        tags = [
            {"TagKey": key, "TagValue": value}
            for key, value in context.tags(properties.get("Tags"), system=False).items()
        ]
        answer = await context.call(self.API, **asked, Tags=tags or None)
        key = answer["KeyMetadata"]
        made = Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})
        await self._configure(context, made.physical_id, {}, properties)
        return made

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        key = made.physical_id
        if old.get("Description") != new.get("Description"):
            await context.call(
                "kms.UpdateKeyDescription", KeyId=key, Description=new.get("Description", "")
            )
        if old.get("KeyPolicy") != new.get("KeyPolicy") and "KeyPolicy" in new:
            await context.call(
                "kms.PutKeyPolicy",
                KeyId=key,
                PolicyName="default",
                Policy=as_json(new["KeyPolicy"]),
            )
        await self._configure(context, key, old, new)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        days = properties.get("PendingWindowInDays", DAYS)
        await context.gone(
            "kms.ScheduleKeyDeletion", KeyId=made.physical_id, PendingWindowInDays=days
        )

    async def _configure(
        self, context: Context, key: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        for name, on, off, default in (
            ("EnableKeyRotation", "EnableKeyRotation", "DisableKeyRotation", "false"),
            ("Enabled", "EnableKey", "DisableKey", "true"),
        ):
            had, has = (as_text(one.get(name, default)) for one in (old, new))
            if had != has:
                await context.call(f"kms.{on if has == 'true' else off}", KeyId=key)


class Alias(Kind):
    """AWS::KMS::Alias."""

    TYPE = "AWS::KMS::Alias"
    REQUIRED = frozenset({"AliasName", "TargetKeyId"})
    PROPERTIES = dict.fromkeys(("AliasName", "TargetKeyId"))
    REPLACES = frozenset({"AliasName"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        await context.call("kms.CreateAlias", **properties)
        return Made(properties["AliasName"])

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        await context.call("kms.UpdateAlias", **new)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("kms.DeleteAlias", AliasName=made.physical_id)


class Secret(Kind):
    """AWS::SecretsManager::Secret, whose ``Ref`` is its ARN."""

    TYPE = "AWS::SecretsManager::Secret"
    PROPERTIES = dict.fromkeys(
        ("Description", "GenerateSecretString", "KmsKeyId", "Name", "SecretString", "Tags")
    )
    REPLACES = frozenset({"Name"})
    ATTRIBUTES = frozenset({"Id"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        text = properties.get("SecretString")
        if "GenerateSecretString" in properties:
            text = await _generated(context, properties["GenerateSecretString"])
        answer = await context.call(
            "secretsmanager.CreateSecret",
            Name=context.name(properties.get("Name")),
            SecretString=text if text is not None else "",
            Description=properties.get("Description"),
            KmsKeyId=properties.get("KmsKeyId"),
            Tags=context.tag_list(properties.get("Tags"), system=False),
        )
        return Made(answer["ARN"], {"Id": answer["ARN"]})

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        text = new.get("SecretString")
        await context.call(
            "secretsmanager.UpdateSecret",
            SecretId=made.physical_id,
            Description=new.get("Description", ""),
            KmsKeyId=new.get("KmsKeyId"),
            SecretString=text if text != old.get("SecretString") else None,
        )
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone(
            "secretsmanager.DeleteSecret",
            SecretId=made.physical_id,
            ForceDeleteWithoutRecovery=True,
        )


async def _generated(context: Context, asked: Mapping[str, Any]) -> str:
    """Return a secret generated as the template describes."""
    given = {
        name: one
        for name, one in asked.items()
        if name not in ("GenerateStringKey", "SecretStringTemplate")
    }
    answer = await context.call("secretsmanager.GetRandomPassword", **given)
    password: str = answer["RandomPassword"]
    if "GenerateStringKey" not in asked:
        return password
    document = json.loads(asked.get("SecretStringTemplate", "{}"))
    return json.dumps({**document, asked["GenerateStringKey"]: password})


KINDS = (Parameter(), Key(), Alias(), Secret())
