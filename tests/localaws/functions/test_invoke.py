"""Invocations: responses, errors, the warm process, the log."""

import pytest
import urllib3

from tests.localaws.functions.lambda_functions import (
    Gate,
    create,
    impatient,
    invoke,
    log_lines,
    refused,
)
from workbook.localaws.api.http import authorization
from workbook.target import Aws

CODE = "def handler(event, context):\n    return 1\n"
ECHO = """
def handler(event, context):
    print("got", event)
    return {"event": event, "arn": context.invoked_function_arn}
"""


def test_a_response_has_the_executed_version(local: Aws) -> None:
    name = create(local, ECHO)
    response, reply = invoke(local, name, {"a": 1})
    assert response["StatusCode"] == 200
    assert response["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in response
    assert reply["event"] == {"a": 1}
    assert reply["arn"] == f"arn:aws:lambda:us-east-1:{local.account_id}:function:{name}"


def test_an_exception_is_unhandled_with_its_stack_trace(local: Aws) -> None:
    """[OBS] errorMessage, errorType, requestId, stackTrace."""
    name = create(local, "def handler(event, context):\n    raise ValueError('boom')\n")
    response, error = invoke(local, name)
    assert response["FunctionError"] == "Unhandled"
    assert error == {
        "errorMessage": "boom",
        "errorType": "ValueError",
        "requestId": response["ResponseMetadata"]["RequestId"],
        "stackTrace": [
            "  File \"/var/task/app.py\", line 2, in handler\n    raise ValueError('boom')\n"
        ],
    }


def test_the_log_has_an_invocations_lines_as_soon_as_it_returns(local: Aws) -> None:
    name = create(local, ECHO)
    response, _ = invoke(local, name, 1)
    request_id = response["ResponseMetadata"]["RequestId"]
    lines = log_lines(local, name)
    assert [line.split(" ")[0] for line in lines] == ["INIT_START", "START", "got", "END", "REPORT"]
    assert lines[1] == f"START RequestId: {request_id} Version: $LATEST\n"
    assert lines[3] == f"END RequestId: {request_id}\n"


@pytest.mark.parametrize("qualifier", [None, "alias"])
def test_invoking_a_missing_function_is_refused(local: Aws, qualifier: str | None) -> None:
    """[OBS] 404 with the qualifier, by default $LATEST; the key is ``Message``."""
    name = create(local, CODE) if qualifier else "missing"
    given = {"Qualifier": qualifier} if qualifier else {}
    error = refused(local.client("lambda").invoke, FunctionName=name, **given)
    arn = f"arn:aws:lambda:us-east-1:{local.account_id}:function:{name}:{qualifier or '$LATEST'}"
    assert error["Error"]["Code"] == "ResourceNotFoundException"
    assert error["Error"]["Message"] == f"Function not found: {arn}"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_payload_that_is_not_json_is_refused(local: Aws) -> None:
    """[OBS]"""
    name = create(local, CODE)
    error = refused(local.client("lambda").invoke, FunctionName=name, Payload=b"no json")
    assert error["Error"]["Code"] == "InvalidRequestContentException"
    assert error["Error"]["Message"].startswith("Could not parse request body into json: ")


@pytest.mark.parametrize(("kind", "limit"), [("RequestResponse", 6_291_456), ("Event", 1_048_576)])
def test_a_payload_over_the_limit_is_refused(local: Aws, kind: str, limit: int) -> None:
    """6 MB synchronous, 1 MB asynchronous [DG:gettingstarted-limits]"""
    name = create(local, CODE)
    error = refused(
        local.client("lambda").invoke,
        FunctionName=name,
        InvocationType=kind,
        Payload=b'"' + b"x" * (limit - 1) + b'"',
    )
    assert error["Error"]["Code"] == "RequestEntityTooLargeException"
    assert error["Error"]["Message"] == (
        f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    )


@pytest.mark.parametrize("context", ["no base64", "bm8ganNvbg==", "ä"])
def test_a_client_context_is_json_in_base64(local: Aws, context: str) -> None:
    """[BC]"""
    name = create(local, CODE)
    url = f"{local.endpoint_url}/2015-03-31/functions/{name}/invocations"
    headers = {
        "authorization": authorization("us-east-1", "lambda"),
        "x-amz-client-context": context.encode().decode("latin-1"),
    }
    response = urllib3.request("POST", url, headers=headers)
    assert response.status == 400
    assert response.headers["x-amzn-errortype"] == "InvalidRequestContentException"


def test_an_invalid_function_name_is_refused(local: Aws) -> None:
    """[BC] Before the function is searched for."""
    error = refused(impatient(local).invoke, FunctionName="a b")
    assert error["Error"]["Code"] == "ValidationException"
    assert error["Error"]["Message"].startswith(
        "1 validation error detected: Value 'a b' at 'functionName' failed to satisfy constraint: "
    )


def test_invoke_async_is_an_invocation_of_type_event(local: Aws, gate: Gate) -> None:
    """[BC] The API's older operation."""
    name = create(local, gate.handler)
    response = local.client("lambda").invoke_async(FunctionName=name, InvokeArgs=b"{}")
    assert response["Status"] == 202
    gate.wait()
    gate.open()


def test_a_dry_run_runs_nothing(local: Aws) -> None:
    name = create(local, CODE)
    response = local.client("lambda").invoke(FunctionName=name, InvocationType="DryRun")
    assert response["StatusCode"] == 204
    groups = local.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")
    assert groups["logGroups"] == []
