"""Loops of templates: ``Fn::ForEach`` of the transform AWS::LanguageExtensions [D23]."""

import re
from typing import Any

from workbook.localaws.stacks.errors import invalid
from workbook.localaws.stacks.values import Scope, as_text

LOOP = "Fn::ForEach::"


def expanded(value: Any, names: Scope) -> Any:
    """Return a part of a template with a copy of a loop's content for each item.

    Args:
        value: any part of a template.
        names: the parameters and mappings from which the items of a loop may come.

    Raises:
        ApiError: a loop is malformed, or two copies have the same name.
    """
    match value:
        case list():
            return [expanded(one, names) for one in value]
        case dict():
            made: dict[str, Any] = {}
            for name, one in value.items():
                if not str(name).startswith(LOOP):
                    made[name] = expanded(one, names)
                    continue
                for copy in _copies(one, names):
                    if made.keys() & copy.keys():
                        raise _failed(f"{name} makes {', '.join(made.keys() & copy.keys())} twice")
                    made |= copy
            return made
    return value


def _copies(loop: Any, names: Scope) -> list[dict[str, Any]]:
    """Return the content of a loop once for each item."""
    match loop:
        case [str() as variable, (list() | dict()) as collection, dict() as content]:
            items = names.value(collection)
        case _:
            raise _failed("Fn::ForEach layout is incorrect")
    if not isinstance(items, list):
        raise _failed("Fn::ForEach layout is incorrect")
    return [expanded(_filled(content, variable, as_text(one)), names) for one in items]


def _filled(content: dict[str, Any], variable: str, item: str) -> dict[str, Any]:
    """Return the content of a loop with an item in place of its variable, in names and values."""
    plain = re.sub("[^A-Za-z0-9]", "", item)
    return {
        name.replace(f"${{{variable}}}", item).replace(f"&{{{variable}}}", plain): (
            _filled_member(name, value, variable, item)
        )
        for name, value in content.items()
    }


def _filled_member(name: str, value: Any, variable: str, item: str) -> Any:
    match value:
        case [own, items, dict() as content] if name.startswith(LOOP):
            return [own, _filled_value(items, variable, item), _filled(content, variable, item)]
    return _filled_value(value, variable, item)


def _filled_value(value: Any, variable: str, item: str) -> Any:
    """Fill ``Ref`` and ``Fn::Sub``; other text keeps its placeholders, as seen on AWS [SEEN]."""
    match value:
        case {"Ref": name} if len(value) == 1 and name == variable:
            return item
        case {"Fn::Sub": str() as text} if len(value) == 1:
            return {"Fn::Sub": text.replace(f"${{{variable}}}", item)}
        case {"Fn::Sub": [str() as text, own]} if len(value) == 1:
            own = _filled_value(own, variable, item)
            return {"Fn::Sub": [text.replace(f"${{{variable}}}", item), own]}
        case dict():
            return {name: _filled_member(name, one, variable, item) for name, one in value.items()}
        case list():
            return [_filled_value(one, variable, item) for one in value]
    return value


def _failed(reason: str) -> Exception:
    return invalid(f"Transform AWS::LanguageExtensions failed with: {reason}")
