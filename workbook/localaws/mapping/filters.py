"""FilterCriteria: which records reach the function [DG:invocation-eventfiltering].

A pattern is compiled once into a test of records. It is applied to the decoded payload, as
``data``, and to the record's metadata.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from workbook.localaws.interfaces import Record


class InvalidPatternError(ValueError):
    """A pattern that AWS refuses."""


class FloatText(NamedTuple):
    """A number with a fraction or an exponent, as written: equality compares the text."""

    text: str


class Undecodable:
    """A payload that is not JSON; no condition matches it."""


class Missing:
    """A field that does not exist."""


Test = Callable[[Any], bool]


def compile_filters(patterns: Sequence[str]) -> Callable[[Record], bool]:
    """Return a test of records, which is true if any of the patterns matches.

    Args:
        patterns: at least one pattern, as JSON.

    Raises:
        InvalidPatternError: AWS would refuse a pattern.
    """
    try:
        tests = [_object_test(_parse_pattern(pattern), at_top=True) for pattern in patterns]
    except RecursionError:
        raise InvalidPatternError("the pattern is nested too deeply") from None

    def matches(record: Record) -> bool:
        document = _document(record)
        try:
            return any(test(document) for test in tests)
        except RecursionError:  # nested too deeply: treated like data that is not JSON
            return any(test({**document, "data": Undecodable}) for test in tests)

    return matches


def _parse(text: str | bytes) -> Any:
    return json.loads(text, parse_float=FloatText, parse_constant=_refuse)


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _parse_pattern(pattern: str) -> dict[str, Any]:
    try:
        parsed = _parse(pattern)
    except ValueError as problem:
        raise InvalidPatternError(str(problem)) from problem
    if not isinstance(parsed, dict):
        raise InvalidPatternError("a pattern is an object")
    return parsed


def _document(record: Record) -> dict[str, Any]:
    try:
        data = _parse(record.data)
    except (ValueError, RecursionError):
        data = Undecodable
    return {
        "data": data,
        "partitionKey": record.partition_key,
        "sequenceNumber": str(record.sequence_number),
        "approximateArrivalTimestamp": FloatText(f"{record.arrived:.3f}"),
        "kinesisSchemaVersion": "1.0",
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventName": "aws:kinesis:record",
    }


# --- fields: all fields in a pattern must match


def _object_test(pattern: dict[str, Any], *, at_top: bool = False) -> Test:
    """Return a test of an object's fields; a value that is not an object has none of them."""
    if not pattern:
        raise InvalidPatternError("an empty object matches nothing")
    tests = [_field_test(name, rule, at_top) for name, rule in pattern.items()]

    def matches(value: Any) -> bool:
        if value is Undecodable:
            return False
        if isinstance(value, list):
            return any(matches(item) for item in value)
        fields = value if isinstance(value, dict) else {}
        return all(test(fields) for test in tests)

    return matches


def _field_test(name: str, rule: Any, at_top: bool) -> Test:
    if name == "$or":
        if not isinstance(rule, list) or not all(isinstance(part, dict) for part in rule):
            raise InvalidPatternError("$or is a list of objects")
        parts = [_object_test(part, at_top=at_top) for part in rule]
        return lambda fields: any(part(fields) for part in parts)
    if isinstance(rule, dict):
        nested = _object_test(rule)
        return lambda fields: nested(fields.get(name, {}))
    if at_top and name == "data":
        raise InvalidPatternError("data is matched as JSON")
    if not isinstance(rule, list) or not rule:
        raise InvalidPatternError(f"{name} needs a list of values")
    tests = [_condition(condition) for condition in rule]
    return lambda fields: _any_leaf(fields.get(name, Missing), tests)


def _any_leaf(value: Any, tests: list[Test]) -> bool:
    """Return whether a leaf matches: any item of a list. An object counts as missing."""
    if isinstance(value, list):
        return any(_any_leaf(item, tests) for item in value)
    leaf = Missing if isinstance(value, dict) else value
    return any(test(leaf) for test in tests)


# --- conditions: one in a field's list must hold


def _condition(condition: Any) -> Test:
    if isinstance(condition, list):
        raise InvalidPatternError("a list inside a list of values")
    if not isinstance(condition, dict):
        return lambda value: _equal(value, condition)
    if len(condition) != 1:
        raise InvalidPatternError("one operator at a time")
    ((operator, operand),) = condition.items()
    if operator not in OPERATORS:
        raise InvalidPatternError(f"unknown operator {operator}")
    return OPERATORS[operator](operand)


def _equal(value: Any, wanted: Any) -> bool:
    """Return whether two values are equal as JSON text: 300 is not 300.0, 1 is not true."""
    return type(value) is type(wanted) and bool(value == wanted)


def _text(operand: Any) -> str:
    if not isinstance(operand, str):
        raise InvalidPatternError("prefix, suffix and equals-ignore-case take one string")
    return operand


def _ignore_case(operand: Any) -> Test:
    wanted = _text(operand).casefold()
    return lambda value: isinstance(value, str) and value.casefold() == wanted


def _prefix(operand: Any) -> Test:
    wanted = _text(operand)
    return lambda value: isinstance(value, str) and value.startswith(wanted)


def _suffix(operand: Any) -> Test:
    wanted = _text(operand)
    return lambda value: isinstance(value, str) and value.endswith(wanted)


def _anything_but(operand: Any) -> Test:
    unwanted = operand if isinstance(operand, list) else [operand]
    if not unwanted or any(isinstance(item, dict | list) for item in unwanted):
        raise InvalidPatternError("anything-but takes values")
    return lambda value: value is not Missing and not any(_equal(value, item) for item in unwanted)


def _exists(operand: Any) -> Test:
    if not isinstance(operand, bool):
        raise InvalidPatternError("exists takes true or false")
    return lambda value: (value is not Missing) is operand


COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
}


def _numeric(operand: Any) -> Test:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise InvalidPatternError("numeric takes one or two comparisons")
    comparisons = []
    for sign, bound in zip(operand[::2], operand[1::2], strict=True):
        number = _number(bound)
        if not isinstance(sign, str) or sign not in COMPARISONS or number is None:
            raise InvalidPatternError("numeric takes signs and numbers")
        comparisons.append((COMPARISONS[sign], number))

    def matches(value: Any) -> bool:
        number = _number(value)
        return number is not None and all(test(number, bound) for test, bound in comparisons)

    return matches


def _number(value: Any) -> float | None:
    if isinstance(value, FloatText):
        return float(value.text)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return None


OPERATORS: dict[str, Callable[[Any], Test]] = {
    "equals-ignore-case": _ignore_case,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": _exists,
    "prefix": _prefix,
    "suffix": _suffix,
}
