"""Check requests of CloudFormation: each parameter has an effect here, or is refused by name."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.api import model
from workbook.localaws.api.errors import ApiError
from workbook.localaws.stacks.errors import invalid, unsupported

# Parameters that have an effect. DisableValidation turns off checks that AWS does before a
# deployment; here each check is done when it applies. TemplateSummaryConfig turns off an error
# about unknown resource types, which only a deployment raises here.
EFFECTIVE = {
    "Capabilities",
    "ChangeSetName",
    "ChangeSetType",
    "ClientRequestToken",
    "ClientToken",
    "DeletionMode",
    "Description",
    "DisableRollback",
    "DisableValidation",
    "EnableTerminationProtection",
    "ExportName",
    "ImportExistingResources",
    "IncludeNestedStacks",
    "IncludePropertyValues",
    "LogicalResourceId",
    "NextToken",
    "OnFailure",
    "OnStackFailure",
    "Parameters",
    "PhysicalResourceId",
    "RetainExceptOnCreate",
    "RetainResources",
    "RoleARN",
    "StackName",
    "StackStatusFilter",
    "Tags",
    "TemplateBody",
    "TemplateStage",
    "TemplateSummaryConfig",
    "TemplateURL",
    "TimeoutInMinutes",
    "UsePreviousTemplate",
}


def check(operation: str, asked: Mapping[str, Any]) -> None:
    """Check the parameters of a request.

    Args:
        operation: such as ``CreateStack``.
        asked: its parameters by name.

    Raises:
        ApiError: a value violates CloudFormation's model, would have no effect here, or
            contradicts another.
    """
    try:
        model.cloudformation().read(operation, asked)
    except ApiError as error:
        raise invalid(error.message) from None
    for name, value in asked.items():
        if name not in EFFECTIVE and not _is_default(value):
            raise unsupported(f"the parameter {name}")
    if asked.get("OnFailure") and asked.get("DisableRollback"):
        raise invalid("Either DisableRollback or OnFailure can be specified, not both.")  # [SEEN]
    if asked.get("OnStackFailure") == "DELETE" and asked.get("ChangeSetType") != "CREATE":
        raise invalid("OnStackFailure can be DELETE only if ChangeSetType is CREATE.")  # [BC; ?]


def _is_default(value: Any) -> bool:
    """Return whether a value asks for what happens without it."""
    match value:
        case dict():
            return all(map(_is_default, value.values()))
        case _:
            return not value or value == "STANDARD"
