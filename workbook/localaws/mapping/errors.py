"""Errors of the Lambda API, in the shapes that AWS gives them."""

import uuid

import orjson

from workbook.localaws.http import Response


class MappingError(Exception):
    """An error answer: HTTP status, code (AWS's exception name) and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def response(self) -> Response:
        """The answer; a 404 says ``Message``, a ValidationException has no ``Type`` [OBS]."""
        body = {"Message" if self.status == 404 else "message": self.message}
        if self.code != "ValidationException":
            body = {"Type": "User", **body}
        headers = {
            "content-type": "application/json",
            "x-amzn-errortype": self.code,
            "x-amzn-requestid": str(uuid.uuid4()),
        }
        return Response(self.status, headers, orjson.dumps(body))


def invalid(message: str) -> MappingError:
    """A parameter's value cannot be used."""
    return MappingError(400, "InvalidParameterValueException", message)


def unsupported(parameter: str) -> MappingError:
    """A parameter is for other event sources [OBS]."""
    return invalid(f"Unsupported {parameter} parameter for given event source mapping type.")


def not_found() -> MappingError:
    """No mapping has this UUID [OBS]."""
    return MappingError(
        404, "ResourceNotFoundException", "The resource you requested does not exist."
    )


def in_use(action: str) -> MappingError:
    """The mapping is between two states [OBS]; ``action`` is ``update`` or ``delete``."""
    message = f"Cannot {action} the event source mapping because it is in use."
    return MappingError(400, "ResourceInUseException", message)


def conflict(source_arn: str, function_name: str, existing: str) -> MappingError:
    """The pair of stream and function has a mapping, with UUID ``existing`` [OBS]."""
    return MappingError(
        409,
        "ResourceConflictException",
        f'The event source arn (" {source_arn} ") and function (" {function_name} ") provided '
        "mapping already exists. Please update or delete the existing mapping with UUID "
        f"{existing}",
    )
