"""The APIs of some services, read from botocore's models.

``kinesis()``, ``lambda_()`` and others return the models. A model finds the
operation that a request calls, and reads the call's parameters: it converts and checks them, and
refuses them in AWS's words. ``overrides`` lists observed differences from botocore.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import orjson

from workbook.localaws.api import overrides
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request
from workbook.localaws.api.shapes import Dialect, Reader, Shape, Shapes, Violation

MAX_REPORTED = 10  # violations per message [KL]


@cache
def kinesis() -> "Model":
    """Return the Kinesis API, with the error messages found in kinesalite's tests [KL]."""
    return Model("kinesis", {}, _kinesis_dialect())


@cache
def lambda_() -> "Model":
    """Return the Lambda API, with the error messages recorded on AWS [OBS]."""
    order = ("enum", "max_of_name", "max", "min", "pattern")
    return Model("lambda", overrides.LAMBDA, Dialect(token, "a", order, tells_null=True))


@cache
def firehose() -> "Model":
    """Return the Firehose API, with Kinesis' error messages [?]."""
    return Model("firehose", {}, _kinesis_dialect())


@cache
def cloudwatch() -> "Model":
    """Return the CloudWatch API, with Kinesis' error messages [?]."""
    return Model("cloudwatch", {}, _kinesis_dialect())


@cache
def cloudformation() -> "Model":
    """Return the CloudFormation API, with Kinesis' error messages [SEEN for names of stacks]."""
    return Model("cloudformation", {}, _kinesis_dialect())


@cache
def dynamodb() -> "Model":
    """Return the DynamoDB API, with Kinesis' error messages [?]."""
    return Model("dynamodb", {}, _kinesis_dialect())


@cache
def events() -> "Model":
    """Return the EventBridge API, with Kinesis' error messages [?]."""
    return Model("events", {}, _kinesis_dialect())


@cache
def logs() -> "Model":
    """Return the API of CloudWatch Logs, with Kinesis' error messages [?]."""
    return Model("logs", {}, _kinesis_dialect())


def _kinesis_dialect() -> Dialect:
    """Return the wording of Kinesis' API [KL]."""
    return Dialect(_java_class, "an", ("enum", "pattern", "max", "min"), tells_null=False)


class Model:
    """The API of one service.

    Args:
        service: the service's name in botocore.
        overrides: differences from botocore's model, by shape.
        dialect: the wording of the service's messages.
    """

    def __init__(self, service: str, overrides: Mapping[str, Shape], dialect: Dialect) -> None:
        from botocore.loaders import Loader  # late: only a process that serves the API needs this

        description = Loader().load_service_model(service, "service-2")
        self._shapes = Shapes(description["shapes"], overrides, dialect)
        self._operations = {
            name: _Operation(one["http"], one.get("input", {}).get("shape"), self._shapes)
            for name, one in description["operations"].items()
        }
        self._routes: dict[tuple[str, int], list[str]] = defaultdict(list)
        for name, operation in sorted(self._operations.items(), key=lambda item: -item[1].fixed):
            self._routes[operation.method, len(operation.segments)].append(name)

    @property
    def operations(self) -> Iterable[str]:
        """Return the names of all operations."""
        return self._operations

    def parameters(self, operation: str) -> Iterable[str]:
        """Return the names of an operation's parameters."""
        return self._operations[operation].members

    def read(self, operation: str, parameters: Any) -> dict[str, Any]:
        """Return the typed parameters of a call, ignoring those that the operation does not have.

        Args:
            operation: such as ``PutRecords``.
            parameters: by name, as decoded from JSON or CBOR.

        Raises:
            ApiError: SerializationException if a value has the wrong type, ValidationException if
                values violate constraints.
        """
        violations: list[Violation] = []
        typed: dict[str, Any] = self._operations[operation].read(parameters, violations)
        if violations:
            texts = [str(violation) for violation in violations[:MAX_REPORTED]]
            count = f"{len(texts)} validation error{'s' * (len(texts) > 1)} detected: "
            raise ApiError("ValidationException", count + "; ".join(texts))
        return typed

    def operation(self, request: Request) -> str | None:
        """Return the operation that a REST request calls; None if there is none."""
        segments = request.segments
        for name in self._routes.get((request.method, len(segments)), []):
            if self._operations[name].fits(segments, request.query):
                return name
        return None

    def read_request(self, operation: str, request: Request) -> dict[str, Any]:
        """Return the typed parameters of a REST request: from its path, query, headers and body.

        If a parameter is the whole body, such as Invoke's ``Payload``, it is returned as bytes.

        Args:
            operation: the operation's name, as returned by ``operation``.
            request: the request.

        Raises:
            ApiError: as ``read``; InvalidRequestContentException if the body is not JSON.
        """
        return self.read(operation, self._operations[operation].parameters(request))


class _Operation:
    """An operation: its HTTP method and URI, and its parameters.

    Args:
        http: its method and URI.
        shape: the name of its input shape; None if it has no parameters.
        shapes: all shapes.
    """

    def __init__(self, http: Mapping[str, str], shape: str | None, shapes: Shapes) -> None:
        path, _, query = http["requestUri"].partition("?")
        self.method = http["method"]
        self.segments = path.strip("/").split("/")
        self._query = parse_qs(query)
        self._shape = shape
        self._shapes = shapes
        self._reader: Reader | None = None

    @property
    def fixed(self) -> int:
        """Return how much of the URI is fixed; URIs with more fixed parts are tried first."""
        return len(self._query) + sum(not _is_label(segment) for segment in self.segments)

    @property
    def members(self) -> Mapping[str, Any]:
        """Return the operation's parameters by name."""
        members: Mapping[str, Any] = self._shapes[self._shape]["members"] if self._shape else {}
        return members

    def fits(self, segments: list[str], query: str) -> bool:
        """Return whether a path with as many segments, and a query, belong to this operation."""
        if any(
            mine != other and not _is_label(mine)
            for mine, other in zip(self.segments, segments, strict=True)
        ):
            return False
        return not self._query or self._query.items() <= parse_qs(query).items()

    def read(self, parameters: Any, violations: list[Violation]) -> dict[str, Any]:
        """Return the typed parameters; the first call creates the reader."""
        if self._shape is None:
            return {}
        if self._reader is None:
            self._reader = self._shapes.reader(self._shape)
        typed: dict[str, Any] = self._reader(parameters, violations)
        return typed

    def parameters(self, request: Request) -> Any:
        """Return a request's parameters by name, without checking them."""
        labels = dict(zip(self.segments, request.segments, strict=True))
        query = parse_qs(request.query, keep_blank_values=True)
        found = self._in_body(request.body)
        if not isinstance(found, dict):
            return found  # ``read`` refuses its type
        for name, member in self.members.items():
            kind = self._shapes[member["shape"]]["type"]
            match member.get("location"):
                case "uri":
                    found[name] = _parsed(labels[f"{{{member['locationName']}}}"], kind)
                case "querystring" if values := query.get(member["locationName"]):
                    found[name] = values if kind == "list" else _parsed(values[-1], kind)
                case "header" if value := request.headers.get(member["locationName"].lower()):
                    found[name] = value
        return found

    def _in_body(self, body: bytes) -> Any:
        """Return the parameters in the body; one of them may be the whole body."""
        inside = [name for name, member in self.members.items() if "location" not in member]
        if not (inside and body):
            return {}
        payload = self._shapes[self._shape or ""].get("payload")
        if payload is not None:
            is_blob = self._shapes[self.members[payload]["shape"]]["type"] == "blob"
            return {payload: body if is_blob else _json(body)}
        content = _json(body)
        if not isinstance(content, dict):
            return content
        return {name: content[name] for name in inside if name in content}


def _is_label(segment: str) -> bool:
    return segment.startswith("{")


def _json(body: bytes) -> Any:
    """Return the value in a JSON body.

    Raises:
        ApiError: the body is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise ApiError(
            "InvalidRequestContentException", f"Could not parse request body into json: {problem}"
        ) from None


def _parsed(text: str, kind: str) -> Any:
    """Return the value of a string in a path or query; the string itself if it cannot be parsed."""
    match kind:
        case "integer" | "long" if re.fullmatch("[+-]?[0-9]{1,20}", text):
            return int(text)
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "timestamp":
            with suppress(ValueError):
                moment = datetime.fromisoformat(text)
                return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return text


def _java_class(value: object) -> str:
    """Return the Java class that Kinesis takes a value to be [KL]."""
    match value:
        case bool():
            return "class java.lang.Boolean"
        case int() | float():
            return "class com.amazon.coral.value.json.numbers.TruncatingBigNumber"
        case str():
            return "class java.lang.String"
        case _:  # CBOR has more types than JSON
            return "class java.lang.Object"


def token(value: object) -> str:
    """Return the JSON token that Lambda takes a value to be [?]: as similar APIs do."""
    match value:
        case bool():
            return "TRUE_VALUE" if value else "FALSE_VALUE"
        case int() | float():
            return "NUMBER_VALUE"
        case _:
            return "STRING_VALUE"
