"""Stacks from creation to deletion, and their events."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.stacks.deploying import ROLE, Stacks, function, outputs
from workbook.target import Aws

QUEUE = {"Type": "AWS::SQS::Queue"}
STREAM = {"Type": "AWS::Kinesis::Stream"}


@pytest.fixture
def stacks(unlimited: Aws) -> Stacks:
    return Stacks(unlimited)


def test_creating_a_stack_has_awss_events(stacks: Stacks) -> None:
    """[OBS] Initiated by the user; each resource twice in progress, then complete."""
    stack = stacks.create({"Queue": QUEUE})
    name = stack["StackName"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.events(name) == [
        (name, "CREATE_IN_PROGRESS", "User Initiated"),
        ("Queue", "CREATE_IN_PROGRESS", ""),
        ("Queue", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Queue", "CREATE_COMPLETE", ""),
        (name, "CREATE_COMPLETE", ""),
    ]


def test_a_refused_resource_rolls_the_stack_back_in_the_apis_words(stacks: Stacks) -> None:
    """[SEEN, OBS] The others are deleted; other stacks are unchanged."""
    other = stacks.create({"Queue": QUEUE})["StackName"]
    stack = stacks.create({"Role": ROLE, "Fn": function(MemorySize=64), "Queue": QUEUE})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = stacks.events(stack["StackName"])
    (reason,) = [why for name, state, why in events if (name, state) == ("Fn", "CREATE_FAILED")]
    assert reason.startswith('Resource handler returned message: "1 validation error detected: ')
    assert "Service: Lambda, Status Code: 400" in reason
    assert reason.endswith("HandlerErrorCode: InvalidRequest)")
    told = "The following resource(s) failed to create: [Fn]. Rollback requested by user."
    assert (stack["StackName"], "ROLLBACK_IN_PROGRESS", told) in events
    assert ("Queue", "DELETE_COMPLETE", "") in events
    assert stacks.get(other)["StackStatus"] == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        stacks.update(stack["StackName"], {"Queue": QUEUE})


def test_a_failed_creation_can_be_kept(stacks: Stacks) -> None:
    """[BC] OnFailure DO_NOTHING and DELETE."""
    resources = {"Role": ROLE, "Fn": function(MemorySize=64)}
    stack = stacks.create(resources, OnFailure="DO_NOTHING")
    assert stack["StackStatus"] == "CREATE_FAILED"
    name = stacks.name()
    with pytest.raises(ClientError, match=f"Stack with id {name} does not exist"):
        stacks.create(resources, name, OnFailure="DELETE")


def test_a_failed_update_is_rolled_back(stacks: Stacks) -> None:
    """Changes are reverted, additions deleted, and all ids stay."""
    before = {"Role": ROLE, "Fn": function(Timeout=5), "Queue": QUEUE}
    name = stacks.create(before)["StackName"]
    ids = stacks.resources(name)
    after = {
        "Role": ROLE,
        "Fn": function(Timeout=6),
        "Queue": {**QUEUE, "Properties": {"VisibilityTimeout": 77}},
        "More": STREAM,
        "Bad": {**STREAM, "Properties": {"ShardCount": 0}, "DependsOn": ["Fn", "Queue", "More"]},
    }
    stack = stacks.update(name, after)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.resources(name) == ids
    client = stacks.aws.client("lambda")
    assert client.get_function_configuration(FunctionName=ids["Fn"])["Timeout"] == 5
    attributes = stacks.aws.client("sqs").get_queue_attributes(
        QueueUrl=ids["Queue"], AttributeNames=["VisibilityTimeout"]
    )["Attributes"]
    assert attributes == {"VisibilityTimeout": "30"}
    states = [state for one, state, _ in stacks.events(name) if one == name]
    assert states[2:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]


def test_a_replaced_resource_is_deleted_in_the_cleanup(stacks: Stacks) -> None:
    """[OBS] First the new one, then the deletion of the old one."""
    name = stacks.name()
    old, new = ({**STREAM, "Properties": {"Name": f"{name}-{end}"}} for end in ("old", "new"))
    stacks.create({"Stream": old}, name)
    stacks.update(name, {"Stream": new})
    told = [(state, why) for one, state, why in stacks.events(name)][5:]
    assert told == [
        ("UPDATE_IN_PROGRESS", "User Initiated"),
        (
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource; hence creating "
            "one.",
        ),
        ("UPDATE_IN_PROGRESS", "Resource creation Initiated"),
        ("UPDATE_COMPLETE", ""),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("DELETE_IN_PROGRESS", ""),
        ("DELETE_COMPLETE", ""),
        ("UPDATE_COMPLETE", ""),
    ]
    assert stacks.resources(name) == {"Stream": f"{name}-new"}


def test_an_update_without_changes_is_refused(stacks: Stacks) -> None:
    """[OBS]"""
    name = stacks.create({"Queue": QUEUE})["StackName"]
    with pytest.raises(ClientError, match=r"\(ValidationError\).*No updates are to be performed."):
        stacks.update(name, {"Queue": QUEUE})


def test_a_retained_resource_outlives_its_stack(stacks: Stacks) -> None:
    name = stacks.create({"Stream": {**STREAM, "DeletionPolicy": "Retain"}})["StackName"]
    (stream,) = stacks.resources(name).values()
    identity = stacks.get(name)["StackId"]
    stacks.api.delete_stack(StackName=name)
    assert stacks.get(identity)["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match=f"Stack with id {name} does not exist"):
        stacks.get(name)
    assert stacks.aws.client("kinesis").describe_stream_summary(StreamName=stream)


def test_a_stack_name_is_unique(stacks: Stacks) -> None:
    """[OBS]"""
    name = stacks.create({"Queue": QUEUE})["StackName"]
    with pytest.raises(ClientError, match=rf"\(AlreadyExistsException\).*Stack \[{name}\] already"):
        stacks.create({"Queue": QUEUE}, name)


def test_exports_are_unique_and_cannot_be_removed_while_imported(stacks: Stacks) -> None:
    key = stacks.name()
    shared = {"Outputs": {"Out": {"Value": {"Ref": "Queue"}, "Export": {"Name": key}}}}
    first = stacks.create({"Queue": QUEUE}, template=shared)["StackName"]
    assert stacks.create({"Queue": QUEUE}, template=shared)["StackStatus"] == "ROLLBACK_COMPLETE"
    reading = {"Outputs": {"In": {"Value": {"Fn::ImportValue": key}}}}
    second = stacks.create({"Queue": QUEUE}, template=reading)
    assert outputs(second)["In"] == stacks.resources(first)["Queue"]
    assert stacks.api.list_imports(ExportName=key)["Imports"] == [second["StackName"]]
    stacks.api.delete_stack(StackName=first)
    assert stacks.get(first)["StackStatus"] == "DELETE_FAILED"
    stacks.api.delete_stack(StackName=second["StackName"])
    stacks.api.delete_stack(StackName=first)
    with pytest.raises(ClientError, match="does not exist"):
        stacks.get(first)
    with pytest.raises(ClientError, match=f"No export named {key} found."):
        stacks.create({"Queue": QUEUE}, template=reading)


def test_a_stacks_tags_are_on_its_resources(stacks: Stacks) -> None:
    tags = [{"Key": "team", "Value": "data"}]
    stack = stacks.create({"Queue": QUEUE, "Stream": STREAM}, Tags=tags)
    ids = stacks.resources(stack["StackName"])
    queue = stacks.aws.client("sqs").list_queue_tags(QueueUrl=ids["Queue"])["Tags"]
    assert queue == {
        "team": "data",
        "aws:cloudformation:logical-id": "Queue",
        "aws:cloudformation:stack-id": stack["StackId"],
        "aws:cloudformation:stack-name": stack["StackName"],
    }
    stream = stacks.aws.client("kinesis").list_tags_for_stream(StreamName=ids["Stream"])["Tags"]
    assert {"Key": "team", "Value": "data"} in stream


def test_a_change_set_of_a_new_stack(stacks: Stacks) -> None:
    """[OBS] In review until it is executed; then it has outputs and exports."""
    name, api = stacks.name(), stacks.api
    body = json.dumps(
        {"Resources": {"Queue": QUEUE}, "Outputs": {"Url": {"Value": {"Ref": "Queue"}}}}
    )
    made = api.create_change_set(
        StackName=name, ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=body
    )
    assert stacks.get(name)["StackStatus"] == "REVIEW_IN_PROGRESS"
    shown = api.describe_change_set(ChangeSetName=made["Id"])
    assert (shown["Status"], shown["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    (change,) = shown["Changes"]
    assert change["ResourceChange"]["Action"] == "Add"
    api.execute_change_set(ChangeSetName=made["Id"])
    assert outputs(stacks.get(name)).keys() == {"Url"}
    with pytest.raises(ClientError, match="InvalidChangeSetStatus"):
        api.execute_change_set(ChangeSetName=made["Id"])
    with pytest.raises(ClientError, match="already exists and cannot be created again"):
        api.create_change_set(
            StackName=name, ChangeSetName="again", ChangeSetType="CREATE", TemplateBody=body
        )


def test_a_change_set_without_changes_fails(stacks: Stacks) -> None:
    """[OBS]"""
    name = stacks.create({"Queue": QUEUE})["StackName"]
    made = stacks.api.create_change_set(
        StackName=name,
        ChangeSetName="same",
        TemplateBody=json.dumps({"Resources": {"Queue": QUEUE}}),
    )
    shown = stacks.api.describe_change_set(ChangeSetName=made["Id"])
    assert (shown["Status"], shown["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert shown["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create "
        "a change set."
    )
    with pytest.raises(
        ClientError, match=r"cannot be executed in its current status of \[FAILED\]"
    ):
        stacks.api.execute_change_set(ChangeSetName=made["Id"])


def test_a_change_set_shows_what_is_replaced(stacks: Stacks) -> None:
    name = stacks.create({"Stream": STREAM, "Queue": QUEUE})["StackName"]
    changed = {"Stream": {**STREAM, "Properties": {"Name": name, "ShardCount": 2}}}
    made = stacks.api.create_change_set(
        StackName=name, ChangeSetName="c", TemplateBody=json.dumps({"Resources": changed})
    )
    changes = stacks.api.describe_change_set(ChangeSetName=made["Id"])["Changes"]
    told: dict[str, Any] = {
        one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"] for one in changes
    }
    assert told["Queue"]["Action"] == "Remove"
    assert (told["Stream"]["Action"], told["Stream"]["Replacement"]) == ("Modify", "True")
    assert {
        one["Target"]["Name"]: one["Target"]["RequiresRecreation"]
        for one in told["Stream"]["Details"]
    } == {"Name": "Always", "ShardCount": "Never"}


def test_capabilities_must_be_acknowledged(stacks: Stacks) -> None:
    """[SEEN]"""
    named = {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "named"}}
    for role, needed in ((ROLE, "CAPABILITY_IAM"), (named, "CAPABILITY_NAMED_IAM")):
        with pytest.raises(ClientError, match=rf"Requires capabilities : \[{needed}\]"):
            stacks.create({"Role": role}, Capabilities=[])


def test_a_nested_stack_that_fails_is_deleted_and_its_reason_told(stacks: Stacks) -> None:
    """[SEEN] At creation and at an update."""
    name, s3 = stacks.name(), stacks.aws.client("s3")
    s3.create_bucket(Bucket=name)

    def nested(shards: int) -> Any:
        body = {"Resources": {"In": {**STREAM, "Properties": {"ShardCount": shards}}}}
        s3.put_object(Bucket=name, Key=f"{shards}", Body=json.dumps(body))
        url = f"{stacks.aws.endpoint_url}/{name}/{shards}"
        return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}

    failed = stacks.create({"Inner": nested(0)})
    (told,) = [why for _, state, why in stacks.events(failed["StackName"]) if "CREATE_F" in state]
    assert "was not successfully created: The following resource(s) failed to create: [In]" in told
    summaries = stacks.api.list_stacks(StackStatusFilter=["ROLLBACK_COMPLETE"])["StackSummaries"]
    assert not [one for one in summaries if one["StackName"].startswith(f"{failed['StackName']}-")]
    kept = stacks.create({"Inner": nested(1)})["StackName"]
    assert stacks.update(kept, {"Inner": nested(0)})["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    (told,) = [why for _, state, why in stacks.events(kept) if state == "UPDATE_FAILED"]
    assert "Currently in UPDATE_ROLLBACK_COMPLETE with reason: The following resource(s)" in told
