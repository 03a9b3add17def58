"""The process of a function: its variables, layers and bootstraps, and what changes them."""

import threading
import uuid
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import (
    Gate,
    create,
    create_role,
    impatient,
    invoke,
    log_lines,
    settle,
    zipped,
)
from workbook.localaws.functions import isolation
from workbook.target import Aws


def test_the_variables_of_an_environment(local: Aws) -> None:
    """[OBS] Lambda's variables and the function's own; nothing of the host's."""
    code = "import os\ndef handler(event, context): return [dict(os.environ), os.getcwd()]"
    variables = {"OUTPUT_STREAM": "processed_stream"}
    name = create(local, code, Environment={"Variables": variables}, MemorySize=256)
    seen, directory = invoke(local, name)[1]
    expected = {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": local.endpoint_url,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "_HANDLER": "app.handler",
        "TZ": ":UTC",
        "OUTPUT_STREAM": "processed_stream",
    }
    assert {key: seen.get(key) for key in expected} == expected
    assert seen["LAMBDA_TASK_ROOT"] == seen["PWD"] == directory
    if isolation.refusal():
        assert seen["HOME"] == seen["TMPDIR"] != directory
    else:
        assert directory == "/var/task"
        assert seen["LAMBDA_RUNTIME_DIR"] == seen["PYTHONPATH"] == "/var/runtime"
        assert not {"HOME", "TMPDIR"} & set(seen)
    assert "VIRTUAL_ENV" not in seen
    assert "_X_AMZN_TRACE_ID" in seen


def test_layers_are_importable_and_later_ones_override_earlier_ones(local: Aws) -> None:
    client = local.client("lambda")
    arns = []
    for files in (
        {"python/one.py": "value = 1", "python/both.py": "value = 'first'"},
        {"python/both.py": "value = 'second'"},
    ):
        layer = client.publish_layer_version(
            LayerName=f"layer-{uuid.uuid4().hex[:8]}", Content={"ZipFile": zipped(**files)}
        )
        arns.append(layer["LayerVersionArn"])
    code = "import one, both\ndef handler(event, context): return [one.value, both.value]"
    name = create(local, code, Layers=arns)
    assert invoke(local, name)[1] == [1, "second"]
    configuration = client.get_function_configuration(FunctionName=name)
    assert [layer["Arn"] for layer in configuration["Layers"]] == arns


def provided(script: str) -> bytes:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, script)
    return buffer.getvalue()


@pytest.mark.skipif("sys.platform != 'linux'", reason="bootstraps are Linux programs")
def test_a_custom_bootstrap_uses_the_runtime_api(local: Aws) -> None:
    """provided.al2023 [OLD:runtimes-api]; the API's refusals are part of the response."""
    script = """#!/usr/bin/env python3
import json, os, urllib.error, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime"
def post(path, body=b"{}"):
    try:
        with urllib.request.urlopen(base + path, body) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
while True:
    with urllib.request.urlopen(base + "/invocation/next") as response:
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.loads(response.read())
    print("got", event)
    refusals = [post("/invocation/wrong/response"), post("/init/error")]
    reply = json.dumps([event, refusals, os.environ["_HANDLER"]]).encode()
    assert post("/invocation/" + request_id + "/response", reply) == (202, {"status": "OK"})
    assert post("/invocation/" + request_id + "/response", reply)[0] == 400
"""
    name = create(local, provided(script), Runtime="provided.al2023", Handler="mine", Timeout=10)
    event, refusals, handler = invoke(local, name, {"a": 1})[1]
    assert (event, handler) == ({"a": 1}, "mine")
    assert [(status, body["errorType"]) for status, body in refusals] == [
        (400, "InvalidRequestID"),
        (403, "InvalidStateTransition"),
    ]
    lines = log_lines(local, name)
    assert lines[0].startswith("INIT_START Runtime Version: provided:al2023.v1\t")
    assert invoke(local, name, 2)[1][0] == 2


def test_a_missing_bootstrap_is_an_invalid_entrypoint(local: Aws) -> None:
    name = create(local, "x = 1", Runtime="provided.al2023")
    response, error = invoke(local, name)
    request_id = response["ResponseMetadata"]["RequestId"]
    assert error == {
        "errorType": "Runtime.InvalidEntrypoint",
        "errorMessage": (
            f"RequestId: {request_id} Error: Couldn't find valid bootstrap(s): "
            "[/var/task/bootstrap /opt/bootstrap]"
        ),
    }


def test_an_update_replaces_the_environments(local: Aws) -> None:
    name = create(local, "def handler(event, context): return 'old'")
    assert invoke(local, name)[1] == "old"
    client = local.client("lambda")
    code = zipped(app="import os\ndef handler(event, context): return os.environ.get('AA')")
    settle(local, name)
    client.update_function_code(FunctionName=name, ZipFile=code)
    assert invoke(local, name)[1] is None
    settle(local, name)
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"AA": "b"}})
    assert invoke(local, name)[1] == "b"


@pytest.mark.parametrize("change", ["update", "delete"])
def test_an_invocation_in_progress_keeps_its_configuration(
    local: Aws, gate: Gate, change: str
) -> None:
    """While it runs, the function is updated or deleted."""
    name = create(local, gate.handler, Timeout=30)
    client = local.client("lambda")
    replies: list[Any] = []
    thread = threading.Thread(target=lambda: replies.append(invoke(local, name)[1]))
    thread.start()
    gate.wait()
    if change == "update":
        new = zipped(app="def handler(event, context): return 'new'")
        settle(local, name)
        client.update_function_code(FunctionName=name, ZipFile=new)
        assert invoke(local, name)[1] == "new"
    else:
        client.delete_function(FunctionName=name)
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.invoke(FunctionName=name)
    gate.open()
    thread.join()
    assert replies == ["old"]


def test_regions_are_separate(local: Aws) -> None:
    away = impatient(local, "eu-west-1")
    code = "import os\ndef handler(event, context): return os.environ['AWS_REGION']"
    away.create_function(
        FunctionName="apart",
        Runtime="python3.11",
        Role=create_role(local),
        Handler="app.handler",
        Code={"ZipFile": zipped(app=code)},
    )
    assert away.invoke(FunctionName="apart")["Payload"].read() == b'"eu-west-1"'
    with pytest.raises(local.client("lambda").exceptions.ResourceNotFoundException):
        local.client("lambda").invoke(FunctionName="apart")
