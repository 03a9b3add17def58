"""Concurrency, metrics, and the end of every process."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.localaws.functions.lambda_functions import Gate, create, impatient, invoke
from workbook import target
from workbook.localaws import READY
from workbook.localaws.functions.concurrency import Concurrency
from workbook.localaws.interfaces import InvokeThrottledError
from workbook.target import Aws


def test_over_the_reserve_is_throttled_with_its_reason(local: Aws, gate: Gate) -> None:
    """[OBS] 429 TooManyRequestsException Rate Exceeded."""
    name = create(local, gate.handler, Timeout=60)
    client = impatient(local)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    thread = threading.Thread(target=invoke, args=[local, name])
    thread.start()
    gate.wait()
    with pytest.raises(ClientError) as caught:
        client.invoke(FunctionName=name)
    gate.open()
    thread.join()
    response: Any = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["Type"] == "User"
    thread = threading.Thread(target=invoke, args=[local, name])
    thread.start()
    gate.wait(2)  # it is no longer throttled
    gate.open()
    thread.join()


def test_the_accounts_concurrency_is_shared_by_functions_without_a_reserve() -> None:
    """1,000 in a region [DG:gettingstarted-limits], minus all reserves."""
    concurrency = Concurrency()
    slots = [concurrency.slot("r", f"f{number}", None, 998) for number in range(3)]
    with slots[0], slots[1]:
        with pytest.raises(InvokeThrottledError), slots[2]:
            pass
        with concurrency.slot("r", "reserved", 1, 998), concurrency.slot("other", "f", None, 0):
            assert concurrency.of("r", "reserved") == 1
    with concurrency.slot("r", "f2", None, 998):
        assert concurrency.of("r", "f2") == 1


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


def test_concurrent_executions_are_measured_while_they_last(local: Aws, gate: Gate) -> None:
    """[DG:monitoring-metrics-types] How many instances are processing events: a gauge."""
    name = create(local, gate.handler, Timeout=60)
    thread = threading.Thread(target=invoke, args=[local, name])
    thread.start()
    gate.wait()

    def seconds() -> Any:
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
        return list(result["Values"])

    pause = threading.Event()
    while len(seconds()) < 3:
        pause.wait(0.1)
    gate.open()
    thread.join()
    assert set(seconds()) == {1}


@pytest.mark.parametrize("ending", ["close", "kill", "terminate"])
def test_no_process_outlives_the_local_aws(gate: Gate, ending: str, tmp_path: Path) -> None:
    """Busy and idle functions, their children and helpers end; no traceback is printed."""
    with (tmp_path / "errors").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "workbook.localaws", "--owned"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    aws = target.connect(process.stdout.readline().removeprefix(READY).strip())
    idle = create(aws, "def handler(event, context): pass")
    invoke(aws, idle)
    code = f"""
import subprocess, sys
{gate.source}
def handler(event, context):
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    subprocess.Popen(command, start_new_session=True)
    gate()
"""
    busy = create(aws, code, Timeout=60)
    aws.client("lambda").invoke(FunctionName=busy, InvocationType="Event")
    gate.wait()
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
    assert (tmp_path / "errors").read_text() == ""
