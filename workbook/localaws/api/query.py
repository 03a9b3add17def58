"""APIs that use AWS's query protocol, as CloudFormation does: forms in, XML out."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response

XML = "text/xml"


class QueryApi:
    """The API of a service: reads its requests and writes its responses.

    Args:
        service: the service's name in botocore.
    """

    def __init__(self, service: str) -> None:
        self._service = service

    @cached_property
    def model(self) -> ServiceModel:
        """Return botocore's model of the service; the first request loads it."""
        return ServiceModel(Loader().load_service_model(self._service, "service-2"))

    def read(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Return the operation that a request calls, and its typed parameters.

        Raises:
            ApiError: the operation does not exist, or a value does not have its parameter's type.
        """
        text = request.query if request.method == "GET" else request.body.decode("utf-8", "replace")
        form = dict(parse_qsl(text, keep_blank_values=True))
        action = form.get("Action", "")
        if action not in self.model.operation_names:
            raise ApiError("InvalidAction", f"Could not find operation {action}")
        shape = self.model.operation_model(action).input_shape
        return action, _read(shape, _tree(form), action) if shape else {}

    def answer(self, action: str, result: Mapping[str, Any]) -> Response:
        """Return the response of an operation."""
        shape = self.model.operation_model(action).output_shape
        inner = ""
        if shape is not None:
            wrapper = shape.serialization.get("resultWrapper", f"{action}Result")
            inner = f"<{wrapper}>{_written(shape, result)}</{wrapper}>"
        identity = str(uuid.uuid4())
        text = (
            f'<{action}Response xmlns="{self.model.metadata["xmlNamespace"]}">{inner}'
            f"<ResponseMetadata><RequestId>{identity}</RequestId></ResponseMetadata>"
            f"</{action}Response>"
        )
        return Response(200, _headers(identity), text.encode())

    def error(self, problem: ApiError) -> Response:
        """Return an error response."""
        identity = str(uuid.uuid4())
        kind = "Sender" if problem.status < 500 else "Receiver"
        text = (
            f'<ErrorResponse xmlns="{self.model.metadata["xmlNamespace"]}"><Error>'
            f"<Type>{kind}</Type><Code>{escape(problem.code)}</Code>"
            f"<Message>{escape(problem.message)}</Message></Error>"
            f"<RequestId>{identity}</RequestId></ErrorResponse>"
        )
        return Response(problem.status, _headers(identity), text.encode())


def _headers(identity: str) -> dict[str, str]:
    return {"content-type": XML, "x-amzn-requestid": identity}


def _tree(form: Mapping[str, str]) -> dict[str, Any]:
    """Return a form's ``A.member.1.B=x`` as nested dictionaries."""
    tree: dict[str, Any] = {}
    for name, value in form.items():
        *parents, last = name.split(".")
        node = tree
        for parent in parents:
            below = node.setdefault(parent, {})
            if not isinstance(below, dict):
                below = node[parent] = {}
            node = below
        node[last] = value
    return tree


def _read(shape: Shape, value: Any, place: str) -> Any:
    """Return a value of a form, converted to the type of its shape."""
    match shape.type_name:
        case "structure":
            if not isinstance(value, dict):
                value = {}
            return {
                name: _read(member, value[name], name)
                for name, member in shape.members.items()  # type: ignore[attr-defined]
                if name in value
            }
        case "list":
            return [_read(shape.member, one, place) for one in _numbered(value, "member")]  # type: ignore[attr-defined]
        case "map":
            return {
                str(one.get("key", "")): _read(shape.value, one.get("value"), place)  # type: ignore[attr-defined]
                for one in _numbered(value, "entry")
                if isinstance(one, dict)
            }
        case "boolean":
            return value == "true"
        case "integer" | "long":
            try:
                return int(value)
            except (TypeError, ValueError):
                raise ApiError(
                    "ValidationError", f"{place} must be an integer, not {value}"
                ) from None
        case _:
            return value if isinstance(value, str) else ""


def _numbered(value: Any, name: str) -> list[Any]:
    """Return the items of a list or map, ``value.NAME.1`` and so on, in their order."""
    items = value.get(name, value) if isinstance(value, dict) else {}
    items = items if isinstance(items, dict) else {}
    ordered = sorted((int(key), one) for key, one in items.items() if key.isdecimal())
    return [one for _, one in ordered]


def _written(shape: Shape, value: Any) -> str:
    """Return a value as XML, without the enclosing element."""
    match shape.type_name:
        case "structure":
            return "".join(
                f"<{name}>{_written(member, value[name])}</{name}>"
                for name, member in shape.members.items()  # type: ignore[attr-defined]
                if value.get(name) is not None
            )
        case "list":
            member = shape.member  # type: ignore[attr-defined]
            return "".join(f"<member>{_written(member, one)}</member>" for one in value)
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            moment = datetime.fromtimestamp(value, UTC)
            return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
        case _:
            return escape(str(value))
