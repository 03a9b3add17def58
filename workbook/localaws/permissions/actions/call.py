"""An API call, the permissions that it needs, and a table of these for each service."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath

from workbook.localaws.permissions.conditions import Context

# Returns the ARN of something that a call names in another way, such as a key by its alias; None if
# it does not exist.
Find = Callable[[str, str], str | None]


def _finds_nothing(kind: str, name: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an API.

    Args:
        service: the service's name in botocore, such as ``kinesis``.
        operation: such as ``PutRecords``.
        parameters: as given to boto3, without those that could not be read.
        region: the endpoint's region.
        account: the caller's account.
        partition: ``aws``, ``aws-cn`` or ``aws-us-gov``.
        find: returns the ARN for another name, such as ``("key", "alias/a")``.
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
            template: the part after ``arn:PARTITION:``, with ``{region}``, ``{account}``,
                ``{name}``.
            name: the resource's name; an ARN is returned unchanged.
        """
        if name.startswith("arn:"):
            return name
        rest = template.format(region=self.region, account=self.account, name=name)
        return f"arn:{self.partition}:{rest}"

    def values(self, path: str) -> tuple[str, ...]:
        """Return the strings in the parameters at a JMESPath."""
        is_name = path.isidentifier()  # true for nearly all paths; every call runs this
        found = self.parameters.get(path) if is_name else jmespath.search(path, self.parameters)
        items = found if isinstance(found, list) else [found]
        return tuple(_text(item) for item in items if item is not None)


@dataclass(frozen=True, slots=True)
class Access:
    """An action on a resource, which a policy must allow.

    Args:
        action: such as ``kinesis:PutRecords``.
        resource: its ARN; ``*`` if the action has no resource, None if the resource is unknown.
        context: the condition keys in the call.
        shown: the resource's name in AWS's error messages, if it is not the ARN.
    """

    action: str
    resource: str | None
    context: Context = field(default_factory=dict)
    shown: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """The permissions that the calls of a service need.

    Args:
        prefix: the prefix of its actions, if it differs from botocore's name of the service.
        resources: for each JMESPath of a parameter that may name the resource, the template of its
            ARN (see ``Call.arn``); the first that a call has is used.
        actions: the action of each operation that has another name.
        keys: for each condition key, the JMESPath of the parameter with its value.
        special: operations that need more or other permissions.
        no_resource: operations whose action has no resource, even if a parameter names one.
        unknown: operations whose resource only the service knows, for example from a token.
        otherwise: the resource if no parameter names one.
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
        """Yield what a call needs permission for, in the order of evaluation."""
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
        """Return the condition keys in a call."""
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
    """Yield ``iam:PassRole`` for each role that a call passes to a service [IAM:pass-role]."""
    if call.service not in _PASSED_TO or not call.operation.startswith(_WRITES):
        return
    context = {"iam:passedtoservice": (_PASSED_TO[call.service],)}
    for arn in sorted(set(_role_arns(call.parameters))):
        yield Access("iam:PassRole", arn, context)


_WRITES = ("Create", "Update", "Put", "Start")
_PASSED_TO = {  # services that accept a role, and the principal that assumes it
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
    """Yield the ARNs of roles in members with such names, at any depth."""
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
    """Return the condition keys for the tags in a call, in either form that APIs use."""
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
