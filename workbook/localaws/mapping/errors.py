"""Errors of the event source mapping API, in AWS's words."""

from workbook.localaws.api.errors import ApiError


def invalid(message: str) -> ApiError:
    """Return the error for an invalid value."""
    return ApiError("InvalidParameterValueException", message, 400)


def unsupported(parameter: str) -> ApiError:
    """Return the error for a parameter that belongs to other event sources [OBS]."""
    return invalid(f"Unsupported {parameter} parameter for given event source mapping type.")


def not_found() -> ApiError:
    """Return the error for a UUID that no mapping has [OBS]."""
    return ApiError("ResourceNotFoundException", "The resource you requested does not exist.", 404)


def in_use(action: str) -> ApiError:
    """Return the error for an action on a mapping between two states [OBS].

    Args:
        action: ``update`` or ``delete``.
    """
    message = f"Cannot {action} the event source mapping because it is in use."
    return ApiError("ResourceInUseException", message, 400)


def conflict(source_arn: str, function_name: str, existing: str) -> ApiError:
    """Return the error for a second mapping of a stream and a function [OBS].

    Args:
        source_arn: the stream.
        function_name: the function.
        existing: the UUID of the first mapping.
    """
    return ApiError(
        "ResourceConflictException",
        f'The event source arn (" {source_arn} ") and function (" {function_name} ") provided '
        "mapping already exists. Please update or delete the existing mapping with UUID "
        f"{existing}",
        409,
    )
