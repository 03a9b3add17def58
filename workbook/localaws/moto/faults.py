"""Responses for requests at which moto fails: AWS's own error if the request is wrong.

Otherwise the response names the operation and the reason. moto assumes that a request follows
botocore's models, and that the resources in it exist. These are checked only after moto has failed,
so that no valid request becomes slower or is refused. This runs on moto's thread.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any
from xml.parsers.expat import ExpatError

from workbook.localaws.api import json_rpc, protocols
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.api.model import Model, token
from workbook.localaws.api.shapes import Dialect
from workbook.localaws.moto import calls
from workbook.localaws.moto.calls import Target

NOT_SUPPORTED = 501  # clients do not retry it
# Parts of the names of errors for resources that do not exist.
MISSING = re.compile("(NotFound|NoSuch|DoesNotExist|NonExistent|NoSuchEntity)")
# Errors for invalid parameters that differ from the protocol's usual one.
INVALID = {"logs": "InvalidParameterException", "sqs": "InvalidParameterValue"}
MALFORMED_XML = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)
log = logging.getLogger(__name__)


def answer(request: Request, fault: Exception) -> Response:
    """Return the response to a request at which moto failed.

    It is AWS's error, if the request does not follow botocore's model or a resource does not exist;
    otherwise an error with status 501 that names the operation and the fault, which is logged too.

    Args:
        request: the request.
        fault: the exception that moto raised.
    """
    target = calls.read(request)
    call = target.call
    try:
        problem = _broken(request, target, fault) or _missing(target, fault)
        _invalid(target, fault)
    except ApiError as refusal:
        problem = _worded(refusal, target, request)
    if problem is None:
        problem = _unsupported(target, fault)
        log.error("%s.%s: moto failed", call.service, call.operation, exc_info=fault)
    return protocols.error(
        call.service, target.protocol, request, problem.code, problem.message, problem.status
    )


def no_operation(request: Request) -> Response:
    """Return the response to a request for an operation that moto does not have.

    If AWS has it, the response names it; otherwise it is AWS's for an unknown operation.
    """
    target = calls.read(request)
    service, protocol, operation = target.call.service, target.protocol, target.call.operation
    model = calls.model_of(service)
    if model is not None and operation in model.operation_names:
        problem = _unsupported(target, NotImplementedError())
        return protocols.error(
            service, protocol, request, problem.code, problem.message, problem.status
        )
    if protocol == protocols.REST_XML:
        words = "The specified method is not allowed against this resource."
        return protocols.error(service, protocol, request, "MethodNotAllowed", words, 405)
    code = "InvalidAction" if protocol == protocols.QUERY else "UnknownOperationException"
    return protocols.error(service, protocol, request, code, "There is no such operation.", 404)


def no_service(request: Request, name: str, instead: str | None = None) -> Response:
    """Return the response to a request for a service that the local AWS does not support.

    Args:
        request: the request.
        name: AWS's name for the service.
        instead: what to do instead.
    """
    target = calls.read(request)
    message = f"The local AWS does not support {name}"
    if target.call.operation:
        message += f" ({target.call.operation})"
    message += f"; {instead}." if instead else "."
    return protocols.error(
        target.call.service,
        target.protocol,
        request,
        "NotImplementedException",
        message,
        NOT_SUPPORTED,
    )


def _broken(request: Request, target: Target, fault: Exception) -> ApiError | None:
    """Return the refusal of a request that cannot be read.

    Raises:
        ApiError: the parameters violate the service's model.
    """
    protocol, call = target.protocol, target.call
    if protocol == protocols.REST_XML and (isinstance(fault, ExpatError) or not target.is_read):
        return ApiError("MalformedXML", MALFORMED_XML)
    model = _model(call.service)
    if model is None or call.operation not in model.operations:
        return None
    parameters = _plain(call.parameters)
    if protocol == protocols.JSON:
        parameters = json_rpc.decode(request)
    elif not target.is_read:
        return ApiError("MalformedInput", f"The parameters of {call.operation} cannot be read.")
    with suppress(re.error, RecursionError):  # ignore a pattern that Python cannot compile
        model.read(call.operation, parameters)
    if not target.is_read:  # a time that does not exist, such as in the year 10000
        words = f"The parameters of {call.operation} cannot be read."
        return ApiError("SerializationException", words)
    return None


def _worded(refusal: ApiError, target: Target, request: Request) -> ApiError:
    """Return the refusal of parameters with the service's own error code."""
    service, protocol = target.call.service, target.protocol
    if refusal.code == "SerializationException" and protocol == protocols.JSON:
        return refusal
    if protocol == protocols.REST_XML:
        code = "InvalidArgument"
    elif service in INVALID:
        code = INVALID[service]
    else:
        code = "ValidationError" if protocol == protocols.QUERY else "ValidationException"
    return ApiError(code, refusal.message)


def _invalid(target: Target, fault: Exception) -> None:
    """Refuse a value that moto could not read, such as a pagination token.

    Raises:
        ApiError: such a value was found.
    """
    if isinstance(fault, ValueError):
        for text in _texts(target.call.parameters):
            if repr(text) in str(fault):
                raise ApiError("ValidationException", f"The value {text!r} is not valid.")


def _missing(target: Target, fault: Exception) -> ApiError | None:
    """Return the operation's own error for a missing resource, if moto failed to find one."""
    if not isinstance(fault, KeyError) or fault.args[0] not in set(_texts(target.call.parameters)):
        return None
    model = calls.model_of(target.call.service)
    if model is None or target.call.operation not in model.operation_names:
        return None
    for shape in model.operation_model(target.call.operation).error_shapes:
        if MISSING.search(shape.name):
            status = shape.metadata.get("error", {}).get("httpStatusCode", 400)
            return ApiError(shape.error_code, f"{fault.args[0]} does not exist.", status)
    return None


def _unsupported(target: Target, fault: Exception) -> ApiError:
    call = target.call
    code = "NotImplementedException"
    if target.protocol in (protocols.QUERY, protocols.EC2, protocols.REST_XML):
        code = "NotImplemented"
    if calls.model_of(call.service) is None:
        message = f"The local AWS does not have the service {call.service!r}."
    elif isinstance(fault, NotImplementedError):
        message = f"The local AWS does not support {call.operation}."
    else:
        message = (
            f"The local AWS does not support this request: "
            f"moto failed at {call.operation} with {fault!r}."
        )
    return ApiError(code, message, NOT_SUPPORTED)


def _plain(value: Any) -> Any:
    """Return parameters as in JSON: moto's parsers return datetimes."""
    match value:
        case datetime():
            return value.timestamp()
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value


def _texts(value: Any) -> Iterator[str]:
    """Yield all strings in parameters."""
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)


@cache
def _model(service: str) -> Model | None:
    """Return a service's model, which refuses parameters in the words of AWS's newer services."""
    if calls.model_of(service) is None:
        return None
    order = ("enum", "pattern", "max", "min")
    return Model(service, {}, Dialect(token, "a", order, tells_null=True))
