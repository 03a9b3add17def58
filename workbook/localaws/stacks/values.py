"""The values of a template: evaluation of intrinsic functions, conditions and rules."""

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbook.localaws.stacks.errors import invalid, unsupported
from workbook.localaws.stacks.template import IN_SUB

# A placeholder for a value that is known only once its resource exists.
UNKNOWN = re.compile(r"\{\{(?!resolve:)[^{}]+\}\}")
NOTHING = object()  # the value of AWS::NoValue: the property does not exist
ZONES = ("a", "b", "c", "d", "e", "f")
MOST_BLOCKS = 256  # of Fn::Cidr [D23]
MOST_OPERANDS = 10  # of Fn::And and Fn::Or [D23]
NAME_IN_SUB = re.compile(r"[A-Za-z0-9_.:]+")
OF_RULES = ("Fn::EachMemberEquals", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll")
KNOWN = (  # in the order of AWS's message [SEEN]
    *("Fn::Base64", "Fn::GetAtt", "Fn::GetAZs", "Fn::ImportValue", "Fn::Join", "Fn::Split"),
    *("Fn::FindInMap", "Fn::Select", "Ref", "Fn::Equals", "Fn::If", "Fn::Not", "Condition"),
    *("Fn::And", "Fn::Or", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn"),
    *("Fn::ValueOf", "Fn::ValueOfAll", "Fn::RefAll", "Fn::Sub", "Fn::Cidr"),
)


@dataclass
class Scope:
    """The meanings of names in a template.

    Args:
        parameters: the values of parameters and pseudo parameters.
        mappings: the template's Mappings.
        conditions: the template's Conditions, not evaluated.
        imports: the exports of other stacks.
        ref: returns the value of ``Ref`` for a resource.
        get_att: returns an attribute of a resource.
        extended: whether the template uses the transform AWS::LanguageExtensions.
    """

    parameters: Mapping[str, Any]
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)
    ref: Callable[[str], Any] = lambda name: unknown(name)
    get_att: Callable[[str, str], Any] = lambda name, attribute: unknown(f"{name}.{attribute}")
    extended: bool = False

    def condition(self, name: str) -> bool:
        """Return whether a condition is true."""
        if name not in self.conditions:
            raise invalid(f"Template error: unresolved condition dependency: {name}")
        return bool(self.value(self.conditions[name]))

    def value(self, value: Any) -> Any:
        """Return a template's value, evaluated.

        Raises:
            ApiError: it cannot be evaluated.
        """
        match value:
            case list():
                return [one for one in map(self.value, value) if one is not NOTHING]
            case dict() if len(value) == 1:
                ((name, inner),) = value.items()
                if name == "Ref":
                    return self._ref(inner)
                if name == "Condition" and isinstance(inner, str) and inner in self.conditions:
                    return self.condition(inner)
                if isinstance(name, str) and name.startswith("Fn::"):
                    return self._function(name, inner)
        if isinstance(value, dict):
            worked = {name: self.value(one) for name, one in value.items()}
            return {name: one for name, one in worked.items() if one is not NOTHING}
        return value

    def _ref(self, name: Any) -> Any:
        if name == "AWS::NoValue":
            return NOTHING
        if name in self.parameters:
            return self.parameters[name]
        return self.ref(str(name))

    def _function(self, name: str, inner: Any) -> Any:
        function = FUNCTIONS.get(name)
        if function is None:
            if name in OF_RULES:
                raise unsupported(f"the function {name}")
            raise invalid(
                f"Template error: Encountered unsupported function: {name} Supported functions "
                f"are: [{', '.join(KNOWN)}]"
            )
        try:
            return function(self, inner)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            if _has_unknown(self.value(inner)):
                return unknown(name)  # such as the sixth part of an ARN that is not there yet
            told = MESSAGES.get(name) or f"{name} cannot be worked out of {json.dumps(inner)}"
            raise invalid(f"Template error: {told}") from None


def unknown(name: str) -> str:
    """Return what stands for a value until its resource is there."""
    return f"{{{{{name}}}}}"


def _has_unknown(value: Any) -> bool:
    return UNKNOWN.search(json.dumps(value, default=str)) is not None


# Messages for arguments that a function cannot have [SEEN].
_TWO_OR_MORE = "requires a list of at least 2 and at most 10 boolean parameters."
MESSAGES = {
    "Fn::And": f"every Fn::And object {_TWO_OR_MORE}",
    "Fn::Equals": "every Fn::Equals object requires a list of two string parameters.",
    "Fn::GetAtt": "every Fn::GetAtt object requires two non-empty parameters, the resource name "
    "and the resource attribute",
    "Fn::If": "Fn::If requires a list argument with three elements",
    "Fn::Join": "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a "
    "list of strings to be joined or a function that returns a list of strings (such as "
    "Fn::GetAZs) to be joined.",
    "Fn::Not": "every Fn::Not object requires one boolean parameter.",
    "Fn::Or": f"every Fn::Or object {_TWO_OR_MORE}",
    "Fn::Split": "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a "
    "string to be split or a function that returns a string to be split.",
    "Fn::Sub": "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify "
    "a string as first argument, and an optional second argument to specify a mapping of values to "
    "replace in the string",
}


def _get_att(scope: Scope, inner: Any) -> Any:
    name, attribute = inner.split(".", 1) if isinstance(inner, str) else inner
    return scope.get_att(name, str(scope.value(attribute)))


def _sub(scope: Scope, inner: Any) -> str:
    text, own = (inner, {}) if isinstance(inner, str) else inner
    own = {name: scope.value(one) for name, one in own.items()}

    def replaced(found: Any) -> str:
        literal, name = found[1], found[2]
        if literal:
            return f"${{{name}}}"
        if not NAME_IN_SUB.fullmatch(name):
            raise invalid(
                "Template error: variable names in Fn::Sub syntax must contain only alphanumeric "
                "characters, underscores, periods, and colons"
            )
        if name in own:
            return as_text(own[name])
        if name in scope.parameters:
            return as_text(scope.parameters[name])
        resource, _, attribute = name.partition(".")
        return as_text(scope.get_att(resource, attribute) if attribute else scope._ref(resource))

    return IN_SUB.sub(replaced, text)


def _join(scope: Scope, inner: Any) -> str:
    separator, items = inner
    found = scope.value(items)
    if isinstance(found, str) and not _has_unknown(found):
        raise TypeError("not a list")
    return str(separator).join(as_text(one) for one in _list(scope, items))


def _select(scope: Scope, inner: Any) -> Any:
    index, items = inner
    found, number = _list(scope, items), int(scope.value(index))
    if not 0 <= number < len(found) and not _has_unknown(found):
        raise invalid(
            f"Template error: Fn::Select cannot select nonexistent value at index {number}"
        )
    return found[number]


def _split(scope: Scope, inner: Any) -> list[str]:
    separator, text = inner
    found = scope.value(text)
    if not isinstance(found, str):
        raise TypeError("not a string")
    return found.split(separator)


def _find_in_map(scope: Scope, inner: Any) -> Any:
    name, first, second, *options = inner
    keys = [as_text(scope.value(one)) for one in (name, first, second)]
    found: Any = scope.mappings
    for key in keys:
        found = {as_text(one): value for one, value in found.items()}  # a number is a name, too
        if key not in found:
            if options and scope.extended and "DefaultValue" in options[0]:
                return scope.value(options[0]["DefaultValue"])
            raise invalid(f"Template error: Unable to get mapping for {'::'.join(keys)}")
        found = found[key]
    return found


def _import(scope: Scope, inner: Any) -> str:
    name = as_text(scope.value(inner))
    if name not in scope.imports:
        raise invalid(f"No export named {name} found.")
    return scope.imports[name]


def _cidr(scope: Scope, inner: Any) -> list[str]:
    block, count, *bits = (scope.value(one) for one in inner)
    network = ipaddress.ip_network(block)
    prefix = network.max_prefixlen - int(bits[0] if bits else 8)
    blocks = [one for one, _ in zip(network.subnets(new_prefix=prefix), range(int(count)))]  # noqa: B905
    if len(blocks) < int(count) or not 1 <= int(count) <= MOST_BLOCKS:
        raise ValueError("too many blocks")
    return [str(one) for one in blocks]


def _zones(scope: Scope, inner: Any) -> list[str]:
    region = as_text(scope.value(inner)) or scope.parameters["AWS::Region"]
    return [f"{region}{letter}" for letter in ZONES]


def _if(scope: Scope, inner: Any) -> Any:
    condition, then, otherwise = inner
    return scope.value(then if scope.condition(condition) else otherwise)


def _equals(scope: Scope, one: Any, other: Any) -> bool:
    return as_text(scope.value(one)) == as_text(scope.value(other))


def _not(scope: Scope, one: Any) -> bool:
    return not scope.value(one)


def _operands(scope: Scope, inner: Any) -> list[Any]:
    """Return the values of the operands of Fn::And or Fn::Or, all of which are evaluated."""
    if not isinstance(inner, list) or not 2 <= len(inner) <= MOST_OPERANDS:
        raise ValueError("not 2 to 10 operands")
    return [scope.value(one) for one in inner]


def _contains(scope: Scope, inner: Any) -> bool:
    items, item = inner
    return as_text(scope.value(item)) in map(as_text, _list(scope, items))


def _each_in(scope: Scope, inner: Any) -> bool:
    items, allowed = (list(map(as_text, _list(scope, one))) for one in inner)
    return all(one in allowed for one in items)


def _extended(function: Callable[[Scope, Any], Any]) -> Callable[[Scope, Any], Any]:
    def wrapped(scope: Scope, inner: Any) -> Any:
        if not scope.extended:
            raise invalid(
                "Template error: the functions Fn::Length and Fn::ToJsonString need the transform "
                "AWS::LanguageExtensions"
            )
        return function(scope, inner)

    return wrapped


def _list(scope: Scope, items: Any) -> list[Any]:
    found = scope.value(items)
    if isinstance(found, str):
        return found.split(",")
    return [scope.value(one) for one in found]


FUNCTIONS: dict[str, Callable[[Scope, Any], Any]] = {
    "Fn::And": lambda scope, inner: all(_operands(scope, inner)),
    "Fn::Base64": lambda scope, inner: base64.b64encode(
        as_text(scope.value(inner)).encode()
    ).decode(),
    "Fn::Cidr": _cidr,
    "Fn::Contains": _contains,
    "Fn::EachMemberIn": _each_in,
    "Fn::Equals": lambda scope, inner: _equals(scope, *inner),
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _zones,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import,
    "Fn::Join": _join,
    "Fn::Length": _extended(lambda scope, inner: len(_list(scope, inner))),
    "Fn::Not": lambda scope, inner: _not(scope, *inner),
    "Fn::Or": lambda scope, inner: any(_operands(scope, inner)),
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _extended(
        lambda scope, inner: json.dumps(scope.value(inner), separators=(",", ":"))
    ),
}


def as_text(value: Any) -> str:
    """Return a value as a string in a template."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case list():
            return ",".join(map(as_text, value))
        case dict():
            return json.dumps(value, separators=(",", ":"))
        case _:
            return "" if value is NOTHING or value is None else str(value)


def check_rules(rules: Mapping[str, Any], scope: Scope) -> None:
    """Check the assertions in a template's rules.

    Raises:
        ApiError: an assertion is false.
    """
    for name, rule in rules.items():
        if not scope.value(rule.get("RuleCondition", True)):
            continue
        for assertion in rule.get("Assertions") or []:
            if not scope.value(assertion["Assert"]):
                why = assertion.get("AssertDescription", f"rule {name} does not hold")
                raise invalid(f"Template validation error: {why}")
