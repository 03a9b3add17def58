"""The runtime client, official and ours: each rule holds for both."""

import base64
import json
import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import create, invoke, log_lines, zipped
from workbook import target
from workbook.localaws.functions.interpreters import has_official_client
from workbook.localaws.functions.launch import CLIENT_VARIABLE, OFFICIAL_CLIENT, OWN_CLIENT
from workbook.target import Aws


@pytest.fixture(scope="module", params=[OFFICIAL_CLIENT, OWN_CLIENT])
def aws(request: pytest.FixtureRequest) -> Iterator[Aws]:
    """A local AWS whose functions run on one of the clients."""
    if request.param == OFFICIAL_CLIENT and not has_official_client():
        pytest.skip("awslambdaric has no wheel for this system")
    before = dict(os.environ)
    os.environ[CLIENT_VARIABLE] = request.param
    try:
        with target.connect(target.LOCAL) as aws:
            yield aws
    finally:
        os.environ.clear()
        os.environ.update(before)


def fails(aws: Aws, code: str | bytes, **settings: Any) -> tuple[str, dict[str, Any], str]:
    """Create a function that fails; return its name, the error, and the whole log."""
    name = create(aws, code, **settings)
    response, error = invoke(aws, name, {})
    assert response["FunctionError"] == "Unhandled"
    return name, error, "".join(log_lines(aws, name))


@pytest.mark.parametrize("event", [None, 1, "ä😀", [1, 2], {"a": {"b": [None, True, 1.5]}}])
def test_an_event_arrives_as_it_was_sent(aws: Aws, event: Any) -> None:
    name = create(aws, "def handler(event, context):\n    return event")
    assert invoke(aws, name, event)[1] == event


def test_none_gives_null(aws: Aws) -> None:
    """[OBS] None returned gives the payload null."""
    name = create(aws, "def handler(event, context):\n    pass")
    response = aws.client("lambda").invoke(FunctionName=name)
    assert response["Payload"].read() == b"null"


def test_no_payload_is_an_empty_event(aws: Aws) -> None:
    name = create(aws, "def handler(event, context):\n    return event")
    assert aws.client("lambda").invoke(FunctionName=name)["Payload"].read() == b"{}"


@pytest.mark.parametrize(
    ("runtime", "payload"),
    [("python3.11", rb'"\u00e4"'), ("python3.14", '"ä"'.encode())],
)
def test_non_ascii_is_kept_unescaped_from_python312_on(
    aws: Aws, runtime: str, payload: bytes
) -> None:
    """[RIC]"""
    name = create(aws, "def handler(event, context):\n    return '\\xe4'", Runtime=runtime)
    assert aws.client("lambda").invoke(FunctionName=name)["Payload"].read() == payload


def test_bytes_are_returned_unchanged(aws: Aws) -> None:
    """[RIC] Bytes are sent as application/unknown."""
    name = create(aws, "def handler(event, context):\n    return b'[1,  2]'")
    assert aws.client("lambda").invoke(FunctionName=name)["Payload"].read() == b"[1,  2]"


def test_decimals_are_numbers(aws: Aws) -> None:
    code = """
from decimal import Decimal
def handler(event, context):
    return [Decimal(3), Decimal("1.5")]
"""
    assert invoke(aws, create(aws, code))[1] == [3, 1.5]


def test_the_context_has_every_attribute(aws: Aws) -> None:
    code = """
def handler(event, context):
    identity = context.identity
    client = context.client_context
    return {
        "id": context.aws_request_id, "name": context.function_name,
        "version": context.function_version, "memory": context.memory_limit_in_mb,
        "arn": context.invoked_function_arn, "group": context.log_group_name,
        "stream": context.log_stream_name, "left": context.get_remaining_time_in_millis(),
        "identity": [identity.cognito_identity_id, identity.cognito_identity_pool_id],
        "custom": client.custom, "title": client.client.app_title, "env": client.env,
        "tenant": context.tenant_id,
    }
"""
    name = create(aws, code, Timeout=7)
    sent = {"custom": {"a": "ä"}, "client": {"app_title": "t"}, "env": {"locale": "en"}}
    encoded = base64.b64encode(json.dumps(sent).encode()).decode()
    response, seen = invoke(aws, name, ClientContext=encoded)
    assert 0 < seen.pop("left") <= 7000
    assert "/[$LATEST]" in seen.pop("stream")
    assert seen == {
        "id": response["ResponseMetadata"]["RequestId"],
        "name": name,
        "version": "$LATEST",
        "memory": "128",  # a string [OBS]
        "arn": f"arn:aws:lambda:us-east-1:{aws.account_id}:function:{name}",
        "group": f"/aws/lambda/{name}",
        "identity": [None, None],
        "custom": {"a": "ä"},
        "title": "t",
        "env": {"locale": "en"},
        "tenant": None,
    }


def test_an_exception_is_logged_in_one_event(aws: Aws) -> None:
    """[RIC] frames indented with U+00A0; no line feed at the end."""
    name, error, _ = fails(aws, "def handler(event, context):\n    raise ValueError('boom')\n")
    assert error["errorType"] == "ValueError"
    assert error["stackTrace"] == [
        "  File \"/var/task/app.py\", line 2, in handler\n    raise ValueError('boom')\n"
    ]
    assert (
        "[ERROR] ValueError: boom\nTraceback (most recent call last):\n"
        '\xa0\xa0File "/var/task/app.py", line 2, in handler\n'
        "\xa0\xa0\xa0\xa0raise ValueError('boom')"
    ) in log_lines(aws, name)


def test_a_module_that_lambda_does_not_have_cannot_be_imported(aws: Aws) -> None:
    """The standard library, boto3 and the zip are available; pandas of the host is not."""
    _, error, log = fails(aws, "import pandas\ndef handler(event, context): pass")
    assert error == {
        "errorMessage": "Unable to import module 'app': No module named 'pandas'",
        "errorType": "Runtime.ImportModuleError",
        "requestId": "",
        "stackTrace": [],
    }
    assert "[ERROR] Runtime.ImportModuleError: Unable to import module 'app'" in log


def test_a_missing_handler_is_an_error(aws: Aws) -> None:
    _, error, _ = fails(aws, "x = 1")
    assert error["errorType"] == "Runtime.HandlerNotFound"
    assert error["errorMessage"] == "Handler 'handler' missing on module 'app'"


def test_a_handler_without_a_dot_is_an_error(aws: Aws) -> None:
    _, error, _ = fails(aws, "x = 1", Handler="handler")
    assert error["errorType"] == "Runtime.MalformedHandlerName"
    assert error["errorMessage"].startswith("Bad handler 'handler'")


def test_a_syntax_error_is_reported(aws: Aws) -> None:
    _, error, _ = fails(aws, "def handler(:\n")
    assert error["errorType"] == "Runtime.UserCodeSyntaxError"
    assert error["errorMessage"].startswith("Syntax error in module 'app'")
    assert error["stackTrace"][0].startswith('  File "/var/task/app.py" Line 1')


def test_a_response_that_is_not_json_is_an_error(aws: Aws) -> None:
    _, error, _ = fails(aws, "def handler(event, context):\n    return {1, 2}")
    assert error["errorType"] == "Runtime.MarshalError"
    assert error["errorMessage"].startswith("Unable to marshal response: Object of type set")


def test_an_error_at_import_has_the_importlib_frames_first(aws: Aws) -> None:
    """[OBS]"""
    _, error, log = fails(aws, "raise RuntimeError('early')\ndef handler(event, context): pass")
    assert error["errorType"] == "RuntimeError"
    assert error["requestId"] == ""
    assert error["stackTrace"][0].startswith('  File "/var/lang/lib/python3.11/importlib/')
    assert '"/var/task/app.py", line 1' in error["stackTrace"][-1]
    assert "Phase: init\tStatus: error\tError Type: RuntimeError" in log


@pytest.mark.parametrize("where", ["import", "handler"])
def test_exit_is_an_exit_error(aws: Aws, where: str) -> None:
    """[OBS] sys.exit at import or in the handler gives Runtime.ExitError."""
    ends = "import sys; sys.exit(0)"
    code = f"def handler(event, context):\n    {ends}" if where == "handler" else ends
    name = create(aws, code)
    response, error = invoke(aws, name)
    request_id = response["ResponseMetadata"]["RequestId"]
    assert error == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: Runtime exited without providing a reason",
    }
    assert "Status: error\tError Type: Runtime.ExitError" in log_lines(aws, name)[-1]


def test_logging_has_the_level_the_time_and_the_request(aws: Aws) -> None:
    """[OBS] [INFO]<tab>time<tab>request id<tab>message; print is raw."""
    code = """
import logging
def handler(event, context):
    logging.getLogger().warning("careful %s", 1)
    print("raw")
"""
    name = create(aws, code)
    request_id = invoke(aws, name)[0]["ResponseMetadata"]["RequestId"]
    line, raw = log_lines(aws, name)[2:4]
    level, time, identity, message = line.split("\t")
    assert (level, identity, message) == ("[WARNING]", request_id, "careful 1\n")
    assert len(time) == len("2026-11-22T10:15:30.123Z")
    assert raw == "raw\n"


def test_a_record_of_many_lines_is_one_event(aws: Aws) -> None:
    """[RIC] Output of ``logging`` comes in a frame; printed output is split into lines."""
    code = """
import logging
log = logging.getLogger()
def handler(event, context):
    log.warning("first\\nsecond")
    print("no end", end="")
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("it broke")
    print("printed\\nin two")
    log.warning("x" * 200_000 + "\\n")
    raise ValueError("bad\\nworse")
"""
    name = create(aws, code)
    invoke(aws, name)
    warning, exception, first, second, long, error = log_lines(aws, name)[2:-2]
    assert warning.endswith("\tfirst\nsecond\n")
    assert exception.split("\t")[-1].startswith("it broke\nTraceback (most recent call last):\n")
    assert exception.endswith("\nZeroDivisionError: division by zero")
    assert (first, second) == ("no endprinted\n", "in two\n")
    assert long.endswith("\t" + "x" * 200_000 + "\n\n")
    assert error.startswith("[ERROR] ValueError: bad\nworse\nTraceback (most recent call last):\n")


def test_boto3_is_available_and_reaches_the_local_aws(aws: Aws) -> None:
    code = """
import boto3
def handler(event, context):
    return boto3.client("sts").get_caller_identity()["Account"]
"""
    assert invoke(aws, create(aws, code, Timeout=20))[1] == aws.account_id


def test_the_zip_takes_precedence_over_lambdas_packages(aws: Aws) -> None:
    package = zipped(
        app="import boto3\ndef handler(event, context): return boto3.mine", boto3="mine = 1"
    )
    assert invoke(aws, create(aws, package))[1] == 1


def test_a_handler_can_be_in_a_folder(aws: Aws) -> None:
    package = zipped(**{"src/deep.py": "def run(event, context): return __file__"})
    name = create(aws, package, Handler="src/deep.run")
    assert invoke(aws, name)[1].endswith("deep.py")


def test_each_line_to_either_output_is_one_event_in_order(aws: Aws) -> None:
    """[OBS] One log event for each printed line; a carriage return does not split."""
    code = """
import sys
def handler(event, context):
    print("one\\rstill one")
    print("two", file=sys.stderr)
    print("three\\nfour")
    sys.stdout.write("no end")
"""
    name = create(aws, code)
    invoke(aws, name)
    invoke(aws, name)
    lines = log_lines(aws, name)
    assert lines[2:6] == ["one\rstill one\n", "two\n", "three\n", "four\n"]
    assert lines[6] == "no end"
    assert lines[7].startswith("END")


def test_the_json_format_of_the_log(aws: Aws) -> None:
    """LoggingConfig LogFormat JSON [DG:monitoring-cloudwatchlogs-advanced]; print stays raw."""
    code = """
import logging
def handler(event, context):
    log = logging.getLogger("mine")
    log.debug("not at INFO")
    log.info("hello %s", "you", extra={"more": 1})
    print("raw")
    raise ValueError("boom")
"""
    config = {"LogFormat": "JSON", "LogGroup": f"/mine/{uuid.uuid4().hex}"}
    name = create(aws, code, LoggingConfig=config)
    request_id = invoke(aws, name)[0]["ResponseMetadata"]["RequestId"]
    found = aws.client("logs").filter_log_events(logGroupName=config["LogGroup"])["events"]
    init, start, hello, raw, error, report = (event["message"] for event in found)
    assert raw == "raw\n"
    assert json.loads(init)["type"] == "platform.initStart"
    assert json.loads(start)["record"] == {"requestId": request_id, "version": "$LATEST"}
    logged = json.loads(hello)
    assert logged.pop("timestamp").endswith("Z")
    assert logged == {
        "level": "INFO",
        "message": "hello you",
        "logger": "mine",
        "requestId": request_id,
        "more": 1,
    }
    failed = json.loads(error)
    assert (failed["level"], failed["errorType"]) == ("ERROR", "ValueError")
    metrics = json.loads(report)["record"]["metrics"]
    assert metrics["billedDurationMs"] >= metrics["durationMs"] + metrics["initDurationMs"]
