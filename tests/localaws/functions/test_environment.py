"""Execution environments: warm and cold, timeouts, crashes, memory, what a process sees."""

import asyncio
import threading
import time

import psutil
import pytest

from tests.localaws.fakes import FakeCredentials
from tests.localaws.functions.lambda_functions import (
    Gate,
    create,
    invoke,
    log_lines,
    processes_of,
    zipped,
)
from workbook.localaws.functions import environment
from workbook.localaws.functions.configuration import FunctionVersion
from workbook.localaws.functions.interpreters import SUPPORTED
from workbook.localaws.functions.outcome import Outcome
from workbook.localaws.functions.processes import Processes
from workbook.localaws.functions.runtime_api import Event
from workbook.target import Aws

COUNT = """
import uuid
process, count = str(uuid.uuid4()), 0
def handler(event, context):
    global count
    count += 1
    return [process, count]
"""


def report(lines: list[str]) -> dict[str, str]:
    """The fields of the last REPORT line."""
    fields = lines[-1].removeprefix("REPORT ").strip().split("\t")
    return dict(field.split(": ", 1) for field in fields)


def test_a_warm_process_is_reused(local: Aws) -> None:
    name = create(local, COUNT)
    replies = [invoke(local, name)[1] for _ in range(3)]
    assert [count for _, count in replies] == [1, 2, 3]
    assert len({process for process, _ in replies}) == 1


def test_only_a_cold_start_reports_its_initialisation_and_bills_it(local: Aws) -> None:
    """[OBS] Since 2025-08-01 billed = ceil(Duration + Init)."""
    name = create(local, COUNT)
    invoke(local, name)
    cold = report(log_lines(local, name))
    duration, init = float(cold["Duration"][:-3]), float(cold["Init Duration"][:-3])
    assert 0 < duration + init <= int(cold["Billed Duration"][:-3]) < duration + init + 1
    assert cold["Memory Size"] == "128 MB"
    assert 0 < int(cold["Max Memory Used"][:-3]) <= 128
    invoke(local, name)
    assert "Init Duration" not in report(log_lines(local, name))


def test_init_start_shows_which_python_runs(local: Aws) -> None:
    code = "import platform\ndef handler(event, context): return platform.python_version()"
    for runtime in SUPPORTED:
        name = create(local, code, Runtime=runtime)
        major, minor, micro = invoke(local, name)[1].split(".")
        start = log_lines(local, name)[0]
        label = f"INIT_START Runtime Version: python:{major}.{minor}.v{micro}\t"
        assert start.startswith(label + "Runtime Version ARN: arn:aws:lambda:us-east-1::runtime:")


def test_metadata_of_the_runtimes_packages_is_found(local: Aws) -> None:
    """``importlib.metadata`` finds what can be imported, and nothing else of this machine."""
    code = """
from importlib import metadata

def handler(event, context):
    known = {found.metadata["Name"] for found in metadata.distributions()}
    return metadata.version("boto3"), metadata.version("python-dateutil"), "pytest" in known
"""
    _, (boto3, dateutil, pytest_is_known) = invoke(local, create(local, code))
    assert boto3[0].isdigit()
    assert dateutil[0].isdigit()
    assert not pytest_is_known


def test_boto3_runs_on_an_interpreter_of_another_version_too(local: Aws) -> None:
    code = "import boto3\ndef handler(event, context): return boto3.client('sts').meta.region_name"
    assert invoke(local, create(local, code, Runtime="python3.12", Timeout=60))[1] == "us-east-1"


def test_concurrent_invocations_have_separate_environments(local: Aws, gate: Gate) -> None:
    code = f"""
import os, tempfile
{gate.source}
def handler(event, context):
    mine = os.path.join(tempfile.gettempdir(), "mine")
    open(mine, "x").close()  # fails where another one has made it
    with gate():
        return os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
"""
    name = create(local, code, Timeout=30)
    streams: list[str] = []

    def run() -> None:
        streams.append(invoke(local, name)[1])

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    gate.wait(3)  # so three run at once
    gate.open()
    for thread in threads:
        thread.join()
    assert len(set(streams)) == 3


def test_a_timeout_kills_the_process_and_keeps_tmp(local: Aws) -> None:
    """[OBS] Sandbox.Timedout; the environment restarts: globals lost, /tmp kept."""
    code = """
import os, tempfile, time
count = 0
def handler(event, context):
    global count
    count += 1
    path = os.path.join(tempfile.gettempdir(), "kept")
    kept = os.path.exists(path)
    open(path, "w").close()
    if event.get("hang"):
        print("hanging")
        time.sleep(60)
    return [count, kept]
"""
    name = create(local, code, Timeout=1)
    assert invoke(local, name, {})[1] == [1, False]
    response, error = invoke(local, name, {"hang": True})
    request_id = response["ResponseMetadata"]["RequestId"]
    assert response["FunctionError"] == "Unhandled"
    assert error == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }
    lines = log_lines(local, name)
    assert "hanging\n" in lines
    assert report(lines)["Status"] == "timeout"
    assert report(lines)["Duration"] == "1000.00 ms"
    assert invoke(local, name, {})[1] == [1, True]
    assert "Init Duration" not in report(log_lines(local, name))


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_crash_is_an_exit_error(local: Aws, ending: str, reason: str) -> None:
    """[OBS]"""
    name = create(local, f"import os\ndef handler(event, context):\n    event and {ending}\n")
    response, error = invoke(local, name, 1)
    request_id = response["ResponseMetadata"]["RequestId"]
    assert error == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: {reason}",
    }
    last = report(log_lines(local, name))
    assert (last["Status"], last["Error Type"]) == ("error", "Runtime.ExitError")
    assert last["Max Memory Used"] != "0 MB"
    assert "FunctionError" not in invoke(local, name, 0)[0]


def test_a_process_that_ended_between_events_is_started_again(local: Aws, gate: Gate) -> None:
    code = f"""
import os, threading, uuid
{gate.source}
process = str(uuid.uuid4())
def end():
    kept = gate()
    os._exit(1)
threading.Thread(target=end, daemon=True).start()
def handler(event, context):
    return process
"""
    name = create(local, code)
    first = invoke(local, name)[1]
    gate.wait()
    gate.open()
    gate.wait_for_end()
    response, second = invoke(local, name)
    assert "FunctionError" not in response
    assert second != first


def test_an_event_that_races_with_the_death_of_a_process_gets_another(local: Aws) -> None:
    """If an idle process dies, an event that it never received does not fail.

    It may be any process of an environment: its sandbox has two besides the function's own.
    """
    name = create(local, COUNT)
    for round in range(20):
        response, reply = invoke(local, name)
        assert "FunctionError" not in response, reply
        found = processes_of(name)
        if found:  # otherwise they have ended: the last one could still respond
            victim = found[round % len(found)]
            below = victim.children()
            victim.kill()
            if below:  # they may still read the event while they are dying
                victim.wait(30)


def test_a_child_of_the_function_ends_with_it(local: Aws) -> None:
    """Even one in its own session."""
    code = """
import subprocess, sys, time
def handler(event, context):
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    subprocess.Popen(command, start_new_session=True)
    if event:
        time.sleep(60)
"""
    name = create(local, code, Timeout=1)
    invoke(local, name)
    started = processes_of(name)
    assert len(started) >= 2
    invoke(local, name, "hang")
    _, alive = psutil.wait_procs(started, timeout=30)
    assert alive == []


def test_more_memory_than_it_has_kills_the_process(local: Aws) -> None:
    code = """
import time
def handler(event, context):
    data = bytearray(300 * 1024 * 1024)
    for at in range(0, len(data), 4096):
        data[at] = 1
    time.sleep(30)
"""
    name = create(local, code, Timeout=30)
    _, error = invoke(local, name)
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    last = report(log_lines(local, name))
    assert (last["Status"], last["Error Type"]) == ("error", "Runtime.OutOfMemory")
    assert last["Max Memory Used"] == "128 MB"


def test_a_response_may_have_6_mib_and_100_bytes(local: Aws) -> None:
    """[OBS] 6,291,556 bytes."""
    name = create(local, "def handler(event, context): return 'x' * event", Timeout=20)
    assert len(invoke(local, name, 6_291_556 - 2)[1]) == 6_291_554
    response, error = invoke(local, name, 6_291_556 - 1)
    assert response["FunctionError"] == "Unhandled"
    assert error == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": (
            "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
        ),
    }
    assert invoke(local, name, 1)[1] == "x"


def test_a_failed_initialisation_is_repeated_within_the_invocation(local: Aws) -> None:
    """[DG:lambda-runtime-environment] INIT_REPORT, then the suppressed init in the invocation."""
    code = """
import os, tempfile
path = os.path.join(tempfile.gettempdir(), "seen")
if not os.path.exists(path):
    open(path, "w").close()
    raise RuntimeError("the first time fails")
def handler(event, context): return "fine"
"""
    name = create(local, code)
    assert invoke(local, name)[1] == "fine"
    platform = ("INIT_START", "INIT_REPORT", "START", "END", "REPORT")
    lines = [line for line in log_lines(local, name) if line.startswith(platform)]
    assert [line.split(" ")[0] for line in lines] == [
        *("INIT_START", "INIT_REPORT", "START", "INIT_START", "END", "REPORT")
    ]
    assert "\tPhase: init\tStatus: error\tError Type: RuntimeError\n" in lines[1]
    assert "Init Duration" not in report(lines)


def test_an_initialisation_over_the_functions_timeout_times_out(local: Aws) -> None:
    """[DG] Init has 10 s; the second try counts against the function's timeout."""
    code = """
import os, tempfile, time
path = os.path.join(tempfile.gettempdir(), "seen")
if os.path.exists(path):
    time.sleep(60)
open(path, "w").close()
os._exit(1)
"""
    name = create(local, code, Timeout=1)
    _, error = invoke(local, name)
    assert error["errorType"] == "Sandbox.Timedout"
    lines = log_lines(local, name)
    assert any("Phase: invoke\tStatus: timeout" in line for line in lines)
    assert report(lines)["Status"] == "timeout"


def test_a_slow_initialisation_is_stopped_and_repeated_in_the_invocation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """[DG:lambda-runtime-environment] Its limit is 10 s; here shorter, for the test's sake."""
    monkeypatch.setattr(environment, "INIT_LIMIT_SECONDS", 0.5)
    code = """
import os, tempfile, time
path = os.path.join(tempfile.gettempdir(), "seen")
if not os.path.exists(path):
    open(path, "w").close()
    time.sleep(60)
def handler(event, context): return "fine"
"""
    function = FunctionVersion(
        region="us-east-1",
        name="slow",
        version="$LATEST",
        role="arn:aws:iam::123456789012:role/r",
        runtime="python3.11",
        handler="app.handler",
        timeout=30,
        memory=128,
        variables=(),
        code_sha256="",
        layers=(),
        logging=(("LogFormat", "Text"), ("LogGroup", "/aws/lambda/slow")),
        code=zipped(app=code),
        layer_code=(),
    )
    lines: list[str] = []

    class Logs:
        def put(self, stream: environment.LogStream, said: list[str]) -> None:
            lines.extend(said)

    async def run() -> Outcome:
        processes = Processes()
        processes.open()
        place = environment.Environment(
            function, "http://127.0.0.1:9", processes, Logs(), FakeCredentials(), time.time
        )
        try:
            return await place.invoke(Event("id", b"1", "arn"))
        finally:
            await place.stop()
            processes.close()

    outcome = asyncio.run(run())
    assert (outcome.payload, outcome.function_error) == (b'"fine"', None)
    report = next(line for line in lines if line.startswith("INIT_REPORT"))
    assert report.endswith("ms\tPhase: init\tStatus: timeout\n")
    assert "Init Duration" not in lines[-1]
