"""The event source mapping API: its responses, through boto3."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.localaws.mapping.aws import World, error, refused, until

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REGION = "us-east-1"


def test_create_returns_every_key_with_its_default(
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


def test_create_returns_the_settings_as_sent(world: World, stream: str, function: str) -> None:
    """[OBS] The pattern as the string sent; StartingPositionTimestamp with AT_TIMESTAMP."""
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
    """[OBS, BC] Disabling, Enabling, Updating, Deleting; 202 each; then it does not exist."""
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
        return not listed["EventSourceMappings"]

    until(gone)
    assert error(world.functions.get_event_source_mapping, UUID=made)["status"] == 404


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
    """[OBS] Enabled as before, in every key."""
    before = world.get(mapping)
    world.functions.delete_function(FunctionName=function)
    assert world.get(mapping) == before
    (listed,) = world.functions.list_event_source_mappings(FunctionName=function)[
        "EventSourceMappings"
    ]
    assert listed["UUID"] == mapping


def test_mappings_of_queues_exist_too(world: World, function: str) -> None:
    """moto stores the mappings of other event sources, beside ours; responses are AWS's [BC]."""
    _, queue = world.queue()
    api = world.functions
    response = api.create_event_source_mapping(EventSourceArn=queue, FunctionName=function)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 202
    made = response["UUID"]
    assert world.get(made)["EventSourceArn"] == queue
    for asked in ({"EventSourceArn": queue}, {"FunctionName": response["FunctionArn"]}):
        listed = api.list_event_source_mappings(**asked)
        assert [one["UUID"] for one in listed["EventSourceMappings"]] == [made]
    assert api.update_event_source_mapping(UUID=made, BatchSize=5)["BatchSize"] == 5
    refusal = error(api.update_event_source_mapping, UUID=made, FunctionName="nobody")
    assert refusal == refused("InvalidParameterValueException", "Function does not exist")
    assert api.delete_event_source_mapping(UUID=made)["State"] == "Deleting"
    assert error(api.get_event_source_mapping, UUID=made)["status"] == 404


def test_errors_of_a_queues_mapping_have_the_usual_format(world: World, function: str) -> None:
    """[OBS] Whatever is wrong with it."""
    fifo = world.sqs.create_queue(
        QueueName=f"{world.name()}.fifo", Attributes={"FifoQueue": "true"}
    )["QueueUrl"].rpartition("/")[2]
    arn = f"arn:aws:sqs:{REGION}:123456789012:"
    for source, settings in ((fifo, {"BatchSize": 11}), ("gone", {})):
        refusal = error(
            world.functions.create_event_source_mapping,
            EventSourceArn=arn + source,
            FunctionName=function,
            **settings,
        )
        assert refusal == refused(refusal["code"], refusal["message"])
