"""Queues and their policies [CFNL]."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.stacks.kind import Context, Kind, Made, as_json, changed_tags
from workbook.localaws.stacks.values import as_text

# Attributes of a queue that have properties of the same name, with their default values.
DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}


class Queue(Kind):
    """AWS::SQS::Queue, whose ``Ref`` is its URL."""

    TYPE = "AWS::SQS::Queue"
    PROPERTIES = dict.fromkeys((*DEFAULTS, "FifoQueue", "QueueName", "Tags"))
    REPLACES = frozenset({"FifoQueue", "QueueName"})
    ATTRIBUTES = frozenset({"Arn", "QueueName", "QueueUrl"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        suffix = ".fifo" if as_text(properties.get("FifoQueue")) == "true" else ""
        name = context.name(properties.get("QueueName"), 80, suffix=suffix)
        attributes = _attributes(properties)
        if suffix:
            attributes["FifoQueue"] = "true"
        answer = await context.call(
            "sqs.CreateQueue",
            QueueName=name,
            Attributes=attributes,
            tags=context.tags(properties.get("Tags")),
        )
        url = answer["QueueUrl"]
        return Made(url, {"Arn": context.arn("sqs", name), "QueueName": name, "QueueUrl": url})

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        before, after = _attributes(old), _attributes(new)
        changed = {
            name: after.get(name, DEFAULTS[name])
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        }
        if changed:
            await context.call(
                "sqs.SetQueueAttributes", QueueUrl=made.physical_id, Attributes=changed
            )
        wanted, gone = changed_tags(context.tags(old.get("Tags")), context.tags(new.get("Tags")))
        if gone:
            await context.call("sqs.UntagQueue", QueueUrl=made.physical_id, TagKeys=gone)
        if wanted:
            await context.call("sqs.TagQueue", QueueUrl=made.physical_id, Tags=wanted)
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("sqs.DeleteQueue", QueueUrl=made.physical_id)


def _attributes(properties: Mapping[str, Any]) -> dict[str, str]:
    return {name: as_text(properties[name]) for name in DEFAULTS if name in properties}


class QueuePolicy(Kind):
    """AWS::SQS::QueuePolicy: the policy of one or more queues."""

    TYPE = "AWS::SQS::QueuePolicy"
    REQUIRED = frozenset({"PolicyDocument", "Queues"})
    PROPERTIES = dict.fromkeys(("PolicyDocument", "Queues"))
    ATTRIBUTES = frozenset({"Id"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        for url in properties["Queues"]:
            await _set_policy(context, url, as_json(properties["PolicyDocument"]))
        identity = context.name(None)
        return Made(identity, {"Id": identity})

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        for url in set(old["Queues"]) - set(new["Queues"]):
            await _set_policy(context, url, "")
        for url in new["Queues"]:
            await _set_policy(context, url, as_json(new["PolicyDocument"]))
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        for url in properties["Queues"]:
            await context.gone("sqs.SetQueueAttributes", QueueUrl=url, Attributes={"Policy": ""})


async def _set_policy(context: Context, url: str, policy: str) -> None:
    await context.call("sqs.SetQueueAttributes", QueueUrl=url, Attributes={"Policy": policy})


KINDS = (Queue(), QueuePolicy())
