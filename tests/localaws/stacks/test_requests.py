"""Parameters of CloudFormation's operations: each has an effect, or is refused by name."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.stacks.deploying import ROLE, Stacks
from workbook import target
from workbook.localaws.api import model
from workbook.localaws.stacks.requests import EFFECTIVE
from workbook.localaws.stacks.service import OPERATIONS
from workbook.target import Aws

QUEUE = {"Type": "AWS::SQS::Queue"}
STREAM = {"Type": "AWS::Kinesis::Stream"}
BAD = {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 0}}
BODY = json.dumps({"Resources": {"Queue": QUEUE}})


@pytest.fixture
def stacks(unlimited: Aws) -> Stacks:
    return Stacks(unlimited)


@pytest.fixture(scope="module")
def fast() -> Iterator[Stacks]:
    with target.connect(target.LOCAL, speed=1000) as aws:
        yield Stacks(aws)


def failed(stacks: Stacks, name: str) -> dict[str, str]:
    """Return the reason of each resource that could not be created."""
    return {one: why for one, state, why in stacks.events(name) if state == "CREATE_FAILED"}


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("create_stack", {"NotificationARNs": ["arn:aws:sns:us-east-1:123456789012:topic"]}),
        ("create_stack", {"ResourceTypes": ["AWS::SQS::*"]}),
        ("create_stack", {"StackPolicyBody": "{}"}),
        ("create_stack", {"StackPolicyURL": "https://x/p"}),
        ("create_stack", {"RollbackConfiguration": {"MonitoringTimeInMinutes": 1}}),
        ("create_stack", {"DeploymentConfig": {"Mode": "EXPRESS"}}),
        ("update_stack", {"StackPolicyDuringUpdateBody": "{}"}),
        ("update_stack", {"NotificationARNs": ["arn:aws:sns:us-east-1:123456789012:topic"]}),
        ("create_change_set", {"DeploymentMode": "REVERT_DRIFT", "ChangeSetName": "c"}),
        (
            "create_change_set",
            {
                "ResourcesToImport": [
                    {
                        "ResourceType": "A::B::C",
                        "LogicalResourceId": "X",
                        "ResourceIdentifier": {"Id": "x"},
                    }
                ],
                "ChangeSetName": "c",
            },
        ),
        ("delete_stack", {"DeploymentConfig": {"Mode": "EXPRESS"}}),
    ],
)
def test_a_parameter_that_would_have_no_effect_is_refused_by_name(
    stacks: Stacks, operation: str, asked: dict[str, Any]
) -> None:
    """Of every operation; nothing is created."""
    name, parameter = stacks.name(), next(iter(asked))
    body = {} if operation == "delete_stack" else {"TemplateBody": BODY}
    with pytest.raises(ClientError, match=f"does not support the parameter {parameter}"):
        getattr(stacks.api, operation)(StackName=name, **body, **asked)
    with pytest.raises(ClientError, match="does not exist"):
        stacks.get(name)


def test_effective_parameters_are_those_of_the_operations() -> None:
    """[BC] A new parameter of an operation is refused until it has an effect."""
    known = {one for name in OPERATIONS for one in model.cloudformation().parameters(name)}
    assert known >= EFFECTIVE


def test_parameters_that_ask_for_the_default_are_accepted(stacks: Stacks) -> None:
    """Tools send them: cdk sends the mode STANDARD, and an empty list of notifications."""
    stack = stacks.create(
        {"Queue": QUEUE},
        NotificationARNs=[],
        DeploymentConfig={"Mode": "STANDARD"},
        RollbackConfiguration={"MonitoringTimeInMinutes": 0},
    )
    assert stack["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"OnFailure": "KEEP"},
            "Value 'KEEP' at 'onFailure' failed to satisfy constraint: Member must satisfy enum "
            r"value set: \[DO_NOTHING, ROLLBACK, DELETE\]",
        ),
        (
            {"Capabilities": ["CAPABILITY_ALL"]},
            r"Value '\[CAPABILITY_ALL\]' at 'capabilities' failed to satisfy constraint",
        ),
        (
            {"OnFailure": "DELETE", "DisableRollback": True},
            "Either DisableRollback or OnFailure can be specified, not both.",
        ),
    ],
)
def test_wrong_values_are_refused(stacks: Stacks, asked: dict[str, Any], message: str) -> None:
    """[BC, SEEN]"""
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
        stacks.create({"Queue": QUEUE}, **asked)


def test_a_stack_that_takes_longer_than_its_timeout_is_rolled_back(fast: Stacks) -> None:
    """[BC, SEEN] A custom resource that does not respond is cancelled."""
    token = fast.aws.client("sns").create_topic(Name=fast.name())["TopicArn"]
    slow = {"Type": "Custom::Slow", "Properties": {"ServiceToken": token}}
    stack = fast.create({"Slow": slow}, TimeoutInMinutes=30)
    name = stack["StackName"]
    assert (stack["StackStatus"], stack["TimeoutInMinutes"]) == ("ROLLBACK_COMPLETE", 30)
    assert failed(fast, name) == {"Slow": "Resource creation cancelled"}
    why = "Stack creation time exceeded the specified timeout. Rollback requested by user."
    assert (name, "ROLLBACK_IN_PROGRESS", why) in fast.events(name)


def test_a_repeated_request_with_the_same_token_does_nothing(stacks: Stacks) -> None:
    """[BC] Its events show the token; another operation cannot use it again."""
    name = stacks.name()
    first = stacks.api.create_stack(StackName=name, TemplateBody=BODY, ClientRequestToken="one")
    again = stacks.api.create_stack(StackName=name, TemplateBody=BODY, ClientRequestToken="one")
    assert again["StackId"] == first["StackId"]
    with pytest.raises(ClientError, match="TokenAlreadyExistsException"):
        stacks.update(name, {"Queue": QUEUE, "Stream": STREAM}, ClientRequestToken="one")
    for _ in range(2):
        stacks.update(name, {"Queue": QUEUE, "Stream": STREAM}, ClientRequestToken="two")
    events = stacks.api.describe_stack_events(StackName=name)["StackEvents"]
    assert [one["ClientRequestToken"] for one in reversed(events)] == ["one"] * 5 + ["two"] * 6
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        stacks.api.create_stack(StackName=name, TemplateBody=BODY, ClientRequestToken="three")


def test_a_repeated_change_set_with_the_same_token_does_nothing(stacks: Stacks) -> None:
    """[BC]"""
    asked = {
        "StackName": stacks.name(),
        "ChangeSetName": "c",
        "ChangeSetType": "CREATE",
        "TemplateBody": BODY,
    }
    made = stacks.api.create_change_set(**asked, ClientToken="one")
    again = stacks.api.create_change_set(**asked, ClientToken="one")
    assert again["Id"] == made["Id"]
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        stacks.api.create_change_set(**asked, ClientToken="two")


def test_a_failed_update_is_kept_only_if_that_update_asks_for_it(stacks: Stacks) -> None:
    """[BC] DisableRollback is a parameter of each operation."""
    name = stacks.create({"Queue": QUEUE}, DisableRollback=True)["StackName"]
    more = {"Queue": QUEUE, "Bad": BAD}
    assert stacks.update(name, more)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.update(name, more, DisableRollback=True)["StackStatus"] == "UPDATE_FAILED"


@pytest.mark.parametrize(
    ("choice", "state"),
    [("DO_NOTHING", "CREATE_FAILED"), ("ROLLBACK", "ROLLBACK_COMPLETE"), ("DELETE", "")],
)
def test_a_change_set_says_what_happens_on_failure(stacks: Stacks, choice: Any, state: str) -> None:
    """[BC] Not again when it is executed."""
    name = stacks.name()
    made = stacks.api.create_change_set(
        StackName=name,
        ChangeSetName="c",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": {"Bad": BAD}}),
        OnStackFailure=choice,
    )
    with pytest.raises(ClientError, match="DisableRollback cannot be specified"):
        stacks.api.execute_change_set(ChangeSetName=made["Id"], DisableRollback=True)
    stacks.api.execute_change_set(ChangeSetName=made["Id"])
    if state:
        assert stacks.get(name)["StackStatus"] == state
    told = [why for _, _, why in stacks.events(made["StackId"])]
    words = "The following resource(s) failed to create: [Bad]. Delete requested by user."
    assert (words in told) == (choice == "DELETE")


def test_new_resources_are_not_retained_on_request(stacks: Stacks) -> None:
    """[BC] RetainExceptOnCreate."""
    for asked, gone in (({}, False), ({"RetainExceptOnCreate": True}, True)):
        name = stacks.name()
        kept = {**STREAM, "DeletionPolicy": "Retain", "Properties": {"Name": name}}
        stacks.create({"Kept": kept, "Bad": {**BAD, "DependsOn": "Kept"}}, name, **asked)
        states = [state for one, state, _ in stacks.events(name) if one == "Kept"]
        assert states[-1] == ("DELETE_COMPLETE" if gone else "DELETE_SKIPPED")


def test_resources_are_retained_by_name_once_their_deletion_failed(stacks: Stacks) -> None:
    """[BC] RetainResources, and DeletionMode FORCE_DELETE_STACK."""
    s3 = stacks.aws.client("s3")
    for asked in ({"RetainResources": ["Bucket"]}, {"DeletionMode": "FORCE_DELETE_STACK"}):
        stack = stacks.create({"Bucket": {"Type": "AWS::S3::Bucket"}, "Queue": QUEUE})
        name, bucket = stack["StackName"], stacks.resources(stack["StackName"])["Bucket"]
        with pytest.raises(ClientError, match="for stacks in the state DELETE_FAILED"):
            stacks.api.delete_stack(StackName=name, **asked)
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        stacks.api.delete_stack(StackName=name)
        assert stacks.get(name)["StackStatus"] == "DELETE_FAILED"
        stacks.api.delete_stack(StackName=name, **asked)
        assert stacks.get(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
        assert s3.head_object(Bucket=bucket, Key="k")


def test_a_service_role_must_trust_cloudformation(stacks: Stacks) -> None:
    """[SEEN] When a stack is created, changed and deleted."""
    iam, name = stacks.aws.client("iam"), stacks.name()
    arn = f"arn:aws:iam::123456789012:role/{name}"
    refusal = f"Role {arn} is invalid or cannot be assumed"
    with pytest.raises(ClientError, match=refusal):
        stacks.create({"Queue": QUEUE}, name, RoleARN=arn)
    trust = ROLE["Properties"]["AssumeRolePolicyDocument"]
    text = json.dumps(trust).replace("lambda.amazonaws.com", "cloudformation.amazonaws.com")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=text)
    assert stacks.create({"Queue": QUEUE}, name, RoleARN=arn)["RoleARN"] == arn
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    with pytest.raises(ClientError, match=refusal):
        stacks.update(name, {"Queue": QUEUE, "Stream": STREAM})
    with pytest.raises(ClientError, match=refusal):
        stacks.api.delete_stack(StackName=name)


def test_an_existing_resource_is_not_imported_and_the_reason_says_so(stacks: Stacks) -> None:
    """ImportExistingResources: cdk bootstrap always asks for it."""
    name = stacks.name()
    stacks.aws.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    body = {"Resources": {"In": {**STREAM, "Properties": {"Name": name}}}}
    made = stacks.api.create_change_set(
        StackName=name,
        ChangeSetName="c",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(body),
        ImportExistingResources=True,
    )
    shown = stacks.api.describe_change_set(ChangeSetName=made["Id"])
    assert shown["ImportExistingResources"] is True
    stacks.api.execute_change_set(ChangeSetName=made["Id"])
    assert "does not import existing resources" in failed(stacks, name)["In"]


def test_a_change_set_shows_values_on_request(stacks: Stacks) -> None:
    """[BC] IncludePropertyValues."""
    name = stacks.create({"Queue": {**QUEUE, "Properties": {"DelaySeconds": 1}}})["StackName"]
    changed = {"Queue": {**QUEUE, "Properties": {"DelaySeconds": 2}}}
    made = stacks.api.create_change_set(
        StackName=name, ChangeSetName="c", TemplateBody=json.dumps({"Resources": changed})
    )
    for asked, values in ((False, (None, None)), (True, ("1", "2"))):
        shown = stacks.api.describe_change_set(
            ChangeSetName=made["Id"], IncludePropertyValues=asked
        )
        change = shown["Changes"][0]["ResourceChange"]
        target = change["Details"][0]["Target"]
        assert (target.get("BeforeValue"), target.get("AfterValue")) == values
        contexts = [change.get(key) for key in ("BeforeContext", "AfterContext")]
        assert contexts == [
            json.dumps({"Properties": {"DelaySeconds": int(one)}}) if one else None
            for one in values
        ]
