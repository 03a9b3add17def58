"""Decide whether a request is allowed, in the order of AWS's evaluation [IAM:evaluation-logic]."""

from collections.abc import Iterable
from dataclasses import dataclass

from workbook.localaws.permissions.policy import Grant, Policy, Request

IDENTITY = "identity-based policy"
RESOURCE = "resource-based policy"
BOUNDARY = "permissions boundary"
SESSION = "session policy"


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies that apply to a request.

    Args:
        identity: the role's policies, inline and managed.
        boundary: the role's permissions boundary, if it has one, which limits its permissions.
        session: the policy given to AssumeRole, if any.
        resource: the resource's policy, if it has one.
        resource_decides: whether the resource's policy must allow the request, as for a role's
            trust policy and a key's policy [IAM:evaluation-logic].
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    resource: Policy | None = None
    resource_decides: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of an evaluation.

    Args:
        denied_by: the kind of policy that denies, or that does not allow; None if the request is
            allowed.
        is_explicit: whether a statement denies the request; otherwise none allows it.
    """

    denied_by: str | None = None
    is_explicit: bool = False

    @property
    def is_allowed(self) -> bool:
        """Return whether the request is allowed."""
        return self.denied_by is None


ALLOWED = Decision()


def decide(request: Request, policies: Policies) -> Decision:
    """Evaluate a request within one account.

    A denial in any policy is final. If the resource's policy grants access to the caller by name,
    the caller needs no policy; if it grants access to the caller's account, the caller does.
    """
    kinds = (
        (IDENTITY, policies.identity),
        (BOUNDARY, _one(policies.boundary)),
        (SESSION, _one(policies.session)),
    )
    for kind, group in kinds:
        if _has(request, group, is_allow=False):
            return Decision(kind, is_explicit=True)
    if _granted(request, policies.resource, is_allow=False):
        return Decision(RESOURCE, is_explicit=True)
    granted = _granted(request, policies.resource, is_allow=True)
    if policies.resource_decides and not granted:
        return Decision(RESOURCE)
    if granted is not Grant.CALLER and not _has(request, policies.identity, is_allow=True):
        return Decision(IDENTITY)
    for kind, limit in ((BOUNDARY, policies.boundary), (SESSION, policies.session)):
        if limit is not None and not _has(request, (limit,), is_allow=True):
            return Decision(kind)
    return ALLOWED


def depends_on_context(policies: Policies) -> bool:
    """Return whether the decision for an action on a resource may depend on the request."""
    others = (policies.boundary, policies.session, policies.resource)
    everything = (*policies.identity, *(policy for policy in others if policy is not None))
    return any(statement.depends_on_context for policy in everything for statement in policy)


def _one(policy: Policy | None) -> tuple[Policy, ...]:
    return () if policy is None else (policy,)


def _has(request: Request, policies: Iterable[Policy], *, is_allow: bool) -> bool:
    """Return whether a statement with this effect applies to the request."""
    return any(
        statement.is_allow is is_allow and statement.applies(request)
        for policy in policies
        for statement in policy
    )


def _granted(request: Request, policy: Policy | None, *, is_allow: bool) -> Grant:
    """Return to whom the resource's policy grants or denies the request."""
    return max(
        (
            statement.grants_to(request.principal)
            for statement in policy or ()
            if statement.is_allow is is_allow and statement.applies(request)
        ),
        default=Grant.NONE,
    )
