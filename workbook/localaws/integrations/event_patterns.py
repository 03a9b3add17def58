"""Event patterns of EventBridge: which events a rule matches [D23, SEEN].

A pattern is compiled once into a test of events. Its language is close to that of Lambda's filters,
with more operators, and other words for what is wrong.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

Test = Callable[[Any], bool]


class InvalidPatternError(ValueError):
    """A pattern that AWS refuses; the message is its reason."""


class _Missing:
    """A field that does not exist."""


def compile_pattern(text: str) -> Test:
    """Return a test of events.

    Args:
        text: the pattern, as JSON.

    Raises:
        InvalidPatternError: AWS would refuse it.
    """
    try:
        pattern = json.loads(text)
    except ValueError:
        raise InvalidPatternError("Invalid JSON") from None
    if not isinstance(pattern, dict):
        raise InvalidPatternError("Filter is not an object")
    return _fields(pattern)


def _fields(pattern: Mapping[str, Any]) -> Test:
    """Return a test of an object; in a list of objects, one must pass it."""
    if not pattern:
        raise InvalidPatternError("Empty objects are not allowed")
    if "$or" in pattern:
        for sibling in pattern.keys() - {"$or"}:
            raise InvalidPatternError(f"Unrecognized match type {sibling}")
        parts = [_fields(one) for one in pattern["$or"]]
        return lambda value: any(part(value) for part in parts)
    tests = [_field(name, rule) for name, rule in pattern.items()]

    def matches(value: Any) -> bool:
        if isinstance(value, list):
            return any(matches(one) for one in value)
        fields = value if isinstance(value, Mapping) else {}
        return all(test(fields) for test in tests)

    return matches


def _field(name: str, rule: Any) -> Test:
    if isinstance(rule, dict):
        nested = _fields(rule)
        return lambda fields: nested(fields.get(name, {}))
    if not isinstance(rule, list):
        raise InvalidPatternError(f'"{name}" must be an object or an array')
    if not rule:
        raise InvalidPatternError("Empty arrays are not allowed")
    conditions = [_condition(one) for one in rule]
    return lambda fields: _any_leaf(fields.get(name, _Missing), conditions)


def _any_leaf(value: Any, conditions: list[Test]) -> bool:
    """Return whether a value, or one in a list of values, meets a condition."""
    if isinstance(value, list) and value:
        return any(_any_leaf(one, conditions) for one in value)
    leaf = _Missing if isinstance(value, Mapping | list) else value
    return any(condition(leaf) for condition in conditions)


def _condition(wanted: Any) -> Test:
    if isinstance(wanted, list):
        raise InvalidPatternError("Match value must be String, number, true, false, or null")
    if not isinstance(wanted, dict):
        return lambda value: _equal(value, wanted)
    if len(wanted) != 1:
        raise InvalidPatternError("Only one key allowed in match expression")
    ((operator, operand),) = wanted.items()
    if operator not in _OPERATORS:
        raise InvalidPatternError(f"Unrecognized match type {operator}")
    return _OPERATORS[operator](operand)


def _equal(value: Any, wanted: Any) -> bool:
    """Return whether two values are equal as JSON: 1 is neither true nor 1.0."""
    return type(value) is type(wanted) and bool(value == wanted)


def _text_test(name: str, test: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    """Return an operator on strings, which may ignore case."""

    def operator(operand: Any) -> Test:
        ignores_case = isinstance(operand, dict) and operand.keys() == {"equals-ignore-case"}
        wanted = operand["equals-ignore-case"] if ignores_case else operand
        if not isinstance(wanted, str):
            raise InvalidPatternError(f"{name} match pattern must be a string")
        folded = wanted.casefold() if ignores_case else wanted

        def matches(value: Any) -> bool:
            if not isinstance(value, str):
                return False
            return test(value.casefold() if ignores_case else value, folded)

        return matches

    return operator


def _ignore_case(operand: Any) -> Test:
    return _text_test("equals-ignore-case", str.__eq__)({"equals-ignore-case": operand})


def _wildcard(operand: Any) -> Test:
    if not isinstance(operand, str):
        raise InvalidPatternError("wildcard match pattern must be a string")
    parts = re.findall(r"\\[*\\]|.", operand, re.DOTALL)
    if ("*", "*") in pairwise(parts):
        raise InvalidPatternError("Consecutive wildcard characters")
    form = "".join(".*" if one == "*" else re.escape(one[-1]) for one in parts)
    compiled = re.compile(form, re.DOTALL)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _cidr(operand: Any) -> Test:
    try:
        network = ipaddress.ip_network(operand, strict=False)
    except ValueError:
        raise InvalidPatternError(f"Malformed CIDR: {operand}") from None

    def matches(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return matches


def _exists(operand: Any) -> Test:
    if not isinstance(operand, bool):
        raise InvalidPatternError("exists match pattern must be either true or false.")
    return lambda value: (value is not _Missing) is operand


_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numeric(operand: Any) -> Test:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise InvalidPatternError("Value of numeric must be an array.")
    pairs = list(zip(operand[::2], operand[1::2], strict=True))
    for sign, bound in pairs:
        if sign not in _SIGNS:
            raise InvalidPatternError(f"Unrecognized numeric range operator: {sign}")
        if not _is_number(bound):
            raise InvalidPatternError("Value of " + sign + " must be numeric")
    return lambda value: (
        _is_number(value) and all(_SIGNS[sign](value, bound) for sign, bound in pairs)
    )


def _anything_but(operand: Any) -> Test:
    if isinstance(operand, dict):
        for name in operand.keys() - _REVERSIBLE or ({""} if len(operand) != 1 else ()):
            raise InvalidPatternError(f"Unsupported anything-but pattern: {name}")
        ((operator, inner),) = operand.items()
        several = inner if isinstance(inner, list) else [inner]
        unwanted = [_OPERATORS[operator](one) for one in several]
    else:
        unwanted = [
            _condition(one) for one in (operand if isinstance(operand, list) else [operand])
        ]
    return lambda value: value is not _Missing and not any(test(value) for test in unwanted)


_REVERSIBLE = {"equals-ignore-case", "prefix", "suffix", "wildcard"}
_OPERATORS: Mapping[str, Callable[[Any], Test]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _ignore_case,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _text_test("prefix", str.startswith),
    "suffix": _text_test("suffix", str.endswith),
    "wildcard": _wildcard,
}
