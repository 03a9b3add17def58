"""Read any request: the operation and service that it calls, and its parameters.

moto routes requests and parses their parameters with botocore's models, for every protocol; this
module uses the result. It runs on moto's thread.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from workbook.localaws.api import protocols
from workbook.localaws.api.http import ACCOUNT_ID, Request
from workbook.localaws.api.partitions import partition
from workbook.localaws.permissions.actions import Call

# Names in signatures that differ from botocore's names of the services.
_SERVICES = {
    "aoss": "opensearchserverless",
    "elasticmapreduce": "emr",
    "email": "ses",
    "es": "opensearch",
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
    "timestream": "timestream-write",
}

# Errors of moto's parsers for bodies that do not fit the operation.
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Target:
    """The operation that a request calls, and its parameters.

    Args:
        protocol: the protocol's name in botocore.
        call: the operation and its parameters, without those that cannot be read.
        prefix: the prefix of the service's actions.
        is_read: whether the parameters could be read.
    """

    protocol: str
    call: Call
    prefix: str
    is_read: bool = True


def read(request: Request) -> Target:
    """Return what a request calls."""
    from botocore.model import OperationNotFoundError
    from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
    from moto.core.request import determine_request_protocol

    name = _SERVICES.get(request.service, request.service or "s3")
    if request.headers.get("x-amz-target", "").startswith("DynamoDBStreams_"):
        name = "dynamodbstreams"
    its_partition = partition(request.region)
    model = model_of(name)
    if model is None:
        call = Call(name, "", {}, request.region, ACCOUNT_ID, its_partition)
        return Target(protocols.JSON, call, request.service)
    werkzeug = _werkzeug(request)
    operation, labels = _operation(request, werkzeug, name)
    parameters: Mapping[str, Any] = {}
    is_read = True
    if request.headers.get("smithy-protocol"):
        protocol = protocols.CBOR
        parameters = _cbor(request.body)
    else:
        try:
            protocol = determine_request_protocol(model, werkzeug.content_type)
            parameters = PROTOCOL_PARSERS[protocol](model.operation_model(operation)).parse(
                {
                    "method": request.method,
                    "values": werkzeug.values,
                    "headers": werkzeug.headers,
                    "body": request.body,
                    "url_path": werkzeug.path,
                    "url_params": labels,
                }
            )
        except (OperationNotFoundError, NotImplementedError):
            protocol = str(model.protocol)
        except (*UNREADABLE, RequestParserError):
            is_read = False  # the service reports what is wrong with the body
    region = request.region
    call = Call(name, operation, parameters, region, ACCOUNT_ID, its_partition, _finder(region))
    return Target(protocol, call, str(model.signing_name or name), is_read)


def _operation(request: Request, werkzeug: Any, service: str) -> tuple[str, dict[str, Any]]:
    """Return the operation and the parameters in the path; empty if there is none."""
    from moto.core.routing import get_service_router
    from werkzeug.exceptions import HTTPException

    target = request.headers.get("x-amz-target")
    if target:
        return target.rpartition(".")[2], {}
    if request.headers.get("smithy-protocol"):
        return request.path.rpartition("/")[2], {}
    action = werkzeug.values.get("Action")
    if action:
        return str(action), {}
    try:
        operation, labels = get_service_router(service).match(werkzeug)
    except (HTTPException, NotImplementedError):
        return "", {}
    return operation.name, labels


@cache
def model_of(service: str) -> Any:
    """Return botocore's model of a service; None if there is none."""
    from botocore.exceptions import UnknownServiceError
    from moto.core.utils import get_service_model

    try:
        return get_service_model(service)
    except UnknownServiceError:
        return None


def _werkzeug(request: Request) -> Any:
    """Return a request in the form that moto's router and parsers use."""
    from moto.core.request import Request as MotoRequest
    from werkzeug.test import EnvironBuilder

    builder = EnvironBuilder(
        path=request.path,
        query_string=request.query,
        method=request.method,
        headers=list(request.headers.items()),
        data=request.body,
    )
    return MotoRequest(builder.get_environ())


def _cbor(body: bytes) -> Mapping[str, Any]:
    from cbor2 import CBORDecodeError, loads  # late: few clients use it

    try:
        decoded = loads(body) if body else {}
    except CBORDecodeError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _finder(region: str) -> Callable[[str, str], str | None]:
    """Return a function that resolves names in a region; see ``Find``."""

    def find(kind: str, name: str) -> str | None:
        match kind:
            case "key":
                return _key_arn(region, name)
            case "ciphertext":
                return _encrypting_key(region, name.encode("latin-1"))
            case "secret":
                from moto.secretsmanager.models import secretsmanager_backends

                secrets = secretsmanager_backends[ACCOUNT_ID][region].secrets
                return str(secrets[name].arn) if name in secrets else None
            case "role":
                from moto.iam.models import iam_backends

                for role in iam_backends[ACCOUNT_ID][partition(region)].roles.values():
                    if role.name == name:
                        return str(role.arn)
        return None

    return find


def _key_arn(region: str, name: str) -> str | None:
    from moto.kms.models import kms_backends

    backend = kms_backends[ACCOUNT_ID][region]
    key = backend.keys.get(backend.any_id_to_key_id(name) or "")
    return None if key is None else str(key.arn)


def _encrypting_key(region: str, ciphertext: bytes) -> str | None:
    """Return the key with which data was encrypted; moto stores it at the start of the data."""
    from moto.kms.utils import HEADER_LEN, _deserialize_ciphertext_blob

    if len(ciphertext) < HEADER_LEN:
        return None
    try:
        return _key_arn(region, _deserialize_ciphertext_blob(ciphertext).key_id)
    except UnicodeDecodeError:
        return None
