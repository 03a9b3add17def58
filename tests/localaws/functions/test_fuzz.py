"""Requests of every shape, valid and invalid, to every operation of Lambda: never a 500."""

import asyncio
import base64
import json
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.localaws.fakes import ACCOUNT, REGION, ROLE
from tests.localaws.functions.lambda_functions import TRUST, zipped
from tests.localaws.shaped import REQUESTS, Shaped
from workbook.localaws.api.http import Request, authorization
from workbook.localaws.clock import Clock
from workbook.localaws.parts import Parts

UNSUPPORTED = 501
FUNCTIONS = [f"f{number}" for number in range(4)]
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}"
CODE = base64.b64encode(zipped(app="def handler(event, context): return 1")).decode()
# Valid values, by the names of the parameters.
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


async def answered(parts: Parts, shaped: Shaped) -> None:
    """Send requests; check that all get a response other than a 500."""
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
    # Not all requests are refused: many operations succeed.
    assert len(seen) > 20
    # What was stored runs, or fails as functions do.
    for name in FUNCTIONS:
        response = await parts.respond(signed(f"/2015-03-31/functions/{name}/invocations", {}))
        assert response.status in (200, 404, 429), response


@pytest.mark.parametrize("seed", range(3))
def test_every_request_gets_a_response(seed: int) -> None:
    async def run() -> None:
        parts = Parts("http://127.0.0.1:9", Clock())
        await parts.start()
        try:
            shaped = Shaped("lambda", RIGHT, random.Random(seed))
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
