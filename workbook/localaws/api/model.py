"""Parameters checked against the Kinesis API's own model (botocore's), in AWS's words.

Every shape of the model becomes one function that takes a value off the wire and gives it typed
(blobs as bytes, timestamps as seconds), noting what breaks a constraint.
"""

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from functools import cache
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.kinesis.errors import refused

MAX_REPORTED = 10  # [KL]
MILLISECONDS_FROM = 1e11  # CBOR clients send milliseconds; as seconds this is the year 5138

Violation = tuple[str, str]  # where, and "Value ... failed to satisfy constraint: ..." without it
Reader = Callable[[Any, list[Violation]], Any]


def read_parameters(operation: str, raw: Any) -> dict[str, Any]:
    """The typed parameters of a call; those that the operation does not have are left out.

    Args:
        operation: such as ``PutRecords``.
        raw: the decoded body.

    Raises:
        ApiError: SerializationException for a wrong type, ValidationException for values that
            break the model's constraints.
    """
    violations: list[Violation] = []
    parameters: dict[str, Any] = _inputs()[operation](raw, violations)
    if violations:
        count = min(len(violations), MAX_REPORTED)
        texts = [text.format(at=f"'{where}'") for where, text in violations[:count]]
        raise refused(f"{count} validation error{'s' * (count > 1)} detected: {'; '.join(texts)}")
    return parameters


@cache
def _inputs() -> dict[str, Reader]:
    """The reader of every operation's input."""
    from botocore.loaders import Loader  # late: only a process that serves Kinesis needs it

    model = Loader().load_service_model("kinesis", "service-2")
    shapes = _Shapes(model["shapes"])
    return {
        name: shapes.reader(operation["input"]["shape"])
        for name, operation in model["operations"].items()
    }


def _serialization(message: str) -> ApiError:
    return ApiError("SerializationException", message)


def _constraint(value: object, text: str) -> Violation:
    quoted = "" if value is None else " '" + str(value).replace("{", "{{").replace("}", "}}") + "'"
    text = text.replace("{", "{{").replace("}", "}}")
    return "", f"Value{quoted} at {{at}} failed to satisfy constraint: Member must {text}"


def _under(place: str, violations: list[Violation], before: int) -> None:
    """Say of violations found since ``before`` that they are inside ``place``."""
    for index in range(before, len(violations)):
        where, text = violations[index]
        violations[index] = (f"{place}.{where}" if where else place, text)


def _named(value: Any) -> str:
    match value:
        case bool():
            return "class java.lang.Boolean"
        case int() | float():
            return "class com.amazon.coral.value.json.numbers.TruncatingBigNumber"
        case _:
            return "class java.lang.String"


def _simple(value: Any, kinds: type | tuple[type, ...], wanted: str) -> None:
    """Refuse a value of another JSON type."""
    if isinstance(value, list):
        raise _serialization("Start of list found where not expected")
    if isinstance(value, dict):
        raise _serialization("Start of structure or map found where not expected.")
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        raise _serialization(f"{_named(value)} can not be converted to {wanted}")


class _Shapes:
    """Makes the readers of a model's shapes, each once."""

    def __init__(self, shapes: dict[str, Any]) -> None:
        self._shapes = shapes
        self._readers: dict[str, Reader] = {}

    def reader(self, name: str) -> Reader:
        """The reader of the shape called ``name``."""
        if name not in self._readers:
            shape = self._shapes[name]
            make = {
                "structure": self._structure,
                "list": self._list,
                "map": self._map,
                "string": _string,
                "blob": _blob,
                "boolean": _boolean,
                "timestamp": _timestamp,
            }.get(shape["type"], _integer)
            self._readers[name] = make(shape)
        return self._readers[name]

    def _structure(self, shape: dict[str, Any]) -> Reader:
        required = shape.get("required", [])
        members = [
            (name, name[0].lower() + name[1:], name in required, self.reader(member["shape"]))
            for name, member in shape["members"].items()
        ]

        def read(value: Any, violations: list[Violation]) -> dict[str, Any]:
            if not isinstance(value, dict):
                if isinstance(value, list):
                    raise _serialization("Start of list found where not expected")
                raise _serialization("Expected null")
            typed = {}
            for name, place, needed, reader in members:
                item = value.get(name)
                if item is not None:
                    before = len(violations)
                    typed[name] = reader(item, violations)
                    if len(violations) > before:
                        _under(place, violations, before)
                elif needed:
                    violations.append(
                        (
                            place,
                            "Value null at {at} failed to satisfy constraint: "
                            "Member must not be null",
                        )
                    )
            return typed

        return read

    def _list(self, shape: dict[str, Any]) -> Reader:
        reader = self.reader(shape["member"]["shape"])
        length = _length(shape)

        def read(value: Any, violations: list[Violation]) -> list[Any]:
            if not isinstance(value, list):
                if isinstance(value, dict):
                    raise _serialization("Start of structure or map found where not expected.")
                raise _serialization("Expected list or null")
            typed = []
            for index, item in enumerate(value):
                before = len(violations)
                typed.append(reader(item, violations))
                if len(violations) > before:
                    _under(f"{index + 1}.member", violations, before)
            length(len(value), None, violations)
            return typed

        return read

    def _map(self, shape: dict[str, Any]) -> Reader:
        key_reader = self.reader(shape["key"]["shape"])
        reader = self.reader(shape["value"]["shape"])
        length = _length(shape)

        def read(value: Any, violations: list[Violation]) -> dict[str, Any]:
            if not isinstance(value, dict):
                if isinstance(value, list):
                    raise _serialization("Start of list found where not expected")
                raise _serialization("Expected map or null")
            typed = {}
            for key, item in value.items():
                before = len(violations)
                typed[key_reader(key, violations)] = reader(item, violations)
                if len(violations) > before:
                    _under(f"{key}.member", violations, before)
            length(len(value), None, violations)
            return typed

        return read


def _length(shape: dict[str, Any]) -> Callable[[int, object, list[Violation]], None]:
    least, most = shape.get("min", 0), shape.get("max")

    def check(length: int, value: object, violations: list[Violation]) -> None:
        if length < least:
            text = f"have length greater than or equal to {least}"
            violations.append(_constraint(value, text))
        if most is not None and length > most:
            violations.append(_constraint(value, f"have length less than or equal to {most}"))

    return check


def _string(shape: dict[str, Any]) -> Reader:
    choices = shape.get("enum")
    pattern = re.compile(shape["pattern"]) if "pattern" in shape else None
    length = _length(shape)

    def read(value: Any, violations: list[Violation]) -> str:
        if type(value) is not str:
            _simple(value, str, "an String")
        if choices is not None and value not in choices:
            text = f"satisfy enum value set: [{', '.join(choices)}]"
            violations.append(_constraint(value, text))
        if pattern is not None and pattern.fullmatch(value) is None:
            text = f"satisfy regular expression pattern: {pattern.pattern}"
            violations.append(_constraint(value, text))
        length(len(value), value, violations)
        return str(value)

    return read


def _blob(shape: dict[str, Any]) -> Reader:
    length = _length(shape)

    def read(value: Any, violations: list[Violation]) -> bytes:
        if isinstance(value, bytes):  # CBOR has them
            data = value
        else:
            _simple(value, str, "a Blob")
            try:
                data = a2b_base64(value, strict_mode=True)
            except (Base64Error, ValueError) as error:
                raise _serialization(f"'{value}' can not be converted to a Blob: {error}") from None
        length(len(data), None, violations)
        return data

    return read


def _integer(shape: dict[str, Any]) -> Reader:
    least, most = shape.get("min"), shape.get("max")

    def read(value: Any, violations: list[Violation]) -> int:
        _simple(value, (int, float), "an Integer")
        number = int(value)
        if least is not None and number < least:
            text = f"have value greater than or equal to {least}"
            violations.append(_constraint(number, text))
        if most is not None and number > most:
            violations.append(_constraint(number, f"have value less than or equal to {most}"))
        return number

    return read


def _boolean(shape: dict[str, Any]) -> Reader:
    def read(value: Any, violations: list[Violation]) -> bool:
        _simple(value, bool, "an Boolean")
        return bool(value)

    return read


def _timestamp(shape: dict[str, Any]) -> Reader:
    def read(value: Any, violations: list[Violation]) -> float:
        _simple(value, (int, float), "milliseconds since epoch")
        return value / 1000 if value >= MILLISECONDS_FROM else float(value)

    return read
