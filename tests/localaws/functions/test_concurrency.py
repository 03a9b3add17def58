"""Reserved concurrency, versions and aliases, metrics, and the end of every process."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.localaws.functions.lambda_functions import create, impatient, invoke, log_lines, zipped
from workbook import target
from workbook.localaws.functions.concurrency import Concurrency
from workbook.localaws.interfaces import InvokeThrottledError
from workbook.localaws.server import READY
from workbook.target import Aws


def waits(running: Path, go: Path) -> str:
    """A handler that says that it runs and goes on when it may."""
    return f"""
import os, time
def handler(event, context):
    open({str(running)!r}, "w").close()
    while not os.path.exists({str(go)!r}):
        time.sleep(0.01)
"""


def wait_for(path: Path) -> None:
    pause = threading.Event()
    while not path.exists():
        pause.wait(0.01)


def test_over_the_reserve_is_throttled_with_its_reason(local: Aws, tmp_path: Path) -> None:
    """[OBS] 429 TooManyRequestsException Rate Exceeded."""
    name = create(local, waits(tmp_path / "running", tmp_path / "go"), Timeout=60)
    client = impatient(local)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    thread = threading.Thread(target=invoke, args=[local, name])
    thread.start()
    wait_for(tmp_path / "running")
    with pytest.raises(ClientError) as caught:
        client.invoke(FunctionName=name)
    (tmp_path / "go").touch()
    thread.join()
    response: Any = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["Type"] == "User"
    assert "FunctionError" not in invoke(local, name)[0]


def test_the_accounts_concurrency_is_shared_by_functions_without_a_reserve() -> None:
    """1,000 a region [DG:gettingstarted-limits]; reserves are taken off it."""
    concurrency = Concurrency()
    slots = [concurrency.slot("r", f"f{number}", None, 998) for number in range(3)]
    with slots[0], slots[1]:
        with pytest.raises(InvokeThrottledError), slots[2]:
            pass
        with concurrency.slot("r", "reserved", 1, 998), concurrency.slot("other", "f", None, 0):
            assert concurrency.of("r", "reserved") == 1
    with concurrency.slot("r", "f2", None, 998):
        assert concurrency.of("r", "f2") == 1


def versions(aws: Aws) -> str:
    """A function whose version 1 answers one, version 2 two, and $LATEST three."""
    client = aws.client("lambda")
    name = create(aws, "def handler(event, context): return ['one', context.function_version]")
    client.publish_version(FunctionName=name)
    for word in ("two", "three"):
        code = f"def handler(event, context): return [{word!r}, context.invoked_function_arn]"
        client.update_function_code(FunctionName=name, ZipFile=zipped(app=code))
        if word == "two":
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
    """[OBS] invoked_function_arn carries the qualifier that was used."""
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


def test_the_metrics_of_a_function(local: Aws) -> None:
    """[DG:monitoring-metrics-types] Invocations, Errors, Duration, ConcurrentExecutions."""
    name = create(local, "def handler(event, context): return 1 / event")
    for event in (1, 0, 1):
        invoke(local, name, event)

    def total(metric: str, statistic: str = "Sum") -> float:
        points = local.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=datetime.now(UTC) - timedelta(hours=1),
            EndTime=datetime.now(UTC) + timedelta(hours=1),
            Period=7200,
            Statistics=[statistic],
        )["Datapoints"]
        return float(sum(point[statistic] for point in points))

    assert total("Invocations") == 3
    assert total("Errors") == 1
    assert total("Duration") > 0
    assert total("ConcurrentExecutions", "Maximum") == 1


def test_concurrent_executions_are_measured_for_as_long_as_they_last(
    local: Aws, tmp_path: Path
) -> None:
    """[DG:monitoring-metrics-types] How many instances are processing events: a gauge."""
    name = create(local, waits(tmp_path / "running", tmp_path / "go"), Timeout=60)
    thread = threading.Thread(target=invoke, args=[local, name])
    thread.start()
    wait_for(tmp_path / "running")

    def seconds() -> list[float]:
        """The maximum of each second that was measured."""
        now = datetime.now(UTC)
        query: Any = {
            "Id": "running",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": "ConcurrentExecutions",
                    "Dimensions": [{"Name": "FunctionName", "Value": name}],
                },
                "Period": 1,
                "Stat": "Maximum",
            },
        }
        (result,) = local.client("cloudwatch").get_metric_data(
            MetricDataQueries=[query], StartTime=now - timedelta(seconds=60), EndTime=now
        )["MetricDataResults"]
        return result["Values"]

    pause = threading.Event()
    while len(seconds()) < 3:
        pause.wait(0.1)
    (tmp_path / "go").touch()
    thread.join()
    assert set(seconds()) == {1}


@pytest.mark.parametrize("ending", ["close", "kill", "terminate"])
def test_no_process_outlives_the_local_aws(tmp_path: Path, ending: str) -> None:
    """Functions, busy and idle, their children and the local AWS' helpers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "workbook.localaws", "--owned"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    aws = target.connect(process.stdout.readline().removeprefix(READY).strip())
    idle = create(aws, "def handler(event, context): pass")
    invoke(aws, idle)
    code = f"""
import subprocess, sys
def handler(event, context):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    open({str(tmp_path / "running")!r}, "w").close()
    child.wait()
"""
    busy = create(aws, code, Timeout=60)
    aws.client("lambda").invoke(FunctionName=busy, InvocationType="Event")
    wait_for(tmp_path / "running")
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 4  # two functions, a child, the reaper
    if ending == "close":
        process.stdin.close()
    elif ending == "terminate":
        process.terminate()
    else:
        process.kill()
    process.wait(30)
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []
