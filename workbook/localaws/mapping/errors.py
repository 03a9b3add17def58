"""Errors of the event source mapping API, in AWS's words."""

from workbook.localaws.api.errors import ApiError


def invalid(message: str) -> ApiError:
    """A parameter's value cannot be used."""
    return ApiError("InvalidParameterValueException", message, 400)


def unsupported(parameter: str) -> ApiError:
    """A parameter is for other event sources [OBS]."""
    return invalid(f"Unsupported {parameter} parameter for given event source mapping type.")


def not_found() -> ApiError:
    """No mapping has this UUID [OBS]."""
    return ApiError("ResourceNotFoundException", "The resource you requested does not exist.", 404)


def in_use(action: str) -> ApiError:
    """The mapping is between two states [OBS]; ``action`` is ``update`` or ``delete``."""
    message = f"Cannot {action} the event source mapping because it is in use."
    return ApiError("ResourceInUseException", message, 400)


def conflict(source_arn: str, function_name: str, existing: str) -> ApiError:
    """The pair of stream and function has a mapping, with UUID ``existing`` [OBS]."""
    return ApiError(
        "ResourceConflictException",
        f'The event source arn (" {source_arn} ") and function (" {function_name} ") provided '
        "mapping already exists. Please update or delete the existing mapping with UUID "
        f"{existing}",
        409,
    )
