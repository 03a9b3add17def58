"""The permissions of all roles, as last published."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import LAMBDA
from workbook.localaws.permissions.actions import Access
from workbook.localaws.permissions.conditions import Context
from workbook.localaws.permissions.denials import Denial
from workbook.localaws.permissions.evaluator import (
    IDENTITY,
    Decision,
    Policies,
    decide,
    depends_on_context,
)
from workbook.localaws.permissions.policy import Principal, Request, read
from workbook.localaws.permissions.roles import Role, Session

ASSUME_ROLE = "sts:AssumeRole"
FIREHOSE = "firehose.amazonaws.com"
_NO_ROLE = Decision(IDENTITY)
_Key = tuple[Session, str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class _State:
    """The published state, replaced as a whole so that readers never see a partial change."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    sessions: Mapping[str, Session] = field(default_factory=dict)
    assumable: dict[tuple[str, str], bool] = field(default_factory=dict)
    passed: set[Hashable] = field(default_factory=set)
    decisions: dict[_Key, Decision] = field(default_factory=dict)


class Permissions:
    """Answers which roles may do what.

    IAM lives on moto's thread, which publishes its state. Questions are answered on any thread,
    from the last published state, without calls into moto.

    Args:
        clock: the time, for conditions.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._state = _State()

    def publish(self, roles: Iterable[Role], sessions: Mapping[str, Session]) -> None:
        """Replace the published state.

        Args:
            roles: every role.
            sessions: every session of a role, by its access key.
        """
        self._state = _State({role.arn: role for role in roles}, dict(sessions))

    def session(self, access_key: str) -> Session | None:
        """Return an access key's session; None for the user's own key, which may do everything."""
        return self._state.sessions.get(access_key)

    def role(self, arn: str) -> Role | None:
        """Return a role; None if it does not exist."""
        return self._state.roles.get(arn)

    def can_be_assumed(self, role_arn: str, service: str = LAMBDA) -> bool:
        """Return whether a service may assume a role: it exists, and its trust policy allows it."""
        state = self._state
        kept = state.assumable.get((role_arn, service))
        if kept is None:
            kept = state.assumable[role_arn, service] = self._trusts(state, role_arn, service)
        return kept

    def _trusts(self, state: _State, role_arn: str, service: str) -> bool:
        role = state.roles.get(role_arn)
        if role is None:
            return False
        account = role_arn.split(":")[4]
        context = {**self._time(), "aws:sourceaccount": (account,)}
        if service == FIREHOSE:
            context["sts:externalid"] = (account,)  # [FH:controlling-access]
        principal = Principal(service, None, account, service)
        request = Request(principal, ASSUME_ROLE, role_arn, context)
        return decide(request, Policies(resource=role.trust, resource_decides=True)).is_allowed

    def denial(
        self, session: Session, access: Access, resource_policy: str | None = None
    ) -> Denial | None:
        """Evaluate an action of a role's session.

        Args:
            session: the session.
            access: the action and its resource.
            resource_policy: the resource's policy as JSON, if it has one.

        Returns:
            None if the action is allowed.
        """
        decision = self._decide(session, access, resource_policy)
        if decision.is_allowed:
            return None
        return Denial(session.principal.arn, access, decision)

    def has_passed(self, call: Hashable) -> bool:
        """Return whether a call has been noted as allowed since roles last changed."""
        return call in self._state.passed

    def note_pass(
        self,
        call: Hashable,
        session: Session,
        granted: Iterable[Access],
        resource_policy: str | None = None,
    ) -> None:
        """Note that a call is allowed until roles change, unless a condition was evaluated.

        Args:
            call: a value that identifies the call.
            session: the caller's session.
            granted: the accesses that ``denial`` allowed.
            resource_policy: the resource's policy, if it has one.
        """
        state = self._state
        if all(_key(session, access, resource_policy) in state.decisions for access in granted):
            state.passed.add(call)

    def _decide(self, session: Session, access: Access, resource_policy: str | None) -> Decision:
        state = self._state
        key = _key(session, access, resource_policy)
        kept = state.decisions.get(key)
        if kept is not None:
            return kept
        role = state.roles.get(session.role_arn)
        if role is None:
            return _NO_ROLE
        of_resource = None if resource_policy is None else read(resource_policy)
        if access.action == ASSUME_ROLE:
            assumed = state.roles.get(access.resource or "")
            of_resource = None if assumed is None else assumed.trust
        policies = Policies(
            role.policies,
            role.boundary,
            session.policy,
            of_resource,
            resource_decides=access.action == ASSUME_ROLE or _is_key(access.resource),
        )
        context = {**self._context(session, role), **access.context}
        request = Request(session.principal, access.action, access.resource, context)
        decision = decide(request, policies)
        if not depends_on_context(policies):
            state.decisions[key] = decision
        return decision

    def _context(self, session: Session, role: Role) -> dict[str, tuple[str, ...]]:
        """Return the condition keys that every call of a session has."""
        account = session.principal.account
        context = {
            "aws:principalarn": (role.arn,),
            "aws:principalaccount": (account,),
            "aws:principaltype": ("AssumedRole",),
            "aws:userid": (f"{role.id}:{session.name}",),
            "aws:resourceaccount": (account,),
            "aws:securetransport": ("true",),  # as on AWS; here no data leaves the machine
            "aws:sourceip": ("127.0.0.1",),
            "aws:viaawsservice": ("false",),
            "aws:principalisawsservice": ("false",),
            **{f"aws:principaltag/{key.lower()}": (value,) for key, value in role.tags.items()},
            **self._time(),
        }
        if session.function_arn is not None:
            context["lambda:sourcefunctionarn"] = (session.function_arn,)
        return context

    def _time(self) -> Context:
        now = self._clock.now()
        text = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"aws:currenttime": (text,), "aws:epochtime": (str(int(now)),)}


def _key(session: Session, access: Access, resource_policy: str | None) -> _Key:
    return session, access.action, access.resource, resource_policy


def _is_key(resource: str | None) -> bool:
    """Return whether a resource is a KMS key, to which only its own policy grants access."""
    parts = (resource or "").split(":", 5)
    return len(parts) == 6 and parts[2] == "kms" and parts[5].startswith("key/")
