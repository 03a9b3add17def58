"""IAM in moto: roles as values, and AWS's managed policies; on moto's thread."""

import json
from collections.abc import Iterator
from typing import Any

from moto.iam import urls
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy, iam_backends
from moto.iam.policy_validation import BaseIAMPolicyValidator
from moto.s3.models import FakeBucket

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.permissions import policy, roles
from workbook.localaws.permissions.evaluator import Policies, decide
from workbook.localaws.permissions.policy import Policy, Principal, Request

VERSIONS = ("2008-10-17", "2012-10-17")  # of policies; the first is the default


class _ManagedPolicies(dict[str, ManagedPolicy]):
    """Managed policies by ARN. AWS's own, over a thousand, are loaded when first used."""

    def __init__(self, backend: IAMBackend) -> None:
        super().__init__()
        self._backend = backend

    def _load(self) -> None:
        """Load AWS's policies, if they are not loaded yet."""
        if self._backend.aws_managed_policies:
            return
        for name, content in json.loads(aws_managed_policies_data).items():
            managed = AWSManagedPolicy.from_data(
                name, self._backend.account_id, self._backend.region_name, content
            )
            self._backend.aws_managed_policies.append(managed)
            self[managed.arn] = managed

    def values(self) -> Any:
        self._load()
        return super().values()

    def items(self) -> Any:
        self._load()
        return super().items()

    def __iter__(self) -> Iterator[str]:
        self._load()
        return super().__iter__()

    def __contains__(self, arn: object) -> bool:
        self._load()
        return super().__contains__(arn)

    def get(self, arn: str, default: Any = None) -> Any:
        self._load()
        return super().get(arn, default)


class Iam(IAMBackend):
    """moto's IAM, which has AWS's managed policies only if this is set before it is created."""

    @property
    def _url_module(self) -> Any:
        return urls  # moto derives it from the class' module

    def _init_managed_policies(self) -> dict[str, ManagedPolicy]:
        return _ManagedPolicies(self)


def install() -> None:
    """Make moto use this backend for IAM, and leave S3's permissions to us."""
    iam_backends.backend = Iam
    FakeBucket.get_permission = _bucket_permission  # type: ignore[assignment,method-assign]
    BaseIAMPolicyValidator._validate_version = _check_version  # type: ignore[assignment,method-assign]


def _check_version(validator: BaseIAMPolicyValidator) -> None:
    """Also accept policies without a version, as in SAM's examples [D23]."""
    assert validator._policy_json.get("Version", VERSIONS[0]) in VERSIONS


def kept() -> list[Any]:
    """Return moto's roles in all partitions."""
    return [role for iam in iam_backends[ACCOUNT_ID].values() for role in iam.roles.values()]


def fingerprint(found: list[Any]) -> tuple[object, ...]:
    """Return a value that changes whenever roles, or their permissions, change."""
    return tuple(
        (
            role.arn,
            role.id,
            role.assume_role_policy_document,
            tuple(role.policies.items()),
            tuple((arn, one.default_version_id) for arn, one in role.managed_policies.items()),
            role.permissions_boundary_arn,
            _boundary_version(role),
            tuple(_tags(role).items()),
        )
        for role in found
    )


def read(role: Any) -> roles.Role:
    """Return a role of moto as a value."""
    documents = [*role.policies.values(), *map(_document, role.managed_policies.values())]
    return roles.Role(
        arn=role.arn,
        id=role.id,
        policies=tuple(one for text in documents if (one := policy.read(text)) is not None),
        trust=policy.read(role.assume_role_policy_document),
        boundary=_boundary(role),
        tags=_tags(role),
    )


def _tags(role: Any) -> dict[str, str]:
    return {str(tag.get("Key")): str(tag.get("Value", "")) for tag in role.tags or []}


def _managed(role: Any, arn: str) -> Any:
    return iam_backends[ACCOUNT_ID][role.partition].managed_policies.get(arn)


def _boundary_version(role: Any) -> str | None:
    arn = role.permissions_boundary_arn
    found = _managed(role, arn) if arn else None
    return None if found is None else str(found.default_version_id)


def _boundary(role: Any) -> Policy | None:
    """Return the role's boundary; a missing one allows nothing."""
    if not role.permissions_boundary_arn:
        return None
    found = _managed(role, role.permissions_boundary_arn)
    return (policy.read(_document(found)) if found is not None else None) or ()


def _document(managed: Any) -> str:
    """Return the document of a managed policy's default version."""
    return next((str(version.document) for version in managed.versions if version.is_default), "{}")


def _bucket_permission(bucket: FakeBucket, action: str, resource: str) -> Any:
    """Return whether everyone may do something with a bucket, without a signature too.

    moto's own answer applies denials whose conditions do not hold. Signed requests are checked
    before they reach moto, so nothing is denied here.
    """
    from moto.iam.access_control import PermissionResult

    document = policy.read(bucket.policy.decode()) if bucket.policy else None
    context = {"aws:securetransport": ("true",)}
    request = Request(Principal("anonymous", None, "", None), action, resource, context)
    is_allowed = decide(request, Policies(resource=document)).is_allowed
    return PermissionResult.PERMITTED if is_allowed else PermissionResult.NEUTRAL
