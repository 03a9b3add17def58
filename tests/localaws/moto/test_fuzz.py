"""Requests of every shape to the services that moto provides: never a 500."""

import asyncio
import json
import random
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import pytest
from botocore.exceptions import ParamValidationError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.serialize import create_serializer

from tests.localaws.fakes import ACCOUNT, QUEUE, REGION, ROLE
from tests.localaws.shaped import BODIES, REQUESTS, Shaped
from workbook.localaws.api.http import Request, authorization
from workbook.localaws.clock import Clock
from workbook.localaws.parts import Parts

SECONDS = 30  # for the response to any request, even on a busy machine
UNSUPPORTED = 501
SERVICES = ["sqs", "sns", "dynamodb", "s3", "iam", "logs", "events", "cloudwatch", "sts"]
SERVICES += ["firehose", "cloudformation"]
UNWRITABLE = (TypeError, ValueError, AttributeError, KeyError, RuntimeError)
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)
RIGHT: dict[str, list[Any]] = {
    "QueueUrl": [f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q"],
    "QueueName": ["q", "f.fifo"],
    "TopicArn": [TOPIC],
    "Name": ["t", "n"],
    "TableName": ["t"],
    "Item": [{"id": {"S": "1"}}],
    "AttributeDefinitions": [[{"AttributeName": "id", "AttributeType": "S"}]],
    "KeySchema": [[{"AttributeName": "id", "KeyType": "HASH"}]],
    "BillingMode": ["PAY_PER_REQUEST"],
    "Bucket": ["b", "c"],
    "Key": ["k", "k/2", {"id": {"S": "1"}}],
    "RoleName": ["r"],
    "RoleArn": [ROLE],
    "UserName": ["u"],
    "PolicyName": ["p"],
    "PolicyArn": [f"arn:aws:iam::{ACCOUNT}:policy/p"],
    "PolicyDocument": [POLICY],
    "AssumeRolePolicyDocument": [POLICY],
    "logGroupName": ["g"],
    "logStreamName": ["s"],
    "Rule": ["n"],
    "EventPattern": ['{"source": ["a"]}'],
    "ScheduleExpression": ["rate(1 minute)"],
    "AlarmName": ["a"],
    "MetricName": ["M"],
    "DeliveryStreamName": ["d"],
    "StackName": ["s"],
    "TemplateBody": ['{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'],
    "Protocol": ["sqs"],
    "Endpoint": [QUEUE],
    "ResourceArn": [TOPIC, TABLE],
}


class Wired(Shaped):
    """Makes requests as botocore writes them, in the protocol of the service.

    Args:
        service: botocore's name of it.
        chance: what decides all.
    """

    def __init__(self, service: str, chance: random.Random) -> None:
        super().__init__(service, RIGHT, chance)
        self._wire = ServiceModel(Loader().load_service_model(service, "service-2"), service)

    def request(self) -> tuple[str, Request]:
        """Return a request, and the operation that it calls."""
        while True:
            name = self._chance.choice(self._operations)
            operation = self._wire.operation_model(name)
            shape = self._model["operations"][name].get("input", {}).get("shape")
            parameters = self._structure(self._model["shapes"][shape], 0) if shape else {}
            serializer = create_serializer(self._wire.resolved_protocol, False)
            try:
                made = serializer.serialize_to_request(parameters, operation)
                return name, self._sent(made)
            except (*UNWRITABLE, ParamValidationError):
                continue  # nothing that this protocol can carry

    def _sent(self, made: dict[str, Any]) -> Request:
        headers = {name.lower(): str(value) for name, value in made["headers"].items()}
        for value in headers.values():
            value.encode("latin-1")
        region = self._chance.choice([REGION] * 20 + ["mars-1", ""])
        headers["authorization"] = authorization(region, str(self._wire.signing_name))
        headers["host"] = "127.0.0.1:9"
        body = made["body"]
        if isinstance(body, dict):
            body = urlencode(body, doseq=True)
        content = body.encode() if isinstance(body, str) else body or b""
        if not isinstance(content, bytes):
            raise TypeError("no body")
        if self._rarely():
            content = self._chance.choice(BODIES)
        path, _, fixed = made["url_path"].partition("?")
        query = made["query_string"]
        asked = urlencode(query, doseq=True) if isinstance(query, dict) else str(query)
        queried = "&".join(filter(None, (fixed, asked)))
        return Request(made["method"], quote(path, safe="/%:@"), queried, headers, content)


async def answered(parts: Parts, shaped: Shaped, count: int) -> set[str]:
    """Send requests; return the operations that succeeded."""
    seen = set()
    for _ in range(count):
        operation, request = shaped.request()
        try:
            response = await asyncio.wait_for(parts.respond(request), SECONDS)
        except Exception as problem:
            raise AssertionError(f"{operation}: {request}") from problem
        told = (operation, request, response.status, response.body)
        assert response.status < 500 or response.status == UNSUPPORTED, told
        assert not response.body.startswith(b"<!doctype"), told
        if response.status < 300:
            seen.add(operation)
        elif response.status == UNSUPPORTED:
            assert b"The local AWS does not" in response.body, told
    return seen


def test_every_request_gets_a_response() -> None:
    async def run() -> None:
        parts = Parts("http://127.0.0.1:9", Clock())
        await parts.start()
        try:
            for number, service in enumerate(SERVICES):
                seen = await answered(
                    parts, Wired(service, random.Random(number)), REQUESTS // len(SERVICES)
                )
                # Not all of them are refused.
                assert seen, service
            # What they left behind blocks no other request.
            for service in SERVICES:
                await answered(parts, Wired(service, random.Random(99)), 1)
        finally:
            await parts.close()

    asyncio.run(run())


async def ask(service: str, target: str, body: bytes, region: str = REGION) -> tuple[int, Any]:
    """Send one request in JSON 1.1 to a new local AWS; return status and response."""
    parts = Parts("http://127.0.0.1:9", Clock())
    await parts.start()
    headers = {
        "authorization": authorization(region, service),
        "x-amz-target": target,
        "content-type": "application/x-amz-json-1.1",
        "host": "127.0.0.1:9",
    }
    try:
        response = await parts.respond(Request("POST", "/", "", headers, body))
        return response.status, orjson.loads(response.body)
    finally:
        await parts.close()


@pytest.mark.parametrize(
    ("service", "target", "body", "status", "code", "words"),
    [
        (
            "events",
            "AWSEvents.DescribeEventSource",
            b'{"Name": "aws.partner/one/two"}',
            400,
            "ResourceNotFoundException",
            "aws.partner/one/two does not exist.",
        ),
        ("events", "AWSEvents.PutEvents", b'{"Entries": null}', 400, "ValidationException", "null"),
        ("logs", "Logs_20140328.PutLogEvents", b"\xff", 400, "SerializationException", ""),
        *(
            (
                "dynamodb",
                "DynamoDB_20120810.ListBackups",
                f'{{"TimeRangeLowerBound": {time}}}'.encode(),
                400,
                "SerializationException",
                "",
            )
            for time in ("1e300", "253402300800", "-62135596801")
        ),
        (
            "events",
            "AWSEvents.ListEndpoints",
            b"{}",
            501,
            "NotImplementedException",
            "The local AWS does not support ListEndpoints.",
        ),
        (
            "nonsense",
            "Nonsense.Do",
            b"{}",
            501,
            "NotImplementedException",
            "The local AWS does not have the service 'nonsense'.",
        ),
    ],
)
def test_where_moto_fails_the_error_is_awss_or_names_what_is_missing(
    service: str, target: str, body: bytes, status: int, code: str, words: str
) -> None:
    got, answer = asyncio.run(ask(service, target, body))
    assert (got, answer["__type"].rpartition("#")[2]) == (status, code)
    assert words in answer.get("message", "")
