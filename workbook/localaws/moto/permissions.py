"""IAM as moto keeps it: published to whoever asks what a role may do, and enforced on requests."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID, Request, Response
from workbook.localaws.interfaces import Credentials
from workbook.localaws.moto.worker import Worker
from workbook.localaws.permissions import denials, policy
from workbook.localaws.permissions.actions import Call, accesses
from workbook.localaws.permissions.permissions import ASSUME_ROLE, Permissions
from workbook.localaws.permissions.policy import Policy
from workbook.localaws.permissions.roles import Role, Session, session_name

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
SESSION_SECONDS = 36 * 3600  # of a function's credentials; on AWS the environment gets new ones
# Services whose requests may change what roles may do; a reset is moto's own.
CHANGES_ROLES = ("iam", "sts", "cloudformation", "")
# Names in signatures that are not botocore's names of the services.
_SERVICES = {"monitoring": "cloudwatch", "states": "stepfunctions", "email": "ses"}


@dataclass(frozen=True, slots=True)
class _Target:
    """What a request calls: botocore's names of service and protocol, and what is asked for."""

    protocol: str
    call: Call
    prefix: str


class Guard:
    """Publishes what roles may do, and refuses what they may not.

    Everything here runs on moto's thread, but for ``issue`` and ``check``.

    Args:
        worker: moto's thread.
        permissions: where it is published.
    """

    def __init__(self, worker: Worker, permissions: Permissions) -> None:
        self._worker = worker
        self._permissions = permissions
        self._functions: dict[str, str] = {}  # whose credentials: access key to function's ARN
        self._published: object = None

    async def issue(self, role_arn: str, function_arn: str) -> Credentials:
        """Give a function's environment its role's credentials."""
        return await self._worker.call(self._issue, role_arn, function_arn)

    async def check(self, request: Request) -> Response | None:
        """Refuse a request that its caller may not make; None when it may go on.

        The user's own access keys may do everything.
        """
        if not request.has_temporary_key and b"AssumeRole" not in request.body[:4096]:
            return None
        return await self._worker.call(self._check, request)

    def publish(self) -> None:
        """Publish roles and sessions, if they have changed."""
        from moto.iam.models import iam_backends
        from moto.sts.models import sts_backends

        iam, sts = iam_backends[ACCOUNT_ID], sts_backends[ACCOUNT_ID]
        kept = [role for partition in PARTITIONS for role in iam[partition].roles.values()]
        assumed = [one for partition in PARTITIONS for one in sts[partition].assumed_roles]
        found = _fingerprint(kept), tuple(one.access_key_id for one in assumed)
        if found == self._published:
            return
        self._published = found
        sessions = {
            one.access_key_id: Session(
                one.role_arn,
                one.session_name,
                policy.read(one.policy) if one.policy else None,
                self._functions.get(one.access_key_id),
            )
            for one in assumed
            if one.role_arn.split(":")[4] == ACCOUNT_ID
        }
        self._permissions.publish(map(_role, kept), sessions)

    def _issue(self, role_arn: str, function_arn: str) -> Credentials:
        from moto.sts.models import sts_backends

        region, name = function_arn.split(":")[3], function_arn.split(":")[6]
        assumed = sts_backends[ACCOUNT_ID][role_arn.split(":")[1]].assume_role(
            region_name=region,
            role_session_name=session_name(name),
            role_arn=role_arn,
            policy="",
            duration=SESSION_SECONDS,
            external_id="",
        )
        self._functions[assumed.access_key_id] = function_arn
        self.publish()
        return Credentials(assumed.access_key_id, assumed.secret_access_key, assumed.session_token)

    def _check(self, request: Request) -> Response | None:
        session = self._permissions.session(request.access_key)
        target = _read(request)
        call, protocol = target.call, target.protocol
        if session is None:
            return self._check_user(request, target)
        if self._permissions.role(session.role_arn) is None:
            code = "UnrecognizedClientException"
            if protocol in (denials.QUERY, denials.EC2, denials.REST_XML):
                code = "InvalidClientTokenId"
            return denials.error(call.service, protocol, request, code, denials.INVALID_TOKEN)
        for access in accesses(call, target.prefix):
            kept = _resource_policy(access.resource) if access.resource else None
            denial = self._permissions.denial(session, access, kept)
            if denial is not None:
                return denials.respond(denial, call.service, protocol, request)
        return None

    def _check_user(self, request: Request, target: _Target) -> Response | None:
        """The user may do everything, but not assume a role that is not there."""
        call = target.call
        for arn in call.values("RoleArn") if call.operation == "AssumeRole" else ():
            if f":{ACCOUNT_ID}:" in arn and self._permissions.role(arn) is None:
                user = f"arn:{call.partition}:iam::{ACCOUNT_ID}:root"
                message = (
                    f"User: {user} is not authorized to perform: {ASSUME_ROLE} on resource: {arn}"
                )
                return denials.error("sts", target.protocol, request, "AccessDenied", message)
        return None


def _fingerprint(roles: list[Any]) -> tuple[object, ...]:
    """What there is to tell whether roles have changed."""
    return tuple(
        (
            role.arn,
            role.id,
            role.assume_role_policy_document,
            tuple(role.policies.items()),
            tuple((arn, one.default_version_id) for arn, one in role.managed_policies.items()),
            role.permissions_boundary_arn,
            tuple(sorted((key, tag["Value"]) for key, tag in (role.tags or {}).items())),
        )
        for role in roles
    )


def _role(role: Any) -> Role:
    documents = [*role.policies.values(), *map(_document, role.managed_policies.values())]
    return Role(
        arn=role.arn,
        id=role.id,
        policies=tuple(one for text in documents if (one := policy.read(text)) is not None),
        trust=policy.read(role.assume_role_policy_document),
        boundary=_boundary(role),
        tags={key: tag["Value"] for key, tag in (role.tags or {}).items()},
    )


def _boundary(role: Any) -> Policy | None:
    """The role's boundary; one that is not there allows nothing."""
    from moto.iam.models import iam_backends

    arn = role.permissions_boundary_arn
    if not arn:
        return None
    backend = iam_backends[ACCOUNT_ID][role.partition]
    found = backend.managed_policies.get(arn)
    return (policy.read(_document(found)) if found is not None else None) or ()


def _document(managed: Any) -> str:
    """The document of a managed policy's default version."""
    return next((str(version.document) for version in managed.versions if version.is_default), "{}")


def _read(request: Request) -> _Target:
    """What a request calls; with what cannot be read left out."""
    from botocore.model import OperationNotFoundError
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import determine_request_protocol

    name = _SERVICES.get(request.service, request.service or "s3")
    if request.headers.get("x-amz-target", "").startswith("DynamoDBStreams_"):
        name = "dynamodbstreams"
    partition = _partition(request.region)
    model = _model(name)
    if model is None:
        call = Call(name, "", {}, request.region, ACCOUNT_ID, partition)
        return _Target(denials.JSON, call, request.service)
    werkzeug = _werkzeug(request)
    operation, labels = _operation(request, werkzeug, name)
    parameters: Mapping[str, Any] = {}
    if request.headers.get("smithy-protocol"):
        protocol = denials.CBOR
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
        except (ValueError, KeyError, TypeError, AttributeError):
            parameters = {}  # the service will say what is wrong with the body
    region = request.region
    call = Call(name, operation, parameters, region, ACCOUNT_ID, partition, _finder(region))
    return _Target(protocol, call, str(model.signing_name or name))


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
def _model(service: str) -> Any:
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


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


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

                for role in iam_backends[ACCOUNT_ID][_partition(region)].roles.values():
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


def _resource_policy(arn: str) -> str | None:
    """The policy of a resource, of those services whose policies are looked at."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] not in _POLICIES:
        return None
    document = next(_POLICIES[parts[2]](arn, parts[3], parts[5]), None)
    return str(document) if document else None


def _of_queue(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.sqs.models import sqs_backends

    if name in sqs_backends[ACCOUNT_ID][region].queues:
        yield sqs_backends[ACCOUNT_ID][region].queues[name].policy


def _of_topic(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.sns.models import sns_backends

    topics = sns_backends[ACCOUNT_ID][region].topics
    if arn in topics:
        yield topics[arn].policy


def _of_bucket(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.s3.models import s3_backends

    buckets = s3_backends[ACCOUNT_ID][arn.split(":")[1]].buckets
    found = buckets.get(name.partition("/")[0])
    if found is not None and found.policy:
        yield found.policy.decode()


def _of_function(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.awslambda.models import lambda_backends

    functions = lambda_backends[ACCOUNT_ID][region]._lambdas._functions
    group = functions.get(name.split(":")[1]) if name.startswith("function:") else None
    if group is not None:
        yield json.dumps(group["latest"].policy.get_policy()["Policy"])


def _of_secret(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.secretsmanager.models import secretsmanager_backends

    for secret in secretsmanager_backends[ACCOUNT_ID][region].secrets.values():
        if secret.arn == arn:
            yield getattr(secret, "policy", None)  # a replica has none


def _of_table(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.dynamodb.models import dynamodb_backends

    found = dynamodb_backends[ACCOUNT_ID][region].resource_policies.get(arn)
    if found is not None:
        yield found.policy_doc


def _of_bus(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.events.models import events_backends

    buses = events_backends[ACCOUNT_ID][region].event_buses
    if name.removeprefix("event-bus/") in buses:
        yield buses[name.removeprefix("event-bus/")].policy


def _of_key(arn: str, region: str, name: str) -> Iterator[Any]:
    from moto.kms.models import kms_backends

    key = kms_backends[ACCOUNT_ID][region].keys.get(name.removeprefix("key/"))
    if key is not None:
        yield key.policy


_POLICIES: Mapping[str, Callable[[str, str, str], Iterator[Any]]] = {
    "dynamodb": _of_table,
    "events": _of_bus,
    "kms": _of_key,
    "lambda": _of_function,
    "s3": _of_bucket,
    "secretsmanager": _of_secret,
    "sns": _of_topic,
    "sqs": _of_queue,
}
