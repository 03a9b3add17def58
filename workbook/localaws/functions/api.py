"""Respond to Lambda's API over HTTP: invocations here, everything else through configurations."""

import asyncio
import base64
import logging
import re
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.api.model import lambda_
from workbook.localaws.api.rest_json import answer, error, no_content
from workbook.localaws.function_arn import Reference, parse_reference
from workbook.localaws.functions import asynchronous, checks, log_lines, package
from workbook.localaws.functions.concurrency import ACCOUNT_LIMIT
from workbook.localaws.functions.configuration import LATEST
from workbook.localaws.functions.event_queue import EventQueue
from workbook.localaws.functions.invoker import Invoker
from workbook.localaws.functions.outcome import Outcome
from workbook.localaws.functions.published import PublishedFunctions
from workbook.localaws.functions.runtime_api import Event
from workbook.localaws.interfaces import (
    FunctionGoneError,
    InvokeThrottledError,
    RoleNotAssumableError,
)

MAX_PAYLOAD_BYTES = 6_291_456
MAX_REQUEST_BYTES = 70_167_211
MAX_STORED_BYTES = 80_530_636_800  # 75 GB of code in a region
INVOCATION_TYPES = ("RequestResponse", "Event", "DryRun")
LOG_TYPES = ("None", "Tail")
CREATING = ("Create", "Publish", "Add")  # operations with these prefixes return 201 [BC]
PAGE = 50
log = logging.getLogger(__name__)


class Configurations(Protocol):
    """The store of the functions' configurations, which it also publishes."""

    async def call(
        self, operation: str, region: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Carry out an operation that reads or changes configurations.

        Args:
            operation: an operation of the Lambda API, such as ``CreateFunction``.
            region: the region of the call.
            parameters: the parameters, typed and checked against the API's model.

        Returns:
            the response, with all items of a list; None for a response without content.

        Raises:
            ApiError: an error response of AWS.
        """
        ...


class LambdaApi:
    """Responds to requests to Lambda.

    Args:
        functions: all functions.
        invoker: runs them.
        events: accepts asynchronous invocations.
        configurations: handles everything but invocations.
    """

    def __init__(
        self,
        functions: PublishedFunctions,
        invoker: Invoker,
        events: EventQueue,
        configurations: Configurations,
    ) -> None:
        self._functions = functions
        self._invoker = invoker
        self._events = events
        self._configurations = configurations

    async def respond(self, request: Request) -> Response:
        """Respond to a request to Lambda, or for a function's code."""
        try:
            match request.method, request.segments:
                case "POST", ["2015-03-31", "functions", name, "invocations"]:
                    kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
                    return await self._invoke(request, name, kind)
                case "POST", ["2014-11-13", "functions", name, "invoke-async"]:
                    return await self._invoke(request, name, "Event")
                case "GET", [".functions", region, name, version]:  # no S3 bucket has such a name
                    return self._code(Reference(region, name, version))
                case _:
                    return await self._call(request)
        except ApiError as refused:
            return error(refused)
        except Exception as fault:
            log.exception("%s %s failed", request.method, request.path)
            message = f"The local AWS failed at {request.method} {request.path}: {fault!r}"
            return error(ApiError("ServiceException", message, 500))

    async def _call(self, request: Request) -> Response:
        """Respond to a call about configurations."""
        operation = lambda_().operation(request)
        if operation is None:
            message = f"There is no {request.method} {request.path} in Lambda's API."
            raise ApiError("UnknownOperationException", message, 404)
        if len(request.body) > MAX_REQUEST_BYTES:
            raise _too_large(MAX_REQUEST_BYTES, operation)
        # Decoding a zip of 50 MB takes a while, which would block the loop.
        asked = await asyncio.to_thread(lambda_().read_request, operation, request)
        if operation == "GetAccountSettings":
            return answer(200, self._account(request.region))
        result = await self._configurations.call(operation, request.region, asked)
        if result is None:
            return no_content()
        if "Marker" in lambda_().parameters(operation):
            result = _page(result, asked)
        return answer(201 if operation.startswith(CREATING) else 200, result)

    def _code(self, reference: Reference) -> Response:
        """Respond with a version's zip, to which GetFunction links."""
        try:
            code = self._functions.version(reference).code
        except FunctionGoneError:
            raise _not_found(reference) from None
        return Response(200, {"content-type": "application/zip"}, code)

    def _account(self, region: str) -> dict[str, Any]:
        """Return the account's limits in a region, and its usage [BC]."""
        functions = self._functions.in_region(region).values()
        codes = [len(version.code) for one in functions for version in one.versions.values()]
        return {
            "AccountLimit": {
                "TotalCodeSize": MAX_STORED_BYTES,
                "CodeSizeUnzipped": package.MAX_UNZIPPED_BYTES,
                "CodeSizeZipped": package.MAX_ZIPPED_BYTES,
                "ConcurrentExecutions": ACCOUNT_LIMIT,
                "UnreservedConcurrentExecutions": (
                    ACCOUNT_LIMIT - self._functions.reserved_in_all(region)
                ),
            },
            "AccountUsage": {"TotalCodeSize": sum(codes), "FunctionCount": len(functions)},
        }

    async def _invoke(self, request: Request, name: str, kind: str) -> Response:
        """Respond to Invoke, of all three types, and to InvokeAsync."""
        log_type = request.headers.get("x-amz-log-type", "None")
        if kind not in INVOCATION_TYPES or log_type not in LOG_TYPES:
            lambda_().read_request("Invoke", request)  # refuses the value
        checks.check_reachable(name, request.region, "InvokeFunction")
        reference = parse_reference(name, request.region, request.parameters.get("Qualifier"))
        payload = request.body or b"{}"
        limit = asynchronous.MAX_BYTES if kind == "Event" else MAX_PAYLOAD_BYTES
        try:
            self._functions.version(reference)
            if len(payload) > limit:
                raise _too_large(limit, "InvokeFunction")
            orjson.loads(payload)
            event = Event(str(uuid.uuid4()), payload, reference.arn, _client_context(request))
            if kind == "DryRun":
                return Response(204, {"x-amzn-requestid": event.request_id})
            if kind == "Event":
                self._events.put(reference, event)
                return Response(202, {"x-amzn-requestid": event.request_id})
            outcome = await self._invoker.run(reference, event)
        except orjson.JSONDecodeError as problem:
            raise ApiError(
                "InvalidRequestContentException",
                "Could not parse request body into json: Could not parse payload into json: "
                f"{problem}",
            ) from None
        except FunctionGoneError:
            lambda_().read_request("Invoke", request)  # refuses what is not a function's name
            raise _not_found(reference) from None
        except RoleNotAssumableError:
            raise ApiError("AccessDeniedException", checks.NOT_ASSUMABLE, 403) from None
        except InvokeThrottledError as throttled:
            raise ApiError(
                "TooManyRequestsException", "Rate Exceeded.", 429, Reason=str(throttled)
            ) from None
        return _invoked(outcome, log_type == "Tail")


def _invoked(outcome: Outcome, with_log: bool) -> Response:
    """Return the response to a synchronous invocation."""
    headers = {
        "content-type": "application/json",
        "x-amzn-requestid": outcome.request_id,
        "x-amz-executed-version": outcome.executed_version,
    }
    if outcome.function_error is not None:
        headers["x-amz-function-error"] = outcome.function_error
    if with_log:
        headers["x-amz-log-result"] = base64.b64encode(log_lines.tail(outcome.log)).decode()
    return Response(200, headers, outcome.payload)


def _page(result: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the page of a list that ``MaxItems`` (by default 50) and ``Marker`` select [BC].

    Raises:
        ApiError: the marker is not one that a response contained.
    """
    ((name, items),) = result.items()
    marker = asked.get("Marker") or "0"
    if re.fullmatch("[0-9]{1,9}", marker) is None:
        raise checks.invalid("Invalid Marker.")
    begin = int(marker)
    end = begin + min(asked.get("MaxItems", PAGE), PAGE)
    page = {name: items[begin:end]}
    return page | {"NextMarker": str(end)} if end < len(items) else page


def _client_context(request: Request) -> str | None:
    """Return the client context as JSON in one line, for use in a header.

    Raises:
        JSONDecodeError: it is not JSON encoded in base64.
    """
    sent = request.headers.get("x-amz-client-context")
    if not sent:
        return None
    try:
        return orjson.dumps(orjson.loads(base64.b64decode(sent))).decode()
    except ValueError as problem:
        raise orjson.JSONDecodeError(f"client context: {problem}", sent, 0) from None


def _not_found(reference: Reference) -> ApiError:
    """Return the error for a function that does not exist, with its qualifier [OBS]."""
    arn = Reference(reference.region, reference.name, reference.qualifier or LATEST).arn
    return ApiError("ResourceNotFoundException", f"Function not found: {arn}", 404)


def _too_large(limit: int, operation: str) -> ApiError:
    """Return the error for a request that is too large [OBS]."""
    return ApiError(
        "RequestEntityTooLargeException",
        f"Request must be smaller than {limit} bytes for the {operation} operation",
        413,
    )
