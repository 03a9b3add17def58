"""Enforce permissions: publish those of roles, and refuse calls without permission."""

import re

from workbook.localaws.api import protocols
from workbook.localaws.api.http import ACCOUNT_ID, Request, Response
from workbook.localaws.interfaces import (
    LAMBDA,
    Credentials,
    ExecutionRoles,
    RoleNotAssumableError,
)
from workbook.localaws.moto import calls, resource_policies
from workbook.localaws.moto.calls import Target
from workbook.localaws.moto.worker import Worker
from workbook.localaws.permissions import denials, policy
from workbook.localaws.permissions.actions import accesses
from workbook.localaws.permissions.permissions import ASSUME_ROLE, Permissions
from workbook.localaws.permissions.roles import Session, session_name

ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.")  # [BC]
SESSION_SECONDS = 36 * 3600  # of a function's credentials; AWS renews them


class Guard:
    """Publishes the permissions of roles, and refuses calls without permission.

    Everything here runs on moto's thread, except ``issue`` and ``check``.

    Args:
        worker: moto's thread.
        permissions: where roles are published.
    """

    def __init__(self, worker: Worker, permissions: Permissions) -> None:
        self._worker = worker
        self._permissions = permissions
        self._functions: dict[str, str] = {}  # access key to the ARN of the function that has it
        self._published: object = None

    async def issue(self, role_arn: str, function_arn: str) -> Credentials:
        """Return credentials of the role for a function's environment.

        Raises:
            RoleNotAssumableError: the role does not exist, or no longer trusts Lambda.
        """
        if not self._permissions.can_be_assumed(role_arn):
            raise RoleNotAssumableError(role_arn)
        return await self._worker.call(self._issue, role_arn, function_arn)

    async def check(self, request: Request) -> Response | None:
        """Return the refusal of a request that its caller may not make; None if it is allowed.

        The user's own access keys may do everything.
        """
        if not request.has_temporary_key and b"AssumeRole" not in request.body[:4096]:
            return None
        return await self._worker.call(self._check, request)

    def publish(self) -> None:
        """Publish roles and sessions if they have changed."""
        from moto.sts.models import sts_backends

        from workbook.localaws.moto import iam

        roles = iam.kept()
        assumed = [one for sts in sts_backends[ACCOUNT_ID].values() for one in sts.assumed_roles]
        found = iam.fingerprint(roles), tuple(one.access_key_id for one in assumed)
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
            if f":iam::{ACCOUNT_ID}:" in str(one.role_arn)
        }
        self._permissions.publish(map(iam.read, roles), sessions)

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
        return Credentials(assumed.access_key_id, assumed.secret_access_key, assumed.session_token)

    def _check(self, request: Request) -> Response | None:
        session = self._permissions.session(request.access_key)
        target = calls.read(request)
        call, protocol = target.call, target.protocol
        if session is None:
            return self._check_user(request, target)
        if self._permissions.role(session.role_arn) is None:
            code = "UnrecognizedClientException"
            if protocol in (protocols.QUERY, protocols.EC2, protocols.REST_XML):
                code = "InvalidClientTokenId"
            return protocols.error(call.service, protocol, request, code, denials.INVALID_TOKEN)
        for access in accesses(call, target.prefix):
            kept = resource_policies.find(access.resource) if access.resource else None
            denial = self._permissions.denial(session, access, kept)
            if denial is not None:
                return denials.respond(denial, call.service, protocol, request)
        return None

    def _check_user(self, request: Request, target: Target) -> Response | None:
        """Refuse a user's request to assume a role that does not exist; allow everything else."""
        call = target.call
        for arn in call.values("RoleArn") if call.operation == "AssumeRole" else ():
            if not ROLE_ARN.match(arn):
                message = "Request ARN is invalid"
                return protocols.error(
                    "sts", target.protocol, request, "ValidationError", message, 400
                )
            if f":{ACCOUNT_ID}:" in arn and self._permissions.role(arn) is None:
                user = f"arn:{call.partition}:iam::{ACCOUNT_ID}:root"
                message = (
                    f"User: {user} is not authorized to perform: {ASSUME_ROLE} on resource: {arn}"
                )
                return protocols.error("sts", target.protocol, request, "AccessDenied", message)
        return None


class FreshRoles:
    """An ``interfaces.ExecutionRoles`` that publishes pending changes first; for moto's thread.

    Args:
        guard: publishes them.
        roles: what was published.
    """

    def __init__(self, guard: Guard, roles: ExecutionRoles) -> None:
        self._guard = guard
        self._roles = roles

    def can_be_assumed(self, role_arn: str, service: str = LAMBDA) -> bool:
        """See ``interfaces.ExecutionRoles``."""
        self._guard.publish()
        return self._roles.can_be_assumed(role_arn, service)

    def is_bare(self, role_arn: str) -> bool:
        """See ``interfaces.ExecutionRoles``."""
        self._guard.publish()
        return self._roles.is_bare(role_arn)

    def denial(self, role_arn: str, session: str, action: str, resource: str) -> str | None:
        """See ``interfaces.ExecutionRoles``."""
        self._guard.publish()
        return self._roles.denial(role_arn, session, action, resource)
