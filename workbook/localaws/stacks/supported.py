"""The supported kinds of resources, by type."""

from collections.abc import Mapping

from workbook.localaws.stacks.errors import unsupported
from workbook.localaws.stacks.kind import Kind
from workbook.localaws.stacks.resources import (
    custom,
    deliveries,
    dynamodb,
    events,
    functions,
    iam,
    keys,
    kinesis,
    logs,
    monitoring,
    nested,
    s3,
    sns,
    sqs,
)

MODULES = (
    custom,
    deliveries,
    dynamodb,
    events,
    functions,
    iam,
    keys,
    kinesis,
    logs,
    monitoring,
    nested,
    s3,
    sns,
    sqs,
)
KINDS: Mapping[str, Kind] = {kind.TYPE: kind for module in MODULES for kind in module.KINDS}


def kind_of(name: str, logical_id: str) -> Kind:
    """Return the kind of a resource by its type.

    Raises:
        ApiError: it is not supported.
    """
    if name.startswith("Custom::"):
        return KINDS["AWS::CloudFormation::CustomResource"]
    if name not in KINDS:
        raise unsupported(f"the resource type {name} (resource {logical_id})")
    return KINDS[name]
