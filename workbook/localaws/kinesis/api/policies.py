"""Resource policies of streams and consumers: put, get and delete."""

from typing import Any

import orjson

from workbook.localaws.kinesis.api.resources import check_active, resource
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.errors import invalid, not_found


def put_resource_policy(call: Call) -> None:
    """Attach a policy, which must be a JSON document."""
    arn = call.parameters["ResourceARN"]
    check_active(call, arn)
    owner = resource(call, arn)
    try:
        document = orjson.loads(call.parameters["Policy"])
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict) or "Statement" not in document:
        raise invalid("Invalid resource policy: it must be a JSON policy document.")
    owner.policy = call.parameters["Policy"]


def get_resource_policy(call: Call) -> dict[str, Any]:
    """Return the policy, or ``{}`` where there is none [OBS]."""
    return {"Policy": resource(call, call.parameters["ResourceARN"]).policy or "{}"}


def delete_resource_policy(call: Call) -> None:
    """Delete the policy; raise an error if there is none [OBS]."""
    arn = call.parameters["ResourceARN"]
    owner = resource(call, arn)
    if owner.policy is None:
        raise not_found(f"No resource policy found for resource ARN {arn}.")
    owner.policy = None
