"""Reads any request: which operation of which service it calls, with which parameters.

moto routes requests and parses their parameters by botocore's models, for every protocol; this
asks it for the outcome.  On moto's thread.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from workbook.localaws.api import protocols
from workbook.localaws.api.http import ACCOUNT_ID, Request
from workbook.localaws.api.partitions import partition
from workbook.localaws.permissions.actions import Call

# Names in signatures that are not botocore's names of the services.
_SERVICES = {"monitoring": "cloudwatch", "states": "stepfunctions", "email": "ses"}

# What moto's parsers raise at bodies that are not what their operation takes.
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Target:
    """What a request calls.

    Args:
        protocol: botocore's name of the protocol.
        call: the operation and its parameters; those that cannot be read are left out.
        prefix: of the service's actions.
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
            is_read = False  # the service will say what is wrong with the body
    region = request.region
    call = Call(name, operation, parameters, region, ACCOUNT_ID, its_partition, _finder(region))
    return Target(protocol, call, str(model.signing_name or name), is_read)


def _operation(request: Request, werkzeug: Any, service: str) -> tuple[str, dict[str, Any]]:
    """The operation, and what the path has of its parameters; nothing when there is none."""
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
    """A service's model; None when botocore has no such service."""
    from botocore.exceptions import UnknownServiceError
    from moto.core.utils import get_service_model

    try:
        return get_service_model(service)
    except UnknownServiceError:
        return None


def _werkzeug(request: Request) -> Any:
    """A request as moto's router and parsers take it."""
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
    from cbor2 import CBORDecodeError, loads  # late: few clients speak it

    try:
        decoded = loads(body) if body else {}
    except CBORDecodeError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _finder(region: str) -> Callable[[str, str], str | None]:
    """How names of a region are found out: see ``Find``."""

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
    """The key that something was encrypted with, as moto notes it at its beginning."""
    from moto.kms.utils import HEADER_LEN, _deserialize_ciphertext_blob

    if len(ciphertext) < HEADER_LEN:
        return None
    try:
        return _key_arn(region, _deserialize_ciphertext_blob(ciphertext).key_id)
    except UnicodeDecodeError:
        return None
