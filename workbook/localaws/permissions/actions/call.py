"""An API call, what it asks for, and how a service's table says so."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath

from workbook.localaws.permissions.conditions import Context

# Gives the ARN of what a call names otherwise, such as a key by its alias; None if there is none.
Find = Callable[[str, str], str | None]


def _finds_nothing(kind: str, name: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an API.

    Args:
        service: botocore's name of it, such as ``kinesis``.
        operation: such as ``PutRecords``.
        parameters: as boto3 takes them; those that could not be read are left out.
        region: of the endpoint.
        account: of the caller.
        partition: ``aws``, ``aws-cn`` or ``aws-us-gov``.
        find: gives the ARN of what is not named by it: ``("key", "alias/a")``, say.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    region: str
    account: str
    partition: str = "aws"
    find: Find = _finds_nothing

    def arn(self, template: str, name: str) -> str:
        """Return the ARN of a resource.

        Args:
            template: what follows ``arn:PARTITION:``, with ``{region}``, ``{account}``, ``{name}``.
            name: of the resource; when it is an ARN already, that.
        """
        if name.startswith("arn:"):
            return name
        rest = template.format(region=self.region, account=self.account, name=name)
        return f"arn:{self.partition}:{rest}"

    def values(self, path: str) -> tuple[str, ...]:
        """Return what the parameters have at a JMESPath, as texts."""
        is_name = path.isidentifier()  # as nearly all are, and this is on the way of every call
        found = self.parameters.get(path) if is_name else jmespath.search(path, self.parameters)
        items = found if isinstance(found, list) else [found]
        return tuple(_text(item) for item in items if item is not None)


@dataclass(frozen=True, slots=True)
class Access:
    """One action on one resource: what a policy must allow for a call to go on.

    Args:
        action: such as ``kinesis:PutRecords``.
        resource: its ARN; ``*`` where the action has no resource, None where it is not known.
        context: the condition keys that the call brings along.
        shown: how AWS's error messages name the resource, if not by its ARN.
    """

    action: str
    resource: str | None
    context: Context = field(default_factory=dict)
    shown: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """What the calls of one service ask for.

    Args:
        prefix: of its actions, where it is not botocore's name of the service.
        resources: for each JMESPath of a parameter that may name the resource, the template of its
            ARN (see ``Call.arn``); the first that a call has counts.
        actions: the action of an operation, where it has another name.
        keys: for each condition key, the JMESPath of the parameter that has its value.
        special: operations that ask for more, or for other things.
        no_resource: operations whose action has no resource, though a parameter may name one.
        unknown: operations whose resource only the service itself knows, behind a token, say.
        otherwise: the resource where no parameter names one.
    """

    prefix: str = ""
    resources: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    special: Mapping[str, Callable[[Call], Iterable[Access]]] = field(default_factory=dict)
    no_resource: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    otherwise: str | None = "*"

    def accesses(self, call: Call) -> Iterator[Access]:
        """Yield what a call asks for, in the order in which it is judged."""
        context = self.context(call)
        action = self.action(call)
        special = self.special.get(call.operation)
        if special is not None:
            for access in special(call):
                yield Access(
                    access.action, access.resource, {**context, **access.context}, access.shown
                )
        else:
            for resource in self._resources(call):
                yield Access(action, resource, context)
        yield from passed_roles(call)

    def action(self, call: Call) -> str:
        """Return the action of a call's operation."""
        name = self.actions.get(call.operation, call.operation)
        return f"{self.prefix or call.service}:{name}"

    def context(self, call: Call) -> dict[str, tuple[str, ...]]:
        """Return the condition keys that a call brings along."""
        found = {key.lower(): call.values(path) for key, path in self.keys.items()}
        return {key: values for key, values in (found | _tags(call)).items() if values}

    def _resources(self, call: Call) -> Iterable[str | None]:
        if call.operation in self.no_resource:
            return ["*"]
        if call.operation in self.unknown:
            return [None]
        for path, template in self.resources.items():
            names = call.values(path)
            if names:
                return [call.arn(template, name) for name in names]
        return [self.otherwise]


def passed_roles(call: Call) -> Iterator[Access]:
    """Yield ``iam:PassRole`` for each role that a call hands to a service [IAM:pass-role]."""
    if call.service not in _PASSED_TO or not call.operation.startswith(_WRITES):
        return
    context = {"iam:passedtoservice": (_PASSED_TO[call.service],)}
    for arn in sorted(set(_role_arns(call.parameters))):
        yield Access("iam:PassRole", arn, context)


_WRITES = ("Create", "Update", "Put", "Start")
_PASSED_TO = {  # the services that take a role, and the principal that will assume it
    "lambda": "lambda.amazonaws.com",
    "events": "events.amazonaws.com",
    "firehose": "firehose.amazonaws.com",
    "logs": "logs.amazonaws.com",
    "cloudformation": "cloudformation.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "pipes": "pipes.amazonaws.com",
}
_ROLE_NAMES = {"role", "rolearn"}


def _role_arns(value: Any) -> Iterator[str]:
    """Yield the ARNs of roles in members that are called so, however deep."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name.lower() in _ROLE_NAMES and isinstance(item, str) and ":role/" in item:
                yield item
            else:
                yield from _role_arns(item)
    elif isinstance(value, list):
        for item in value:
            yield from _role_arns(item)


def _tags(call: Call) -> dict[str, tuple[str, ...]]:
    """The condition keys of the tags that a call brings, in either of the forms that APIs have."""
    tags = call.parameters.get("Tags") or call.parameters.get("tags") or {}
    if isinstance(tags, list):
        pairs = [(tag.get("Key"), tag.get("Value")) for tag in tags if isinstance(tag, Mapping)]
    else:
        pairs = list(tags.items()) if isinstance(tags, Mapping) else []
    context: dict[str, tuple[str, ...]] = {
        f"aws:requesttag/{str(key).lower()}": (str(value),) for key, value in pairs
    }
    if pairs:
        context["aws:tagkeys"] = tuple(str(key) for key, _ in pairs)
    return context


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
