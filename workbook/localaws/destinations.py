"""The permissions that a role needs for a document to be delivered to a destination."""

from workbook.localaws.function_arn import service_of
from workbook.localaws.interfaces import DeliveryError, ExecutionRoles

# The action of each kind of destination, and what error messages call the service [SEEN; S3 ?].
_ACTIONS = {
    "sqs": ("SendMessage", "SQS"),
    "sns": ("Publish", "SNS"),
    "s3": ("PutObject", "S3"),
    "lambda": ("InvokeFunction", "Lambda"),
    "events": ("PutEvents", "EventBridge"),
}


def delivery_action(arn: str) -> tuple[str, str]:
    """Return the action that a destination takes, without its prefix, and the service's name."""
    return _ACTIONS[service_of(arn)]


def delivery_denial(
    roles: ExecutionRoles, role_arn: str, session: str, arn: str, object_key: str = ""
) -> str | None:
    """Return why a role may not deliver to a destination; None when it may.

    Args:
        roles: what roles may do.
        role_arn: whose documents they are.
        session: the name under which the role acts.
        arn: of the destination.
        object_key: of the object, for a bucket.
    """
    service = service_of(arn)
    resource = f"{arn}/{object_key}" if service == "s3" else arn
    return roles.denial(role_arn, session, f"{service}:{delivery_action(arn)[0]}", resource)


def check_delivery(
    roles: ExecutionRoles, role_arn: str, session: str, arn: str, object_key: str = ""
) -> None:
    """Check that a role may deliver to a destination; for the arguments see ``delivery_denial``.

    Raises:
        DeliveryError: it may not.
    """
    denied = delivery_denial(roles, role_arn, session, arn, object_key)
    if denied is not None:
        raise DeliveryError("AccessDenied", denied)
