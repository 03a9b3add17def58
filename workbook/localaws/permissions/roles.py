"""Roles, and the sessions that AssumeRole creates, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from workbook.localaws.permissions.policy import Policy, Principal

ONE_LETTER_SUFFIX = "@lambda_function"  # session names have at least two characters [OBS]


@dataclass(frozen=True, slots=True)
class Role:
    """A role as IAM keeps it.

    Args:
        arn: with its path.
        id: ``AROA...``.
        policies: what it may do, inline and managed.
        trust: who may assume it; None when the document cannot be read.
        boundary: the most that it may do, if it has one.
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
        """The role's name, without its path."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials of a role, told by their access key.

    Args:
        role_arn: of the role.
        name: such as the function's name, for a function.
        policy: the session policy of AssumeRole, if one was given.
        function_arn: of the function that has the credentials, if one has.
    """

    role_arn: str
    name: str
    policy: Policy | None = None
    function_arn: str | None = None

    @property
    def principal(self) -> Principal:
        """Who calls with these credentials."""
        partition, account = self.role_arn.split(":")[1], self.role_arn.split(":")[4]
        role = self.role_arn.rpartition("/")[2]
        arn = f"arn:{partition}:sts::{account}:assumed-role/{role}/{self.name}"
        return Principal(arn, self.role_arn, account)


def session_name(function_name: str) -> str:
    """Return the name of the session in which a function runs [OBS]."""
    return function_name + ONE_LETTER_SUFFIX if len(function_name) == 1 else function_name
