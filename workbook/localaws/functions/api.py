"""The Lambda API over HTTP: invocations are answered here, the rest by moto in AWS's words."""

import base64
import binascii
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from workbook.localaws.doors import FunctionGoneError, InvokeThrottledError
from workbook.localaws.functions import asynchronous, log_lines
from workbook.localaws.functions.configuration import LATEST
from workbook.localaws.functions.environment import Event
from workbook.localaws.http import Request, Response
from workbook.localaws.references import Reference, parse_reference

if TYPE_CHECKING:
    from workbook.localaws.functions.service import FunctionService

PAGE = 50
MAX_PAYLOAD_BYTES = 6_291_456
MAX_CREATE_BYTES = 70_167_211


async def respond(service: "FunctionService", request: Request) -> Response | None:
    """Answer a request of the Lambda API; None when it is none."""
    match request.method, request.segments:
        case "GET", [".functions", region, name, version]:  # no S3 bucket has such a name
            return _code(service, Reference(region, name, version))
        case "POST", [_, "functions", name, "invocations"]:
            reference = parse_reference(name, request.region, request.parameters.get("Qualifier"))
            return await _invoke(service, request, reference)
        case "POST", [_, "functions"] if len(request.body) > MAX_CREATE_BYTES:
            return _too_large(MAX_CREATE_BYTES, "CreateFunction")
    if request.service != "lambda":
        return None
    return reworded(request, await service.ask_moto(_with_plain_name(request)))


async def _invoke(service: "FunctionService", request: Request, reference: Reference) -> Response:
    kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
    payload = request.body or b"{}"
    limit = asynchronous.MAX_BYTES if kind == "Event" else MAX_PAYLOAD_BYTES
    try:
        service.resolve(reference.arn, reference.region)
        if len(payload) > limit:
            return _too_large(limit, "InvokeFunction")
        orjson.loads(payload)
        context = _client_context(request)
        if kind == "DryRun":
            return Response(204, {"x-amzn-requestid": str(uuid.uuid4())})
        event = Event(str(uuid.uuid4()), payload, reference.arn, context)
        if kind == "Event":
            service.invoke_event(reference, event)
            return Response(202, {"x-amzn-requestid": event.request_id})
        function, outcome = await service.run(reference, event)
    except orjson.JSONDecodeError as problem:
        return error(
            400,
            "InvalidRequestContentException",
            f"Could not parse request body into json: Could not parse payload into json: {problem}",
        )
    except FunctionGoneError:
        arn = Reference(reference.region, reference.name, reference.qualifier or LATEST).arn
        return error(404, "ResourceNotFoundException", f"Function not found: {arn}")
    except InvokeThrottledError as throttled:
        return error(429, "TooManyRequestsException", "Rate Exceeded.", Reason=str(throttled))
    headers = {
        "content-type": "application/json",
        "x-amzn-requestid": event.request_id,
        "x-amz-executed-version": function.version,
    }
    if outcome.is_error:
        headers["x-amz-function-error"] = "Unhandled"
    if request.headers.get("x-amz-log-type") == "Tail":
        headers["x-amz-log-result"] = base64.b64encode(log_lines.tail(outcome.log)).decode()
    return Response(200, headers, outcome.payload)


def _client_context(request: Request) -> str | None:
    """The client context's JSON, for one header line; raises JSONDecodeError when it is none."""
    sent = request.headers.get("x-amz-client-context")
    if not sent:
        return None
    try:
        return orjson.dumps(orjson.loads(base64.b64decode(sent))).decode()
    except binascii.Error as problem:
        raise orjson.JSONDecodeError(f"client context: {problem}", sent, 0) from None


def _code(service: "FunctionService", reference: Reference) -> Response:
    try:
        code = service.code(reference)
    except FunctionGoneError:
        return error(404, "ResourceNotFoundException", f"Function not found: {reference.arn}")
    return Response(200, {"content-type": "application/zip"}, code)


def _with_plain_name(request: Request) -> Request:
    """The request with ``name`` or ``name:qualifier`` where an ARN or a part of one was given."""
    match request.segments:
        case [version, "functions", name, *rest] if ":" in name:
            reference = parse_reference(name, request.region)
            plain = ":".join(filter(None, (reference.name, reference.qualifier)))
            path = "/".join(quote(part, safe="") for part in (version, "functions", plain, *rest))
            return replace(request, path=f"/{path}")
    return request


def reworded(request: Request, response: Response) -> Response:
    """An answer of moto's with AWS's status and AWS's form of errors [BC, OBS]."""
    if response.status >= 400:
        return _reworded_error(response)
    match request.method, request.segments:
        case "GET" | "PUT", [_, "functions", _, "aliases", _]:
            return replace(response, status=200)
        case "DELETE", [_, "functions", _, "aliases", _]:
            return Response(204)
        case "DELETE", [_, "functions", *_] | [_, "layers", *_]:
            return Response(204)
        case "GET", [_, "functions", _, "url"]:
            return replace(response, status=200)
        case "GET", [_, "functions"] | [_, "functions", _, "versions" | "aliases"]:
            return replace(response, body=page(response.body, request.parameters))
    return response


def page(body: bytes, parameters: Mapping[str, str]) -> bytes:
    """The part of a list that ``MaxItems`` and ``Marker`` ask for [BC]; 50 without them."""
    ((name, items),) = orjson.loads(body).items()
    begin = int(parameters.get("Marker", 0))
    end = begin + min(int(parameters.get("MaxItems", PAGE)), PAGE)
    part = {name: items[begin:end]}
    return orjson.dumps(part | {"NextMarker": str(end)} if end < len(items) else part)


def _reworded_error(response: Response) -> Response:
    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return response
    kind = headers.get("x-amzn-errortype") or body.get("__type", "")
    message = body.get("message") or body.get("Message") or ""
    status = 404 if kind == "ResourceNotFoundException" else response.status
    return error(status, kind, message)


def _too_large(limit: int, operation: str) -> Response:
    return error(
        413,
        "RequestEntityTooLargeException",
        f"Request must be smaller than {limit} bytes for the {operation} operation",
    )


def error(status: int, kind: str, message: str, **fields: str) -> Response:
    """An error as Lambda words it [OBS].

    ``Message`` in its 404s, else ``message``; a ValidationException has no ``Type``.
    """
    body = {**fields, "Message" if status == 404 else "message": message}
    if kind != "ValidationException":
        body["Type"] = "User"
    headers = {
        "content-type": "application/json",
        "x-amzn-errortype": kind,
        "x-amzn-requestid": str(uuid.uuid4()),
    }
    return Response(status, headers, orjson.dumps(body))
