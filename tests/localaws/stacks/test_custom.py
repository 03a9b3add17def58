"""Custom resources: requested by an event, answered by a PUT."""

import json
from typing import Any

import pytest

from tests.localaws.stacks.deploying import ROLE, Stacks, function, outputs
from workbook.target import Aws

LOGGING = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
CODE = """
import json, cfnresponse
def handler(event, context):
    print(json.dumps(event))
    wish = event["ResourceProperties"].get("Wish", "SUCCESS")
    if wish == "SILENCE" and event["RequestType"] == "Create":
        return
    ok = event["RequestType"] == "Delete" or wish == "SUCCESS"
    cfnresponse.send(event, context, "SUCCESS" if ok else "FAILED", {"Answer": "42"}, "thing",
                     reason=None if ok else "so it goes")
"""


@pytest.fixture
def stacks(unlimited: Aws) -> Stacks:
    return Stacks(unlimited)


def resources(**properties: Any) -> Any:
    token = {"Fn::GetAtt": ["Fn", "Arn"]}
    return {
        "Role": {**ROLE, "Properties": {**ROLE["Properties"], "ManagedPolicyArns": [LOGGING]}},
        "Fn": function(CODE, Timeout=20),
        "Thing": {
            "Type": "Custom::Thing",
            "Properties": {"ServiceToken": token, **properties},
        },
    }


def test_the_response_sets_the_id_and_the_attributes(stacks: Stacks) -> None:
    """[D23]"""
    template = {"Outputs": {"A": {"Value": {"Fn::GetAtt": ["Thing", "Answer"]}}}}
    stack = stacks.create(resources(N=1), template=template)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert outputs(stack) == {"A": "42"}
    name = stack["StackName"]
    assert stacks.resources(name)["Thing"] == "thing"
    assert stacks.update(name, resources(N=2), template=template)["StackStatus"] == (
        "UPDATE_COMPLETE"
    )
    stacks.api.delete_stack(StackName=name)
    identity = stack["StackId"]
    assert stacks.get(identity)["StackStatus"] == "DELETE_COMPLETE"


def test_a_failed_response_fails_the_stack_with_its_reason(stacks: Stacks) -> None:
    """[SEEN]"""
    stack = stacks.create(resources(Wish="FAILED"))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    (reason,) = [
        why
        for one, state, why in stacks.events(stack["StackName"])
        if (one, state) == ("Thing", "CREATE_FAILED")
    ]
    assert reason.startswith(
        "Received response status [FAILED] from custom resource. Message returned: so it goes"
    )


def test_a_missing_response_fails_after_the_timeout(stacks: Stacks) -> None:
    """[D23] ServiceTimeout; by default an hour."""
    stack = stacks.create(resources(Wish="SILENCE", ServiceTimeout=1))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    (reason,) = [
        why
        for one, state, why in stacks.events(stack["StackName"])
        if (one, state) == ("Thing", "CREATE_FAILED")
    ]
    assert "did not receive a response from your Custom Resource" in reason


def test_the_function_receives_awss_event(stacks: Stacks) -> None:
    """[D23] Numbers and booleans are strings; an update contains the old properties."""
    stack = stacks.create(resources(N=1, Flag=True))
    name = stack["StackName"]
    stacks.update(name, resources(N=2, Flag=True))
    group = f"/aws/lambda/{stacks.resources(name)['Fn']}"
    found = stacks.aws.client("logs").filter_log_events(logGroupName=group)["events"]
    created, updated = (json.loads(e["message"]) for e in found if e["message"].startswith("{"))
    assert (created["RequestType"], updated["RequestType"]) == ("Create", "Update")
    assert created["ResourceType"] == "Custom::Thing"
    assert "PhysicalResourceId" not in created
    assert created["ResourceProperties"]["N"] == "1"
    assert created["ResourceProperties"]["Flag"] == "true"
    assert updated["OldResourceProperties"]["N"] == "1"
    assert updated["PhysicalResourceId"] == "thing"
