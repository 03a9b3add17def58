"""The Lambda API over HTTP, where moto's answer is not AWS's."""

import base64
import uuid
from typing import TYPE_CHECKING

import orjson

from workbook.localaws.doors import FunctionGoneError, InvokeThrottledError
from workbook.localaws.functions import log_lines
from workbook.localaws.functions.configuration import LATEST, Reference, parse_reference
from workbook.localaws.functions.environment import Event
from workbook.localaws.http import Request, Response

if TYPE_CHECKING:
    from workbook.localaws.functions.service import FunctionService


async def respond(service: "FunctionService", request: Request) -> Response | None:
    """Answer a request, or None: moto answers it."""
    match request.method, request.segments:
        case "POST", ["2015-03-31", "functions", name, "invocations"]:
            reference = parse_reference(name, request.region, request.parameters.get("Qualifier"))
            return await _invoke(service, request, reference)
    return None


async def _invoke(service: "FunctionService", request: Request, reference: Reference) -> Response:
    payload = request.body or b"{}"
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError as problem:
        return error(
            400,
            "InvalidRequestContentException",
            f"Could not parse request body into json: Could not parse payload into json: {problem}",
        )
    request_id = str(uuid.uuid4())
    context = request.headers.get("x-amz-client-context")
    event = Event(
        request_id,
        payload,
        reference.arn,
        base64.b64decode(context).decode() if context else None,
    )
    try:
        function, outcome = await service.run(reference, event, request_id)
    except FunctionGoneError:
        arn = Reference(reference.region, reference.name, reference.qualifier or LATEST).arn
        return error(404, "ResourceNotFoundException", f"Function not found: {arn}")
    except InvokeThrottledError as throttled:
        return error(429, "TooManyRequestsException", "Rate Exceeded.", Reason=str(throttled))
    headers = {
        "content-type": "application/json",
        "x-amzn-requestid": request_id,
        "x-amz-executed-version": function.version,
    }
    if outcome.is_error:
        headers["x-amz-function-error"] = "Unhandled"
    if request.headers.get("x-amz-log-type") == "Tail":
        headers["x-amz-log-result"] = base64.b64encode(log_lines.tail(outcome.log)).decode()
    return Response(200, headers, outcome.payload)


def error(status: int, kind: str, message: str, **fields: str) -> Response:
    """An error as Lambda words it: ``Message`` in its 404s, else ``message`` [OBS]."""
    body = {"Type": "User", **fields, "Message" if status == 404 else "message": message}
    headers = {
        "content-type": "application/json",
        "x-amzn-errortype": kind,
        "x-amzn-requestid": str(uuid.uuid4()),
    }
    return Response(status, headers, orjson.dumps(body))
