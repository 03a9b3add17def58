"""The Condition element of a policy's statement [IAM:conditions].

A request's *context* has a tuple of values for each condition key that the request has. Keys are
compared without regard to case.
"""

import ipaddress
import operator
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workbook.localaws.permissions import patterns

Context = Mapping[str, tuple[str, ...]]  # keys in lower case
Test = Callable[[str, str, patterns.Lookup | None], bool]  # the request's value, the policy's value

FOR_ALL, FOR_ANY = "forallvalues", "foranyvalue"
IF_EXISTS = "ifexists"


@dataclass(frozen=True, slots=True)
class Condition:
    """An operator on a key, with the policy's values.

    Args:
        key: in lower case, such as ``aws:sourceip``.
        values: the policy's values.
        test: whether a value of the request matches a value of the policy.
        is_negated: whether the operator has *Not* in its name.
        quantifier: ``forallvalues``, ``foranyvalue`` or empty.
        if_exists: whether a request without the key satisfies it.
        is_null: whether it tests, with ``Null``, if the key exists.
    """

    key: str
    values: tuple[str, ...]
    test: Test
    is_negated: bool = False
    quantifier: str = ""
    if_exists: bool = False
    is_null: bool = False

    def holds(self, context: Context, lookup: patterns.Lookup | None) -> bool:
        """Return whether a request satisfies the condition.

        Args:
            context: the request's context.
            lookup: returns the values of policy variables; None if the policy has none.
        """
        found = context.get(self.key, ())
        if self.is_null:
            return any(value.lower() == str(not found).lower() for value in self.values)
        if not found:
            # A request without the key satisfies a negated condition [IAM:conditions].
            absent = self.is_negated if not self.quantifier else self.quantifier == FOR_ALL
            return self.if_exists or absent
        fits = [self._fits(value, lookup) for value in found]
        if self.quantifier == FOR_ALL:
            return all(fit is not self.is_negated for fit in fits)
        if self.quantifier == FOR_ANY:
            return any(fit is not self.is_negated for fit in fits)
        return any(fits) is not self.is_negated

    def _fits(self, value: str, lookup: patterns.Lookup | None) -> bool:
        return any(self.test(value, wanted, lookup) for wanted in self.values)


def read(element: Mapping[str, Any] | None) -> tuple[Condition, ...]:
    """Read a statement's Condition element.

    Raises:
        ValueError: an operator is unknown; the message names it.
    """
    return tuple(
        _condition(name, key, values)
        for name, keys in (element or {}).items()
        for key, values in keys.items()
    )


def _condition(name: str, key: str, values: Any) -> Condition:
    quantifier, _, bare = name.lower().rpartition(":")
    bare, if_exists = bare.removesuffix(IF_EXISTS), bare.endswith(IF_EXISTS)
    texts = tuple(_text(value) for value in (values if isinstance(values, list) else [values]))
    if quantifier not in ("", FOR_ALL, FOR_ANY):
        raise ValueError(f"unknown condition operator {name}")
    if bare == "null":
        return Condition(key.lower(), texts, _equals, is_null=True)
    positive = bare.replace("not", "", 1)
    if bare not in _NEGATED | _TESTS.keys():
        raise ValueError(f"unknown condition operator {name}")
    return Condition(
        key.lower(), texts, _TESTS[positive], bare in _NEGATED, quantifier, if_exists=if_exists
    )


def _text(value: Any) -> str:
    """Return a value of the policy as text: it may be a number or boolean in JSON."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _equals(value: str, wanted: str, lookup: patterns.Lookup | None) -> bool:
    return value == (wanted if lookup is None else patterns.expand(wanted, lookup))


def _equals_in_any_case(value: str, wanted: str, lookup: patterns.Lookup | None) -> bool:
    expanded = wanted if lookup is None else patterns.expand(wanted, lookup)
    return expanded is not None and value.casefold() == expanded.casefold()


def _like(value: str, wanted: str, lookup: patterns.Lookup | None) -> bool:
    if lookup is None or not patterns.has_variables(wanted):
        return patterns.matches(wanted, value)
    expression = patterns.template(wanted, lookup)
    return expression is not None and expression.fullmatch(value) is not None


def _arn_like(value: str, wanted: str, lookup: patterns.Lookup | None) -> bool:
    """Compare two ARNs part by part: a wildcard does not reach over a colon [IAM:conditions]."""
    if not wanted.startswith("arn:"):
        return wanted == "*" or _like(value, wanted, lookup)
    wanted_parts, parts = wanted.split(":", 5), value.split(":", 5)
    return len(wanted_parts) == len(parts) and all(
        _like(part, pattern, lookup) for part, pattern in zip(parts, wanted_parts, strict=True)
    )


def _bool(value: str, wanted: str, lookup: patterns.Lookup | None) -> bool:
    return value.lower() == wanted.lower()


def _binary(value: str, wanted: str, lookup: patterns.Lookup | None) -> bool:
    try:
        return b64decode(value, validate=True) == b64decode(wanted, validate=True)
    except (Base64Error, ValueError):
        return False


def _ip(value: str, wanted: str, lookup: patterns.Lookup | None) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _numeric(compare: Callable[[Any, Any], bool]) -> Test:
    def test(value: str, wanted: str, lookup: patterns.Lookup | None) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return False

    return test


def _date(compare: Callable[[Any, Any], bool]) -> Test:
    def test(value: str, wanted: str, lookup: patterns.Lookup | None) -> bool:
        try:
            return compare(_moment(value), _moment(wanted))
        except ValueError:
            return False

    return test


def _moment(text: str) -> datetime:
    """Return a time from ISO 8601, or from seconds since the epoch."""
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_ORDER = {
    "equals": operator.eq,
    "lessthan": operator.lt,
    "lessthanequals": operator.le,
    "greaterthan": operator.gt,
    "greaterthanequals": operator.ge,
}
_TESTS: dict[str, Test] = {
    "stringequals": _equals,
    "stringequalsignorecase": _equals_in_any_case,
    "stringlike": _like,
    "arnequals": _arn_like,  # the two are the same [IAM:conditions]
    "arnlike": _arn_like,
    "bool": _bool,
    "binaryequals": _binary,
    "ipaddress": _ip,
    **{f"numeric{name}": _numeric(compare) for name, compare in _ORDER.items()},
    **{f"date{name}": _date(compare) for name, compare in _ORDER.items()},
}
_NEGATED = {
    "stringnotequals",
    "stringnotequalsignorecase",
    "stringnotlike",
    "arnnotequals",
    "arnnotlike",
    "notipaddress",
    "numericnotequals",
    "datenotequals",
}
