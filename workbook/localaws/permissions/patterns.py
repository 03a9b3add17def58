"""Wildcards and policy variables in the elements of a policy [IAM:variables]."""

import re
from collections.abc import Callable
from functools import lru_cache

# ${aws:username}, ${aws:PrincipalTag/team, 'none'}, and ${*}, ${?}, ${$} for the literal
# characters.
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_LITERALS = {"*", "?", "$"}
_DEFAULT = re.compile(r"\s*([^,\s]+)\s*,\s*'([^']*)'\s*")

Lookup = Callable[[str], str | None]  # returns a variable's value; None if the request has none


@lru_cache(maxsize=4096)
def glob(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """Return the regular expression for text with the wildcards ``*`` and ``?``."""
    parts = {"*": ".*", "?": "."}
    text = "".join(parts.get(sign) or re.escape(sign) for sign in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches(pattern: str, text: str) -> bool:
    """Return whether ``text`` matches a pattern with wildcards, including case."""
    return pattern == text or glob(pattern).fullmatch(text) is not None


def has_variables(text: str) -> bool:
    """Return whether text contains a policy variable."""
    return "${" in text


def template(text: str, lookup: Lookup) -> re.Pattern[str] | None:
    """Return the regular expression for text with wildcards and variables.

    The value of a variable is literal: a star in it matches only a star.

    Args:
        text: such as ``arn:aws:s3:::bucket/${aws:userid}/*``.
        lookup: returns the values of variables.

    Returns:
        None if a variable has neither a value nor a default: then nothing matches.
    """
    expression, end = "", 0
    for variable in _VARIABLE.finditer(text):
        value = _value(variable[1], lookup)
        if value is None:
            return None
        expression += glob(text[end : variable.start()]).pattern + re.escape(value)
        end = variable.end()
    return re.compile(expression + glob(text[end:]).pattern, re.DOTALL)


def expand(text: str, lookup: Lookup) -> str | None:
    """Return text with its variables replaced, for operators without wildcards.

    Returns:
        None if a variable has neither a value nor a default.
    """
    expanded, end = "", 0
    for variable in _VARIABLE.finditer(text):
        value = _value(variable[1], lookup)
        if value is None:
            return None
        expanded += text[end : variable.start()] + value
        end = variable.end()
    return expanded + text[end:]


def _value(name: str, lookup: Lookup) -> str | None:
    if name in _LITERALS:
        return name
    default = _DEFAULT.fullmatch(name)
    if default is None:
        return lookup(name.strip())
    value = lookup(default[1])
    return default[2] if value is None else value
