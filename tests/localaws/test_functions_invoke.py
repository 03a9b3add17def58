"""Invocations: replies, errors, the warm process, the log."""

from lambda_functions import create, invoke, log_lines

from workbook.target import Aws

ECHO = """
def handler(event, context):
    print("got", event)
    return {"event": event, "arn": context.invoked_function_arn}
"""


def test_a_reply_comes_back_with_the_executed_version(local: Aws) -> None:
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


def test_the_log_has_the_lines_of_an_invocation_as_soon_as_it_returned(local: Aws) -> None:
    name = create(local, ECHO)
    response, _ = invoke(local, name, 1)
    request_id = response["ResponseMetadata"]["RequestId"]
    lines = log_lines(local, name)
    assert [line.split(" ")[0] for line in lines] == ["INIT_START", "START", "got", "END", "REPORT"]
    assert lines[1] == f"START RequestId: {request_id} Version: $LATEST\n"
    assert lines[3] == f"END RequestId: {request_id}\n"
