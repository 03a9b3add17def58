"""Versions and aliases: what they keep, what they refer to, and which code runs."""

from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import (
    create,
    invoke,
    log_lines,
    refused,
    settle,
    zipped,
)
from workbook.target import Aws

CODE = "def handler(event, context):\n    return 1\n"


def arn(aws: Aws, name: str, qualifier: str) -> str:
    return f"arn:aws:lambda:us-east-1:{aws.account_id}:function:{name}:{qualifier}"


def versions(aws: Aws) -> str:
    """A function whose version 1 returns one, version 2 two, and $LATEST three."""
    client = aws.client("lambda")
    name = create(aws, "def handler(event, context): return ['one', context.function_version]")
    settle(aws, name)
    client.publish_version(FunctionName=name)
    for word in ("two", "three"):
        code = f"def handler(event, context): return [{word!r}, context.invoked_function_arn]"
        settle(aws, name)
        client.update_function_code(FunctionName=name, ZipFile=zipped(app=code))
        if word == "two":
            settle(aws, name)
            client.publish_version(FunctionName=name)
    return name


def test_a_version_keeps_its_code(local: Aws) -> None:
    name = versions(local)
    response, reply = invoke(local, name, Qualifier="1")
    assert (response["ExecutedVersion"], reply) == ("1", ["one", "1"])
    assert invoke(local, f"{name}:2")[1][0] == "two"
    assert invoke(local, name, Qualifier="$LATEST")[1][0] == "three"
    assert "Version: 1\n" in "".join(log_lines(local, name))


def test_an_alias_keeps_its_version_until_it_is_updated(local: Aws) -> None:
    """[OBS] invoked_function_arn has the qualifier that was used."""
    client = local.client("lambda")
    name = versions(local)
    created = client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert "RoutingConfig" not in created
    assert invoke(local, name, Qualifier="live")[1][0] == "one"
    updated = client.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert updated["ResponseMetadata"]["HTTPStatusCode"] == 200
    response, (word, arn) = invoke(local, name, Qualifier="live")
    assert (response["ExecutedVersion"], word) == ("2", "two")
    assert arn == f"arn:aws:lambda:us-east-1:{local.account_id}:function:{name}:live"
    deleted = client.delete_alias(FunctionName=name, Name="live")
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        invoke(local, name, Qualifier="live")


def test_an_alias_splits_by_weight(local: Aws) -> None:
    """[OBS] RoutingConfig splits by weight."""
    client = local.client("lambda")
    name = versions(local)
    client.create_alias(
        FunctionName=name,
        Name="split",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    executed = [invoke(local, name, Qualifier="split")[0]["ExecutedVersion"] for _ in range(60)]
    assert set(executed) == {"1", "2"}
    client.update_alias(
        FunctionName=name, Name="split", RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}}
    )
    assert invoke(local, name, Qualifier="split")[0]["ExecutedVersion"] == "2"


def test_publishing_with_another_description_makes_no_new_version(local: Aws) -> None:
    """[OBS] Publishing an unchanged function returns the same version."""
    client = local.client("lambda")
    name = create(local, CODE)
    settle(local, name)
    first = client.publish_version(FunctionName=name, Description="first")
    settle(local, name)
    again = client.publish_version(FunctionName=name, Description="again")
    assert (again["Version"], again["Description"]) == ("1", "first")
    assert again["RevisionId"] == first["RevisionId"]


def test_the_number_of_a_deleted_version_is_not_reused(local: Aws) -> None:
    """[BC] Version numbers only rise."""
    client = local.client("lambda")
    name = create(local, CODE)
    settle(local, name)
    client.publish_version(FunctionName=name)
    client.delete_function(FunctionName=name, Qualifier="1")
    settle(local, name)
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
    """[BC, OBS] Empty weights end the routing: RoutingConfig is absent."""
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


def test_an_unchanged_function_publishes_the_same_version(local: Aws) -> None:
    """[OBS]"""
    client = local.client("lambda")
    name = create(local, CODE)
    settle(local, name)
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    settle(local, name)
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    settle(local, name)
    client.update_function_code(FunctionName=name, ZipFile=zipped(app=CODE))
    settle(local, name)
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    settle(local, name)
    client.update_function_configuration(FunctionName=name, Timeout=4)
    settle(local, name)
    second = client.publish_version(FunctionName=name)
    assert second["Version"] == "2"
    assert second["FunctionArn"].endswith(f":{name}:2")


def test_latest_cannot_be_deleted_alone(local: Aws) -> None:
    name = create(local, CODE)
    call = local.client("lambda").delete_function
    error = refused(call, FunctionName=name, Qualifier="$LATEST")
    assert error["Error"]["Message"] == (
        "$LATEST version cannot be deleted without deleting the function."
    )


def test_a_version_with_an_alias_cannot_be_deleted(local: Aws) -> None:
    """[BC] DeleteFunction: "you can't delete a version that an alias references"."""
    client = local.client("lambda")
    name = create(local, CODE, Publish=True)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    error = refused(client.delete_function, FunctionName=name, Qualifier="1")
    assert error["Error"] == {
        "Code": "ResourceConflictException",
        "Message": ("Unable to delete version because the following aliases reference it: [live]"),
    }
    client.delete_alias(FunctionName=name, Name="live")
    client.delete_function(FunctionName=name, Qualifier="1")
    assert "Function not found" in refused(invoke, aws=local, name=f"{name}:1")["Message"]


def test_publish_version_checks_the_digest_of_the_code(local: Aws) -> None:
    """[BC] PublishVersion: CodeSha256 and RevisionId."""
    client = local.client("lambda")
    name = create(local, CODE)
    settle(local, name)
    digest = client.get_function_configuration(FunctionName=name)["CodeSha256"]
    error = refused(client.publish_version, FunctionName=name, CodeSha256="other")
    assert error["Error"]["Message"] == (
        f"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({digest}). Please "
        "try again with the CodeSHA256 in $LATEST."
    )
    assert client.publish_version(FunctionName=name, CodeSha256=digest)["Version"] == "1"


def test_aliases_are_listed_by_version(local: Aws) -> None:
    """[BC] ListAliases: FunctionVersion."""
    client = local.client("lambda")
    name = create(local, CODE, Publish=True)
    client.create_alias(FunctionName=name, Name="one", FunctionVersion="1")
    client.create_alias(FunctionName=name, Name="latest", FunctionVersion="$LATEST")
    found = client.list_aliases(FunctionName=name, FunctionVersion="1")["Aliases"]
    assert [alias["Name"] for alias in found] == ["one"]
    assert len(client.list_aliases(FunctionName=name)["Aliases"]) == 2


@pytest.mark.parametrize(
    ("version", "weights", "message"),
    [
        ("1", {"2": 0.1, "3": 0.1}, "An alias can route invocations to at most two versions."),
        (
            "$LATEST",
            {"1": 0.1},
            "An alias that routes to two versions cannot route to $LATEST.",
        ),
        ("1", {"1": 0.1}, "The alias already routes to version 1."),
        ("1", {"2": 1.1}, None),
    ],
)
def test_rules_for_the_routing_of_an_alias(
    local: Aws, version: str, weights: dict[str, float], message: str | None
) -> None:
    """[DG:configuring-alias-routing] Two published versions; weights from 0 to 1 [BC]."""
    name = create(local, CODE, Publish=True)
    error = refused(
        local.client("lambda").create_alias,
        FunctionName=name,
        Name="live",
        FunctionVersion=version,
        RoutingConfig={"AdditionalVersionWeights": weights},
    )
    assert error["Error"]["Code"] == (
        "InvalidParameterValueException" if message else "ValidationException"
    )
    assert message in (None, error["Error"]["Message"])
