"""The event source mapping API, answer by answer, through boto3."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from mapping_aws import World, until
from mapping_bench import STREAM, Bench, run

from workbook import target
from workbook.localaws.http import Request
from workbook.localaws.mapping.service import MappingService
from workbook.localaws.services import Services

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REGION = "us-east-1"


@pytest.fixture(scope="module")
def world(local: target.Aws) -> World:
    return World(local)


@pytest.fixture(scope="module")
def stream(world: World) -> str:
    return world.stream()


@pytest.fixture
def function(world: World) -> str:
    return world.function()


@pytest.fixture
def mapping(world: World, stream: str, function: str) -> Iterator[str]:
    with world.mapping(stream, function) as made:
        yield made


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


def error(call: Any, **parameters: Any) -> dict[str, Any]:
    """The error answer of a call: code, message, status and the body's other members."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    return {
        "code": answer["Error"]["Code"],
        "message": answer["Error"]["Message"],
        "status": answer["ResponseMetadata"]["HTTPStatusCode"],
        "type": answer.get("Type"),
        "Message": answer.get("Message"),
        "header": answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-errortype"],
    }


def refused(code: str, message: str) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "status": 400,
        "type": None if code == "ValidationException" else "User",
        "Message": None,
        "header": code,
    }


def test_create_answers_every_key_with_its_default(
    world: World, stream: str, function: str
) -> None:
    """[OBS] The complete key set, while Creating; 202."""
    response = world.functions.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=function, StartingPosition="LATEST"
    )
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 202
    made = world.answer(response)
    uuid, modified = made.pop("UUID"), made.pop("LastModified")
    assert UUID.fullmatch(uuid)
    assert abs(datetime.now(UTC) - modified) < timedelta(minutes=1)
    assert made == {
        "StartingPosition": "LATEST",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 0,
        "ParallelizationFactor": 1,
        "EventSourceArn": stream,
        "FunctionArn": f"arn:aws:lambda:{REGION}:123456789012:function:{function}",
        "LastProcessingResult": "No records processed",
        "State": "Creating",
        "StateTransitionReason": "User action",
        "DestinationConfig": {"OnFailure": {}},
        "MaximumRecordAgeInSeconds": -1,
        "BisectBatchOnFunctionError": False,
        "MaximumRetryAttempts": -1,
        "TumblingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
        "EventSourceMappingArn": (
            f"arn:aws:lambda:{REGION}:123456789012:event-source-mapping:{uuid}"
        ),
    }
    enabled = world.in_state(uuid, "Enabled")
    assert {**made, "State": "Enabled"} == {
        key: value for key, value in enabled.items() if key not in ("UUID", "LastModified")
    }
    world.functions.delete_event_source_mapping(UUID=uuid)


def test_create_answers_what_was_set(world: World, stream: str, function: str) -> None:
    """[OBS] Pattern as the string that was sent; StartingPositionTimestamp with AT_TIMESTAMP."""
    _, queue = world.queue()
    then = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    given = {
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": then,
        "BatchSize": 7,
        "MaximumBatchingWindowInSeconds": 2,
        "ParallelizationFactor": 3,
        "MaximumRecordAgeInSeconds": 120,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 4,
        "TumblingWindowInSeconds": 30,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Destination": queue}},
        "FilterCriteria": {"Filters": [{"Pattern": '{ "data":  {"a": [1]} }'}]},
        "MetricsConfig": {"Metrics": ["EventCount"]},
    }
    made = world.create(stream, function, **given, Enabled=False)
    assert {key: made[key] for key in given} == given
    assert made["State"] == "Creating"
    world.in_state(made["UUID"], "Disabled")
    world.functions.delete_event_source_mapping(UUID=made["UUID"])


def test_empty_filters_are_no_filters(world: World, stream: str, function: str) -> None:
    """[OBS] The key is absent."""
    with world.mapping(stream, function, FilterCriteria={"Filters": []}) as made:
        assert "FilterCriteria" not in world.get(made)


def test_states_of_update_and_delete(world: World, mapping: str) -> None:
    """[OBS, BC] Disabling, Enabling, Updating, Deleting; 202 each; then it is gone."""
    update = world.functions.update_event_source_mapping
    for change, meanwhile, after in (
        ({"Enabled": False}, "Disabling", "Disabled"),
        ({"BatchSize": 5}, "Updating", "Disabled"),
        ({"Enabled": True}, "Enabling", "Enabled"),
        ({"BatchSize": 6}, "Updating", "Enabled"),
    ):
        response = update(UUID=mapping, **change)
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert response["State"] == meanwhile
        assert response["StateTransitionReason"] == "User action"
        world.in_state(mapping, after)
    assert world.get(mapping)["BatchSize"] == 6
    assert world.get(mapping)["StartingPosition"] == "TRIM_HORIZON"


def test_delete(world: World, stream: str, function: str) -> None:
    """[OBS] Deleting, shown in full; then 404."""
    made = world.create(stream, function)["UUID"]
    shown = world.in_state(made, "Enabled")
    response = world.functions.delete_event_source_mapping(UUID=made)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 202
    deleted = world.answer(response)
    assert deleted["State"] == "Deleting"
    assert set(deleted) == set(shown)

    def gone() -> bool:
        listed = world.functions.list_event_source_mappings(FunctionName=function)
        return listed["EventSourceMappings"] == []

    until(gone)
    assert error(world.functions.get_event_source_mapping, UUID=made)["status"] == 404


def test_an_unknown_uuid_is_not_found(world: World) -> None:
    """[OBS] 404s say Message with a capital."""
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


def test_create_refuses_an_unknown_function(world: World, stream: str) -> None:
    """[OBS]"""
    assert error(
        world.functions.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName="nobody",
        StartingPosition="LATEST",
    ) == refused("InvalidParameterValueException", "Function does not exist")


def test_create_refuses_an_unknown_alias(world: World, stream: str, function: str) -> None:
    """[OBS] The qualifier is part of the function."""
    assert error(
        world.functions.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName=f"{function}:nobody",
        StartingPosition="LATEST",
    ) == refused("InvalidParameterValueException", "Function does not exist")


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


def test_create_and_update_refuse_values_out_of_range(
    unchecked: Any, world: World, stream: str, function: str, mapping: str
) -> None:
    """[BC] Naming the field; nothing is changed."""
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


def test_a_mapping_in_transition_cannot_be_changed() -> None:
    """[OBS] ResourceInUseException, 400; here with no time at all between the calls."""

    async def test() -> None:
        bench = Bench()
        parts = (bench.stream, bench.function)
        service = MappingService("http://nowhere", bench.clock, Services(), bench.metrics, *parts)

        async def call(method: str, uuid: str, **parameters: Any) -> tuple[int, Any]:
            path = f"/2015-03-31/event-source-mappings{uuid}"
            response = await service.respond(
                Request(method, path, "", {}, json.dumps(parameters).encode())
            )
            assert response is not None
            return response.status, json.loads(response.body)

        status, made = await call(
            "POST", "", EventSourceArn=STREAM, FunctionName="f", StartingPosition="LATEST"
        )
        assert (status, made["State"]) == (202, "Creating")
        message = "Cannot {} the event source mapping because it is in use."
        assert await call("PUT", "/" + made["UUID"], BatchSize=5) == (
            400,
            {"Type": "User", "message": message.format("update")},
        )
        assert await call("DELETE", "/" + made["UUID"]) == (
            400,
            {"Type": "User", "message": message.format("delete")},
        )
        await service.close()

    run(test)


def test_list_filters_and_pages(world: World) -> None:
    """[BC] By stream, by function in every form of its name, page by page."""
    streams = [world.stream(), world.stream()]
    functions = [world.function(), world.function()]
    made = {
        (stream, function): world.create(stream, function)["UUID"]
        for stream in streams
        for function in functions
    }

    def listed(**asked: Any) -> set[str]:
        pages = world.functions.get_paginator("list_event_source_mappings").paginate(**asked)
        return {one["UUID"] for page in pages for one in page["EventSourceMappings"]}

    assert listed(EventSourceArn=streams[0]) == {made[streams[0], one] for one in functions}
    arn = f"arn:aws:lambda:{REGION}:123456789012:function:{functions[1]}"
    for name in (functions[1], arn, f"123456789012:function:{functions[1]}"):
        assert listed(FunctionName=name) == {made[one, functions[1]] for one in streams}
    both = {"EventSourceArn": streams[0], "FunctionName": functions[1]}
    assert listed(**both) == {made[streams[0], functions[1]]}
    assert listed() >= set(made.values())
    assert listed(PaginationConfig={"PageSize": 1}) >= set(made.values())
    page = world.functions.list_event_source_mappings(EventSourceArn=streams[0], MaxItems=1)
    assert len(page["EventSourceMappings"]) == 1
    assert page["NextMarker"]
    for one in made.values():
        world.in_state(one, "Enabled")
        world.functions.delete_event_source_mapping(UUID=one)


def test_list_hides_encrypted_filters(world: World, stream: str, function: str) -> None:
    """[BC] With a KMSKeyArn, List shows FilterCriteria as null, Get in full."""
    criteria = {"Filters": [{"Pattern": '{"data":{"a":[1]}}'}]}
    key = f"arn:aws:kms:{REGION}:123456789012:key/00000000-0000-4000-8000-000000000000"
    with world.mapping(stream, function, FilterCriteria=criteria, KMSKeyArn=key) as made:
        (listed,) = world.functions.list_event_source_mappings(FunctionName=function)[
            "EventSourceMappings"
        ]
        assert listed.get("FilterCriteria") is None
        assert world.get(made)["FilterCriteria"] == criteria
        assert world.get(made)["KMSKeyArn"] == key


def test_tags(world: World, stream: str, function: str) -> None:
    """[BC] ListTags, TagResource and UntagResource on the mapping's ARN."""
    with world.mapping(stream, function, Tags={"a": "1"}) as made:
        arn = world.get(made)["EventSourceMappingArn"]
        api = world.functions
        api.tag_resource(Resource=arn, Tags={"b": "2", "c": "3"})
        assert api.list_tags(Resource=arn)["Tags"] == {"a": "1", "b": "2", "c": "3"}
        api.untag_resource(Resource=arn, TagKeys=["a", "c"])
        assert api.list_tags(Resource=arn)["Tags"] == {"b": "2"}


def test_deleting_the_function_leaves_its_mapping(
    world: World, stream: str, function: str, mapping: str
) -> None:
    """[OBS] Enabled as before."""
    world.functions.delete_function(FunctionName=function)
    assert world.get(mapping)["State"] == "Enabled"
    (listed,) = world.functions.list_event_source_mappings(FunctionName=function)[
        "EventSourceMappings"
    ]
    assert listed["UUID"] == mapping


def test_mappings_of_queues_are_still_there(world: World, function: str) -> None:
    """moto keeps the mappings of other event sources, beside ours."""
    _, queue = world.queue()
    made = world.functions.create_event_source_mapping(EventSourceArn=queue, FunctionName=function)[
        "UUID"
    ]
    assert world.get(made)["EventSourceArn"] == queue
    listed = world.functions.list_event_source_mappings(EventSourceArn=queue)
    assert [one["UUID"] for one in listed["EventSourceMappings"]] == [made]
    world.functions.delete_event_source_mapping(UUID=made)
    assert error(world.functions.get_event_source_mapping, UUID=made)["status"] == 404
