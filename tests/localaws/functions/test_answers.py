"""The functions' API, response by response: keys, statuses, headers and messages."""

import uuid
from typing import Any

import pytest
import urllib3

from tests.localaws.functions.lambda_functions import (
    create,
    create_role,
    impatient,
    refused,
    settle,
    zipped,
)
from workbook.localaws.api.http import authorization
from workbook.target import Aws

CODE = "def handler(event, context):\n    return 1\n"
SIGNED = {"authorization": authorization("us-east-1", "lambda")}


def arn(aws: Aws, name: str, qualifier: str = "") -> str:
    suffix = f":{qualifier}" if qualifier else ""
    return f"arn:aws:lambda:us-east-1:{aws.account_id}:function:{name}{suffix}"


def test_responses_are_json_with_their_own_request_id(local: Aws) -> None:
    """[BC] rest-json; no header reveals the implementation."""
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


def test_lists_omit_what_only_get_returns(local: Aws) -> None:
    """[BC] State and LastUpdateStatus with their reasons, and RuntimeVersionConfig."""
    client = local.client("lambda")
    name = create(local, CODE)
    settle(local, name)
    alone = client.get_function_configuration(FunctionName=name, Qualifier="$LATEST")
    del alone["ResponseMetadata"]
    (listed,) = client.list_versions_by_function(FunctionName=name)["Versions"]
    left_out = {"State", "LastUpdateStatus", "RuntimeVersionConfig"}
    assert listed == {key: value for key, value in alone.items() if key not in left_out}
    functions = client.get_paginator("list_functions").paginate().build_full_result()["Functions"]
    (listed,) = [one for one in functions if one["FunctionName"] == name]
    assert left_out.isdisjoint(listed)


def test_the_arn_has_the_requested_qualifier(local: Aws) -> None:
    """[OBS] An alias' configuration is its version's, with the alias' ARN."""
    client = local.client("lambda")
    name = create(local, CODE, Publish=True)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for qualifier in ("live", "1", "$LATEST"):
        found = client.get_function(FunctionName=name, Qualifier=qualifier)["Configuration"]
        assert found["FunctionArn"] == arn(local, name, qualifier)
    found = client.get_function_configuration(FunctionName=f"{name}:live")
    assert (found["FunctionArn"], found["Version"]) == (arn(local, name, "live"), "1")


def test_an_environment_is_returned_once_it_was_set(local: Aws) -> None:
    """[OBS] Also when it is empty."""
    client = local.client("lambda")
    name = create(local, CODE)
    assert "Environment" not in client.get_function_configuration(FunctionName=name)
    settle(local, name)
    changed = client.update_function_configuration(FunctionName=name, Environment={"Variables": {}})
    assert changed["Environment"] == {"Variables": {}}


def test_versions_of_a_function_that_does_not_exist(local: Aws) -> None:
    """[OBS] 404, as for every other call."""
    error = refused(local.client("lambda").list_versions_by_function, FunctionName="missing")
    assert error["Error"]["Code"] == "ResourceNotFoundException"
    assert error["Message"] == f"Function not found: {arn(local, 'missing')}"


def test_the_accounts_limits_and_usage(unlimited: Aws) -> None:
    """[BC] GetAccountSettings; a reserve is taken from what all functions share."""
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


def test_a_source_of_the_code_is_required(local: Aws) -> None:
    """[BC] A zip or a place in S3."""
    client = local.client("lambda")
    role = create_role(local)
    wanted = {"FunctionName": "f", "Runtime": "python3.11", "Role": role, "Handler": "app.handler"}
    error = refused(client.create_function, **wanted, Code={})
    assert error["Error"]["Message"] == "Please provide a source for function code."
    name = create(local, CODE)
    settle(local, name)
    error = refused(client.update_function_code, FunctionName=name)
    assert error["Error"]["Code"] == "InvalidParameterValueException"


def test_tagging_returns_no_content(local: Aws) -> None:
    """[BC] 204 for TagResource and UntagResource; GetFunction returns the tags."""
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


@pytest.mark.parametrize(
    ("operation", "named"),
    [
        ("list_functions", {}),
        ("list_versions_by_function", {"FunctionName": "f"}),
        ("list_aliases", {"FunctionName": "f"}),
        ("list_layers", {}),
        ("list_layer_versions", {"LayerName": "l"}),
        ("list_function_event_invoke_configs", {"FunctionName": "f"}),
    ],
)
def test_an_unknown_marker_is_refused(local: Aws, operation: str, named: dict[str, str]) -> None:
    if "FunctionName" in named:
        named = {"FunctionName": create(local, CODE)}
    for marker in ("x", "-1", "\u0663"):
        error = refused(getattr(local.client("lambda"), operation), **named, Marker=marker)
        assert error["Error"] == {
            "Code": "InvalidParameterValueException",
            "Message": "Invalid Marker.",
        }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"FunctionName": "a', "InvalidRequestContentException"),
        (b"\xff\xfe", "InvalidRequestContentException"),
        (b"[]", "SerializationException"),
        (b"", "ValidationException"),
        (b"{}", "ValidationException"),
        (b'{"FunctionName": 1, "Role": "r", "Code": {}}', "SerializationException"),
    ],
)
def test_a_broken_body_is_a_client_error(local: Aws, body: bytes, code: str) -> None:
    """[BC] Clients retry after a 500, and not after a 400."""
    url = f"{local.endpoint_url}/2015-03-31/functions"
    response = urllib3.request("POST", url, headers=SIGNED, body=body)
    assert (response.status, response.headers["x-amzn-errortype"]) == (400, code)


def test_a_reserve_must_not_be_negative(local: Aws) -> None:
    """[BC]"""
    response = urllib3.request(
        "PUT",
        f"{local.endpoint_url}/2017-10-31/functions/f/concurrency",
        headers=SIGNED,
        body=b'{"ReservedConcurrentExecutions": -5}',
    )
    assert response.status == 400
    assert "greater than or equal to 0" in response.json()["message"]


def test_unsupported_features_are_refused_by_name(local: Aws) -> None:
    name = create(local, CODE)
    error = refused(
        impatient(local).put_provisioned_concurrency_config,
        FunctionName=name,
        Qualifier="1",
        ProvisionedConcurrentExecutions=1,
    )
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert error["Error"]["Message"] == (
        "The local AWS does not support PutProvisionedConcurrencyConfig."
    )


def test_an_unknown_operation_is_not_found(local: Aws) -> None:
    url = f"{local.endpoint_url}/2015-03-31/nothing"
    response = urllib3.request("GET", url, headers=SIGNED)
    assert (response.status, response.headers["x-amzn-errortype"]) == (
        404,
        "UnknownOperationException",
    )


def test_a_region_that_does_not_exist(local: Aws) -> None:
    error = refused(impatient(local, "mars-1").list_functions)
    assert error["Error"]["Code"] == "InvalidSignatureException"


def test_layers_are_listed_by_runtime_and_architecture(local: Aws) -> None:
    """[BC] CompatibleRuntime, CompatibleArchitecture; the newest version first."""
    client = local.client("lambda")
    name = f"layer-{uuid.uuid4().hex[:8]}"
    content = {"ZipFile": zipped(one="x = 1")}
    for runtime in ("python3.12", "python3.13", "python3.13"):
        published = client.publish_layer_version(
            LayerName=name, Content=content, CompatibleRuntimes=[runtime]
        )
    found = client.list_layer_versions(LayerName=name, CompatibleRuntime="python3.13")
    versions = found["LayerVersions"]
    assert [version["Version"] for version in versions] == [3, 2]
    assert set(versions[0]) == {"LayerVersionArn", "Version", "CreatedDate", "CompatibleRuntimes"}
    layers = client.list_layers(CompatibleRuntime="python3.12")["Layers"]
    (layer,) = [one for one in layers if one["LayerName"] == name]
    assert layer["LatestMatchingVersion"]["Version"] == 1
    by_arn = client.get_layer_version_by_arn(Arn=published["LayerVersionArn"])
    by_name = client.get_layer_version(LayerName=name, VersionNumber=3)
    assert by_arn["CreatedDate"] == by_name["CreatedDate"] == published["CreatedDate"]


def test_a_function_url_is_refused_by_name(local: Aws) -> None:
    """Nothing would be served at it; that there is none is answered as on AWS [BC]."""
    client = local.client("lambda")
    name = create(local, CODE)
    error = refused(client.create_function_url_config, FunctionName=name, AuthType="NONE")
    assert error["Error"]["Message"] == "The local AWS does not support CreateFunctionUrlConfig."
    error = refused(client.get_function_url_config, FunctionName=name)
    assert error["Error"]["Code"] == "ResourceNotFoundException"
    assert client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"] == []
