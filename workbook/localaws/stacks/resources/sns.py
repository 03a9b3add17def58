"""Topics, subscriptions and policies [CFNL]."""

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
)
from workbook.localaws.stacks.values import as_text

ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DisplayName",
    "FifoTopic",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
)
OWNERS_ACTIONS = [  # what the policy of a new topic allows its account
    "SNS:GetTopicAttributes",
    "SNS:SetTopicAttributes",
    "SNS:AddPermission",
    "SNS:RemovePermission",
    "SNS:DeleteTopic",
    "SNS:Subscribe",
    "SNS:ListSubscriptionsByTopic",
    "SNS:Publish",
]
OF_SUBSCRIPTION = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "SubscriptionRoleArn",
)


class Topic(Kind):
    """AWS::SNS::Topic, whose ``Ref`` is its ARN."""

    TYPE = "AWS::SNS::Topic"
    PROPERTIES = dict.fromkeys((*ATTRIBUTES, "Subscription", "Tags", "TopicName"))
    REPLACES = frozenset({"FifoTopic", "TopicName"})
    ATTRIBUTES = frozenset({"TopicArn", "TopicName"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        fifo = as_text(properties.get("FifoTopic")) == "true"
        name = context.name(properties.get("TopicName"), 256, suffix=".fifo" if fifo else "")
        answer = await context.call(
            "sns.CreateTopic",
            Name=name,
            Attributes={one: as_text(properties[one]) for one in ATTRIBUTES if one in properties},
            Tags=context.tag_list(properties.get("Tags")),
        )
        made = Made(answer["TopicArn"], {"TopicArn": answer["TopicArn"], "TopicName": name})
        try:
            await self._subscribe(context, made.physical_id, {}, properties)
        except BaseException:
            await self.delete(context, made, properties)
            raise
        return made

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        arn = made.physical_id
        for name in ATTRIBUTES:
            if old.get(name) != new.get(name):
                await context.call(
                    "sns.SetTopicAttributes",
                    TopicArn=arn,
                    AttributeName=name,
                    AttributeValue=as_text(new.get(name)),
                )
        await self._subscribe(context, arn, old, new)
        wanted, gone = changed_tags(context.tags(old.get("Tags")), context.tags(new.get("Tags")))
        if gone:
            await context.call("sns.UntagResource", ResourceArn=arn, TagKeys=gone)
        if wanted:
            pairs = [{"Key": key, "Value": value} for key, value in wanted.items()]
            await context.call("sns.TagResource", ResourceArn=arn, Tags=pairs)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("sns.DeleteTopic", TopicArn=made.physical_id)

    async def _subscribe(
        self, context: Context, arn: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        had, has = (
            {(one["Protocol"], one["Endpoint"]) for one in props.get("Subscription") or []}
            for props in (old, new)
        )
        for protocol, endpoint in sorted(has - had):
            await context.call("sns.Subscribe", TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
        if had - has:
            listed = await context.call("sns.ListSubscriptionsByTopic", TopicArn=arn)
            for one in listed["Subscriptions"]:
                if (one["Protocol"], one["Endpoint"]) in had - has:
                    await context.gone("sns.Unsubscribe", SubscriptionArn=one["SubscriptionArn"])


class Subscription(Kind):
    """AWS::SNS::Subscription, whose ``Ref`` is its ARN."""

    TYPE = "AWS::SNS::Subscription"
    REQUIRED = frozenset({"Protocol", "TopicArn"})
    PROPERTIES = dict.fromkeys((*OF_SUBSCRIPTION, "Endpoint", "Protocol", "Region", "TopicArn"))
    REPLACES = frozenset({"Endpoint", "Protocol", "TopicArn"})
    ATTRIBUTES = frozenset({"Arn"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        attributes = {
            name: _text(properties[name]) for name in OF_SUBSCRIPTION if name in properties
        }
        answer = await context.call(
            "sns.Subscribe",
            TopicArn=properties["TopicArn"],
            Protocol=properties["Protocol"],
            Endpoint=properties.get("Endpoint"),
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        return Made(answer["SubscriptionArn"], {"Arn": answer["SubscriptionArn"]})

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        for name in OF_SUBSCRIPTION:
            if old.get(name) != new.get(name):
                await context.call(
                    "sns.SetSubscriptionAttributes",
                    SubscriptionArn=made.physical_id,
                    AttributeName=name,
                    AttributeValue=_text(new.get(name)),
                )
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("sns.Unsubscribe", SubscriptionArn=made.physical_id)


def _text(value: Any) -> str:
    return as_json(value) if isinstance(value, dict) else as_text(value)


class TopicPolicy(Kind):
    """AWS::SNS::TopicPolicy: the policy of one or more topics."""

    TYPE = "AWS::SNS::TopicPolicy"
    REQUIRED = frozenset({"PolicyDocument", "Topics"})
    PROPERTIES = dict.fromkeys(("PolicyDocument", "Topics"))
    ATTRIBUTES = frozenset({"Id"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        for arn in properties["Topics"]:
            await _set_policy(context, arn, as_json(properties["PolicyDocument"]))
        identity = context.name(None)
        return Made(identity, {"Id": identity})

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        for arn in set(old["Topics"]) - set(new["Topics"]):
            await self._reset(context, arn)
        for arn in new["Topics"]:
            await _set_policy(context, arn, as_json(new["PolicyDocument"]))
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        for arn in properties["Topics"]:
            await self._reset(context, arn)

    async def _reset(self, context: Context, arn: str) -> None:
        """Give a topic the policy of a new one back, if it still exists [D23; the policy: SEEN]."""
        account = arn.split(":")[4]
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": OWNERS_ACTIONS,
            "Resource": arn,
            "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
        }
        policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
        try:
            await _set_policy(context, arn, as_json(policy))
        except ApiError as error:
            if not is_missing(error):
                raise


async def _set_policy(context: Context, arn: str, policy: str) -> None:
    await context.call(
        "sns.SetTopicAttributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy
    )


KINDS = (Topic(), Subscription(), TopicPolicy())
