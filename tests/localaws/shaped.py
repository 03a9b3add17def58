"""Requests of every shape, valid and invalid, made from botocore's model of a service."""

import json
import os
import random
import string
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from botocore.loaders import Loader

from tests.localaws.fakes import REGION
from workbook.localaws.api.http import Request, authorization

REQUESTS = int(os.environ.get("WORKBOOK_FUZZ", "1000"))  # in each test
JUNK: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e300, 2**70, "", "x", "\0", "ä" * 300, "[]", "-5", "$LATEST"),
    *([], {}, [None], [[]], {"": ""}, {"a": None}, "arn:aws:lambda", "*" * 5000),
]
BODIES = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"a":1}', b"[" * 1000, b"NaN"]


class Shaped:
    """Makes requests from botocore's model.

    Args:
        service: the service's name in botocore.
        right: valid values, by the names of the parameters.
        chance: the source of randomness.
    """

    def __init__(self, service: str, right: Mapping[str, list[Any]], chance: random.Random) -> None:
        self._service = service
        self._right = {name: list(values) for name, values in right.items()}
        self._chance = chance
        self._model = Loader().load_service_model(service, "service-2")
        self._operations = sorted(self._model["operations"])

    def request(self) -> tuple[str, Request]:
        """Return a request, and the operation that it calls."""
        name = self._chance.choice(self._operations)
        operation = self._model["operations"][name]
        shape = self._model["shapes"].get(operation.get("input", {}).get("shape"), {"members": {}})
        path, query, headers = operation["http"]["requestUri"], [], {}
        body: dict[str, Any] = {}
        for member, place in shape["members"].items():
            if member not in shape.get("required", []) and self._chance.random() < 0.6:
                continue
            value = self._value(member, place["shape"])
            text = value if isinstance(value, str) else json.dumps(value)
            match place.get("location"):
                case "uri":
                    path = path.replace(f"{{{place['locationName']}}}", quote(text[:300], safe=""))
                case "querystring":
                    query.append((place["locationName"], text))
                case "header":
                    headers[place["locationName"].lower()] = text
                case _:
                    body[member] = value
        path, _, fixed = path.partition("?")
        if "targetPrefix" in self._model["metadata"]:
            headers["x-amz-target"] = f"{self._model['metadata']['targetPrefix']}.{name}"
            headers["content-type"] = (
                f"application/x-amz-json-{self._model['metadata']['jsonVersion']}"
            )
        regions = [REGION] * 20 if "Mapping" in name else [REGION] * 20 + ["mars-1", ""]
        headers["authorization"] = authorization(self._chance.choice(regions), self._service)
        content = json.dumps(body).encode() if body or self._rarely() else b""
        if self._rarely():
            content = self._chance.choice(BODIES)
        queried = "&".join(filter(None, (fixed, urlencode(query))))
        return name, Request(operation["http"]["method"], path, queried, headers, content)

    def learn(self, answer: bytes) -> None:
        """Add the top-level values of a response to the valid ones: tokens, iterators, numbers."""
        for name, value in (json.loads(answer) if answer else {}).items():
            if isinstance(value, str):
                name = name.removeprefix("Next") if name.endswith("Iterator") else name
                self._right.setdefault(name, []).append(value)

    def _rarely(self) -> bool:
        return self._chance.random() < 0.1

    def _value(self, name: str, shape_name: str, depth: int = 0) -> Any:
        """Return a value for a member: mostly of its shape."""
        shape = self._model["shapes"][shape_name]
        if self._chance.random() < 0.08 or depth > 5:
            return self._chance.choice(JUNK)
        if name in self._right and not self._rarely():
            return self._chance.choice(self._right[name])
        match shape["type"]:
            case "structure":
                return self._structure(shape, depth)
            case "list":
                count = self._chance.randrange(3)
                return [self._value("", shape["member"]["shape"], depth + 1) for _ in range(count)]
            case "map":
                value = shape["value"]["shape"]
                return {
                    self._text(): self._value("", value, depth + 1)
                    for _ in range(self._chance.randrange(3))
                }
            case "string" if "enum" in shape:
                return self._chance.choice(shape["enum"])
            case "string" | "blob":
                return self._text()
            case "boolean":
                return self._chance.random() < 0.5
            case _:
                least, most = shape.get("min", -10), shape.get("max", 10_000)
                return self._chance.choice([least, most, self._chance.randint(-10, 10_000)])

    def _structure(self, shape: Mapping[str, Any], depth: int) -> dict[str, Any]:
        return {
            member: self._value(member, place["shape"], depth + 1)
            for member, place in shape["members"].items()
            if member in shape.get("required", []) or self._chance.random() < 0.4
        }

    def _text(self) -> str:
        letters = string.ascii_letters + string.digits + ":/-_.$ä\0{}"
        return "".join(self._chance.choices(letters, k=self._chance.randrange(12)))
