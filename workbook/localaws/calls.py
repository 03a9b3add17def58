"""Calls to AWS's APIs within this process: like boto3, but without HTTP.

botocore's serializers and parsers write the request and read the response, so the caller gets the
same result as a client, errors included.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response, authorization

THROTTLED = {"LimitExceededException", "ThrottlingException", "TooManyRequestsException"}
TRIES = 8  # attempts for a throttled call; CloudFormation retries too
FIRST_PAUSE_SECONDS = 0.1
log = logging.getLogger(__name__)


class Calls:
    """An ``interfaces.Calls`` over the parts of the local AWS.

    Args:
        respond: returns the response to a request.
        host: the address that clients connect to, which responses contain, such as URLs of queues.
    """

    def __init__(self, respond: Callable[[Request], Awaitable[Response]], host: str) -> None:
        self._respond = respond
        self._host = host

    async def call(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the response to a call; see ``interfaces.Calls``."""
        for attempt in range(TRIES):
            try:
                return await self._once(service, operation, region, parameters)
            except ApiError as error:
                if error.code not in THROTTLED or attempt + 1 == TRIES or error.status == 200:
                    raise
            await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**attempt)
        raise AssertionError("unreachable")

    async def _once(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        shape = operation_model(service, operation)
        protocol = _protocol(service)
        request = _request(shape, protocol, region, parameters, self._host)
        try:
            response = await self._respond(request)
        except ApiError:
            raise
        except Exception as fault:
            log.exception("%s.%s failed", service, operation)
            raise ApiError("InternalFailure", f"{operation}: {fault!r}", 500) from fault
        answer: dict[str, Any] = create_parser(protocol).parse(
            {
                "status_code": response.status,
                "headers": {name.lower(): text for name, text in response.headers.items()},
                "body": response.body,
            },
            shape.output_shape,  # type: ignore[arg-type]  # None: no output
        )
        if response.status >= 300:
            error = answer.get("Error", {})
            message = error.get("Message") or response.body.decode("utf-8", "replace")[:300]
            raise ApiError(error.get("Code") or "InternalFailure", message, response.status)
        return answer


@cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service."""
    return ServiceModel(Loader().load_service_model(service, "service-2"))


def operation_model(service: str, operation: str) -> OperationModel:
    """Return botocore's model of an operation."""
    return service_model(service).operation_model(operation)


def service_name(service: str) -> str:
    """Return a service's name in AWS's errors, such as ``Lambda``."""
    return str(service_model(service).service_id.hyphenize()).title().replace("-", "")


def _protocol(service: str) -> str:
    """Return a protocol of a service that both botocore and moto support."""
    model = service_model(service)
    spoken = model.metadata.get("protocols") or [model.protocol]
    order = ("query", "json", "rest-json", "rest-xml", "ec2", *spoken)
    return str(next(one for one in order if one in spoken))


def _request(
    shape: OperationModel,
    protocol: str,
    region: str,
    parameters: Mapping[str, Any],
    host: str,
) -> Request:
    made = create_serializer(protocol, include_validation=False).serialize_to_request(
        dict(parameters), shape
    )
    headers = {name.lower(): str(value) for name, value in made["headers"].items()}
    headers["host"] = host
    headers["authorization"] = authorization(region, str(shape.service_model.signing_name))
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body)
        headers.setdefault("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    data = body.encode() if isinstance(body, str) else body or b""
    headers["content-length"] = str(len(data))
    query = made["query_string"]
    path, _, fixed = made["url_path"].partition("?")
    asked = urlencode(query, doseq=True) if isinstance(query, dict) else str(query or "")
    return Request(
        made["method"],
        path,
        "&".join(part for part in (fixed, asked) if part),
        headers,
        data,
    )
