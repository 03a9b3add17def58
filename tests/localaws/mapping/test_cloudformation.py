"""AWS::Lambda::EventSourceMapping in stacks."""

import json
from typing import Any

from tests.localaws.mapping.aws import World, until


def template(properties: dict[str, Any]) -> str:
    return json.dumps(
        {
            "Resources": {
                "Link": {"Type": "AWS::Lambda::EventSourceMapping"} | {"Properties": properties}
            },
            "Outputs": {
                "Ref": {"Value": {"Ref": "Link"}},
                "Id": {"Value": {"Fn::GetAtt": ["Link", "Id"]}},
                "Arn": {"Value": {"Fn::GetAtt": ["Link", "EventSourceMappingArn"]}},
            },
        }
    )


class Stack:
    """A stack with one mapping."""

    def __init__(self, world: World, properties: dict[str, Any]) -> None:
        self.world = world
        self.name = world.name()
        self.api = world.aws.client("cloudformation")
        self.api.create_stack(StackName=self.name, TemplateBody=template(properties))
        self.settle("CREATE_COMPLETE")

    def update(self, properties: dict[str, Any]) -> None:
        self.api.update_stack(StackName=self.name, TemplateBody=template(properties))
        self.settle("UPDATE_COMPLETE")

    def settle(self, status: str) -> None:
        def found() -> bool:
            (self.shown,) = self.api.describe_stacks(StackName=self.name)["Stacks"]
            return bool(self.shown["StackStatus"] == status)

        until(found)

    @property
    def outputs(self) -> dict[str, str]:
        return {one["OutputKey"]: one["OutputValue"] for one in self.shown["Outputs"]}


def test_a_stacks_mapping(world: World) -> None:
    """[OBS, CFNL] A stack's mapping is Enabled with all its properties at CREATE_COMPLETE.

    The physical id is the UUID; it has system tags; updates are in place, and properties taken out
    return to their defaults; deleting the stack deletes it.
    """
    stream, function = world.stream(), world.function()
    _, queue = world.queue()
    properties = {
        "EventSourceArn": stream,
        "FunctionName": function,
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 7,
        "MaximumBatchingWindowInSeconds": "3",
        "MaximumRetryAttempts": 2,
        "MaximumRecordAgeInSeconds": 60,
        "ParallelizationFactor": 2,
        "BisectBatchOnFunctionError": "true",
        "TumblingWindowInSeconds": 30,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Destination": queue}},
        "FilterCriteria": {"Filters": [{"Pattern": '{"data":{"a":[1]}}'}]},
        "MetricsConfig": {"Metrics": ["EventCount"]},
        "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k",
        "Tags": [{"Key": "team", "Value": "flights"}],
    }
    stack = Stack(world, properties)
    uuid = stack.outputs["Ref"]
    shown = world.get(uuid)
    assert shown["State"] == "Enabled"
    assert stack.outputs["Id"] == uuid
    assert stack.outputs["Arn"] == shown["EventSourceMappingArn"]
    expected = {
        **properties,
        "MaximumBatchingWindowInSeconds": 3,
        "BisectBatchOnFunctionError": True,
    }
    expected["KMSKeyArn"] = expected.pop("KmsKeyArn")
    del expected["FunctionName"], expected["Tags"]
    assert {name: shown[name] for name in expected} == expected
    assert world.functions.list_tags(Resource=stack.outputs["Arn"])["Tags"] == {
        "team": "flights",
        "aws:cloudformation:logical-id": "Link",
        "aws:cloudformation:stack-id": stack.shown["StackId"],
        "aws:cloudformation:stack-name": stack.name,
    }
    (resource,) = stack.api.describe_stack_resources(StackName=stack.name)["StackResources"]
    assert resource["PhysicalResourceId"] == uuid

    required = ("EventSourceArn", "FunctionName", "StartingPosition")
    stack.update({name: properties[name] for name in required} | {"BatchSize": 9})
    assert stack.outputs["Ref"] == uuid
    updated = world.get(uuid)
    assert (updated["State"], updated["BatchSize"]) == ("Enabled", 9)
    assert updated["MaximumRetryAttempts"] == -1
    assert updated["DestinationConfig"] == {"OnFailure": {}}
    assert not {"FilterCriteria", "MetricsConfig", "KMSKeyArn"} & updated.keys()

    stack.api.delete_stack(StackName=stack.name)
    listed = world.functions.list_event_source_mappings(FunctionName=function)
    assert listed["EventSourceMappings"] == []


def test_a_stacks_mapping_has_awss_defaults(world: World) -> None:
    """[OBS] A stack's mapping has all defaults."""
    properties = {
        "EventSourceArn": world.stream(),
        "FunctionName": world.function(),
        "StartingPosition": "LATEST",
    }
    stack = Stack(world, properties)
    shown = world.get(stack.outputs["Ref"])
    assert shown["State"] == "Enabled"
    assert shown["BatchSize"] == 100
    assert shown["ParallelizationFactor"] == 1
    assert shown["MaximumRecordAgeInSeconds"] == -1
    stack.api.delete_stack(StackName=stack.name)


def test_a_stacks_events_say_why_its_mapping_is_refused(world: World) -> None:
    """[OBS] The API's own words, of a create and of an update, which changes nothing."""
    properties = {
        "EventSourceArn": world.stream(),
        "FunctionName": world.function(),
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": "1688169600.000",
    }
    stack = Stack(world, properties)
    before = world.get(stack.outputs["Ref"])
    for wrong, message in (
        ({"FunctionName": "nobody"}, "Function does not exist"),
        ({"BatchSize": "many"}, "STRING_VALUE can not be converted to an Integer"),
        ({"MaximumRetryAttempts": 10_001}, "at 'maximumRetryAttempts' failed to satisfy"),
    ):
        body = template({**properties, **wrong})
        other = world.name()
        stack.api.create_stack(StackName=other, TemplateBody=body)
        stack.api.update_stack(StackName=stack.name, TemplateBody=body)
        for name, status in (
            (other, "ROLLBACK_COMPLETE"),
            (stack.name, "UPDATE_ROLLBACK_COMPLETE"),
        ):
            (shown,) = stack.api.describe_stacks(StackName=name)["Stacks"]
            assert shown["StackStatus"] == status
            events = stack.api.describe_stack_events(StackName=name)["StackEvents"]
            failed = [one for one in events if one["ResourceStatus"].endswith("_FAILED")]
            assert message in failed[0]["ResourceStatusReason"]
    after = world.get(stack.outputs["Ref"])
    changing = ("LastModified", "StateTransitionReason")
    assert [v for k, v in after.items() if k not in changing and k != "ResponseMetadata"] == [
        v for k, v in before.items() if k not in changing and k != "ResponseMetadata"
    ]
    stack.api.delete_stack(StackName=stack.name)


def test_another_stream_replaces_the_mapping(world: World) -> None:
    """[CFNL] EventSourceArn: replacement on change."""
    function = world.function()
    properties = {
        "EventSourceArn": world.stream(),
        "FunctionName": function,
        "StartingPosition": "TRIM_HORIZON",
    }
    stack = Stack(world, properties)
    before = stack.outputs["Ref"]
    other = world.stream()
    stack.update({**properties, "EventSourceArn": other})
    after = stack.outputs["Ref"]
    assert after != before
    (listed,) = world.functions.list_event_source_mappings(FunctionName=function)[
        "EventSourceMappings"
    ]
    assert (listed["UUID"], listed["EventSourceArn"]) == (after, other)
    stack.api.delete_stack(StackName=stack.name)


def test_records_flow_through_a_stacks_mapping(world: World) -> None:
    """[OBS] It is Enabled: nothing else is needed."""
    stream, function = world.stream(), world.function()
    world.put(stream, {"n": 1})
    stack = Stack(
        world,
        {"EventSourceArn": stream, "FunctionName": function, "StartingPosition": "TRIM_HORIZON"},
    )
    (event,) = world.events(function, 1)
    assert len(event["Records"]) == 1
    stack.api.delete_stack(StackName=stack.name)
