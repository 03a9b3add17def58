"""Roles, and the sessions that AssumeRole creates, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from workbook.localaws.permissions.policy import Policy, Principal

ONE_LETTER_SUFFIX = "@lambda_function"  # session names have at least two characters [OBS]


@dataclass(frozen=True, slots=True)
class Role:
    """A role in IAM.

    Args:
        arn: the ARN, including the path.
        id: ``AROA...``.
        policies: its policies, inline and managed.
        trust: its trust policy, which says who may assume it; None if it cannot be parsed.
        boundary: the permissions boundary, if it has one.
        tags: by key.
    """

    arn: str
    id: str
    policies: tuple[Policy, ...] = ()
    trust: Policy | None = None
    boundary: Policy | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """Return the role's name, without its path."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials of a role, identified by their access key.

    Args:
        role_arn: the role's ARN.
        name: the session's name; for a function, the function's name.
        policy: the session policy given to AssumeRole, if any.
        function_arn: the ARN of the function with these credentials, if any.
    """

    role_arn: str
    name: str
    policy: Policy | None = None
    function_arn: str | None = None

    @property
    def principal(self) -> Principal:
        """Return the caller that uses these credentials."""
        partition, account = self.role_arn.split(":")[1], self.role_arn.split(":")[4]
        role = self.role_arn.rpartition("/")[2]
        arn = f"arn:{partition}:sts::{account}:assumed-role/{role}/{self.name}"
        return Principal(arn, self.role_arn, account)


def session_name(function_name: str) -> str:
    """Return the name of a function's session [OBS]."""
    return function_name + ONE_LETTER_SUFFIX if len(function_name) == 1 else function_name
