"""The types of a Glue table's columns as Arrow types."""

import re

import pyarrow as pa

_TOKEN = re.compile(r"\s*([A-Za-z_][\w$]*|\d+|[<>(),:])")
_SIMPLE = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def arrow_type(text: str) -> pa.DataType:
    """Return the Arrow type of a column, such as ``struct<a:int,b:array<string>>``.

    Raises:
        ValueError: the type is unknown.
    """
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise ValueError(f"{text!r} is not a type")
    parser = _Parser(text, tokens)
    found = parser.type()
    if parser.tokens:
        raise ValueError(f"{text!r} is not a type")
    return found


class _Parser:
    """Parses a type from its tokens."""

    def __init__(self, text: str, tokens: list[str]) -> None:
        self._text = text
        self.tokens = tokens

    def type(self) -> pa.DataType:
        name = self._take().lower()
        match name:
            case "array":
                self._take("<")
                found = pa.list_(self.type())
            case "map":
                self._take("<")
                key = self.type()
                self._take(",")
                found = pa.map_(key, self.type())
            case "struct":
                self._take("<")
                found = pa.struct(self._fields())
            case "decimal":
                return pa.decimal128(*self._numbers(10, 0))
            case "varchar" | "char":
                self._numbers(255)
                return pa.string()
            case _ if name in _SIMPLE:
                return _SIMPLE[name]
            case _:
                raise ValueError(f"{self._text!r} is not a type")
        self._take(">")
        return found

    def _fields(self) -> list[tuple[str, pa.DataType]]:
        fields = []
        while True:
            name = self._take()
            self._take(":")
            fields.append((name, self.type()))
            if self.tokens[:1] != [","]:
                return fields
            self._take(",")

    def _numbers(self, *defaults: int) -> list[int]:
        if self.tokens[:1] != ["("]:
            return list(defaults)
        self._take("(")
        found = [int(self._take())]
        while self.tokens[:1] == [","]:
            self._take(",")
            found.append(int(self._take()))
        self._take(")")
        return [*found, *defaults[len(found) :]]

    def _take(self, wanted: str = "") -> str:
        token = self.tokens.pop(0) if self.tokens else ""
        if not token or (wanted and token != wanted):
            raise ValueError(f"{self._text!r} is not a type")
        return token
