"""The functions' API: its responses, and its refusals in AWS's words."""

import io
import urllib.request
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import (
    create,
    create_role,
    impatient,
    invoke,
    refused,
    settle,
    zipped,
)
from workbook import target
from workbook.localaws.api.overrides import RUNTIMES
from workbook.target import Aws

CODE = "def handler(event, context):\n    return 1\n"


@pytest.fixture(scope="module")
def slow() -> Iterator[Aws]:
    """A local AWS in slow motion: a state of 0.2 s lasts for two real seconds."""
    with target.connect(target.LOCAL, speed=0.1) as aws:
        yield aws


def spec(aws: Aws, **settings: Any) -> dict[str, Any]:
    return {
        "FunctionName": f"f-{uuid.uuid4().hex[:12]}",
        "Runtime": "python3.11",
        "Role": create_role(aws),
        "Handler": "app.handler",
        "Code": {"ZipFile": zipped(app=CODE)},
        **settings,
    }


def test_create_returns_pending_and_get_active(local: Aws) -> None:
    """[OBS] State Pending with its reason, later Active with LastUpdateStatus Successful."""
    client = local.client("lambda")
    wanted = spec(local)
    created = client.create_function(**wanted)
    meta = created.pop("ResponseMetadata")
    assert meta["HTTPStatusCode"] == 201
    name = wanted["FunctionName"]
    changing = {
        key: created.pop(key) for key in ("CodeSha256", "CodeSize", "LastModified", "RevisionId")
    }
    runtime = created.pop("RuntimeVersionConfig")["RuntimeVersionArn"]
    assert runtime.startswith("arn:aws:lambda:us-east-1::runtime:")
    assert created == {
        "FunctionName": name,
        "FunctionArn": f"arn:aws:lambda:us-east-1:{local.account_id}:function:{name}",
        "Runtime": "python3.11",
        "Role": wanted["Role"],
        "Handler": "app.handler",
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    }
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    found = client.get_function(FunctionName=name)
    configuration = found["Configuration"]
    assert configuration["State"] == "Active"
    assert configuration["LastUpdateStatus"] == "Successful"
    assert "StateReason" not in configuration
    assert {key: configuration[key] for key in changing} == changing
    assert found["Code"]["RepositoryType"] == "S3"


def test_the_code_can_be_downloaded(local: Aws) -> None:
    name = create(local, CODE)
    location = local.client("lambda").get_function(FunctionName=name)["Code"]["Location"]
    with urllib.request.urlopen(location) as response:
        archive = zipfile.ZipFile(io.BytesIO(response.read()))
    assert archive.read("app.py").decode() == CODE


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        (
            {"Runtime": "python4.0"},
            "InvalidParameterValueException",
            "Value python4.0 at 'runtime' failed to satisfy constraint: Member must satisfy enum "
            f"value set: [{RUNTIMES}] or be a valid ARN",
        ),
        (
            {"Timeout": 901},
            "ValidationException",
            "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: "
            "Member must have value less than or equal to 900",
        ),
        (
            {"MemorySize": 20000},
            "ValidationException",
            "1 validation error detected: Value '20000' at 'memorySize' failed to satisfy "
            "constraint: Member must have value less than or equal to 10240",
        ),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x"}}},
            "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            "for modification. Reserved keys used in this request: AWS_REGION",
        ),
        (
            {"Environment": {"Variables": {"AA": "x" * 4096}}},
            "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided exceeded the 4KB limit. String measured: "
            '{"AA":"' + "x" * 4096 + '"}',
        ),
        (
            {"Role": "arn:aws:iam::123456789012:role/missing"},
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
        ),
        (
            {"Code": {"ZipFile": b"no zip"}},
            "InvalidParameterValueException",
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            {"Code": {"ZipFile": zipped(**{"../evil.py": "x"})}},
            "InvalidParameterValueException",
            "The uploaded zip holds the path '../evil.py', which is outside its root.",
        ),
        (
            {"Code": {"ZipFile": zipped(**{"/abs.py": "x"})}},
            "InvalidParameterValueException",
            "The uploaded zip holds the path '/abs.py', which is outside its root.",
        ),
    ],
)
def test_an_invalid_setting_is_refused(
    local: Aws, settings: dict[str, Any], code: str, message: str
) -> None:
    client = local.client("lambda")
    client.meta.config.parameter_validation = False
    wanted = spec(local, **settings)
    error = refused(client.create_function, **wanted)
    assert error["Error"]["Code"] == code
    assert error["Error"]["Message"] == message
    assert refused(client.get_function, FunctionName=wanted["FunctionName"])


def test_exactly_4_kb_of_variables_are_accepted(local: Aws) -> None:
    """[OBS] Their JSON may have 4,096 bytes."""
    value = "x" * (4096 - len('{"AA":""}'))
    create(local, CODE, Environment={"Variables": {"AA": value}})


def test_a_zip_over_50_mib_is_refused(local: Aws) -> None:
    """[OBS]"""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:  # stored, so as large as its content
        archive.writestr("app.py", CODE + "#" * 52_428_800)
    error = refused(
        local.client("lambda").create_function, **spec(local, Code={"ZipFile": buffer.getvalue()})
    )
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert error["Error"]["Code"] == "RequestEntityTooLargeException"
    # The request itself is already over its limit of 70,167,211 bytes in base64.
    assert error["Error"]["Message"] in (
        "Zipped size must be smaller than 52428800 bytes",
        "Request must be smaller than 70167211 bytes for the CreateFunction operation",
    )


def test_a_zip_over_250_mb_unzipped_is_refused(local: Aws) -> None:
    """[OBS]"""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("big", "w") as file,
    ):
        for _ in range(251):
            file.write(bytes(1_048_576))
    error = refused(
        local.client("lambda").create_function, **spec(local, Code={"ZipFile": buffer.getvalue()})
    )
    assert error["Error"]["Code"] == "InvalidParameterValueException"
    assert error["Error"]["Message"] == "Unzipped size must be smaller than 262144000 bytes"


def test_an_existing_name_is_a_conflict(local: Aws) -> None:
    name = create(local, CODE)
    error = refused(local.client("lambda").create_function, **spec(local, FunctionName=name))
    assert error["Error"]["Code"] == "ResourceConflictException"
    assert error["Error"]["Message"] == f"Function already exist: {name}"
    assert error["Type"] == "User"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_a_missing_function_is_not_found(local: Aws) -> None:
    error = refused(local.client("lambda").get_function, FunctionName="missing")
    arn = f"arn:aws:lambda:us-east-1:{local.account_id}:function:missing"
    assert error["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": f"Function not found: {arn}",
    }
    assert error["Message"] == error["Error"]["Message"]


def test_an_update_is_in_progress_then_successful_and_changes_the_revision(slow: Aws) -> None:
    """[SEEN] 409 for another update meanwhile; the reason is that of a creation [OBS]."""
    client = slow.client("lambda")
    name = create(slow, CODE)
    before = client.get_function_configuration(FunctionName=name)
    settle(slow, name)
    answer = client.update_function_configuration(
        FunctionName=name, Timeout=9, MemorySize=256, EphemeralStorage={"Size": 1024}
    )
    assert answer["LastUpdateStatus"] == "InProgress"
    during = client.get_function_configuration(FunctionName=name)
    assert during["LastUpdateStatus"] == "InProgress"
    assert during["LastUpdateStatusReasonCode"] == "Creating"
    error = refused(client.update_function_configuration, FunctionName=name, Timeout=10)
    assert error["Error"] == {
        "Code": "ResourceConflictException",
        "Message": "The operation cannot be performed at this time. An update is in progress for "
        f"resource: {answer['FunctionArn']}",
    }
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 409
    settle(slow, name)
    after = client.get_function_configuration(FunctionName=name)
    assert (after["Timeout"], after["MemorySize"]) == (9, 256)
    assert after["EphemeralStorage"] == {"Size": 1024}
    assert after["LastUpdateStatus"] == "Successful"
    assert after["RevisionId"] != before["RevisionId"]
    error = refused(
        client.update_function_configuration,
        FunctionName=name,
        Timeout=10,
        RevisionId=before["RevisionId"],
    )
    assert error["Error"]["Code"] == "PreconditionFailedException"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 412


@pytest.mark.parametrize("operation", ["update_function_configuration", "publish_version"])
def test_a_function_that_is_being_created_cannot_be_changed(slow: Aws, operation: str) -> None:
    """[SEEN] 409 while it is Pending."""
    name = create(slow, CODE)
    error = refused(getattr(slow.client("lambda"), operation), FunctionName=name)
    assert error["Error"] == {
        "Code": "ResourceConflictException",
        "Message": "The operation cannot be performed at this time. The function is currently in "
        "the following state: Pending",
    }


@pytest.mark.parametrize(
    ("runtime", "message"),
    [
        (
            "python3.7",
            "The runtime parameter of python3.7 is no longer supported for creating or updating "
            "AWS Lambda functions. We recommend you use a supported runtime while creating or "
            "updating functions.",
        ),
        (
            "nodejs22.x",
            "The local AWS does not run nodejs22.x, which AWS does. Here you can use "
            "provided.al2, provided.al2023, python3.8, python3.9, python3.10, python3.11, "
            "python3.12, python3.13, python3.14.",
        ),
    ],
)
def test_a_runtime_that_cannot_be_used_is_refused(local: Aws, runtime: str, message: str) -> None:
    """[SEEN] One that AWS has withdrawn, and one that only AWS can run."""
    error = refused(local.client("lambda").create_function, **spec(local, Runtime=runtime))
    assert error["Error"] == {"Code": "InvalidParameterValueException", "Message": message}


def test_a_function_of_another_region_or_account_is_out_of_reach(local: Aws) -> None:
    """[OBS] 404 for another region; 403 for another account."""
    name = create(local, CODE)
    arn = local.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    away = impatient(local, "eu-west-1")
    for call in (away.invoke, away.get_function, away.delete_function):
        error = refused(call, FunctionName=arn)
        assert error["Error"] == {
            "Code": "ResourceNotFoundException",
            "Message": "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')",
        }
    others = arn.replace(local.account_id, "000000000000")
    calls = {
        "InvokeFunction": impatient(local).invoke,
        "GetFunction": impatient(local).get_function,
    }
    for action, call in calls.items():
        error = refused(call, FunctionName=others)
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
        assert error["Error"]["Code"] == "AccessDeniedException"
        assert (
            f"is not authorized to perform: lambda:{action} on resource: {others}"
            in (error["Error"]["Message"])
        )


def test_a_function_is_found_by_name_partial_and_full_arn(local: Aws) -> None:
    name = create(local, CODE)
    account = local.account_id
    for given in (
        name,
        f"{account}:function:{name}",
        f"arn:aws:lambda:us-east-1:{account}:function:{name}",
    ):
        assert invoke(local, given)[1] == 1
        found = local.client("lambda").get_function_configuration(FunctionName=given)
        assert found["FunctionName"] == name


def test_lists_come_in_pages(local: Aws) -> None:
    """[BC] MaxItems, Marker, NextMarker."""
    client = local.client("lambda")
    names = {create(local, CODE) for _ in range(3)}
    first = client.list_functions(MaxItems=2)
    assert len(first["Functions"]) == 2
    assert first["NextMarker"]
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    assert names <= {function["FunctionName"] for page in pages for function in page["Functions"]}


def test_reserved_concurrency_is_stored_and_limited(local: Aws) -> None:
    client = local.client("lambda")
    name = create(local, CODE)
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName=name)
    for amount in (5, 0):
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=amount)
        found = client.get_function_concurrency(FunctionName=name)
        assert found["ReservedConcurrentExecutions"] == amount
        concurrency = client.get_function(FunctionName=name)["Concurrency"]
        assert concurrency == {"ReservedConcurrentExecutions": amount}
    error = refused(
        client.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=901
    )
    assert error["Error"]["Message"] == (
        "Specified ReservedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [100]."
    )
    client.delete_function_concurrency(FunctionName=name)
    assert "Concurrency" not in client.get_function(FunctionName=name)


def test_event_invoke_config_is_replaced_and_merged(local: Aws) -> None:
    client = local.client("lambda")
    name = create(local, CODE)
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    client.update_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=99)
    found = client.get_function_event_invoke_config(FunctionName=name)
    assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (1, 99)
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    found = client.get_function_event_invoke_config(FunctionName=name)
    assert found["MaximumRetryAttempts"] == 0
    assert "MaximumEventAgeInSeconds" not in found


def test_an_alias_has_its_own_event_invoke_config(local: Aws) -> None:
    """[BC] So has a version; both go with their qualifier, which must exist."""
    client = local.client("lambda")
    name = create(local, CODE)
    settle(local, name)
    version = client.publish_version(FunctionName=name)["Version"]
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    put = client.put_function_event_invoke_config
    put(FunctionName=name, MaximumRetryAttempts=0)
    told = put(FunctionName=name, Qualifier="live", MaximumRetryAttempts=1)
    assert told["FunctionArn"].endswith(f"{name}:live")
    error = refused(put, FunctionName=name, Qualifier="none", MaximumRetryAttempts=1)
    assert error["Error"]["Code"] == "ResourceNotFoundException"

    def retries() -> dict[str, int]:
        listed = client.list_function_event_invoke_configs(FunctionName=name)
        return {
            one["FunctionArn"].rpartition(":")[2]: one["MaximumRetryAttempts"]
            for one in listed["FunctionEventInvokeConfigs"]
        }

    assert retries() == {"$LATEST": 0, "live": 1}
    client.delete_alias(FunctionName=name, Name="live")
    assert retries() == {"$LATEST": 0}


def test_the_code_may_be_in_s3(local: Aws) -> None:
    bucket = f"b-{uuid.uuid4().hex[:12]}"
    s3 = local.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="f.zip", Body=zipped(app=CODE))
    wanted = spec(local, Code={"S3Bucket": bucket, "S3Key": "f.zip"})
    local.client("lambda").create_function(**wanted)
    assert invoke(local, wanted["FunctionName"])[1] == 1
    missing = spec(local, Code={"S3Bucket": bucket, "S3Key": "missing.zip"})
    error = refused(local.client("lambda").create_function, **missing)
    assert error["Error"]["Code"] == "InvalidParameterValueException"
    assert "S3 Error Code: NoSuchKey" in error["Error"]["Message"]


def test_the_codes_bucket_is_in_the_functions_region(local: Aws) -> None:
    """[SEEN]"""
    bucket = f"b-{uuid.uuid4().hex[:12]}"
    s3 = local.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="f.zip", Body=zipped(app=CODE))
    wanted = spec(local, Code={"S3Bucket": bucket, "S3Key": "f.zip"})
    error = refused(impatient(local, "eu-west-1").create_function, **wanted)
    assert error["Error"]["Message"] == (
        "Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error Message: The "
        "bucket is in this region: us-east-1. Please use this region to retry the request"
    )
