"""Metric math of CloudWatch: time series computed from others [D23].

It supports arithmetic, comparisons, ``&&`` and ``

``, arrays in brackets, and the functions in ``FUNCTIONS``. Everything else is refused by name.
"""

import itertools
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Series: TypeAlias = dict[int, float]  # start of the period, in seconds since the epoch, to value
TOKEN = re.compile(
    r'\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)|"(?P<text>[^"]*)"'
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/^<>()\[\],]))"
)
BINDING: dict[str, int] = {  # higher binds tighter
    **{"||": 1, "OR": 1, "&&": 2, "AND": 2},
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 3),
    **{"+": 4, "-": 4, "*": 5, "/": 5, "^": 7},
}
NEGATION = 6
OPERATORS: dict[str, Callable[[float, float], float]] = {
    **{"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv},
    "^": operator.pow,
    **{"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le},
    **{">": operator.gt, ">=": operator.ge},
    **dict.fromkeys(("&&", "AND"), lambda a, b: bool(a) and bool(b)),
    **dict.fromkeys(("||", "OR"), lambda a, b: bool(a) or bool(b)),
}
FUNCTIONS = ("AVG", "DIFF", "FILL", "IF", "MAX", "METRICS", "MIN", "PERIOD", "RATE", "SUM")
WORDS = ("REPEAT", "LINEAR")
AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}


class MetricMathError(ValueError):
    """An expression that cannot be parsed or computed."""


@dataclass(frozen=True)
class Named:
    """A time series and its label."""

    label: str
    series: Series


Value: TypeAlias = float | str | Named | list[Named]


@dataclass(frozen=True)
class Scope:
    """The context in which an expression is evaluated.

    Args:
        metrics: time series by id, in the order of the request; ``METRICS()`` returns them.
        times: the starts of all periods, for ``FILL``.
        period: the length of the periods, in seconds.
        results: the results of other expressions, by id.
    """

    metrics: Mapping[str, Named]
    times: tuple[int, ...]
    period: int
    results: Mapping[str, list[Named]] = field(default_factory=dict)


@dataclass(frozen=True)
class Node:
    """A part of an expression.

    Args:
        kind: ``number``, ``text``, ``name``, ``array``, ``call``, ``minus`` or ``operator``.
        word: the number, string, id, function or operator.
        parts: the operands or arguments.
    """

    kind: str
    word: str
    parts: tuple["Node", ...] = ()

    def names(self) -> set[str]:
        """Return the ids that the expression uses."""
        own = {self.word} if self.kind == "name" and self.word not in WORDS else set()
        return own.union(*(part.names() for part in self.parts))


def parse(expression: str) -> Node:
    """Parse an expression.

    Raises:
        MetricMathError: it is not valid, or uses an unsupported function.
    """
    if re.match(r"\s*SELECT\b", expression, re.IGNORECASE):
        raise MetricMathError("the local AWS does not support Metrics Insights queries (SELECT)")
    if re.search(r"\bSEARCH\s*\(", expression):
        raise MetricMathError("the local AWS does not support the function SEARCH")
    tokens, at = [], 0
    while at < len(expression.rstrip()):
        found = TOKEN.match(expression, at)
        if found is None or found.lastgroup is None:
            raise MetricMathError(f"unexpected {expression[at:].strip()[:20]!r}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    try:
        node = _Parser(tokens).expression(0)
    except RecursionError:
        raise MetricMathError("the expression is nested too deeply") from None
    if tokens:
        raise MetricMathError(f"unexpected {tokens[0][1]!r}")
    return node


class _Parser:
    """Parses tokens by how tightly their operators bind."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens

    def expression(self, least: int) -> Node:
        left = self._operand()
        while self._tokens and BINDING.get(self._tokens[0][1], 0) > least:
            sign = self._tokens.pop(0)[1]
            left = Node("operator", sign, (left, self.expression(BINDING[sign])))
        return left

    def _operand(self) -> Node:
        if not self._tokens:
            raise MetricMathError("the expression ends too early")
        kind, word = self._tokens.pop(0)
        match kind, word:
            case "sign", "-":
                return Node("minus", word, (self.expression(NEGATION),))
            case "sign", "(":
                node = self.expression(0)
                self._expect(")")
                return node
            case "sign", "[":
                return Node("array", word, self._list("]"))
            case "sign", _:
                raise MetricMathError(f"unexpected {word!r}")
            case "name", _ if self._tokens[:1] == [("sign", "(")]:
                del self._tokens[0]
                if word not in FUNCTIONS:
                    raise MetricMathError(
                        f"the local AWS does not support the function {word}; it supports "
                        f"{', '.join(FUNCTIONS)}"
                    )
                return Node("call", word, self._list(")"))
        return Node(kind, word)

    def _list(self, end: str) -> tuple[Node, ...]:
        parts: list[Node] = []
        while self._tokens[:1] != [("sign", end)]:
            if parts:
                self._expect(",")
            parts.append(self.expression(0))
        del self._tokens[0]
        return tuple(parts)

    def _expect(self, sign: str) -> None:
        if self._tokens[:1] != [("sign", sign)]:
            raise MetricMathError(f"{sign!r} is missing")
        del self._tokens[0]


def evaluate(node: Node, scope: Scope) -> list[Named]:
    """Return the time series of an expression; several if it is an array.

    Raises:
        MetricMathError: the result is a single number, or an argument of a function is not valid.
    """
    value = _value(node, scope)
    if isinstance(value, Named):
        return [value]
    if not isinstance(value, list):
        raise MetricMathError("the final result must be a time series")
    return value


def _value(node: Node, scope: Scope) -> Value:
    match node.kind:
        case "number":
            return float(node.word)
        case "text":
            return node.word
        case "name":
            return _named(node.word, scope)
        case "array":
            return [one for part in node.parts for one in _array(_value(part, scope))]
        case "minus":
            return _combine(operator.sub, 0.0, _value(node.parts[0], scope))
        case "operator":
            left, right = (_value(part, scope) for part in node.parts)
            return _combine(OPERATORS[node.word], left, right)
    return _call(node.word, [_value(part, scope) for part in node.parts], scope)


def _named(name: str, scope: Scope) -> Value:
    if name in WORDS:
        return name
    if name in scope.metrics:
        return scope.metrics[name]
    if name in scope.results:
        found = scope.results[name]
        return found[0] if len(found) == 1 else found
    raise MetricMathError(f"there is no metric with the id {name}")


def _array(value: Value) -> list[Named]:
    if isinstance(value, Named):
        return [value]
    if isinstance(value, list):
        return value
    raise MetricMathError("a time series is needed, not a single value")


def _combine(operation: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Apply an operator to two values; to an array, one series at a time."""
    if isinstance(left, str) or isinstance(right, str):
        raise MetricMathError("operators cannot be used with strings")
    if isinstance(left, list):
        return [_pair(operation, one, _single(right)) for one in left]
    if isinstance(right, list):
        return [_pair(operation, left, one) for one in right]
    if isinstance(left, float) and isinstance(right, float):
        result = _number(operation, left, right)
        return math.nan if result is None else result
    return _pair(operation, left, right)


def _single(value: Value) -> float | Named:
    if isinstance(value, list | str):
        raise MetricMathError("operators cannot be used between two arrays")
    return value


def _pair(
    operation: Callable[[float, float], float], left: float | Named, right: float | Named
) -> Named:
    """Return the series of an operator on two values; a value missing on one side counts as 0.

    Results that are not numbers are omitted, so a division by zero leaves a gap [D23].
    """
    labels = [one.label for one in (left, right) if isinstance(one, Named)]
    times = set[int]().union(*(one.series for one in (left, right) if isinstance(one, Named)))
    series = {}
    for time in sorted(times):
        result = _number(operation, _at(left, time), _at(right, time))
        if result is not None:
            series[time] = result
    return Named(labels[0], series)


def _number(operation: Callable[[float, float], float], left: float, right: float) -> float | None:
    try:
        result = operation(left, right)
    except (ZeroDivisionError, OverflowError):
        return None
    return None if isinstance(result, complex) or math.isnan(result) else float(result)


def _at(value: float | Named, time: int) -> float:
    return value.series.get(time, 0.0) if isinstance(value, Named) else value


def _call(function: str, given: list[Value], scope: Scope) -> Value:
    match function, given:
        case (("AVG" | "MAX" | "MIN" | "SUM"), [Named() as one]):
            if not one.series:
                return 0.0
            return float(AGGREGATES[function](list(one.series.values())))
        case (("AVG" | "MAX" | "MIN" | "SUM"), [list() as several]):
            return _aggregated(function, several)
        case "METRICS", []:
            return list(scope.metrics.values())
        case "METRICS", [str() as part]:
            return [one for name, one in scope.metrics.items() if part in name]
        case "PERIOD", [Named()]:
            return float(scope.period)
        case (("DIFF" | "RATE"), [Named() | list() as some]):
            return _each(some, lambda one: _change(function, one))
        case "FILL", [Named() | list() as some, (float() | str() | Named()) as filling]:
            return _each(some, lambda one: _filled(one, filling, scope.times))
        case "IF", [Named() as condition, *branches] if len(branches) in (1, 2):
            return _chosen(condition, branches)
    raise MetricMathError(f"{function} cannot be used with these arguments")


def _each(value: Named | list[Named], change: Callable[[Named], Named]) -> Value:
    return change(value) if isinstance(value, Named) else [change(one) for one in value]


def _aggregated(function: str, several: list[Named]) -> Named:
    times = sorted(set[int]().union(*(one.series for one in several)))
    return Named(
        function,
        {
            time: AGGREGATES[function]([one.series[time] for one in several if time in one.series])
            for time in times
        },
    )


def _change(function: str, one: Named) -> Named:
    """Return the differences between successive values; for ``RATE``, per second."""
    times = sorted(one.series)
    return Named(
        one.label,
        {
            time: (one.series[time] - one.series[before])
            / (time - before if function == "RATE" else 1)
            for before, time in itertools.pairwise(times)
        },
    )


def _filled(one: Named, filling: float | str | Named, times: tuple[int, ...]) -> Named:
    """Return a series with its gaps filled, where there is a value to fill them with."""
    known = sorted(one.series)
    series = {}
    for time in times:
        before = max((other for other in known if other < time), default=None)
        after = min((other for other in known if other > time), default=None)
        match filling:
            case _ if time in one.series:
                series[time] = one.series[time]
            case float():
                series[time] = filling
            case Named():
                if time in filling.series:
                    series[time] = filling.series[time]
            case "REPEAT":
                if before is not None:
                    series[time] = one.series[before]
            case "LINEAR":
                if before is not None and after is not None:
                    share = (time - before) / (after - before)
                    rise = one.series[after] - one.series[before]
                    series[time] = one.series[before] + share * rise
            case _:
                raise MetricMathError("FILL fills with a number, a metric, REPEAT or LINEAR")
    return Named(one.label, series)


def _chosen(condition: Named, branches: list[Value]) -> Named:
    """Return the first branch where the condition is not 0, the second elsewhere, or a gap."""
    series = {}
    for time, holds in condition.series.items():
        branch = branches[0] if holds else branches[1] if len(branches) == 2 else None
        if isinstance(branch, float):
            series[time] = branch
        elif isinstance(branch, Named):
            if time in branch.series:
                series[time] = branch.series[time]
        elif branch is not None:
            raise MetricMathError("IF takes numbers and time series")
    return Named(condition.label, series)
