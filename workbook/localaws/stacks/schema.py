"""Check properties against the schema of their type, in the words of AWS's validation.

AWS validates a resource's properties when it is created or changed, and reports each violation with
the path of the value: ``#/Tags: expected type: JSONArray, found: JSONObject`` [SEEN].
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from botocore.model import Shape

ARRAY, OBJECT = "JSONArray", "JSONObject"


def required(properties: Mapping[str, Any], names: Iterable[str], path: str = "#") -> Iterator[str]:
    """Yield a violation for each required key that is missing."""
    for name in sorted(set(names) - properties.keys()):
        yield f"{path}: required key [{name}] not found"


def types(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """Yield a violation for each list or object that has another type in the API's shape."""
    match shape.type_name, value:
        case "list", list():
            for number, one in enumerate(value):
                yield from types(one, shape.member, f"{path}/{number}")  # type: ignore[attr-defined]
        case "list", _:
            yield _wrong(path, ARRAY, value)
        case "structure", dict():
            for name, one in value.items():
                member = shape.members.get(name)  # type: ignore[attr-defined]
                if member is not None:
                    yield from types(one, member, f"{path}/{name}")
        case "map", dict():
            for name, one in value.items():
                yield from types(one, shape.value, f"{path}/{name}")  # type: ignore[attr-defined]
        case "structure" | "map", _:
            yield _wrong(path, OBJECT, value)


def tags(value: Any, needed: Iterable[str]) -> Iterator[str]:
    """Yield the violations of a resource's tags.

    Args:
        value: the property Tags.
        needed: the required keys of each tag; none if Tags is an object, as for an
            AWS::SSM::Parameter.
    """
    needed = tuple(needed)
    if not needed:
        if not isinstance(value, dict):
            yield _wrong("#/Tags", OBJECT, value)
        return
    if not isinstance(value, list):
        yield _wrong("#/Tags", ARRAY, value)
        return
    for number, one in enumerate(value):
        path = f"#/Tags/{number}"
        if not isinstance(one, dict):
            yield _wrong(path, OBJECT, one)
            continue
        yield from required(one, needed, path)
        for name, text in one.items():
            if name not in ("Key", "Value"):
                yield f"{path}: extraneous key [{name}] is not permitted"
            elif isinstance(text, dict | list):
                yield _wrong(f"{path}/{name}", "String", text)


def _wrong(path: str, expected: str, value: Any) -> str:
    return f"{path}: expected type: {expected}, found: {_type(value)}"


def _type(value: Any) -> str:
    """Return the name of a value's type in AWS's messages."""
    match value:
        case dict():
            return OBJECT
        case list():
            return ARRAY
        case bool():
            return "Boolean"
        case int():
            return "Integer"
        case float():
            return "BigDecimal"
        case None:
            return "Null"
    return "String"
