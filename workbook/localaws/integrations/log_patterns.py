"""Filter patterns of CloudWatch Logs, which select log events [CWL:FilterAndPatternSyntax].

A pattern consists of terms, a condition on JSON in braces, or conditions on fields in brackets::

    ERROR -timeout          ?ERROR ?WARN           "an exact phrase"        %regular expression%
    { $.level = "ERROR" && $.latency > 100 }       [ip, user, ..., status = 4*, size]

``FilterLogEvents``, subscription filters and metric filters all use them.
"""

import fnmatch
import functools
import json
import operator
import re
from collections.abc import Callable
from typing import Any

Test = Callable[[str], bool]
Rule = Callable[[Any], bool]  # on a JSON document, or on a line's fields by name

TERM = re.compile(r'\s*(?P<sign>[?-]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|(?P<word>[^\s"]+))')
TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<regex>%[^%]+%)|(?P<sign>\|\||&&|!=|<=|>=|[=<>()])'
    r"|(?P<word>(?:\[[^\]]*\]|[^\s()=<>!&|\"%])+))"
)
STEP = re.compile(r'\.?(?P<name>[\w@:-]+)|\[(?P<index>\d+)\]|\.?\[["\'](?P<quoted>[^"\']+)["\']\]')
FIELD = re.compile(r'\[(?P<bracketed>[^\]]*)\]|"(?P<quoted>[^"]*)"|(?P<plain>\S+)')
REGEX = re.compile(r'"(?:[^"\\]|\\.)*"|(%[^%]+%)')  # the group is empty for a quoted phrase
MOST_REGEXES = 2  # in a pattern [BC]
NAME = re.compile(r"\w+")  # of a field
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
MISSING = object()


class InvalidPatternError(ValueError):
    """A pattern that AWS refuses."""


@functools.lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Test:
    """Return a test for the messages of log events.

    Args:
        pattern: the pattern, as given to ``FilterLogEvents`` and filters; an empty one matches
            every event.

    Raises:
        InvalidPatternError: the pattern is not valid.
    """
    pattern = pattern.strip()
    if sum(map(bool, REGEX.findall(pattern))) > MOST_REGEXES:
        raise InvalidPatternError("Invalid filter pattern")
    if pattern.startswith("{"):
        return _about_json(pattern)
    if pattern.startswith("["):
        return _about_fields(pattern)
    return _about_terms(pattern)


def values(pattern: str, message: str) -> dict[str, Any]:
    """Return the values that a pattern names in a matching message: ``$.latency``, ``$status``.

    Args:
        pattern: a valid pattern; one of terms names no values.
        message: the log event's message.
    """
    pattern = pattern.strip()
    if pattern.startswith("["):
        parts = _parts(pattern)
        return {
            f"${word[0] if (word := re.match(NAME, parts[at])) else at + 1}": field
            for at, field in _fields(parts, message).items()
        }
    if not pattern.startswith("{"):
        return {}
    names = [word for kind, word in _tokens(pattern[1:-1]) if kind == "word" and word[0] == "$"]
    return {name: value for name in names if (value := select(name, message)) is not None}


def select(selector: str, message: str) -> Any:
    """Return the value at a selector such as ``$.a.b[0]``; None if there is none.

    Args:
        selector: a path in a JSON document.
        message: the log event's message.

    Raises:
        InvalidPatternError: the selector is not valid.
    """
    find = _selector(selector)
    try:
        value = find(json.loads(message))
    except (ValueError, RecursionError):
        return None
    return None if value is MISSING or isinstance(value, dict | list) else value


def _about_terms(pattern: str) -> Test:
    terms: dict[str, list[Test]] = {"": [], "?": [], "-": []}
    at = 0
    while at < len(pattern):
        found = TERM.match(pattern, at)
        if found is None:
            raise InvalidPatternError("Invalid filter pattern")
        terms[found["sign"]].append(_term(found["phrase"], found["word"]))
        at = found.end()
    wanted, either, unwanted = terms[""], terms["?"], terms["-"]

    def test(message: str) -> bool:
        if any(one(message) for one in unwanted) or not all(one(message) for one in wanted):
            return False
        # Optional terms have no effect beside required ones [?].
        return bool(wanted) or not either or any(one(message) for one in either)

    return test


def _term(phrase: str | None, word: str | None) -> Test:
    if word is None:
        text = _unescaped(phrase or "")
    elif len(word) > 2 and word.startswith("%") and word.endswith("%"):
        found = _regex(word)
        return lambda message: found.search(message) is not None
    elif re.fullmatch(r"\w+", word):
        text = word
    else:
        raise InvalidPatternError(f"Invalid character(s) in term '{word}'")
    return lambda message: text in message


def _about_json(pattern: str) -> Test:
    if not pattern.endswith("}"):
        raise InvalidPatternError("Invalid filter pattern")
    rule = _Parser(pattern[1:-1], _selector).parse()

    def test(message: str) -> bool:
        try:
            document = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return isinstance(document, dict) and rule(document)

    return test


def _about_fields(pattern: str) -> Test:
    parts = _parts(pattern)
    rules = {at: _field_rule(part) for at, part in enumerate(parts) if part != "..."}

    def test(message: str) -> bool:
        fields = _fields(parts, message)
        return bool(fields) and all(rule(fields[at]) for at, rule in rules.items())

    return test


def _parts(pattern: str) -> list[str]:
    """Return the conditions on each field from a pattern in brackets."""
    if not pattern.endswith("]") or not pattern[1:-1].strip():
        raise InvalidPatternError("Invalid filter pattern")
    parts = [part.strip() for part in re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', pattern[1:-1])]
    if parts.count("...") > 1:
        raise InvalidPatternError("Invalid filter pattern")
    return parts


def _fields(parts: list[str], message: str) -> dict[int, str]:
    """Return a line's fields by position; none if their number differs from the pattern's."""
    found = [one[one.lastgroup or 0] for one in FIELD.finditer(message)]
    gap = parts.index("...") if "..." in parts else None
    spare = len(found) - len(parts) + (gap is not None)
    if spare < 0 or (gap is None and spare):
        return {}
    return {
        at: found[at if gap is None or at < gap else at - 1 + spare]
        for at, part in enumerate(parts)
        if part != "..."
    }


def _field_rule(part: str) -> Rule:
    if not re.search(r"[=<>!]", part):
        return lambda field: True
    return _Parser(part, lambda name: lambda field: field).parse()


def _selector(text: str) -> Callable[[Any], Any]:
    """Return a function that finds the value at a selector such as ``$.a.b[0]``."""
    steps: list[str | int] = []
    at = 1
    while at < len(text):
        found = STEP.match(text, at)
        if found is None:
            raise InvalidPatternError("Invalid filter pattern")
        steps.append(int(found["index"]) if found["index"] else found["name"] or found["quoted"])
        at = found.end()
    if not text.startswith("$") or not steps:
        raise InvalidPatternError("Invalid filter pattern")

    def find(document: Any) -> Any:
        for step in steps:
            is_member = isinstance(step, str) and isinstance(document, dict) and step in document
            is_item = isinstance(step, int) and isinstance(document, list) and step < len(document)
            if not (is_member or is_item):
                return MISSING
            document = document[step]
        return document

    return find


class _Parser:
    """Parses comparisons joined by ``&&`` and ``||``; ``&&`` binds tighter.

    Args:
        text: the text in the braces, or the condition on one field.
        selector: returns a function that finds the value of a word.
    """

    def __init__(self, text: str, selector: Callable[[str], Callable[[Any], Any]]) -> None:
        self._tokens = _tokens(text)
        self._selector = selector

    def parse(self) -> Rule:
        rule = self._either()
        if self._tokens:
            raise InvalidPatternError("Invalid filter pattern")
        return rule

    def _either(self) -> Rule:
        rules = [self._both()]
        while self._takes("||"):
            rules.append(self._both())
        return lambda value: any(rule(value) for rule in rules)

    def _both(self) -> Rule:
        rules = [self._single()]
        while self._takes("&&"):
            rules.append(self._single())
        return lambda value: all(rule(value) for rule in rules)

    def _single(self) -> Rule:
        if self._takes("("):
            rule = self._either()
            if not self._takes(")"):
                raise InvalidPatternError("Invalid filter pattern")
            return rule
        find = self._selector(self._next()[1])
        kind, sign = self._next()
        if kind == "word" and sign.upper() in ("IS", "NOT"):
            return self._about_kind(find, sign.upper())
        if sign not in ("=", "!=", *COMPARISONS):
            raise InvalidPatternError("Invalid filter pattern")
        return _comparison(find, sign, *self._next())

    def _about_kind(self, find: Callable[[Any], Any], word: str) -> Rule:
        wanted = self._next()[1].upper()
        values: dict[str, Any] = {"NULL": None, "TRUE": True, "FALSE": False}
        if word == "NOT" and wanted == "EXISTS":
            return lambda value: find(value) is MISSING
        if word == "IS" and wanted in values:
            return lambda value: find(value) is values[wanted]
        raise InvalidPatternError("Invalid filter pattern")

    def _takes(self, sign: str) -> bool:
        if self._tokens and self._tokens[0] == ("sign", sign):
            del self._tokens[0]
            return True
        return False

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise InvalidPatternError("Invalid filter pattern")
        return self._tokens.pop(0)


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return the kind and text of each token of a condition."""
    found: list[tuple[str, str]] = []
    text, at = text.strip(), 0
    while at < len(text):
        one = TOKEN.match(text, at)
        if one is None or one.lastgroup is None:
            raise InvalidPatternError("Invalid filter pattern")
        found.append((one.lastgroup, one[one.lastgroup]))
        at = one.end()
    return found


def _comparison(find: Callable[[Any], Any], sign: str, kind: str, wanted: str) -> Rule:
    """Return a condition on one value: a number, a text with wildcards, or a regular expression."""
    if sign in COMPARISONS:
        if kind != "word" or not NUMBER.fullmatch(wanted):
            raise InvalidPatternError("Invalid filter pattern")
        compare, limit = COMPARISONS[sign], float(wanted)

        def is_so(value: Any) -> bool:
            number = _number(find(value))
            return number is not None and compare(number, limit)

        return is_so
    equals = _equality(kind, wanted)

    def test(value: Any) -> bool:
        found = find(value)
        if found is MISSING or isinstance(found, dict | list) or found is None:
            return False
        return equals(found) == (sign == "=")

    return test


def _equality(kind: str, wanted: str) -> Callable[[Any], bool]:
    if kind == "word" and NUMBER.fullmatch(wanted):
        return lambda found: _number(found) == float(wanted)
    if kind == "regex":
        expression = _regex(wanted)
        return lambda found: expression.search(_text(found)) is not None
    if kind == "sign":
        raise InvalidPatternError("Invalid filter pattern")
    text = _unescaped(wanted[1:-1]) if kind == "text" else wanted
    wild = re.compile(fnmatch.translate(text.replace("[", "[[]").replace("?", "[?]")))
    return lambda found: wild.match(_text(found)) is not None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is MISSING:
        return None
    if isinstance(value, int | float):
        return float(value)
    return float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _regex(text: str) -> re.Pattern[str]:
    inside = text[1:-1]
    if not inside.isascii() or re.search(r"(?<!\\)[()]", inside):  # AWS allows neither
        raise InvalidPatternError("Invalid filter pattern")
    try:
        return re.compile(inside)
    except re.error:
        raise InvalidPatternError("Invalid filter pattern") from None
