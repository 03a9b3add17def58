"""Expressions in Insights queries: comparisons, arithmetic, functions [CWL:CWL_QuerySyntax].

Less common parts of the language are refused by name.
"""

import inspect
import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
TOKEN = re.compile(
    r"\s*(?:(?P<duration>\d+\s*(?:ms|milliseconds?|s|seconds?|m|minutes?|h|hours?|d|days?|w|weeks?)\b)"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<quoted>`[^`]+`)|(?P<name>[@A-Za-z_][\w.@]*)|(?P<sign>=~|!=|<=|>=|[-+*/%^=<>(),\[\]]))"
)
REGEX = re.compile(r"\s*/(?P<regex>(?:[^/\\]|\\.)+)/")
BINDING = {  # higher binds tighter
    **{"or": 1, "and": 2},
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">=", "like", "in", "not", "=~"), 4),
    **{"+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "^": 7},
}
NEGATION = 3  # ``not`` binds less tightly than a comparison
MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
    **{"=": operator.eq, "!=": operator.ne},
}
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    **{"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv},
    **{"%": math.fmod, "^": operator.pow},
}
AGGREGATES = {  # with the number of arguments
    **dict.fromkeys(("avg", "count_distinct", "earliest", "latest", "max", "min", "sum"), (1, 1)),
    **{"count": (0, 1), "pct": (2, 2)},
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": lambda value: abs(_needed(value)),
    "ceil": lambda value: math.ceil(_needed(value)),
    "coalesce": lambda *values: next((one for one in values if one is not None), None),
    "concat": lambda *values: "".join(text(one) for one in values if one is not None),
    "floor": lambda value: math.floor(_needed(value)),
    "greatest": lambda *values: max(map(_needed, values)),
    "isblank": lambda value: value is None or not text(value).strip(),
    "isempty": lambda value: value is None or not text(value),
    "ispresent": lambda value: value is not None,
    "least": lambda *values: min(map(_needed, values)),
    "ltrim": lambda value, signs=None: _text(value).lstrip(signs),
    "replace": lambda value, old, new: _text(value).replace(_text(old), _text(new)),
    "rtrim": lambda value, signs=None: _text(value).rstrip(signs),
    "sqrt": lambda value: math.sqrt(_needed(value)),
    "strcontains": lambda value, part: int(_text(part) in _text(value)),
    "strlen": lambda value: len(_text(value)),
    "substr": lambda value, start, length=None: _part(_text(value), start, length),
    "tolower": lambda value: _text(value).lower(),
    "toupper": lambda value: _text(value).upper(),
    "trim": lambda value, signs=None: _text(value).strip(signs),
}
CONDITIONS = (*COMPARISONS, "like", "=~", "in", "and", "or", "not")
ASKED = ("isblank", "isempty", "ispresent", "strcontains")  # functions that return true or false


class MalformedQueryError(ValueError):
    """A query that AWS refuses, or that is not supported here."""


@dataclass(frozen=True)
class Node:
    """A part of an expression.

    Args:
        kind: ``value``, ``field``, ``regex``, ``list``, ``call``, ``bin``, ``negative`` or
            ``operator``.
        value: the value, name, function or operator.
        parts: the operands or arguments.
        source: the expression's source text.
    """

    kind: str
    value: Any
    parts: tuple["Node", ...] = ()
    source: str = ""

    def fields(self) -> set[str]:
        """Return the fields that the expression uses."""
        by_time = self.kind == "bin" or self.value in ("earliest", "latest")
        own = {"@timestamp"} if by_time else set()
        own |= {self.value} if self.kind == "field" else set()
        return own.union(*(part.fields() for part in self.parts))

    def is_condition(self) -> bool:
        """Return whether the expression is true or false for a row."""
        if self.kind == "operator" and self.value in ("and", "or", "not"):
            return all(part.is_condition() for part in self.parts)
        names = {"operator": CONDITIONS, "call": ASKED}
        return self.value in names.get(self.kind, ())

    def has_aggregate(self) -> bool:
        """Return whether the expression aggregates rows."""
        own = self.kind == "call" and self.value in AGGREGATES
        return own or any(part.has_aggregate() for part in self.parts)


class Reader:
    """Reads one command of a query from left to right.

    Args:
        source: the command's text.
    """

    def __init__(self, source: str) -> None:
        self.source = source.strip()
        self._at = 0

    def peek(self) -> tuple[str, str]:
        """Return the kind and text of the next token; two empty strings at the end."""
        found = TOKEN.match(self.source, self._at)
        if found is None or found.lastgroup is None:
            rest = self.source[self._at :].strip()
            return ("unknown", rest[0]) if rest else ("", "")
        return found.lastgroup, found[found.lastgroup]

    def next(self) -> tuple[str, str]:
        """Return the next token and advance past it."""
        token = self.peek()
        found = TOKEN.match(self.source, self._at)
        self._at = found.end() if found else len(self.source)
        return token

    def takes(self, *words: str) -> bool:
        """Advance past a word or sign if it is next, ignoring case; return whether it was."""
        kind, word = self.peek()
        if kind in ("name", "sign") and word.lower() in words:
            self.next()
            return True
        return False

    def expect(self, word: str) -> None:
        """Advance past a word or sign that must be next.

        Raises:
            MalformedQueryError: it is not next.
        """
        if not self.takes(word):
            raise self.unexpected()

    def unexpected(self) -> MalformedQueryError:
        """Return the error for the next token."""
        word = self.peek()[1]
        if not word:
            return MalformedQueryError(f"unexpected end of the command {self.source!r}")
        return MalformedQueryError(f"unexpected symbol found {word} in the command {self.source!r}")

    def end(self) -> None:
        """Check that the command is complete.

        Raises:
            MalformedQueryError: some of it is left.
        """
        if self.peek()[0]:
            raise self.unexpected()

    def name(self) -> str:
        """Return a field's name.

        Raises:
            MalformedQueryError: the next token is not a name.
        """
        kind, word = self.peek()
        if kind not in ("name", "quoted"):
            raise self.unexpected()
        self.next()
        return word.strip("`")

    def string(self) -> str | None:
        """Return a string if the next token is one, otherwise None."""
        return unquoted(self.next()[1]) if self.peek()[0] == "text" else None

    def regex(self) -> re.Pattern[str] | None:
        """Return a regular expression if the next token is one, otherwise None.

        Raises:
            MalformedQueryError: it is not valid.
        """
        found = REGEX.match(self.source, self._at)
        if found is None:
            return None
        self._at = found.end()
        try:
            return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", found["regex"]))
        except re.error as problem:
            raise MalformedQueryError(f"invalid regular expression: {problem}") from None

    def expression(self, least: int = 0) -> Node:
        """Return an expression.

        Args:
            least: the lowest binding of an operator that may be part of it.

        Raises:
            MalformedQueryError: it cannot be read.
        """
        begin = self._at
        left = self._operand()
        while BINDING.get(self.peek()[1].lower(), 0) > least:
            sign = self.next()[1].lower()
            is_not = sign == "not"
            if is_not:
                sign = self.next()[1].lower()
                if sign not in ("like", "in"):
                    raise MalformedQueryError(f"unexpected symbol found {sign} after not")
            left = Node("operator", sign, (left, self._right(sign)))
            if is_not:
                left = Node("operator", "not", (left,))
        source = self.source[begin : self._at].strip()
        return Node(left.kind, left.value, left.parts, source)

    def _right(self, sign: str) -> Node:
        if sign in ("like", "=~"):
            pattern = self.regex()
            if pattern is None and self.peek()[0] != "text":
                raise self.unexpected()
            return self._operand() if pattern is None else Node("regex", pattern)
        if sign == "in":
            self.expect("[")
            return Node("list", None, self._list("]"))
        return self.expression(BINDING[sign])

    def _operand(self) -> Node:
        kind, word = self.peek()
        if self.takes("not"):
            return Node("operator", "not", (self.expression(NEGATION),))
        if self.takes("-"):
            return Node("negative", None, (self.expression(BINDING["*"]),))
        if self.takes("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if kind not in ("number", "text", "name", "quoted", "duration"):
            raise self.unexpected()
        self.next()
        match kind:
            case "number":
                return Node("value", float(word))
            case "text":
                return Node("value", unquoted(word))
            case "quoted":
                return Node("field", word.strip("`"))
            case "name" if self.takes("("):
                return self._call(word)
            case "name":
                return Node("field", word)
        raise MalformedQueryError(f"unexpected symbol found {word}")

    def _call(self, name: str) -> Node:
        function = name.lower()  # AWS's own examples have isPresent and ispresent [CWL]
        if function == "bin":
            kind, word = self.next()
            if kind != "duration" or not milliseconds(word):
                raise MalformedQueryError(f"bin takes a period such as 5m, not {word}")
            self.expect(")")
            return Node("bin", milliseconds(word))
        if function in AGGREGATES:
            if function == "count" and self.takes("*"):
                self.expect(")")
                return Node("call", function)
        elif function not in FUNCTIONS:
            supported = ", ".join(sorted((*AGGREGATES, *FUNCTIONS, "bin")))
            raise MalformedQueryError(
                f"the local AWS does not support the function {name}; it supports {supported}"
            )
        parts = self._list(")")
        least, most = _arity(function)
        if not least <= len(parts) <= most:
            wanted = _range(least, most)
            raise MalformedQueryError(
                f"wrong number of arguments for {function}: {len(parts)}, not {wanted}, "
                f"in {self.source!r}"
            )
        if function in AGGREGATES and any(part.has_aggregate() for part in parts):
            raise MalformedQueryError(f"{function} takes a field, not another aggregation")
        if function == "pct" and not (
            parts[1].kind == "value" and 0 <= (number(parts[1].value) or 0.0) <= 100
        ):
            raise MalformedQueryError("pct takes a field and a percentage from 0 to 100")
        return Node("call", function, parts)

    def _list(self, end: str) -> tuple[Node, ...]:
        parts: list[Node] = []
        while not self.takes(end):
            if parts:
                self.expect(",")
            parts.append(self.expression())
        return tuple(parts)


def _arity(function: str) -> tuple[float, float]:
    """Return the minimum and maximum number of a function's arguments."""
    if function in AGGREGATES:
        return AGGREGATES[function]
    parameters = inspect.signature(FUNCTIONS[function]).parameters.values()
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return 1, math.inf
    return sum(one.default is one.empty for one in parameters), len(parameters)


def _range(least: float, most: float) -> str:
    if least == most:
        return f"{least:.0f}"
    return f"{least:.0f} or more" if math.isinf(most) else f"{least:.0f} to {most:.0f}"


def unquoted(word: str) -> str:
    """Return the text within quotes."""
    return re.sub(r"\\(.)", r"\1", word[1:-1])


def milliseconds(period: str) -> int:
    """Return a period such as ``5m`` in milliseconds."""
    count, unit = re.findall(r"\d+|[a-z]+", period)
    return int(count) * MILLISECONDS["ms" if unit.startswith(("ms", "mil")) else unit[0]]


def evaluate(node: Node, row: Row, group: Sequence[Row] = ()) -> Any:
    """Return the value of an expression; None where a field is missing or has the wrong type.

    Args:
        node: the expression.
        row: the row whose fields are used.
        group: the rows to aggregate.
    """
    match node.kind:
        case "value" | "regex":
            return node.value
        case "field":
            return row.get(node.value)
        case "list":
            return [evaluate(part, row, group) for part in node.parts]
        case "bin":
            moment = row.get("@timestamp")
            return Moment(moment // node.value * node.value) if isinstance(moment, int) else None
        case "negative":
            value = number(evaluate(node.parts[0], row, group))
            return None if value is None else -value
        case "operator":
            return _operated(node, row, group)
    if node.value in AGGREGATES:
        return _aggregated(node, group)
    try:
        return FUNCTIONS[node.value](*(evaluate(part, row, group) for part in node.parts))
    except (TypeError, ValueError, OverflowError):
        return None


class Moment(int):
    """Milliseconds since the epoch, shown as a date."""


def _operated(node: Node, row: Row, group: Sequence[Row]) -> Any:
    sign = node.value
    if sign == "not":
        return not evaluate(node.parts[0], row, group)
    left = evaluate(node.parts[0], row, group)
    if sign == "and":
        return bool(left) and bool(evaluate(node.parts[1], row, group))
    if sign == "or":
        return bool(left) or bool(evaluate(node.parts[1], row, group))
    right = evaluate(node.parts[1], row, group)
    if left is None or right is None:
        return None
    match sign:
        case "like" | "=~" if isinstance(right, re.Pattern):
            return right.search(text(left)) is not None
        case "like" | "=~":
            return text(right) in text(left)
        case "in":
            return any(_compared("=", left, one) for one in right)
    if sign in COMPARISONS:
        return _compared(sign, left, right)
    numbers = number(left), number(right)
    if numbers[0] is None or numbers[1] is None:
        return None
    try:
        return ARITHMETIC[sign](numbers[0], numbers[1])
    except (ArithmeticError, ValueError):
        return None


def _compared(sign: str, left: Any, right: Any) -> bool:
    """Compare as numbers if both values are numbers, otherwise as strings."""
    numbers = number(left), number(right)
    if None not in numbers:
        return COMPARISONS[sign](*numbers)
    return COMPARISONS[sign](text(left), text(right))


def _aggregated(node: Node, group: Sequence[Row]) -> Any:
    if not node.parts:
        return len(group)
    if node.value in ("earliest", "latest"):
        group = sorted(group, key=lambda row: row["@timestamp"], reverse=node.value == "latest")
        found = (evaluate(node.parts[0], row) for row in group)
        return next((one for one in found if one is not None), None)
    values = [evaluate(node.parts[0], row) for row in group]
    values = [value for value in values if value is not None]
    if node.value == "count":
        return len(values)
    if node.value == "count_distinct":
        return len({text(value) for value in values})
    numbers = [found for found in map(number, values) if found is not None]
    if not numbers:
        return None
    match node.value:
        case "sum":
            return math.fsum(numbers)
        case "avg":
            return math.fsum(numbers) / len(numbers)
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
    rank = node.parts[1].value
    return sorted(numbers)[max(0, math.ceil(rank / 100 * len(numbers)) - 1)]


def number(value: Any) -> float | None:
    """Return a value as a number; None if it is not a number."""
    if not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _text(value: Any) -> str:
    """Return the text of a field; one that is missing has none."""
    if value is None:
        raise TypeError(value)
    return text(value)


def _part(value: str, start: Any, length: Any) -> str:
    """Return the part of a string from a position, which counts from 0."""
    begin = int(_needed(start))
    return value[begin:] if length is None else value[begin : begin + int(_needed(length))]


def _needed(value: Any) -> float:
    found = number(value)
    if found is None:
        raise TypeError(value)
    return found


def text(value: Any) -> str:
    """Return a value as results show it: integers without a decimal point."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
