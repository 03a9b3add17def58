"""Permission checks for the other parts, on the event loop and without calls into moto."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.interfaces import LAMBDA
from workbook.localaws.permissions.actions import Access, Call, accesses
from workbook.localaws.permissions.denials import INVALID_TOKEN
from workbook.localaws.permissions.permissions import Permissions
from workbook.localaws.permissions.roles import Session

# Operations that functions call frequently, on streams named in their parameters.
HOT = {"GetRecords", "PutRecord", "PutRecords"}


class Enforcer:
    """An ``interfaces.Authorizer``, and the functions' ``interfaces.ExecutionRoles``.

    Args:
        permissions: the permissions of roles.
    """

    def __init__(self, permissions: Permissions) -> None:
        self._permissions = permissions

    def can_be_assumed(self, role_arn: str, service: str = LAMBDA) -> bool:
        """See ``interfaces.ExecutionRoles``."""
        return self._permissions.can_be_assumed(role_arn, service)

    def is_bare(self, role_arn: str) -> bool:
        """See ``interfaces.ExecutionRoles``."""
        role = self._permissions.role(role_arn)
        return role is not None and not role.policies

    def denial(self, role_arn: str, session: str, action: str, resource: str) -> str | None:
        """See ``interfaces.ExecutionRoles``."""
        denied = self._permissions.denial(Session(role_arn, session), Access(action, resource))
        return None if denied is None else denied.message

    def authorize(
        self,
        access_key: str,
        region: str,
        operation: str,
        parameters: Mapping[str, Any],
        resource_policy: str | None,
    ) -> None:
        """See ``interfaces.Authorizer``."""
        session = self._permissions.session(access_key)
        if session is None:
            return
        name, arn = parameters.get("StreamName"), parameters.get("StreamARN")
        is_hot = operation in HOT
        call = (access_key, region, operation, name, arn, resource_policy)
        if is_hot and self._permissions.has_passed(call):
            return
        if self._permissions.role(session.role_arn) is None:
            raise ApiError("UnrecognizedClientException", INVALID_TOKEN)
        partition = session.role_arn.split(":")[1]
        asked = accesses(Call("kinesis", operation, parameters, region, ACCOUNT_ID, partition))
        for access in asked:
            denied = self._permissions.denial(session, access, resource_policy)
            if denied is not None:
                raise ApiError("AccessDeniedException", denied.message)
        if is_hot:
            self._permissions.note_pass(call, session, asked, resource_policy)
