"""Requests of every shape, right and wrong, to every operation of Lambda: answered, never a 500."""

import asyncio
import base64
import json
import random
import string
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from botocore.loaders import Loader

from tests.localaws.fakes import ACCOUNT, REGION, ROLE
from tests.localaws.functions.lambda_functions import TRUST, zipped
from workbook.localaws.api.http import Request, authorization
from workbook.localaws.clock import Clock
from workbook.localaws.parts import Parts

REQUESTS = 600
UNSUPPORTED = 501
JUNK: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e300, 2**70, "", "x", "\0", "ä" * 300, "[]", "-5", "$LATEST"),
    *([], {}, [None], [[]], {"": ""}, {"a": None}, "arn:aws:lambda", "*" * 5000),
]
BODIES = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"a":1}', b"[" * 1000, b"NaN"]
FUNCTIONS = [f"f{number}" for number in range(4)]
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}"
CODE = base64.b64encode(zipped(app="def handler(event, context): return 1")).decode()
# Values that are right, by the names of the parameters.
RIGHT: dict[str, list[Any]] = {
    "FunctionName": [*FUNCTIONS, f"{ARN}:function:f1", "f2:live", f"{ACCOUNT}:function:f3", "f0:1"],
    "Role": [ROLE],
    "Handler": ["app.handler"],
    "Runtime": ["python3.11", "python3.13", "provided.al2023"],
    "ZipFile": [CODE],
    "Name": ["live", "other"],
    "FunctionVersion": ["1", "2", "$LATEST"],
    "Qualifier": ["1", "live", "$LATEST"],
    "LayerName": ["layer", f"{ARN}:layer:layer"],
    "VersionNumber": [1, 2],
    "Layers": [[f"{ARN}:layer:layer:1"], []],
    "Arn": [f"{ARN}:layer:layer:1"],
    "Resource": [f"{ARN}:function:f1", f"{ARN}:function:f2:live"],
    "Destination": [f"{ARN}:function:f0", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"],
    "StatementId": ["one"],
    "Action": ["lambda:InvokeFunction"],
    "Principal": ["sns.amazonaws.com"],
    "Variables": [{"AB": "c"}, {"AB": "\0"}],
    "AdditionalVersionWeights": [{"1": 0.5}, {"2": 1.0}, {}],
    "InvocationType": ["Event", "DryRun"],
    "AuthType": ["NONE", "AWS_IAM"],
    "Marker": ["1", "0"],
}


class Shaped:
    """Makes requests out of botocore's model.

    Args:
        chance: what decides all.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._model = Loader().load_service_model("lambda", "service-2")
        self._operations = sorted(self._model["operations"])

    def request(self) -> tuple[str, Request]:
        """A request, and the operation that it is for."""
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
        regions = [REGION] * 20 if "Mapping" in name else [REGION] * 20 + ["mars-1", ""]
        headers["authorization"] = authorization(self._chance.choice(regions), "lambda")
        content = json.dumps(body).encode() if body or self._rarely() else b""
        if self._rarely():
            content = self._chance.choice(BODIES)
        queried = "&".join(filter(None, (fixed, urlencode(query))))
        return name, Request(operation["http"]["method"], path, queried, headers, content)

    def _rarely(self) -> bool:
        return self._chance.random() < 0.1

    def _value(self, name: str, shape_name: str, depth: int = 0) -> Any:
        """A value for a member: mostly of its shape."""
        shape = self._model["shapes"][shape_name]
        if self._chance.random() < 0.08 or depth > 5:
            return self._chance.choice(JUNK)
        if name in RIGHT and not self._rarely():
            return self._chance.choice(RIGHT[name])
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


async def answered(parts: Parts, shaped: Shaped) -> None:
    """Send requests; all of them are answered without a 500."""
    seen = set()
    for _ in range(REQUESTS):
        operation, request = shaped.request()
        try:
            response = await parts.respond(request)
        except Exception as problem:
            raise AssertionError(f"{operation}: {request}") from problem
        assert response.status < 500 or response.status == UNSUPPORTED, (operation, request)
        if response.status < 300:
            seen.add(operation)
    # The requests are not all refused: a good part of the operations did what they do.
    assert len(seen) > 20
    # And whatever was kept runs, or fails as functions do.
    for name in FUNCTIONS:
        response = await parts.respond(signed(f"/2015-03-31/functions/{name}/invocations", {}))
        assert response.status in (200, 404, 429), response


@pytest.mark.parametrize("seed", range(3))
def test_every_request_is_answered(seed: int) -> None:
    async def run() -> None:
        parts = Parts("http://127.0.0.1:9", Clock())
        await parts.start()
        try:
            shaped = Shaped(random.Random(seed))
            for name in FUNCTIONS:
                body = {
                    "FunctionName": name,
                    "Role": ROLE,
                    "Runtime": "python3.11",
                    "Handler": "app.handler",
                    "Code": {"ZipFile": CODE},
                }
                await parts.respond(create_role())
                created = await parts.respond(signed("/2015-03-31/functions", body))
                assert created.status == 201, created.body
            await answered(parts, shaped)
        finally:
            await parts.close()

    asyncio.run(run())


def signed(path: str, body: Mapping[str, Any]) -> Request:
    """A POST to Lambda."""
    headers = {"authorization": authorization(REGION, "lambda")}
    return Request("POST", path, "", headers, json.dumps(body).encode())


def create_role() -> Request:
    """IAM's CreateRole, of the role that functions have."""
    parameters = {
        "Action": "CreateRole",
        "Version": "2010-05-08",
        "RoleName": ROLE.rpartition("/")[2],
        "AssumeRolePolicyDocument": TRUST,
    }
    headers = {
        "authorization": authorization(REGION, "iam"),
        "content-type": "application/x-www-form-urlencoded",
        "host": "127.0.0.1",
    }
    return Request("POST", "/", "", headers, urlencode(parameters).encode())
