"""A function may do what its role allows, and is told in AWS's words what it may not."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.localaws.permissions.aws import Function, Role, allow
from workbook.target import Aws

REGION, ACCOUNT = "us-east-1", "123456789012"


@pytest.fixture(scope="module")
def function(local: Aws) -> Iterator[Function]:
    yield Function(local, Role(local))


@pytest.fixture(scope="module")
def stream(local: Aws) -> str:
    name = f"s-{uuid.uuid4().hex[:12]}"
    kinesis = local.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    return name


def put(function: Function, stream: str) -> dict[str, Any]:
    return function.call("kinesis", "put_record", StreamName=stream, Data="d", PartitionKey="k")


def test_what_the_role_does_not_allow_is_denied(function: Function, stream: str) -> None:
    """[SEEN] Kinesis answers 400."""
    function.role.allow()
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}"
    assert put(function, stream) == {
        "Code": "AccessDeniedException",
        "Message": f"User: {function.session} is not authorized to perform: kinesis:PutRecord on "
        f"resource: {arn} because no identity-based policy allows the kinesis:PutRecord action",
        "Status": 400,
    }


def test_a_grant_holds_at_once_and_so_does_its_end(function: Function, stream: str) -> None:
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}"
    function.role.allow(allow("kinesis:PutRecord", arn))
    assert "Answer" in put(function, stream)
    function.role.allow(allow("kinesis:PutRecord", arn + "2"))
    assert put(function, stream)["Code"] == "AccessDeniedException"
