"""The event source mapping API: its refusals, in AWS's words and format, through boto3."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.fakes import STREAM, NoOtherMappings
from tests.localaws.mapping.aws import World, error, refused
from tests.localaws.mapping.bench import Bench, run
from workbook import target
from workbook.localaws.api import model
from workbook.localaws.api.http import Request
from workbook.localaws.mapping.api import MappingApi
from workbook.localaws.mapping.registry import Registry

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REGION = "us-east-1"
QUEUE_ELSEWHERE = "sqs:eu-west-1:123456789012:queue"
STREAM_ELSEWHERE = "kinesis:eu-west-1:123456789012:stream/s"


@pytest.fixture(scope="module")
def unchecked(local: target.Aws) -> Any:
    """A client that sends what botocore would refuse."""
    return boto3.client(
        "lambda",
        region_name=REGION,
        endpoint_url=local.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False),
    )


def test_an_unknown_uuid_is_not_found(world: World) -> None:
    """[OBS] 404s have ``Message`` with a capital letter."""
    unknown = "00000000-0000-4000-8000-000000000000"
    message = "The resource you requested does not exist."
    for call in (
        world.functions.get_event_source_mapping,
        world.functions.update_event_source_mapping,
        world.functions.delete_event_source_mapping,
    ):
        assert error(call, UUID=unknown) == {
            "code": "ResourceNotFoundException",
            "message": message,
            "status": 404,
            "type": "User",
            "Message": message,
            "header": "ResourceNotFoundException",
        }


def test_create_refuses_an_unknown_stream(world: World, function: str) -> None:
    """[OBS]"""
    arn = f"arn:aws:kinesis:{REGION}:123456789012:stream/nowhere"
    assert error(
        world.functions.create_event_source_mapping,
        EventSourceArn=arn,
        FunctionName=function,
        StartingPosition="LATEST",
    ) == refused("InvalidParameterValueException", f"Stream not found: {arn}")


@pytest.mark.parametrize("source", [STREAM_ELSEWHERE, QUEUE_ELSEWHERE])
def test_create_refuses_an_event_source_of_another_region(
    world: World, function: str, source: str
) -> None:
    """[SEEN]"""
    assert error(
        world.functions.create_event_source_mapping,
        EventSourceArn=f"arn:aws:{source}",
        FunctionName=function,
        StartingPosition="LATEST",
    ) == refused(
        "InvalidParameterValueException", f"Event source region must match Lambda region {REGION}."
    )


def test_create_refuses_an_unknown_function(world: World, stream: str) -> None:
    """[OBS]"""
    assert error(
        world.functions.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName="nobody",
        StartingPosition="LATEST",
    ) == refused("InvalidParameterValueException", "Function does not exist")


@pytest.mark.parametrize(
    ("old", "new"),
    [(REGION, "eu-west-1"), ("123456789012", "999999999999"), ("arn:aws:", "arn:aws-cn:")],
)
def test_create_refuses_a_function_of_another_region_or_account(
    world: World, stream: str, function: str, old: str, new: str
) -> None:
    """[OBS for an unknown function; ?] Even if this region has one of the same name."""
    found = world.functions.get_function_configuration(FunctionName=function)["FunctionArn"]
    assert error(
        world.functions.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName=found.replace(old, new),
        StartingPosition="LATEST",
    ) == refused("InvalidParameterValueException", "Function does not exist")


@pytest.mark.parametrize(
    ("destination", "message"),
    [
        ("arn:aws:sqs:eu-west-1:123456789012:q", ""),
        ("arn:aws-cn:sns:us-east-1:123456789012:t", ""),
        ("arn:aws:sqs:us-east-1::q", ""),
        ("arn:aws:s3:us-east-1:123456789012:b", ""),
        ("arn:aws:sqs:us-east-1:999999999999:q", "SendMessage on SQS"),
        ("arn:aws:sns:us-east-1:999999999999:t", "Publish on SNS"),
    ],
)
def test_a_destination_for_failures_is_in_the_region_and_the_account(
    world: World, stream: str, function: str, destination: str, message: str
) -> None:
    """[SEEN for the account, whose queue allows nothing; ? for the region]"""
    expected = (
        f"The provided execution role does not have permissions to call {message}"
        if message
        else f"The destination ARN {destination} is invalid."
    )
    assert error(
        world.functions.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName=function,
        StartingPosition="LATEST",
        DestinationConfig={"OnFailure": {"Destination": destination}},
    ) == refused("InvalidParameterValueException", expected)


def test_create_refuses_an_unknown_alias(world: World, stream: str, function: str) -> None:
    """[OBS] The qualifier is part of the function."""
    assert error(
        world.functions.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName=f"{function}:nobody",
        StartingPosition="LATEST",
    ) == refused("InvalidParameterValueException", "Function does not exist")


@pytest.mark.parametrize("source", ["kinesis", "sqs", "dynamodb"])
def test_an_unknown_function_is_refused_for_any_event_source(world: World, source: str) -> None:
    """[OBS] Before the source is checked."""
    assert error(
        world.functions.create_event_source_mapping,
        EventSourceArn=f"arn:aws:{source}:{REGION}:123456789012:somewhere",
        FunctionName="nobody",
        StartingPosition="LATEST",
    ) == refused("InvalidParameterValueException", "Function does not exist")


@pytest.mark.parametrize("source", ["kinesis", "sqs"])
def test_a_destination_for_successes_is_refused_for_any_event_source(
    world: World, source: str
) -> None:
    """[OBS] Before the function is searched for."""
    arn = f"arn:aws:{source}:{REGION}:123456789012:somewhere"
    assert error(
        world.functions.create_event_source_mapping,
        EventSourceArn=arn,
        FunctionName="nobody",
        StartingPosition="LATEST",
        DestinationConfig={"OnSuccess": {"Destination": arn}},
    ) == refused(
        "InvalidParameterValueException",
        "Unsupported DestinationConfig parameter for given event source mapping type.",
    )


def test_create_needs_an_event_source(world: World, function: str) -> None:
    """[OBS]"""
    assert error(
        world.functions.create_event_source_mapping,
        FunctionName=function,
        StartingPosition="LATEST",
    ) == refused("InvalidParameterValueException", "Unrecognized event source.")


def test_create_needs_a_starting_position(world: World, stream: str, function: str) -> None:
    """[OBS]"""
    assert error(
        world.functions.create_event_source_mapping, EventSourceArn=stream, FunctionName=function
    ) == refused(
        "InvalidParameterValueException",
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy "
        "constraint: Member must not be null.",
    )


def test_create_refuses_an_unknown_starting_position(
    unchecked: Any, stream: str, function: str
) -> None:
    """[OBS] A ValidationException, which has no Type."""
    assert error(
        unchecked.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName=function,
        StartingPosition="NOWHERE",
    ) == refused(
        "ValidationException",
        "1 validation error detected: Value 'NOWHERE' at 'startingPosition' failed to satisfy "
        "constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
    )


def test_all_invalid_values_are_reported_at_once(unchecked: Any, world: World) -> None:
    """[BC] Constraints of the API's model are checked before anything else."""
    answer = error(
        unchecked.create_event_source_mapping,
        EventSourceArn="stream",
        FunctionName="no body",
        StartingPosition="NOWHERE",
        BatchSize=0,
    )
    assert answer["code"] == "ValidationException"
    assert answer["message"].startswith("4 validation errors detected: Value ")
    for member in ("eventSourceArn", "functionName", "startingPosition", "batchSize"):
        assert f"at '{member}' failed to satisfy constraint: Member must" in answer["message"]
    answer = error(unchecked.create_event_source_mapping, EventSourceArn="arn:aws:sqs:::q")
    assert answer["message"] == (
        "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_list_refuses_more_than_10000_items(unchecked: Any) -> None:
    """[BC]"""
    assert error(unchecked.list_event_source_mappings, MaxItems=10_001) == refused(
        "ValidationException",
        "1 validation error detected: Value '10001' at 'maxItems' failed to satisfy constraint: "
        "Member must have value less than or equal to 10000",
    )


def test_create_and_update_refuse_values_out_of_range(
    unchecked: Any, world: World, stream: str, function: str, mapping: str
) -> None:
    """[BC] The error names the field; nothing changes."""
    wrong = {"BatchSize": 0, "ParallelizationFactor": 11, "MaximumRecordAgeInSeconds": 59}
    before = world.get(mapping)
    for name, value in wrong.items():
        created = error(
            unchecked.create_event_source_mapping,
            EventSourceArn=stream,
            FunctionName=world.function(),
            StartingPosition="LATEST",
            **{name: value},
        )
        updated = error(unchecked.update_event_source_mapping, UUID=mapping, **{name: value})
        assert created == updated
        assert created["status"] == 400
        assert name.lower() in created["message"].lower()
    assert world.get(mapping) == before


def test_create_refuses_an_invalid_filter(world: World, stream: str, function: str) -> None:
    """[OBS]"""
    assert error(
        world.functions.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName=function,
        StartingPosition="LATEST",
        FilterCriteria={"Filters": [{"Pattern": '{"data":["text"]}'}]},
    ) == refused("InvalidParameterValueException", "Invalid filter pattern definition.")


def test_a_pair_of_stream_and_function_has_one_mapping(
    world: World, stream: str, function: str, mapping: str
) -> None:
    """[OBS] 409, with the UUID of the first; also through an update."""
    conflict = {
        "code": "ResourceConflictException",
        "message": (
            f'The event source arn (" {stream} ") and function (" {function} ") provided mapping '
            "already exists. Please update or delete the existing mapping with UUID "
            f"{mapping}"
        ),
        "status": 409,
        "type": "User",
        "Message": None,
        "header": "ResourceConflictException",
    }
    create = world.functions.create_event_source_mapping
    arn = world.get(mapping)["FunctionArn"]
    for name in (function, arn, f"123456789012:function:{function}"):
        assert conflict == error(
            create, EventSourceArn=stream, FunctionName=name, StartingPosition="LATEST"
        )
    with world.mapping(stream, world.function()) as other:
        update = world.functions.update_event_source_mapping
        assert conflict == error(update, UUID=other, FunctionName=function)


Call = Callable[[str, str, Any], Awaitable[tuple[int, Any]]]


def in_process(test: Callable[[Call], Awaitable[None]]) -> None:
    """Run a test that calls the API in this process, with no time between calls."""

    async def run_test() -> None:
        registry = Registry(Bench().dependencies)
        api = MappingApi(registry, NoOtherMappings())

        async def call(method: str, path: str, body: Any) -> tuple[int, Any]:
            path, _, query = f"/2015-03-31/event-source-mappings/{path}".partition("?")
            sent = Request(method, path, query, {}, json.dumps(body).encode())
            response = await api.respond(sent)
            assert response is not None
            return response.status, json.loads(response.body)

        await test(call)
        await registry.close()

    run(run_test)


NEW = {"EventSourceArn": STREAM, "FunctionName": "f", "StartingPosition": "LATEST"}


def test_a_mapping_in_transition_cannot_be_changed() -> None:
    """[OBS] ResourceInUseException, 400."""

    async def test(call: Call) -> None:
        status, made = await call("POST", "", NEW)
        assert (status, made["State"]) == (202, "Creating")
        message = "Cannot {} the event source mapping because it is in use."
        assert await call("PUT", made["UUID"], {"BatchSize": 5}) == (
            400,
            {"Type": "User", "message": message.format("update")},
        )
        assert await call("DELETE", made["UUID"], {}) == (
            400,
            {"Type": "User", "message": message.format("delete")},
        )

    in_process(test)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
MEMBERS = sorted({*model.lambda_().parameters("CreateEventSourceMapping"), "UUID"})


@given(st.dictionaries(st.sampled_from(MEMBERS), VALUES), VALUES, st.text())
def test_any_settings_are_accepted_or_refused(sent: Any, body: Any, query: str) -> None:
    """Never an internal fault, after which a client would retry."""

    async def test(call: Call) -> None:
        for parameters in (sent, {**NEW, **sent}, body):
            status, _ = await call("POST", "", parameters)
            assert status < 500
        status, _ = await call("PUT", "0" * 36, sent)
        assert status < 500
        for name in ("MaxItems", "Marker", "EventSourceArn", "FunctionName"):
            status, _ = await call("GET", f"?{name}={quote(query)}", None)
            assert status < 500

    in_process(test)
