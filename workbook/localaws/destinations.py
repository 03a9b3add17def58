"""The permissions that a role needs to deliver a document to a destination."""

from workbook.localaws.function_arn import service_of
from workbook.localaws.interfaces import DeliveryError, ExecutionRoles

# The action for each kind of destination, and the service's name in error messages [SEEN; S3 ?].
_ACTIONS = {
    "sqs": ("SendMessage", "SQS"),
    "sns": ("Publish", "SNS"),
    "s3": ("PutObject", "S3"),
    "lambda": ("InvokeFunction", "Lambda"),
    "events": ("PutEvents", "EventBridge"),
}


def delivery_action(arn: str) -> tuple[str, str]:
    """Return the action that a destination needs, without its prefix, and the service's name."""
    return _ACTIONS[service_of(arn)]


def delivery_denial(
    roles: ExecutionRoles, role_arn: str, session: str, arn: str, object_key: str = ""
) -> str | None:
    """Return why a role may not deliver to a destination; None if it may.

    Args:
        roles: check permissions.
        role_arn: the role that delivers.
        session: the name of the role's session.
        arn: the destination's ARN.
        object_key: the object's key, for a bucket.
    """
    service = service_of(arn)
    resource = f"{arn}/{object_key}" if service == "s3" else arn
    return roles.denial(role_arn, session, f"{service}:{delivery_action(arn)[0]}", resource)


def check_delivery(
    roles: ExecutionRoles, role_arn: str, session: str, arn: str, object_key: str = ""
) -> None:
    """Check that a role may deliver to a destination; see ``delivery_denial`` for the arguments.

    Raises:
        DeliveryError: the role may not.
    """
    denied = delivery_denial(roles, role_arn, session, arn, object_key)
    if denied is not None:
        raise DeliveryError("AccessDenied", denied)
