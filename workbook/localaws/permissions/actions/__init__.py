"""Which actions on which resources an API call asks for.

For the services that functions use most, a table: hand-made from botocore's operations, and held to
AWS's service authorization reference by ``tests/localaws/permissions/test_actions.py``.  Of all
other services, the action is the operation's own name, and its resource is not known.
"""

from workbook.localaws.permissions.actions.call import Access, Call, Service, passed_roles
from workbook.localaws.permissions.actions.functions import LAMBDA
from workbook.localaws.permissions.actions.identity import IAM, STS
from workbook.localaws.permissions.actions.messaging import EVENTS, SNS, SQS
from workbook.localaws.permissions.actions.observability import CLOUDWATCH, LOGS
from workbook.localaws.permissions.actions.secrets import KMS, SECRETS_MANAGER, SSM
from workbook.localaws.permissions.actions.storage import DYNAMODB, S3
from workbook.localaws.permissions.actions.streams import FIREHOSE, KINESIS

SERVICES: dict[str, Service] = {
    "cloudwatch": CLOUDWATCH,
    "dynamodb": DYNAMODB,
    "dynamodbstreams": DYNAMODB,
    "events": EVENTS,
    "firehose": FIREHOSE,
    "iam": IAM,
    "kinesis": KINESIS,
    "kms": KMS,
    "lambda": LAMBDA,
    "logs": LOGS,
    "s3": S3,
    "secretsmanager": SECRETS_MANAGER,
    "sns": SNS,
    "sqs": SQS,
    "ssm": SSM,
    "sts": STS,
}
ALWAYS_ALLOWED = {"sts:GetCallerIdentity"}  # even where a policy denies it [IAM:sts]

__all__ = ["ALWAYS_ALLOWED", "SERVICES", "Access", "Call", "Service", "accesses"]


def accesses(call: Call, prefix: str = "") -> list[Access]:
    """Return what a call asks for, in the order in which it is judged.

    Args:
        call: of any service.
        prefix: of the service's actions, such as ``states``, when it has no table here.
    """
    service = SERVICES.get(call.service)
    if service is None:
        return [Access(f"{prefix or call.service}:{call.operation}", None), *passed_roles(call)]
    if service.action(call) in ALWAYS_ALLOWED:
        return []
    # A call without the parameter that names its resource is refused by the service later on.
    return list(service.accesses(call)) or [Access(service.action(call), None)]
