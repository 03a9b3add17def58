"""Buckets and their policies [CFNL]."""

import re
from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.partitions import dns_suffix, partition
from workbook.localaws.stacks.errors import unsupported
from workbook.localaws.stacks.kind import Context, Kind, Made, as_json

HOME = "us-east-1"  # its buckets have no location


class Bucket(Kind):
    """AWS::S3::Bucket."""

    TYPE = "AWS::S3::Bucket"
    PROPERTIES = dict.fromkeys(
        (
            "AccessControl",
            "BucketEncryption",
            "BucketName",
            "LifecycleConfiguration",
            "NotificationConfiguration",
            "OwnershipControls",
            "PublicAccessBlockConfiguration",
            "Tags",
            "VersioningConfiguration",
        )
    )
    REPLACES = frozenset({"BucketName"})
    ATTRIBUTES = frozenset(
        {"Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"}
    )

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("BucketName"), 63, lower=True)
        place = None if context.region == HOME else {"LocationConstraint": context.region}
        await context.call("s3.CreateBucket", Bucket=name, CreateBucketConfiguration=place)
        region, suffix = context.region, dns_suffix(context.region)
        made = Made(
            name,
            {
                "Arn": f"arn:{partition(region)}:s3:::{name}",
                "DomainName": f"{name}.s3.{suffix}",
                "DualStackDomainName": f"{name}.s3.dualstack.{region}.{suffix}",
                "RegionalDomainName": f"{name}.s3.{region}.{suffix}",
                "WebsiteURL": f"http://{name}.s3-website-{region}.{suffix}",
            },
        )
        try:
            await self._configure(context, name, {}, properties)
        except BaseException:
            await self.delete(context, made, properties)
            raise
        return made

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        await self._configure(context, made.physical_id, old, new)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("s3.DeleteBucket", Bucket=made.physical_id)

    async def _configure(
        self, context: Context, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        def changed(key: str) -> bool:
            return bool(old.get(key) != new.get(key))

        if changed("AccessControl"):
            words = re.findall("[A-Z][a-z]+", new.get("AccessControl") or "Private")
            acl = "-".join(words).lower()  # LogDeliveryWrite is log-delivery-write
            await context.call("s3.PutBucketAcl", Bucket=name, ACL=acl)
        if changed("BucketEncryption"):
            rules = (new.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration")
            if rules is None:
                await context.gone("s3.DeleteBucketEncryption", Bucket=name)
            else:
                renamed = [
                    {
                        "ApplyServerSideEncryptionByDefault": rule.get(
                            "ServerSideEncryptionByDefault"
                        ),
                        "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
                    }
                    for rule in rules
                ]
                await context.call(
                    "s3.PutBucketEncryption",
                    Bucket=name,
                    ServerSideEncryptionConfiguration={"Rules": renamed},
                )
        if changed("VersioningConfiguration"):
            status = (new.get("VersioningConfiguration") or {}).get("Status", "Suspended")
            await context.call(
                "s3.PutBucketVersioning", Bucket=name, VersioningConfiguration={"Status": status}
            )
        if changed("PublicAccessBlockConfiguration"):
            block = new.get("PublicAccessBlockConfiguration")
            if block is None:
                await context.gone("s3.DeletePublicAccessBlock", Bucket=name)
            else:
                await context.call(
                    "s3.PutPublicAccessBlock", Bucket=name, PublicAccessBlockConfiguration=block
                )
        if changed("OwnershipControls"):
            controls = new.get("OwnershipControls")
            if controls is None:
                await context.gone("s3.DeleteBucketOwnershipControls", Bucket=name)
            else:
                await context.call(
                    "s3.PutBucketOwnershipControls", Bucket=name, OwnershipControls=controls
                )
        if changed("LifecycleConfiguration"):
            rules = (new.get("LifecycleConfiguration") or {}).get("Rules")
            if not rules:
                await context.gone("s3.DeleteBucketLifecycle", Bucket=name)
            else:
                await context.call(
                    "s3.PutBucketLifecycleConfiguration",
                    Bucket=name,
                    LifecycleConfiguration={"Rules": [_rule(rule) for rule in rules]},
                )
        if changed("NotificationConfiguration"):
            await context.call(
                "s3.PutBucketNotificationConfiguration",
                Bucket=name,
                NotificationConfiguration=_notifications(
                    new.get("NotificationConfiguration") or {}
                ),
            )
        tags = context.tag_list(new.get("Tags"), system=False)
        if tags:
            await context.call("s3.PutBucketTagging", Bucket=name, Tagging={"TagSet": tags})
        elif changed("Tags"):
            await context.gone("s3.DeleteBucketTagging", Bucket=name)


RULE = {
    "AbortIncompleteMultipartUpload",
    "ExpirationDate",
    "ExpirationInDays",
    "ExpiredObjectDeleteMarker",
    "Id",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionExpirationInDays",
    "Prefix",
    "Status",
    "Transitions",
}


def _rule(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template's lifecycle rule in the API's form."""
    for name in given.keys() - RULE:
        raise unsupported(f"the property LifecycleConfiguration.Rules.{name} of AWS::S3::Bucket")
    rule: dict[str, Any] = {
        "Status": given["Status"],
        "Filter": {"Prefix": given.get("Prefix", "")},
    }
    if "Id" in given:
        rule["ID"] = given["Id"]
    expiration = {
        "Days": given.get("ExpirationInDays"),
        "Date": given.get("ExpirationDate"),
        "ExpiredObjectDeleteMarker": given.get("ExpiredObjectDeleteMarker"),
    }
    if any(value is not None for value in expiration.values()):
        rule["Expiration"] = {key: one for key, one in expiration.items() if one is not None}
    if "NoncurrentVersionExpirationInDays" in given:
        days = given["NoncurrentVersionExpirationInDays"]
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in given:
            rule[name] = given[name]
    if "Transitions" in given:
        rule["Transitions"] = [
            {"Days": one.get("TransitionInDays"), "StorageClass": one["StorageClass"]}
            for one in given["Transitions"]
        ]
    return rule


def _notifications(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template's notifications in the API's form."""
    kinds = {
        "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
        "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
        "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
    }
    found: dict[str, Any] = {}
    for name, configurations in given.items():
        if name == "EventBridgeConfiguration":
            found[name] = {}
            continue
        api, own, arn = kinds[name]
        found[api] = [
            {
                arn: one[own],
                "Events": [one["Event"]],
                **(
                    {
                        "Filter": {
                            "Key": {
                                "FilterRules": [
                                    {"Name": rule["Name"], "Value": rule["Value"]}
                                    for rule in one["Filter"]["S3Key"]["Rules"]
                                ]
                            }
                        }
                    }
                    if one.get("Filter")
                    else {}
                ),
            }
            for one in configurations
        ]
    return found


class BucketPolicy(Kind):
    """AWS::S3::BucketPolicy."""

    TYPE = "AWS::S3::BucketPolicy"
    REQUIRED = frozenset({"Bucket", "PolicyDocument"})
    PROPERTIES = dict.fromkeys(("Bucket", "PolicyDocument"))
    REPLACES = frozenset({"Bucket"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        await context.call(
            "s3.PutBucketPolicy",
            Bucket=properties["Bucket"],
            Policy=as_json(properties["PolicyDocument"]),
        )
        return Made(properties["Bucket"])

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        return await self.create(context, new)

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("s3.DeleteBucketPolicy", Bucket=made.physical_id)


KINDS = (Bucket(), BucketPolicy())
