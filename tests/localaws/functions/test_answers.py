"""The functions' API, answer by answer: key sets, statuses, headers and words."""

import uuid
from typing import Any

import pytest
import urllib3

from tests.localaws.functions.lambda_functions import create, create_role, refused, zipped
from workbook.target import Aws

CODE = "def handler(event, context):\n    return 1\n"
SIGNED = {
    "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request"
}


def arn(aws: Aws, name: str, qualifier: str = "") -> str:
    suffix = f":{qualifier}" if qualifier else ""
    return f"arn:aws:lambda:us-east-1:{aws.account_id}:function:{name}{suffix}"


def test_answers_are_json_with_a_request_id_of_their_own(local: Aws) -> None:
    """[BC] rest-json; nothing of the machinery behind shows in the headers."""
    name = create(local, CODE)
    for path in ("functions", f"functions/{name}", f"functions/{name}/configuration"):
        url = f"{local.endpoint_url}/2015-03-31/{path}"
        response = urllib3.request("GET", url, headers=SIGNED)
        assert response.headers["content-type"] == "application/json"
        assert uuid.UUID(response.headers["x-amzn-requestid"])
        assert {header.lower() for header in response.headers} == {
            "content-type",
            "content-length",
            "x-amzn-requestid",
        }


def test_lists_leave_out_what_only_get_tells(local: Aws) -> None:
    """[BC] State and LastUpdateStatus with their reasons, and RuntimeVersionConfig."""
    client = local.client("lambda")
    name = create(local, CODE)
    alone = client.get_function_configuration(FunctionName=name, Qualifier="$LATEST")
    del alone["ResponseMetadata"]
    (listed,) = client.list_versions_by_function(FunctionName=name)["Versions"]
    left_out = {"State", "LastUpdateStatus", "RuntimeVersionConfig"}
    assert listed == {key: value for key, value in alone.items() if key not in left_out}
    functions = client.get_paginator("list_functions").paginate().build_full_result()["Functions"]
    (listed,) = [one for one in functions if one["FunctionName"] == name]
    assert left_out.isdisjoint(listed)


def test_the_arn_has_the_qualifier_that_was_asked_for(local: Aws) -> None:
    """[OBS] An alias' configuration is its version's, under the alias' ARN."""
    client = local.client("lambda")
    name = create(local, CODE, Publish=True)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for qualifier in ("live", "1", "$LATEST"):
        found = client.get_function(FunctionName=name, Qualifier=qualifier)["Configuration"]
        assert found["FunctionArn"] == arn(local, name, qualifier)
    found = client.get_function_configuration(FunctionName=f"{name}:live")
    assert (found["FunctionArn"], found["Version"]) == (arn(local, name, "live"), "1")


def test_an_environment_is_there_once_it_was_given(local: Aws) -> None:
    """[OBS] Also when it is empty."""
    client = local.client("lambda")
    name = create(local, CODE)
    assert "Environment" not in client.get_function_configuration(FunctionName=name)
    changed = client.update_function_configuration(FunctionName=name, Environment={"Variables": {}})
    assert changed["Environment"] == {"Variables": {}}


def test_versions_of_a_function_that_does_not_exist(local: Aws) -> None:
    """[OBS] 404, as for every other call."""
    error = refused(local.client("lambda").list_versions_by_function, FunctionName="missing")
    assert error["Error"]["Code"] == "ResourceNotFoundException"
    assert error["Message"] == f"Function not found: {arn(local, 'missing')}"


def test_publishing_again_with_another_description_is_no_new_version(local: Aws) -> None:
    """[OBS] Publishing an unchanged function returns the same version."""
    client = local.client("lambda")
    name = create(local, CODE)
    first = client.publish_version(FunctionName=name, Description="first")
    again = client.publish_version(FunctionName=name, Description="again")
    assert (again["Version"], again["Description"]) == ("1", "first")
    assert again["RevisionId"] == first["RevisionId"]


def test_the_number_of_a_deleted_version_does_not_come_back(local: Aws) -> None:
    """[BC] Version numbers only rise."""
    client = local.client("lambda")
    name = create(local, CODE)
    client.publish_version(FunctionName=name)
    client.delete_function(FunctionName=name, Qualifier="1")
    assert client.publish_version(FunctionName=name)["Version"] == "2"


def test_an_alias_that_exists_is_a_conflict(local: Aws) -> None:
    """[BC] ResourceConflictException, 409."""
    client = local.client("lambda")
    name = create(local, CODE)
    wanted = {"FunctionName": name, "Name": "live", "FunctionVersion": "$LATEST"}
    client.create_alias(**wanted)
    error = refused(client.create_alias, **wanted)
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert error["Error"]["Code"] == "ResourceConflictException"
    assert error["message"] == f"Alias already exists: {arn(local, name, 'live')}"


def test_each_update_of_an_alias_is_a_revision(local: Aws) -> None:
    """[BC, OBS] Empty weights end the splitting: RoutingConfig is absent."""
    client = local.client("lambda")
    name = create(local, CODE, Publish=True)
    alias = {"FunctionName": name, "Name": "live"}
    created = client.create_alias(**alias, FunctionVersion="1")
    assert set(created) - {"ResponseMetadata"} == {
        "AliasArn",
        "Name",
        "FunctionVersion",
        "Description",
        "RevisionId",
    }
    weights: dict[str, Any] = {"AdditionalVersionWeights": {}}
    updated = client.update_alias(**alias, Description="other", RoutingConfig=weights)
    assert "RoutingConfig" not in updated
    assert updated["RevisionId"] != created["RevisionId"]
    error = refused(client.update_alias, FunctionName=name, Name="missing", Description="x")
    assert error["Message"] == f"Alias not found: {arn(local, name, 'missing')}"


def test_the_accounts_limits_and_usage(unlimited: Aws) -> None:
    """[BC] GetAccountSettings; a reserve is taken from what is left to all."""
    client = unlimited.client("lambda")
    before = client.get_account_settings()
    name = create(unlimited, CODE)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=7)
    size = client.get_function_configuration(FunctionName=name)["CodeSize"]
    after = client.get_account_settings()
    client.delete_function(FunctionName=name)
    assert after["AccountLimit"] == {
        "TotalCodeSize": 80_530_636_800,
        "CodeSizeUnzipped": 262_144_000,
        "CodeSizeZipped": 52_428_800,
        "ConcurrentExecutions": 1000,
        "UnreservedConcurrentExecutions": (
            before["AccountLimit"]["UnreservedConcurrentExecutions"] - 7
        ),
    }
    assert after["AccountUsage"] == {
        "TotalCodeSize": before["AccountUsage"]["TotalCodeSize"] + size,
        "FunctionCount": before["AccountUsage"]["FunctionCount"] + 1,
    }


def test_event_invoke_config_names_both_destinations(local: Aws) -> None:
    """[OBS] With the ARN of $LATEST; without one: 404 in AWS's words."""
    client = local.client("lambda")
    name = create(local, CODE)
    error = refused(client.get_function_event_invoke_config, FunctionName=name)
    assert error["Message"] == (
        f"The function {arn(local, name, '$LATEST')} doesn't have an EventInvokeConfig"
    )
    put = client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    del put["ResponseMetadata"], put["LastModified"]
    assert put == {
        "FunctionArn": arn(local, name, "$LATEST"),
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
    }
    error = refused(client.put_function_event_invoke_config, FunctionName=name)
    assert error["Error"]["Code"] == "InvalidParameterValueException"
    assert error["Error"]["Message"] == (
        "You must specify at least one of error handling or destination setting."
    )


def test_an_unknown_invocation_type_is_refused(local: Aws) -> None:
    """[BC] The enum InvocationType."""
    name = create(local, CODE)
    client = local.client("lambda")
    error = refused(client.invoke, FunctionName=name, InvocationType="Later")
    assert error["Error"]["Code"] == "ValidationException"
    assert error["Error"]["Message"] == (
        "1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy "
        "constraint: Member must satisfy enum value set: [RequestResponse, Event, DryRun]"
    )


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            {"FunctionName": "a b"},
            "Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: ",
        ),
        (
            {"FunctionName": "n" * 65},
            f"Value '{'n' * 65}' at 'functionName' failed to satisfy constraint: Member must have "
            "length less than or equal to 64",
        ),
        (
            {"Role": "nobody"},
            "Value 'nobody' at 'role' failed to satisfy constraint: Member must satisfy regular "
            r"expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
        ),
        (
            {"Handler": "h" * 129},
            f"Value '{'h' * 129}' at 'handler' failed to satisfy constraint: Member must have "
            "length less than or equal to 128",
        ),
        (
            {"Architectures": ["arm64", "x86_64"]},
            "Value '[arm64, x86_64]' at 'architectures' failed to satisfy constraint: Member must "
            "have length less than or equal to 1",
        ),
        (
            {"Architectures": ["z80"]},
            "Value '[z80]' at 'architectures' failed to satisfy constraint: Member must satisfy "
            "constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be "
            "null]",
        ),
        (
            {"Environment": {"Variables": {"1A": "x"}}},
            "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy "
            "constraint: [Member must satisfy regular expression pattern: "
            "[a-zA-Z]([a-zA-Z0-9_])+]",
        ),
    ],
)
def test_lengths_and_patterns(local: Aws, settings: dict[str, Any], problem: str) -> None:
    """[BC] A ValidationException that names the setting."""
    wanted = {
        "FunctionName": "f",
        "Runtime": "python3.11",
        "Role": create_role(local),
        "Handler": "app.handler",
        "Code": {"ZipFile": zipped(app=CODE)},
    }
    error = refused(local.client("lambda").create_function, **(wanted | settings))
    assert error["Error"]["Code"] == "ValidationException"
    assert error["Error"]["Message"].startswith(f"1 validation error detected: {problem}")


def test_code_must_come_from_somewhere(local: Aws) -> None:
    """[BC] A zip or a place in S3."""
    client = local.client("lambda")
    role = create_role(local)
    wanted = {"FunctionName": "f", "Runtime": "python3.11", "Role": role, "Handler": "app.handler"}
    error = refused(client.create_function, **wanted, Code={})
    assert error["Error"]["Message"] == "Please provide a source for function code."
    name = create(local, CODE)
    error = refused(client.update_function_code, FunctionName=name)
    assert error["Error"]["Code"] == "InvalidParameterValueException"


def test_tagging_answers_no_content(local: Aws) -> None:
    """[BC] 204 for TagResource and UntagResource; GetFunction shows the tags there are."""
    client = local.client("lambda")
    name = create(local, CODE)
    assert "Tags" not in client.get_function(FunctionName=name)
    tagged = client.tag_resource(Resource=arn(local, name), Tags={"team": "data"})
    assert tagged["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert client.get_function(FunctionName=name)["Tags"] == {"team": "data"}
    untagged = client.untag_resource(Resource=arn(local, name), TagKeys=["team"])
    assert untagged["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_errors_have_awss_body(local: Aws) -> None:
    """[OBS] Type User and ``message``; ``Message`` in a 404."""
    url = f"{local.endpoint_url}/2015-03-31/functions/missing"
    body = urllib3.request("GET", url, headers=SIGNED).json()
    assert body == {"Type": "User", "Message": f"Function not found: {arn(local, 'missing')}"}
    name = create(local, CODE)
    url = f"{local.endpoint_url}/2015-03-31/functions/{name}/invocations"
    body = urllib3.request("POST", url, headers=SIGNED, body=b"{").json()
    assert set(body) == {"Type", "message"}
