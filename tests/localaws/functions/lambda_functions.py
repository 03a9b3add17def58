"""Code that tests of Lambda functions share: zips, functions, and waiting."""

import contextlib
import io
import json
import socket
import threading
import time
import uuid
import zipfile
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from workbook.target import Aws

DEADLINE = 60  # seconds, for steps that take one or two on an idle machine


def zipped(**files: str) -> bytes:
    """Return a zip of text files; ``app="..."`` is app.py; a name with a dot is used unchanged."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(entry(name if "." in name else f"{name}.py"), text)
    return buffer.getvalue()


def entry(name: str, mode: int = 0o644) -> zipfile.ZipInfo:
    """Return an entry of a zip; zipfile's default makes files that only their owner may read."""
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    return made


def policy(action: str, **more: Any) -> str:
    """Return a policy that allows an action."""
    statement = {"Effect": "Allow", "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


TRUST = policy("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})


def create_role(aws: Aws) -> str:
    """Create a role that functions may assume, and that may do everything; return its ARN."""
    iam, name = aws.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy("*", Resource="*"))
    return str(arn)


def create(aws: Aws, code: str | bytes, **settings: Any) -> str:
    """Create a function from the source of app.py, or a zip; return its name."""
    name = f"f-{uuid.uuid4().hex[:12]}"
    aws.client("lambda").create_function(
        **{
            "FunctionName": name,
            "Runtime": "python3.11",
            "Role": create_role(aws),
            "Handler": "app.handler",
            "Code": {"ZipFile": code if isinstance(code, bytes) else zipped(app=code)},
            **settings,
        }
    )
    return name


def settle(aws: Aws, name: str) -> None:
    """Wait until a function is no longer being created or updated."""
    pause, deadline = threading.Event(), time.monotonic() + DEADLINE
    client = aws.client("lambda")
    while True:
        state = client.get_function_configuration(FunctionName=name)
        if (state["State"], state.get("LastUpdateStatus")) == ("Active", "Successful"):
            return
        assert time.monotonic() < deadline, state
        pause.wait(0.02)


def invoke(aws: Aws, name: str, event: Any = None, **settings: Any) -> tuple[dict[str, Any], Any]:
    """Invoke with a JSON event; return the response and its parsed payload."""
    response = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **settings)
    return response, json.loads(response["Payload"].read() or "null")


def impatient(aws: Aws, region: str = "us-east-1") -> Any:
    """Return a Lambda client that never retries and checks nothing itself, for any region."""
    return boto3.client(
        "lambda",
        region_name=region,
        endpoint_url=aws.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


def log_lines(aws: Aws, name: str) -> list[str]:
    """Return every line of a function's log."""
    pages = aws.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=f"/aws/lambda/{name}")
    return [event["message"] for page in found for event in page["events"]]


def refused(call: Any, **arguments: Any) -> dict[str, Any]:
    """Make a call that fails; return the parsed error response."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return dict(caught.value.response)


def known(aws: Aws, name: str) -> dict[str, Any]:
    """Return everything that the API returns about a function."""
    client = aws.client("lambda")
    told = {
        "function": client.get_function(FunctionName=name),
        "versions": client.list_versions_by_function(FunctionName=name),
        "aliases": client.list_aliases(FunctionName=name),
        "events": client.list_function_event_invoke_configs(FunctionName=name),
    }
    for answer in told.values():
        del answer["ResponseMetadata"]
    return told


class Gate:
    """A place where a function reports its arrival, and waits until it may continue.

    It is a socket of this machine, because a sandboxed function sees none of the test's files.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self._came: list[socket.socket] = []

    def __enter__(self) -> "Gate":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for one in self._came:
            one.close()

    @property
    def source(self) -> str:
        """Python that defines ``gate()``: it waits, and returns a socket to keep open."""
        return f"""
import socket
def gate():
    came = socket.create_connection(("127.0.0.1", {self._listener.getsockname()[1]}))
    came.recv(1)
    return came
"""

    @property
    def handler(self) -> str:
        """Return the source of a handler that waits at the gate and returns "old"."""
        return (
            self.source
            + """
def handler(event, context):
    with gate():
        return "old"
"""
        )

    def wait(self, count: int = 1) -> None:
        """Wait until this many have arrived in total."""
        while len(self._came) < count:
            self._came.append(self._listener.accept()[0])

    def open(self) -> None:
        """Let all that have arrived continue."""
        for one in self._came:
            one.sendall(b"1")

    def wait_for_end(self) -> None:
        """Wait until the last one to arrive has closed its socket or ended."""
        self._came[-1].settimeout(DEADLINE)
        with contextlib.suppress(ConnectionResetError):
            self._came[-1].recv(1)


def processes_of(name: str) -> list[psutil.Process]:
    """Return a function's processes on this machine, oldest first; the last one runs its code."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == name:
                found.append(process)
    return sorted(found, key=lambda process: process.create_time())
