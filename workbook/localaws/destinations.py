"""Which destinations can be reached, and the permissions that a role needs for a delivery."""

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.partitions import partition
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


def is_reachable(arn: str, region: str) -> bool:
    """Return whether an ARN can be a destination in a region.

    A queue, a topic, a function or a bus has to be in the same region [OBS for functions, else ?].
    The ARN of a bucket has neither a region nor an account.
    """
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[1] != partition(region):
        return False
    _, _, service, its_region, account, _ = parts
    if service == "s3":
        return not its_region and not account
    return its_region == region and bool(account)


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
    service, account = service_of(arn), arn.split(":")[4]
    action = f"{service}:{delivery_action(arn)[0]}"
    if account not in ("", ACCOUNT_ID):  # where nothing allows it
        _, its_partition, _, _, own, name = role_arn.split(":", 5)
        user = f"arn:{its_partition}:sts::{own}:assumed-role/{name.rpartition('/')[2]}/{session}"
        return (
            f"User: {user} is not authorized to perform: {action} on resource: {arn} because no "
            f"resource-based policy allows the {action} action"
        )
    resource = f"{arn}/{object_key}" if service == "s3" else arn
    return roles.denial(role_arn, session, action, resource)


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
