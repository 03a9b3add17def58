"""The permissions that a mapping needs of the function's role, and AWS's messages without them."""

import random
from datetime import UTC, datetime

from workbook.localaws import destinations
from workbook.localaws.interfaces import FunctionGoneError
from workbook.localaws.mapping.context import Dependencies, PollingContext
from workbook.localaws.mapping.errors import invalid

# The actions that Lambda checks when a mapping is created. The guide also lists
# DescribeStreamSummary and ListShards [DG:with-kinesis], but roles without them work: Chalice and
# the Serverless Framework create such roles, and Lambda continues if ListShards is denied [SEEN].
OF_STREAM = ("DescribeStream", "GetShardIterator", "GetRecords")
# A consumer's mapping uses DescribeStreamSummary, and AWS pushes its records [SEEN].
OF_CONSUMERS_STREAM = ("DescribeStreamSummary", "GetShardIterator", "GetRecords")
OF_CONSUMER = ("SubscribeToShard",)
NOT_ASSUMED = (  # [SEEN]
    "Lambda failed to assume your function execution role. Please check if the role trust Lambda "
    "service principal, and make sure it does not require setting source identity to be assumed."
)
A_KEY = "aws/lambda/"  # the start of the keys of objects with failed batches


def session_name(now: float) -> str:
    """Return the session name under which Lambda reads: ``awslambda_783_20180222015150438``.

    Args:
        now: the time, in seconds since the epoch.
    """
    moment = datetime.fromtimestamp(now, UTC)
    return (
        f"awslambda_{random.randrange(1000)}_{moment:%Y%m%d%H%M%S}{moment.microsecond // 1000:03}"
    )


def needed(source_arn: str) -> list[tuple[str, str]]:
    """Return the actions needed to read a stream, or a consumer of it, with their resources."""
    stream_arn, _, consumer = source_arn.partition("/consumer/")
    if not consumer:
        return [(f"kinesis:{action}", stream_arn) for action in OF_STREAM]
    return [
        *((f"kinesis:{action}", stream_arn) for action in OF_CONSUMERS_STREAM),
        *((f"kinesis:{action}", source_arn) for action in OF_CONSUMER),
    ]


def check(dependencies: Dependencies, function_arn: str, source_arn: str) -> None:
    """Check that a function's role may read the event source of its mapping.

    Raises:
        ApiError: the role may not [SEEN].
    """
    role, session = (
        dependencies.functions.role(function_arn),
        session_name(dependencies.clock.now()),
    )
    if not dependencies.roles.can_be_assumed(role) or any(
        dependencies.roles.denial(role, session, action, resource)
        for action, resource in needed(source_arn)
    ):
        raise invalid(
            f"Cannot access stream {source_arn}. Please ensure the role can perform the "
            "GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on "
            "your stream in IAM."
        )


def check_destination(
    dependencies: Dependencies, function_arn: str, destination: str | None
) -> None:
    """Check that a function's role may report failures to a mapping's destination.

    Raises:
        ApiError: the role may not [SEEN], or the destination is out of reach [?].
    """
    if destination is None:
        return
    if not destinations.is_reachable(destination, function_arn.split(":")[3]):
        raise invalid(f"The destination ARN {destination} is invalid.")
    role, session = (
        dependencies.functions.role(function_arn),
        session_name(dependencies.clock.now()),
    )
    if destinations.delivery_denial(dependencies.roles, role, session, destination, A_KEY):
        action, service = destinations.delivery_action(destination)
        raise invalid(
            f"The provided execution role does not have permissions to call {action} on {service}"
        )


def problem(context: PollingContext) -> str | None:
    """Return why a mapping cannot read, for LastProcessingResult; None if it can."""
    roles = context.dependencies.roles
    try:
        role = context.dependencies.functions.role(context.function_arn)
    except FunctionGoneError:  # reported when there is a batch
        return None
    if not roles.can_be_assumed(role):
        return f"PROBLEM: {NOT_ASSUMED}"
    for action, resource in needed(context.source_arn):
        denied = roles.denial(role, context.session, action, resource)
        if denied is not None:
            return f"PROBLEM: {denied}"
    return None


def check_delivery(context: PollingContext, destination: str, object_key: str) -> None:
    """Check that the function's role may report a failure that has occurred.

    Raises:
        DeliveryError: the role may not.
    """
    try:
        role = context.dependencies.functions.role(context.function_arn)
    except FunctionGoneError:  # there is no role to check
        return
    destinations.check_delivery(
        context.dependencies.roles, role, context.session, destination, object_key
    )
