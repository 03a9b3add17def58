"""CloudFormation's errors, and the local AWS's refusal of unsupported features."""

from workbook.localaws.api.errors import ApiError


def invalid(message: str) -> ApiError:
    """Return CloudFormation's ValidationError [OBS]."""
    return ApiError("ValidationError", message)


def unsupported(what: str) -> ApiError:
    """Return the error for a feature of AWS that the local AWS does not support."""
    return invalid(
        f"The local AWS does not support {what}. Nothing was created. Supported features are "
        "listed in docs/stacks.md; on AWS this template may well work."
    )
