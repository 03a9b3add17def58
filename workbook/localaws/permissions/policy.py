"""Policy documents as values: the effect, principals, actions and resources of each statement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Any

from workbook.localaws.permissions import conditions, patterns
from workbook.localaws.permissions.conditions import Condition, Context

WITH_VARIABLES = "2012-10-17"  # the version of the policy language with variables


class Grant(IntEnum):
    """How the principals of a statement match a caller [IAM:principal]."""

    NONE = 0  # not the caller
    ACCOUNT = 1  # the caller's account, which leaves the decision to the caller's own policies
    CALLER = 2  # the caller itself, or everyone


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, with all the names that a policy may use for it.

    Args:
        arn: the caller's ARN in error messages: for a function, that of the role's session.
        role_arn: the role's ARN; None for a service.
        account: 12 digits.
        service: such as ``lambda.amazonaws.com``, if an AWS service makes the call.
    """

    arn: str
    role_arn: str | None
    account: str
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request for one action on one resource.

    Args:
        principal: the caller.
        action: such as ``kinesis:PutRecord``.
        resource: an ARN, ``*`` if the action has none, or None if it is unknown: then a statement's
            resources are not compared.
        context: the condition keys; see ``conditions``.
    """

    principal: Principal
    action: str
    resource: str | None
    context: Context = field(default_factory=dict)

    def variable(self, name: str) -> str | None:
        """Return the value of a policy variable; None if the request has none, or several."""
        values = self.context.get(name.lower(), ())
        return values[0] if len(values) == 1 else None


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a policy.

    Args:
        is_allow: whether its effect is Allow, rather than Deny.
        actions: patterns of actions, in lower case.
        not_actions: whether it applies to every action except these.
        resources: patterns of ARNs; None if there are none, as in a trust policy.
        not_resources: whether it applies to every resource except these.
        principals: by kind (``AWS``, ``Service``, ...); None in an identity's policy.
        not_principals: whether it applies to everyone except these.
        conditions: the conditions, all of which must hold.
        has_variables: whether the policy's version has variables.
    """

    is_allow: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...] | None
    not_resources: bool
    principals: tuple[tuple[str, str], ...] | None
    not_principals: bool
    conditions: tuple[Condition, ...]
    has_variables: bool

    def applies(self, request: Request) -> bool:
        """Return whether the statement applies to a request, regardless of its caller."""
        return (
            self._has_action(request.action.lower())
            and self._has_resource(request)
            and self._holds(request)
        )

    def grants_to(self, caller: Principal) -> Grant:
        """Return how the statement's principals match the caller."""
        ways = {_named(kind, value, caller) for kind, value in self.principals or ()}
        if self.not_principals:
            return Grant.NONE if ways - {Grant.NONE} else Grant.CALLER
        return max(ways, default=Grant.NONE)

    def _has_action(self, action: str) -> bool:
        return any(patterns.matches(one, action) for one in self.actions) is not self.not_actions

    def _has_resource(self, request: Request) -> bool:
        if self.resources is None:
            return True
        if request.resource is None:
            return self.is_allow or "*" in self.resources
        found = any(self._fits(pattern, request) for pattern in self.resources)
        return found is not self.not_resources

    def _fits(self, pattern: str, request: Request) -> bool:
        resource = request.resource or ""
        if not self.has_variables or not patterns.has_variables(pattern):
            return patterns.matches(pattern, resource)
        expression = patterns.template(pattern, request.variable)
        return expression is not None and expression.fullmatch(resource) is not None

    def _holds(self, request: Request) -> bool:
        lookup = request.variable if self.has_variables else None
        return all(condition.holds(request.context, lookup) for condition in self.conditions)

    @property
    def depends_on_context(self) -> bool:
        """Return whether the result for an action on a resource may depend on the request."""
        return bool(self.conditions) or any(map(patterns.has_variables, self.resources or ()))


Policy = tuple[Statement, ...]


@lru_cache(maxsize=1024)
def parse(document: str) -> Policy:
    """Parse a policy document.

    Args:
        document: the policy as JSON.

    Raises:
        ValueError: it is not a policy, or has an unknown element; the message names it.
    """
    try:
        policy = json.loads(document)
    except json.JSONDecodeError as problem:
        raise ValueError(f"the policy is not JSON: {problem}") from problem
    if not isinstance(policy, dict):
        raise ValueError("the policy is not a JSON object")
    has_variables = policy.get("Version") == WITH_VARIABLES
    return tuple(_statement(one, has_variables) for one in _listed(policy.get("Statement", [])))


def read(document: str) -> Policy | None:
    """Parse a policy that has not been validated.

    Returns:
        None if it cannot be parsed: then it neither grants nor denies anything.
    """
    try:
        return parse(document)
    except (ValueError, TypeError, AttributeError):
        return None


def _statement(element: Any, has_variables: bool) -> Statement:
    if not isinstance(element, dict) or element.get("Effect") not in ("Allow", "Deny"):
        raise ValueError("a statement has no Effect of Allow or Deny")
    not_actions, actions = _either(element, "Action")
    if actions is None:
        raise ValueError("a statement has neither Action nor NotAction")
    not_resources, resources = _either(element, "Resource")
    not_principals, principals = _either(element, "Principal", _principals)
    return Statement(
        is_allow=element["Effect"] == "Allow",
        actions=tuple(action.lower() for action in actions),
        not_actions=not_actions,
        resources=resources,
        not_resources=not_resources,
        principals=principals,
        not_principals=not_principals,
        conditions=conditions.read(element.get("Condition")),
        has_variables=has_variables,
    )


def _either(element: Mapping[str, Any], name: str, read: Any = None) -> tuple[bool, Any]:
    """Return an element that may have the prefix ``Not``, and whether it has."""
    is_negated = f"Not{name}" in element
    value = element.get(f"Not{name}" if is_negated else name)
    if value is None:
        return is_negated, None
    return is_negated, (read or _texts)(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in _listed(value))


def _principals(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        return (("*", str(value)),)
    return tuple((kind, name) for kind, names in value.items() for name in _texts(names))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(kind: str, value: str, caller: Principal) -> Grant:
    """Return how a principal of a statement matches the caller."""
    if value == "*" and kind in ("*", "AWS"):
        return Grant.CALLER
    if kind == "Service":
        return Grant.CALLER if value == caller.service else Grant.NONE
    if kind != "AWS" or caller.service is not None:
        return Grant.NONE
    if value in (caller.arn, caller.role_arn):
        return Grant.CALLER
    is_root = value.startswith("arn:") and value.endswith(f":iam::{caller.account}:root")
    return Grant.ACCOUNT if is_root or value == caller.account else Grant.NONE
