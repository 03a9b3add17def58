"""Delivery streams, image repositories, and resources that need no action [CFNL]."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.stacks.kind import Context, Kind, Made, as_json, properties


class DeliveryStream(Kind):
    """AWS::KinesisFirehose::DeliveryStream."""

    TYPE = "AWS::KinesisFirehose::DeliveryStream"
    TAG_KEYS = ("Key",)
    API = "firehose.CreateDeliveryStream"
    PROPERTIES = properties(
        "DeliveryStreamEncryptionConfigurationInput DeliveryStreamName DeliveryStreamType "
        "ExtendedS3DestinationConfiguration KinesisStreamSourceConfiguration "
        "S3DestinationConfiguration Tags"
    )
    REPLACES = frozenset(PROPERTIES) - {
        "ExtendedS3DestinationConfiguration",
        "S3DestinationConfiguration",
        "Tags",
    }
    ATTRIBUTES = frozenset({"Arn"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("DeliveryStreamName"), 64)
        asked = {**self.parameters(properties), "DeliveryStreamName": name}
        answer = await context.call(
            self.API, **asked, Tags=context.tag_list(properties.get("Tags"), system=False)
        )

        async def active() -> bool:
            found = await context.call("firehose.DescribeDeliveryStream", DeliveryStreamName=name)
            return bool(found["DeliveryStreamDescription"]["DeliveryStreamStatus"] != "CREATING")

        await context.until(active)
        return Made(name, {"Arn": answer["DeliveryStreamARN"]})

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        name = made.physical_id
        for form in ("ExtendedS3Destination", "S3Destination"):
            wanted = new.get(f"{form}Configuration")
            if wanted and wanted != old.get(f"{form}Configuration"):
                response = await context.call(
                    "firehose.DescribeDeliveryStream", DeliveryStreamName=name
                )
                described = response["DeliveryStreamDescription"]
                await context.call(
                    "firehose.UpdateDestination",
                    DeliveryStreamName=name,
                    CurrentDeliveryStreamVersionId=described["VersionId"],
                    DestinationId=described["Destinations"][0]["DestinationId"],
                    **{f"{form}Update": wanted},
                )
        tags = context.tag_list(new.get("Tags"), system=False)
        if tags:
            await context.call("firehose.TagDeliveryStream", DeliveryStreamName=name, Tags=tags)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("firehose.DeleteDeliveryStream", DeliveryStreamName=made.physical_id)


class Repository(Kind):
    """AWS::ECR::Repository, which ``cdk bootstrap`` creates."""

    TYPE = "AWS::ECR::Repository"
    API = "ecr.CreateRepository"
    PROPERTIES = properties(
        "",
        EncryptionConfiguration="encryptionConfiguration",
        ImageScanningConfiguration="imageScanningConfiguration",
        ImageTagMutability="imageTagMutability",
        LifecyclePolicy=None,
        RepositoryName="repositoryName",
        RepositoryPolicyText=None,
        Tags=None,
        EmptyOnDelete=None,
    )
    REPLACES = frozenset({"EncryptionConfiguration", "RepositoryName"})
    ATTRIBUTES = frozenset({"Arn", "RepositoryUri"})

    def shape(self, name: str) -> Any:
        return None if name.endswith("Configuration") else super().shape(name)

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("RepositoryName"), 256, lower=True)
        asked = {**self.parameters(properties), "repositoryName": name}
        answer = await context.call(
            self.API, **asked, tags=context.tag_list(properties.get("Tags"))
        )
        await self._configure(context, name, properties)
        repository = answer["repository"]
        return Made(
            name,
            {"Arn": repository["repositoryArn"], "RepositoryUri": repository["repositoryUri"]},
        )

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        name = made.physical_id
        await context.call(
            "ecr.PutImageTagMutability",
            repositoryName=name,
            imageTagMutability=new.get("ImageTagMutability", "MUTABLE"),
        )
        await self._configure(context, name, new)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        force = properties.get("EmptyOnDelete")
        await context.gone("ecr.DeleteRepository", repositoryName=made.physical_id, force=force)

    async def _configure(self, context: Context, name: str, properties: Mapping[str, Any]) -> None:
        policy = properties.get("LifecyclePolicy") or {}
        if "LifecyclePolicyText" in policy:
            await context.call(
                "ecr.PutLifecyclePolicy",
                repositoryName=name,
                lifecyclePolicyText=policy["LifecyclePolicyText"],
            )
        if "RepositoryPolicyText" in properties:
            await context.call(
                "ecr.SetRepositoryPolicy",
                repositoryName=name,
                policyText=as_json(properties["RepositoryPolicyText"]),
            )


class Nothing(Kind):
    """A resource that only has an identity."""

    ANY_PROPERTY = True

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        return Made(context.name(None))

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        """Do nothing."""


class Metadata(Nothing):
    """AWS::CDK::Metadata, in which CDK records its version."""

    TYPE = "AWS::CDK::Metadata"


class Handle(Nothing):
    """AWS::CloudFormation::WaitConditionHandle, used as an empty resource."""

    TYPE = "AWS::CloudFormation::WaitConditionHandle"


KINDS = (DeliveryStream(), Repository(), Metadata(), Handle())
