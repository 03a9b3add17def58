"""The Lambda API over HTTP: invocations are answered here, the rest by what keeps functions."""

import base64
import binascii
import uuid
from typing import Any, Protocol

import orjson

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.api.rest_json import answer, error
from workbook.localaws.function_arn import Reference, parse_reference
from workbook.localaws.functions import asynchronous, log_lines, package
from workbook.localaws.functions.concurrency import ACCOUNT_LIMIT
from workbook.localaws.functions.configuration import LATEST
from workbook.localaws.functions.event_queue import EventQueue
from workbook.localaws.functions.invoker import Invoker
from workbook.localaws.functions.outcome import Outcome
from workbook.localaws.functions.published import PublishedFunctions
from workbook.localaws.functions.runtime_api import Event
from workbook.localaws.functions.settings import NOT_ASSUMABLE
from workbook.localaws.interfaces import (
    FunctionGoneError,
    InvokeThrottledError,
    RoleNotAssumableError,
)

MAX_PAYLOAD_BYTES = 6_291_456
MAX_CREATE_BYTES = 70_167_211
MAX_STORED_BYTES = 80_530_636_800  # 75 GB of code in a region
INVOCATION_TYPES = ("RequestResponse", "Event", "DryRun")


class Configurations(Protocol):
    """What keeps the functions' configurations, and publishes them."""

    async def respond(self, request: Request) -> Response:
        """Answer a request to read or change them."""
        ...


class LambdaApi:
    """Answers requests to Lambda.

    Args:
        functions: those there are.
        invoker: runs them.
        events: takes asynchronous invocations.
        configurations: answers what is not about invocations.
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

    async def respond(self, request: Request) -> Response | None:
        """Answer a request to Lambda, or for a function's code; None for any other."""
        try:
            match request.method, request.segments:
                case "GET", [".functions", region, name, version]:  # no S3 bucket has such a name
                    return self._code(Reference(region, name, version))
            if request.service != "lambda":
                return None
            match request.method, request.segments:
                case "POST", [_, "functions", name, "invocations"]:
                    return await self._invoke(request, name)
                case "GET", [_, "account-settings"]:
                    return answer(200, self._account(request.region))
                case "POST", [_, "functions"] if len(request.body) > MAX_CREATE_BYTES:
                    raise _too_large(MAX_CREATE_BYTES, "CreateFunction")
        except ApiError as refused:
            return error(refused)
        return await self._configurations.respond(request)

    def _code(self, reference: Reference) -> Response:
        """Answer with a version's zip, which GetFunction links to."""
        try:
            code = self._functions.version(reference).code
        except FunctionGoneError:
            raise _not_found(reference) from None
        return Response(200, {"content-type": "application/zip"}, code)

    def _account(self, region: str) -> dict[str, Any]:
        """Return the account's limits in a region, and what it uses of them [BC]."""
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

    async def _invoke(self, request: Request, name: str) -> Response:
        """Answer Invoke, of all three types."""
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        if kind not in INVOCATION_TYPES:
            raise ApiError(
                "ValidationException",
                f"1 validation error detected: Value '{kind}' at 'invocationType' failed to "
                "satisfy constraint: Member must satisfy enum value set: "
                f"[{', '.join(INVOCATION_TYPES)}]",
            )
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
            raise _not_found(reference) from None
        except InvokeThrottledError as throttled:
            raise ApiError(
                "TooManyRequestsException", "Rate Exceeded.", 429, Reason=str(throttled)
            ) from None
        except RoleNotAssumableError:
            raise ApiError("AccessDeniedException", NOT_ASSUMABLE, 403) from None
        except OSError as problem:
            raise ApiError(
                "ServiceException", f"The local AWS could not run the function: {problem}", 500
            ) from problem
        return _invoked(outcome, request.headers.get("x-amz-log-type") == "Tail")


def _invoked(outcome: Outcome, with_log: bool) -> Response:
    """Return the answer to a synchronous invocation."""
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


def _client_context(request: Request) -> str | None:
    """Return the client context's JSON, in one line for a header.

    Raises:
        JSONDecodeError: it is not JSON in base64.
    """
    sent = request.headers.get("x-amz-client-context")
    if not sent:
        return None
    try:
        return orjson.dumps(orjson.loads(base64.b64decode(sent))).decode()
    except binascii.Error as problem:
        raise orjson.JSONDecodeError(f"client context: {problem}", sent, 0) from None


def _not_found(reference: Reference) -> ApiError:
    """Return the error of what does not exist, with its qualifier [OBS]."""
    arn = Reference(reference.region, reference.name, reference.qualifier or LATEST).arn
    return ApiError("ResourceNotFoundException", f"Function not found: {arn}", 404)


def _too_large(limit: int, operation: str) -> ApiError:
    """Return the error of a request that is too large [OBS]."""
    return ApiError(
        "RequestEntityTooLargeException",
        f"Request must be smaller than {limit} bytes for the {operation} operation",
        413,
    )
