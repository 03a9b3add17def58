"""Values of an API's shapes: check types and constraints, and refuse values in AWS's words.

Each shape of botocore's model [BC] becomes one function, created once, which converts a decoded
value: blobs to bytes, timestamps to seconds since the epoch. It notes every constraint that the
value violates, and raises an error if the value has the wrong type.
"""

import math
import re
import sys
import threading
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from workbook.localaws.api.errors import ApiError

MILLISECONDS_FROM = 1e11  # CBOR clients send milliseconds; in seconds this is the year 5138
LARGEST = sys.float_info.max
LARGEST_INTEGER = 2**63 - 1  # of Java's long
# The last characters of base64 before "=" and before "==", whose unused bits are zero.
BEFORE_ONE, BEFORE_TWO = frozenset("AEIMQUYcgkosw048"), frozenset("AQgw")
# Used within brackets, for letters, digits and separators of any script.
JAVA_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}

Shape = Mapping[str, Any]


class Violation(NamedTuple):
    """A constraint that a value violates.

    Args:
        where: the path of the value, such as ``records.1.member.data``.
        shown: the value as AWS shows it, preceded by a space; empty if AWS does not show it.
        rule: AWS's description of the constraint.
    """

    where: str
    shown: str
    rule: str

    def __str__(self) -> str:
        return f"Value{self.shown} at '{self.where}' failed to satisfy constraint: {self.rule}"


Reader = Callable[[Any, list[Violation]], Any]
Rule = tuple[Callable[[Any], bool], str]  # whether a value satisfies it; AWS's words


@dataclass(frozen=True, slots=True)
class Dialect:
    """The wording of a service's error messages.

    Args:
        kind: returns the name for the type of a value that cannot be converted.
        article: the article before names of types that start with a consonant.
        order: the order in which the constraints of one value are listed.
        tells_null: whether the rules for the members of a list end with "must not be null".
    """

    kind: Callable[[object], str]
    article: str
    order: tuple[str, ...]
    tells_null: bool


class Shapes:
    """The readers of a model's shapes.

    Args:
        shapes: the model's shapes by name.
        overrides: differences from the model, by shape.
        dialect: the wording of the service's messages.
    """

    def __init__(
        self, shapes: Mapping[str, Shape], overrides: Mapping[str, Shape], dialect: Dialect
    ) -> None:
        self._shapes = shapes
        self._overrides = overrides
        self._dialect = dialect
        self._readers: dict[str, Reader] = {}
        self._making = threading.RLock()  # requests are read on several threads

    def __getitem__(self, name: str) -> Shape:
        """Return a shape with its overrides applied."""
        return {**self._shapes.get(name, {}), **self._overrides.get(name, {})}

    def reader(self, name: str) -> Reader:
        """Return the reader of the shape called ``name``; the first call creates it."""
        with self._making:
            if name not in self._readers:
                # A structure may contain itself: look its reader up until it has been created.
                self._readers[name] = lambda value, noted: self._readers[name](value, noted)
                self._readers[name] = self._make(name, self[name])
            return self._readers[name]

    def _make(self, name: str, shape: Shape) -> Reader:
        match shape["type"]:
            case "structure":
                return self._structure(name)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
            case _:
                return self._plain(shape)

    # --- containers

    def _members(self, name: str) -> list[tuple[str, str, bool, Reader]]:
        """Return a structure's members: name, path, whether it is required, and reader."""
        shape = self[name]
        required = shape.get("required", [])
        return [
            (
                member,
                _place(member),
                member in required,
                self._member(f"{name}.{member}", of["shape"]),
            )
            for member, of in shape["members"].items()
        ]

    def _member(self, path: str, shape: str) -> Reader:
        if path in self._overrides:
            return self._make(shape, {**self[shape], **self._overrides[path]})
        return self.reader(shape)

    def _structure(self, name: str) -> Reader:
        members = self._members(name)

        def read(value: Any, violations: list[Violation]) -> dict[str, Any]:
            if not isinstance(value, dict):
                raise _unexpected(value, "null")
            typed = {}
            inner: list[Violation] = []
            for name, where, needed, reader in members:
                item = value.get(name)
                if item is not None:
                    typed[name] = reader(item, inner)
                    if inner:
                        violations += _inside(where, inner)
                        inner.clear()
                elif needed:
                    violations.append(_missing(where))
            return typed

        return read

    def _list(self, shape: Shape) -> Reader:
        name = shape["member"]["shape"]
        reader, lengths = self.reader(name), _bounds(shape).values()
        rule = shape.get("rule", f"Member must {self._all_rules(name)}")
        is_plain, show = self._is_plain(name), self._showing(shape, self[name])

        def read(value: Any, violations: list[Violation]) -> list[Any]:
            if not isinstance(value, list):
                raise _unexpected(value, "list or null")
            typed: list[Any] = []
            broken: list[Violation] = []
            inner: list[Violation] = []
            for number, item in enumerate(value, 1):
                if item is None:
                    inner.append(_missing(""))
                else:
                    typed.append(reader(item, inner))
                if inner:
                    broken += _inside(f"{number}.member", inner)
                    inner.clear()
            if broken and is_plain:
                broken = [Violation("", show(value), rule)]
            violations += _broken(lengths, value, show)
            violations += broken
            return typed

        return read

    def _map(self, shape: Shape) -> Reader:
        key, name = shape["key"]["shape"], shape["value"]["shape"]
        key_reader, reader = self.reader(key), self.reader(name)
        lengths = _bounds(shape).values()
        key_rule = f"Map keys must {self._all_rules(key, nulls=False)}"
        rule = f"Map value must {self._all_rules(name)}"
        is_plain, show = self._is_plain(name), self._showing(shape, self[key], self[name])

        def read(value: Any, violations: list[Violation]) -> dict[str, Any]:
            if not isinstance(value, dict):
                raise _unexpected(value, "map or null")
            typed: dict[str, Any] = {}
            broken_keys: list[Violation] = []
            broken: list[Violation] = []
            for label, item in value.items():
                inner: list[Violation] = []
                typed_key = key_reader(label, broken_keys)
                if item is None:
                    inner.append(_missing(""))
                else:
                    typed[typed_key] = reader(item, inner)
                broken += _inside(f"{label}.member", inner)
            seen = {**value, **typed}
            violations += _broken(lengths, seen, show)
            if broken_keys:
                violations.append(Violation("", show(seen), key_rule))
            if broken and is_plain:
                broken = [Violation("", show(seen), rule)]
            violations += broken
            return typed

        return read

    # --- scalar values

    def _is_plain(self, name: str) -> bool:
        """Return whether messages show values of the shape, each with its own path in a list."""
        return self[name]["type"] not in ("structure", "list", "map", "blob")

    def _plain(self, shape: Shape) -> Reader:
        convert = self._converter(shape["type"])
        rules, show = [rule for _, rule in self._rules(shape)], self._showing(shape)
        if rules and shape["type"] in ("string", "blob") and not shape.keys() & {"enum", "pattern"}:
            least, most = shape.get("min", 0), shape.get("max", math.inf)

            def read_short(value: Any, violations: list[Violation]) -> Any:
                """Do the same as ``read``, but faster: records are full of short strings."""
                typed = convert(value)
                if not least <= len(typed) <= most:
                    violations += _broken(rules, typed, show)
                return typed

            return read_short

        def read(value: Any, violations: list[Violation]) -> Any:
            typed = convert(value)
            violations += _broken(rules, typed, show)
            return typed

        return read

    def _rules(self, shape: Shape) -> list[tuple[str, Rule]]:
        """Return the constraints of a value, in the order in which the service lists them."""
        rules = _bounds(shape)
        if shape.get("enum"):
            choices = frozenset(shape["enum"])
            listed = ", ".join(shape["enum"])
            rules["enum"] = choices.__contains__, f"Member must satisfy enum value set: [{listed}]"
        if shape.get("pattern"):
            match = _compiled(shape["pattern"]).fullmatch
            rules["pattern"] = (
                lambda value: match(value) is not None,
                f"Member must satisfy regular expression pattern: {shape['pattern']}",
            )
        return [(name, rules[name]) for name in self._dialect.order if name in rules]

    def _all_rules(self, name: str, *, nulls: bool = True) -> str:
        """Return the message with all rules for the members of a list or map."""
        shape = self[name]
        texts = [text for _, (_, text) in self._rules(shape)]
        if not texts or (nulls and shape.get("tells_null", self._dialect.tells_null)):
            texts.append("Member must not be null")
        return f"satisfy constraint: [{', '.join(texts)}]"

    def _showing(self, *shapes: Shape) -> Callable[[Any], str]:
        """Return a function that shows a value, unless it has blobs, structures or secrets."""
        if any(one.get("sensitive") or one["type"] in ("structure", "blob") for one in shapes):
            return lambda value: ""
        return lambda value: f" '{_text(value)}'"

    def _converter(self, kind: str) -> Callable[[Any], Any]:
        """Return the function that converts decoded values to a type."""
        match kind:
            case "string":
                return self._string
            case "blob":
                return self._blob
            case "boolean":
                return self._boolean
            case "timestamp":
                return self._timestamp
            case "double" | "float":
                return self._double
            case "long":
                return self._long
            case _:
                return self._integer

    def _string(self, value: Any) -> str:
        if type(value) is not str:
            raise self._wrong(value, f"{self._dialect.article} String")
        return value

    def _blob(self, value: Any) -> bytes:
        if type(value) is not str:
            if isinstance(value, bytes):  # CBOR contains bytes
                return value
            raise self._wrong(value, "a Blob")
        try:
            data = a2b_base64(value, strict_mode=True)
        except (Base64Error, ValueError):  # ValueError: characters outside ASCII
            raise _no_base64(value) from None
        if value[-1:] == "=" and (
            value[-3] not in BEFORE_TWO if value[-2] == "=" else value[-2] not in BEFORE_ONE
        ):
            raise _no_base64(value)
        return data

    def _boolean(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self._wrong(value, f"{self._dialect.article} Boolean")
        return value

    def _timestamp(self, value: Any) -> float:
        seconds = self._finite(value, "milliseconds since epoch")
        return seconds / 1000 if seconds >= MILLISECONDS_FROM else float(seconds)

    def _double(self, value: Any) -> float:
        return float(self._finite(value, f"{self._dialect.article} Double"))

    def _long(self, value: Any) -> int:
        return self._whole(value, f"{self._dialect.article} Long")

    def _integer(self, value: Any) -> int:
        return self._whole(value, "an Integer")

    def _whole(self, value: Any, wanted: str) -> int:
        """Return a number without its fraction, if Java has it; AWS's refusal is a guess."""
        whole = math.trunc(self._finite(value, wanted))
        if not -LARGEST_INTEGER <= whole <= LARGEST_INTEGER:
            raise self._wrong(value, wanted)
        return whole

    def _finite(self, value: Any, wanted: str) -> int | float:
        """Return a number; CBOR also carries infinities, NaN and integers of any size."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(value, wanted)
        if not -LARGEST <= value <= LARGEST:  # true for NaN as well
            raise self._wrong(value, wanted)
        return value

    def _wrong(self, value: Any, wanted: str) -> ApiError:
        """Return the error for a value that cannot be converted to ``wanted`` [KL]."""
        match value:
            case list():
                return _serialization_error("Start of list found where not expected")
            case dict():
                return _serialization_error("Start of structure or map found where not expected.")
            case _:
                kind = self._dialect.kind(value)
                return _serialization_error(f"{kind} can not be converted to {wanted}")


def _place(member: str) -> str:
    """Return a member's name as AWS's messages show it, such as ``startingPosition``."""
    return member[0].lower() + member[1:]


def _missing(where: str) -> Violation:
    """Return the violation for a missing required value."""
    return Violation(where, " null", "Member must not be null")


def _inside(where: str, violations: list[Violation]) -> list[Violation]:
    """Return violations of a nested value, with ``where`` prepended to their paths."""
    return [
        Violation(f"{where}.{inner}" if inner else where, shown, rule)
        for inner, shown, rule in violations
    ]


def _serialization_error(message: str) -> ApiError:
    return ApiError("SerializationException", message)


def _broken(rules: Iterable[Rule], value: Any, show: Callable[[Any], str]) -> list[Violation]:
    """Return the violations of the rules that a value does not satisfy."""
    return [Violation("", show(value), text) for keeps, text in rules if not keeps(value)]


def _bounds(shape: Shape) -> dict[str, Rule]:
    """Return the constraints on a length, or on a number."""
    rules: dict[str, Rule] = {}
    if shape["type"] in ("string", "blob", "list", "map"):
        measure, what = len, "length"
    else:
        measure, what = _itself, "value"
    if "max" in shape:
        most = shape["max"]
        text = f"Member must have {what} less than or equal to {most}"
        rules["max"] = lambda value: measure(value) <= most, text
    if "max_of_name" in shape:
        most_of_name = shape["max_of_name"]
        text = f"Member must have length less than or equal to {most_of_name}"
        rules["max_of_name"] = lambda value: len(value) <= most_of_name or ":" in value, text
    if "min" in shape:
        least = shape["min"]
        text = f"Member must have {what} greater than or equal to {least}"
        rules["min"] = lambda value: measure(value) >= least, text
    return rules


def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a compiled Java pattern; its classes are ASCII, except those named after Unicode's."""
    flags = re.NOFLAG if r"\p{" in pattern else re.ASCII
    for java, python in JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern, flags)


def _itself(value: Any) -> Any:
    return value


def _unexpected(value: Any, wanted: str) -> ApiError:
    """Return the error for a value that is not the structure, list or map ``wanted`` [KL]."""
    match value:
        case list():
            return _serialization_error("Start of list found where not expected")
        case dict():
            return _serialization_error("Start of structure or map found where not expected.")
        case _:
            return _serialization_error(f"Expected {wanted}")


def _no_base64(text: str) -> ApiError:
    """Return the error for a blob that is not valid base64 [KL]."""
    wrong = re.search(r"[^A-Za-z0-9+/=]|=(?=[^=])", text)
    if len(text) % 4:
        reason = f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(text)}"
    elif wrong:
        reason = f"Invalid Base64 character: '{wrong[0]}'"
    else:
        reason = "Invalid last non-pad Base64 character dectected"  # AWS's spelling
    return _serialization_error(f"'{text}' can not be converted to a Blob: {reason}")


def _text(value: Any) -> str:
    """Return a value as AWS shows it, which is as Java does."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(map(_text, value))}]"
        case dict():
            return f"{{{', '.join(f'{_text(key)}={_text(one)}' for key, one in value.items())}}}"
        case _:
            return str(value)
