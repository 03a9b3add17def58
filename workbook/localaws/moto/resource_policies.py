"""The policies of resources in moto; on moto's thread."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID


def find(arn: str) -> str | None:
    """Return the policy of the resource with an ARN; None if it has none."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] not in _POLICIES:
        return None
    document = next(_POLICIES[parts[2]](arn, parts[3], parts[5]), None)
    return str(document) if document else None


def _of_queue(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.sqs.models import sqs_backends

    if name in sqs_backends[ACCOUNT_ID][region].queues:
        yield sqs_backends[ACCOUNT_ID][region].queues[name].policy


def _of_topic(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.sns.models import sns_backends

    topics = sns_backends[ACCOUNT_ID][region].topics
    if arn in topics:
        yield topics[arn].policy


def _of_bucket(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.s3.models import s3_backends

    buckets = s3_backends[ACCOUNT_ID][arn.split(":")[1]].buckets
    found = buckets.get(name.partition("/")[0])
    if found is not None and found.policy:
        yield found.policy.decode()


def _of_function(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.awslambda.models import lambda_backends

    functions = lambda_backends[ACCOUNT_ID][region]._lambdas._functions
    group = functions.get(name.split(":")[1]) if name.startswith("function:") else None
    if group is not None:
        yield json.dumps(group["latest"].policy.get_policy()["Policy"])


def _of_secret(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.secretsmanager.models import secretsmanager_backends

    for secret in secretsmanager_backends[ACCOUNT_ID][region].secrets.values():
        if secret.arn == arn:
            yield getattr(secret, "policy", None)  # a replica has none


def _of_table(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.dynamodb.models import dynamodb_backends

    found = dynamodb_backends[ACCOUNT_ID][region].resource_policies.get(arn)
    if found is not None:
        yield found.policy_doc


def _of_bus(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.events.models import events_backends

    buses = events_backends[ACCOUNT_ID][region].event_buses
    if name.removeprefix("event-bus/") in buses:
        yield buses[name.removeprefix("event-bus/")].policy


def _of_key(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.kms.models import kms_backends

    key = kms_backends[ACCOUNT_ID][region].keys.get(name.removeprefix("key/"))
    if key is not None:
        yield key.policy


_POLICIES: Mapping[str, Callable[[str, str, str], Iterator[Any]]] = {
    "dynamodb": _of_table,
    "events": _of_bus,
    "kms": _of_key,
    "lambda": _of_function,
    "s3": _of_bucket,
    "secretsmanager": _of_secret,
    "sns": _of_topic,
    "sqs": _of_queue,
}
