"""How CloudFormation refuses, and how the local AWS refuses what it does not have."""

from workbook.localaws.api.errors import ApiError


def invalid(message: str) -> ApiError:
    """Return CloudFormation's ValidationError [OBS]."""
    return ApiError("ValidationError", message)


def unsupported(what: str) -> ApiError:
    """Return the refusal of what AWS has and the local AWS has not."""
    return invalid(
        f"The local AWS does not support {what}. Nothing was created. Supported features are "
        "listed in docs/stacks.md; on AWS this template may well work."
    )
