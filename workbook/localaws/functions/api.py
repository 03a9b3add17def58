"""The Lambda API over HTTP: invocations are answered here, the rest by moto."""

import base64
import binascii
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.api.rest_json import answer, error
from workbook.localaws.function_arn import Reference, parse_reference
from workbook.localaws.functions import asynchronous, log_lines
from workbook.localaws.functions.answers import reworded, too_large
from workbook.localaws.functions.configuration import LATEST
from workbook.localaws.functions.environment import Event
from workbook.localaws.interfaces import FunctionGoneError, InvokeThrottledError
from workbook.localaws.moto import lookup

if TYPE_CHECKING:
    from workbook.localaws.functions.service import FunctionService

MAX_PAYLOAD_BYTES = 6_291_456
MAX_CREATE_BYTES = 70_167_211
INVOCATION_TYPES = ("RequestResponse", "Event", "DryRun")


async def respond(service: "FunctionService", request: Request) -> Response | None:
    """Answer a request of the Lambda API; None when it is none."""
    match request.method, request.segments:
        case "GET", [".functions", region, name, version]:  # no S3 bucket has such a name
            return _code(service, Reference(region, name, version))
        case "POST", [_, "functions", name, "invocations"]:
            reference = parse_reference(name, request.region, request.parameters.get("Qualifier"))
            return await _invoke(service, request, reference)
        case "POST", [_, "functions"] if len(request.body) > MAX_CREATE_BYTES:
            return too_large(MAX_CREATE_BYTES, "CreateFunction")
    if request.service != "lambda":
        return None
    if request.segments[1:] == ["account-settings"]:
        return answer(200, lookup.account(request.region))
    return reworded(request, await service.ask_moto(_with_plain_name(request)))


async def _invoke(service: "FunctionService", request: Request, reference: Reference) -> Response:
    kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
    if kind not in INVOCATION_TYPES:
        return error(
            ApiError(
                "ValidationException",
                f"1 validation error detected: Value '{kind}' at 'invocationType' failed to "
                "satisfy constraint: Member must satisfy enum value set: "
                f"[{', '.join(INVOCATION_TYPES)}]",
                400,
            )
        )
    payload = request.body or b"{}"
    limit = asynchronous.MAX_BYTES if kind == "Event" else MAX_PAYLOAD_BYTES
    try:
        service.resolve(reference.arn, reference.region)
        if len(payload) > limit:
            return too_large(limit, "InvokeFunction")
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
            ApiError(
                "InvalidRequestContentException",
                "Could not parse request body into json: Could not parse payload into json: "
                f"{problem}",
                400,
            )
        )
    except FunctionGoneError:
        arn = Reference(reference.region, reference.name, reference.qualifier or LATEST).arn
        return error(ApiError("ResourceNotFoundException", f"Function not found: {arn}", 404))
    except InvokeThrottledError as throttled:
        return error(
            ApiError("TooManyRequestsException", "Rate Exceeded.", 429, Reason=str(throttled))
        )
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
        return error(
            ApiError("ResourceNotFoundException", f"Function not found: {reference.arn}", 404)
        )
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
