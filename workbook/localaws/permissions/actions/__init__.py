"""The actions and resources that an API call needs permission for.

The services that functions use most have a table, written from botocore's operations and checked
against AWS's service authorization reference by ``tests/localaws/permissions/test_actions.py``. For
all other services, the action is the operation's name, and its resource is unknown.
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
ALWAYS_ALLOWED = {"sts:GetCallerIdentity"}  # even if a policy denies it [IAM:sts]

__all__ = ["ALWAYS_ALLOWED", "SERVICES", "Access", "Call", "Service", "accesses"]


def accesses(call: Call, prefix: str = "") -> list[Access]:
    """Return what a call needs permission for, in the order of evaluation.

    Args:
        call: a call of any service.
        prefix: the prefix of the service's actions, such as ``states``, if it has no table here.
    """
    service = SERVICES.get(call.service)
    if service is None:
        return [Access(f"{prefix or call.service}:{call.operation}", None), *passed_roles(call)]
    if service.action(call) in ALWAYS_ALLOWED:
        return []
    # If a call lacks the parameter that names its resource, the service refuses it later.
    return list(service.accesses(call)) or [Access(service.action(call), None)]
