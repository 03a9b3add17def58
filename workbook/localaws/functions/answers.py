"""The Lambda API's answers: errors in AWS's form, and what moto answers put into AWS's words."""

import uuid
from collections.abc import Mapping
from typing import Any

import orjson

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.api.rest_json import error, headers
from workbook.localaws.function_arn import parse_reference

PAGE = 50
# What a list leaves out of each function [BC].
NOT_LISTED = frozenset(
    {
        "State",
        "StateReason",
        "StateReasonCode",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
        "RuntimeVersionConfig",
    }
)


def too_large(limit: int, operation: str) -> Response:
    """The error of a request that is too large [OBS]."""
    return error(
        ApiError(
            "RequestEntityTooLargeException",
            f"Request must be smaller than {limit} bytes for the {operation} operation",
            413,
        )
    )


def reworded(request: Request, response: Response) -> Response:
    """An answer of moto's with AWS's status, headers and form of errors [BC, OBS]."""
    if response.status >= 400:
        return _reworded_error(response)
    match request.method, request.segments:
        case "DELETE", [_, "functions" | "layers" | "tags", *_]:
            status = 204
        case "POST", [_, "tags", *_]:
            status = 204
        case "GET" | "PUT", [_, "functions", _, "aliases", _] | [_, "functions", _, "url"]:
            status = 200
        case _:
            status = response.status
    if status == 204:
        return Response(204, {"x-amzn-requestid": str(uuid.uuid4())})
    return Response(status, headers(), _reworded_body(request, response.body))


def _reworded_body(request: Request, body: bytes) -> bytes:
    """A body as AWS answers it: pages, ARNs with the qualifier that was asked for."""
    match request.method, request.segments:
        case "GET", [_, "functions"] | [_, "functions", _, "versions" | "aliases"]:
            return _page(body, request.parameters)
        case "GET", [_, "functions", name] | [_, "functions", name, "configuration"]:
            reference = parse_reference(name, request.region, request.parameters.get("Qualifier"))
            found = orjson.loads(body)
            found.get("Configuration", found)["FunctionArn"] = reference.arn
            return orjson.dumps(found)
        case _, [_, "functions", _, "aliases", *_]:
            return orjson.dumps(_without_nulls(orjson.loads(body)))
    return body


def _page(body: bytes, parameters: Mapping[str, str]) -> bytes:
    """The part of a list that ``MaxItems`` and ``Marker`` ask for [BC]; 50 without them."""
    ((name, items),) = orjson.loads(body).items()
    begin = int(parameters.get("Marker", 0))
    end = begin + min(int(parameters.get("MaxItems", PAGE)), PAGE)
    part: dict[str, Any] = {name: [_listed(item) for item in items[begin:end]]}
    return orjson.dumps(part | {"NextMarker": str(end)} if end < len(items) else part)


def _listed(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in _without_nulls(item).items() if name not in NOT_LISTED}


def _without_nulls(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if value is not None}


def _reworded_error(response: Response) -> Response:
    sent = {name.lower(): value for name, value in response.headers.items()}
    try:
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return response
    kind = sent.get("x-amzn-errortype") or body.get("__type", "")
    if kind == "ConflictException":  # Lambda has no such error [BC]
        kind = "ResourceConflictException"
    message = body.get("message") or body.get("Message") or ""
    status = 404 if kind == "ResourceNotFoundException" else response.status
    return error(ApiError(kind, message, status))
