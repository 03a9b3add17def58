"""Queries of Logs Insights: commands that turn rows into rows [CWL:CWL_QuerySyntax]."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workbook.localaws.integrations.insights.expressions import (
    MalformedQueryError,
    Moment,
    Node,
    Reader,
    Row,
    evaluate,
    number,
    text,
)

MOST_ROWS = 10_000  # of a result, even without a limit [?]
PIPE = re.compile(  # outside strings and regular expressions
    r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`"
    r"|(?:\blike|=~|\bparse(?:\s+[@\w.`]+)?)\s*/(?:[^/\\]|\\.)+/|(?P<pipe>\|)",
    re.IGNORECASE,
)
COMMENT = re.compile(r"^\s*#[^\n]*$", re.MULTILINE)
POINTER = "@ptr"
COMMANDS = ("dedup", "display", "fields", "filter", "limit", "parse", "sort", "stats")
Step = Callable[[list[Row]], list[Row]]


@dataclass
class Query:
    """A parsed query.

    Args:
        steps: the functions to apply to the rows, in order.
        shown: the fields of the result.
        needed: the log event fields that it uses.
        is_grouped: whether rows have stopped being log events.
        is_distinct: whether ``dedup`` was used; only ``limit`` may follow it.
    """

    steps: list[Step] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    needed: set[str] = field(default_factory=set)
    is_grouped: bool = False
    is_distinct: bool = False

    def run(self, rows: Iterable[Row], most: int = MOST_ROWS) -> list[list[tuple[str, str]]]:
        """Return the result: the names and values of each row's fields.

        Args:
            rows: log events by their fields; returned newest first if nothing sorts them [?].
            most: the maximum number of rows in the result.
        """
        found = sorted(rows, key=lambda row: row["@timestamp"], reverse=True)
        for step in self.steps:
            found = step(found)
        shown = self.shown or ["@timestamp", "@message"]
        names = shown if self.is_grouped else [*(one for one in shown if one != POINTER), POINTER]
        return [
            [(name, _told(name, row[name])) for name in names if row.get(name) is not None]
            for row in found[:most]
        ]


def parse(source: str) -> Query:
    """Parse a query.

    Args:
        source: commands joined by ``|``.

    Raises:
        MalformedQueryError: it is not valid, or uses an unsupported command.
    """
    query = Query()
    for command in _commands(COMMENT.sub("", source)):
        reader = Reader(command)
        name = reader.next()[1]
        if name.lower() not in COMMANDS:
            raise MalformedQueryError(
                f"the local AWS does not support the command {name or command!r}; it supports "
                f"{', '.join(COMMANDS)}"
            )
        if query.is_distinct and name.lower() != "limit":
            raise MalformedQueryError(f"only limit may follow dedup, not {name}")
        try:
            READERS[name.lower()](query, reader)
        except RecursionError:
            raise MalformedQueryError("the query is nested too deeply") from None
        reader.end()
    return query


def _commands(source: str) -> list[str]:
    """Split a query at the pipes outside strings and regular expressions."""
    ends = [found.start() for found in PIPE.finditer(source) if found["pipe"]]
    starts = [0, *(end + 1 for end in ends)]
    return [source[start:end] for start, end in zip(starts, [*ends, len(source)], strict=True)]


def _named(reader: Reader) -> list[tuple[str, Node]]:
    """Return expressions with their names: ``f``, ``a / b as ratio``, ..."""
    found: list[tuple[str, Node]] = []
    while not found or reader.takes(","):
        node = reader.expression()
        name = reader.name() if reader.takes("as") else None
        found.append((name or (node.value if node.kind == "field" else node.source), node))
    return found


def _note(query: Query, nodes: Iterable[Node]) -> None:
    """Note the fields that a command uses; refuse aggregation functions."""
    for node in nodes:
        if node.has_aggregate():
            raise MalformedQueryError(f"aggregation functions belong to stats: {node.source}")
        query.needed |= node.fields()


def _fields(query: Query, reader: Reader) -> None:
    named = _named(reader)
    _note(query, (node for _, node in named))
    made = [(name, node) for name, node in named if node.kind != "field" or name != node.value]

    def step(rows: list[Row]) -> list[Row]:
        return [row | {name: evaluate(node, row) for name, node in made} for row in rows]

    query.shown += [name for name, _ in named if name not in query.shown]
    query.steps.append(step)


def _display(query: Query, reader: Reader) -> None:
    query.shown = []
    _fields(query, reader)


def _filter(query: Query, reader: Reader) -> None:
    node = reader.expression()
    _note(query, [node])
    if not node.is_condition():
        raise MalformedQueryError(f"filter takes a condition, not {node.source}")
    query.steps.append(lambda rows: [row for row in rows if evaluate(node, row)])


def _parse(query: Query, reader: Reader) -> None:
    source = reader.name() if reader.peek()[0] in ("name", "quoted") else "@message"
    query.needed.add(source)
    pattern = reader.regex()
    if pattern is not None:
        names = list(pattern.groupindex)
        if not names:
            raise MalformedQueryError("parse needs named groups in its regular expression")
    else:
        glob = reader.string()
        if glob is None:
            raise reader.unexpected()
        pattern, count = _glob(glob), glob.count("*")
        reader.expect("as")
        names = [reader.name()]
        while reader.takes(","):
            names.append(reader.name())
        if len(names) != count:
            raise MalformedQueryError(f"parse has {count} wildcards and {len(names)} names")

    def step(rows: list[Row]) -> list[Row]:
        return [row | _groups(pattern, names, row.get(source)) for row in rows]

    if query.shown:
        query.shown += [name for name in names if name not in query.shown]
    query.steps.append(step)


def _glob(glob: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in glob.split("*")]
    if parts[-1]:
        return re.compile("(.*?)".join(parts))
    return re.compile("(.*?)".join(parts[:-1]) + "(.*)")


def _groups(pattern: re.Pattern[str], names: Sequence[str], value: Any) -> Row:
    found = None if value is None else pattern.search(text(value))
    if found is None:
        return {}
    values = [found[name] for name in names] if pattern.groupindex else found.groups()
    return dict(zip(names, values, strict=True))


def _stats(query: Query, reader: Reader) -> None:
    totals = _named(reader)
    groups = _named(reader) if reader.takes("by") else []
    _note(query, (node for _, node in groups))
    for name, node in totals:
        if not node.has_aggregate():
            raise MalformedQueryError(f"stats takes aggregation functions, not {name}")
        query.needed |= node.fields()

    def step(rows: list[Row]) -> list[Row]:
        found: dict[tuple[str, ...], tuple[Row, list[Row]]] = {}
        for row in rows:
            keys = {name: evaluate(node, row) for name, node in groups}
            _, group = found.setdefault(tuple(map(str, keys.values())), (keys, []))
            group.append(row)
        if not groups and not rows:
            found[()] = ({}, [])
        return [
            keys | {name: evaluate(node, keys, group) for name, node in totals}
            for keys, group in found.values()
        ]

    query.shown = [name for name, _ in (*groups, *totals)]
    query.is_grouped = True
    query.steps.append(step)


def _sort(query: Query, reader: Reader) -> None:
    orders: list[tuple[Node, bool]] = []
    while not orders or reader.takes(","):
        node = _column(query, reader.expression())
        is_descending = reader.takes("desc")
        if not is_descending:
            reader.takes("asc")
        orders.append((node, is_descending))
    _note(query, (node for node, _ in orders))

    def step(rows: list[Row]) -> list[Row]:
        for node, is_descending in reversed(orders):  # sorting keeps the order of equals
            there = [row for row in rows if evaluate(node, row) is not None]
            missing = [row for row in rows if evaluate(node, row) is None]
            there.sort(key=lambda row: _order(evaluate(node, row)), reverse=is_descending)
            rows = there + missing
        return rows

    query.steps.append(step)


def _column(query: Query, node: Node) -> Node:
    """Return a field for a value computed by ``stats``: ``sort count(*) desc``."""
    return Node("field", node.source) if node.source in query.shown else node


def _order(value: Any) -> tuple[bool, float, str]:
    found = number(value)
    return (found is None, found or 0.0, text(value))


def _limit(query: Query, reader: Reader) -> None:
    kind, word = reader.next()
    if kind != "number" or not word.isdecimal() or not 1 <= int(word) <= MOST_ROWS:
        raise MalformedQueryError(f"limit takes a number from 1 to {MOST_ROWS}, not {word}")
    most = int(word)
    query.steps.append(lambda rows: rows[:most])


def _dedup(query: Query, reader: Reader) -> None:
    names = [reader.name()]
    while reader.takes(","):
        names.append(reader.name())
    query.needed.update(names)

    def step(rows: list[Row]) -> list[Row]:
        first: dict[tuple[str, ...], Row] = {}
        for row in rows:
            values = [row.get(name) for name in names]
            key = tuple(map(str, values))
            first.setdefault(key if None not in values else (*key, str(id(row))), row)
        return list(first.values())

    query.is_distinct = True
    query.steps.append(step)


READERS: dict[str, Callable[[Query, Reader], None]] = {
    "dedup": _dedup,
    "display": _display,
    "fields": _fields,
    "filter": _filter,
    "limit": _limit,
    "parse": _parse,
    "sort": _sort,
    "stats": _stats,
}


def _told(name: str, value: Any) -> str:
    """Return a value as results show it: times as dates, everything else as text."""
    is_time = name in ("@timestamp", "@ingestionTime") and isinstance(value, int)
    if isinstance(value, Moment) or is_time:
        moment = datetime.fromtimestamp(value / 1000, UTC)
        return f"{moment:%Y-%m-%d %H:%M:%S}.{int(value) % 1000:03d}"
    return text(value)
