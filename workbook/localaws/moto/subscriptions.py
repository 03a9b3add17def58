"""Subscription filters of moto's log groups; on moto's thread."""

import json
from collections.abc import Callable
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.core.exceptions import JsonRESTError
from moto.firehose.models import firehose_backends
from moto.logs import responses

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.function_arn import is_in_reach, service_of
from workbook.localaws.integrations import log_documents
from workbook.localaws.moto import kinesis
from workbook.localaws.moto.log_delivery import BY_STREAM, deliver
from workbook.localaws.moto.log_events import group_of, invalid, parameters
from workbook.localaws.moto.log_groups import EventFilter

OTHER_ACCOUNT = (  # [OBS]
    "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to "
    "create cross account lambda triggers."
)
NO_ROLE = "destinationArn for vendor {} cannot be used without roleArn"  # [OBS]
NO_VENDOR = (
    "PutSubscriptionFilter operation cannot work with destinationArn for vendor {}"  # [SEEN]
)
NO_STREAM = (  # [SEEN]
    "Could not deliver test message to specified {0}. Check if the given {1} is in ACTIVE state."
)
NO_FUNCTION = (  # [SEEN]
    "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to "
    "execute your function."
)
UNSUPPORTED = ("applyOnTransformedLogs", "emitSystemFields", "fieldSelectionCriteria")


def _put(handler: Any, now: Callable[[], float]) -> str:
    """Handle PutSubscriptionFilter; a filter of the same name is replaced [OBS]."""
    given, backend = parameters(handler, "PutSubscriptionFilter"), handler.logs_backend
    arn, name = given["destinationArn"], given["filterName"]
    service = service_of(arn)
    if service == "lambda" and arn.split(":")[4] != ACCOUNT_ID:  # before the group is looked up
        raise JsonRESTError("AccessDeniedException", OTHER_ACCOUNT)
    group = group_of(backend, given["logGroupName"])
    for setting in UNSUPPORTED:
        if given.get(setting):
            raise invalid(f"The local AWS does not support {setting}.")
    role = given.get("roleArn")
    if service in ("kinesis", "firehose") and not role:
        raise invalid(NO_ROLE.format(service))
    EventFilter(given["filterPattern"])
    _probe(backend.region_name, service, arn)
    filters = group.subscription_filters
    if name in filters:
        filters[name].update(given["filterPattern"], arn, role)
    else:
        group.put_subscription_filter(name, given["filterPattern"], arn, role)
    filters[name].distribution = given.get("distribution") or BY_STREAM
    if kind := log_documents.KINDS.get(service):
        document = log_documents.control_message(kind, int(now() * 1000))
        deliver(backend.region_name, arn, document, name, name)
    return ""


def _probe(region: str, service: str, arn: str) -> None:
    """Check that log events can be delivered to a destination.

    Raises:
        JsonRESTError: it does not exist, or nothing is delivered to its service.
    """
    match service:
        case "kinesis":
            try:
                kinesis.backend(region).describe_stream(arn, None)
            except JsonRESTError:
                raise invalid(NO_STREAM.format("Kinesis stream", "kinesis stream")) from None
        case "firehose":
            if not firehose_backends[ACCOUNT_ID][region].lookup_name_from_arn(arn):
                raise invalid(NO_STREAM.format("Firehose stream", "Firehose stream"))
        case "lambda":
            if not is_in_reach(arn, region):
                raise invalid(NO_FUNCTION)
            try:
                lambda_backends[ACCOUNT_ID][region].get_function(arn)
            except JsonRESTError:
                raise invalid(NO_FUNCTION) from None
        case "logs":
            raise invalid("The local AWS does not support destinations of CloudWatch Logs.")
        case _:
            raise invalid(NO_VENDOR.format(service))


def _describe(handler: Any) -> str:
    """Handle DescribeSubscriptionFilters; a page is longer than the two that a group can have."""
    given = parameters(handler, "DescribeSubscriptionFilters")
    group = group_of(handler.logs_backend, given["logGroupName"])
    prefix = given.get("filterNamePrefix") or ""
    found = [one for one in group.subscription_filters.values() if one.name.startswith(prefix)]
    return json.dumps({"subscriptionFilters": [_described(one) for one in found]})


def _described(one: Any) -> dict[str, Any]:
    told = {**one.to_json(), "distribution": one.distribution, "applyOnTransformedLogs": False}
    return {name: value for name, value in told.items() if value is not None}


def install(now: Callable[[], float]) -> None:
    """Make moto use this implementation; on its thread."""
    handler: Any = responses.LogsResponse
    handler.put_subscription_filter = lambda self: _put(self, now)
    handler.describe_subscription_filters = _describe
