"""Invocations, cold and warm, and the delay of a record from its put to the handler."""

import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.measure import Aim, Contest, Result, Sizes
from workbook import deployment, target
from workbook.target import Aws
from workbook.waiting import wait_until

ROW = "Invocation"
SPACING = 0.02  # seconds between the puts of records whose delay is measured
FLOOR = "awslambdaric alone"
FLOOR_SHARE = 1 / 1.5
INPUT, OUTPUT = deployment.INPUT_STREAM, deployment.OUTPUT_STREAM
NO_OP = "def lambda_handler(event, context):\n    pass\n"
ENTERED = f"""
import json, time
import boto3

kinesis = boto3.client("kinesis")

def lambda_handler(event, context):
    now = time.time()
    entry = {{"PartitionKey": "entered", "Data": json.dumps(now)}}
    kinesis.put_records(StreamName="{OUTPUT}", Records=[entry] * len(event["Records"]))
"""


def measure(sizes: Sizes) -> Iterator[Result]:
    """Compare invocations of an empty function, then the delay of records to a function."""
    with (
        target.connect(target.LOCAL, limits=False) as ours,
        peers.all_of(peers.LAMBDA) as others,
    ):
        places = {"workbook": ours, **others}
        for aws in places.values():
            create(aws)
        with runtime_alone() as invoke:
            times = sizes.calls
            for state, once, floor in (
                ("cold", cold, runtime_start),
                ("warm", partial(warm, times), partial(invoke, times)),
            ):
                yield Contest(
                    ROW,
                    f"{state}, a function that does nothing",
                    "ms",
                    partial(once, ours),
                    {name: partial(once, other) for name, other in others.items()},
                    (FLOOR, floor),
                    (Aim(FLOOR_SHARE, FLOOR),),
                ).run(sizes.rounds)
        for aws in places.values():
            tell_when_entered(aws)
        for share, word in ((0.5, "median"), (0.99, "99th percentile")):
            yield Contest(
                ROW,
                f"put to handler entered, {word} of {sizes.calls} records",
                "ms",
                partial(delay, ours, sizes.calls, share),
                {name: partial(delay, it, sizes.calls, share) for name, it in others.items()},
            ).run(sizes.rounds)


def create(aws: Aws) -> None:
    """Create the pipeline's streams and an empty function."""
    kinesis = aws.client("kinesis")
    arns = [deployment.create_stream(kinesis, name) for name in (INPUT, OUTPUT)]
    role = deployment.create_role(aws.client("iam"), deployment.policy(*arns))
    deployment.create_log_group(aws.client("logs"))
    deployment.create_function(aws, role, package(NO_OP))


def package(code: str) -> bytes:
    """Return a zip with the code in the handler's file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        file = zipfile.ZipInfo("handler.py")
        file.external_attr = 0o644 << 16
        archive.writestr(file, code)
    return buffer.getvalue()


def call(aws: Aws) -> Callable[[], float]:
    """Return a callable that invokes the function once, and returns the milliseconds taken."""
    functions = aws.client("lambda")

    def once() -> float:
        began = time.perf_counter()
        answer = functions.invoke(FunctionName=deployment.FUNCTION, Payload=b"{}")
        assert "FunctionError" not in answer
        return 1000 * (time.perf_counter() - began)

    return once


def cold(aws: Aws) -> float:
    """Return the time of the first invocation after a change, when there is no environment."""
    functions = aws.client("lambda")
    functions.update_function_configuration(
        FunctionName=deployment.FUNCTION,
        Environment={"Variables": {"OUTPUT_STREAM": OUTPUT, "CHANGED": str(time.time_ns())}},
    )
    functions.get_waiter("function_updated_v2").wait(
        FunctionName=deployment.FUNCTION, WaiterConfig={"Delay": 1}
    )
    return call(aws)()


def warm(times: int, aws: Aws) -> float:
    """Return the median time of invocations after the first."""
    once = call(aws)
    once()
    return statistics.median(once() for _ in range(times))


class RuntimeApi(ThreadingHTTPServer):
    """The minimum that the runtime client needs: an event, again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked, self.go = threading.Semaphore(0), threading.Semaphore(0)


class Answers(BaseHTTPRequestHandler):
    """Sends an event when told to, and notes the response."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one write; otherwise TCP would delay the second
    server: RuntimeApi

    def do_GET(self) -> None:
        """Respond to the call for the next event."""
        self.server.asked.release()
        self.server.go.acquire()
        deadline = int(1000 * (time.time() + 60))
        self._answer(
            200,
            {
                "Content-Type": "application/json",  # without it the client crashes
                "Lambda-Runtime-Aws-Request-Id": "1",
                "Lambda-Runtime-Deadline-Ms": str(deadline),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:::function:alone",
                "Lambda-Runtime-Trace-Id": "Root=1-0-0",
            },
        )

    def do_POST(self) -> None:
        """Accept the response to an event."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(202, {})

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, text in {**headers, "Content-Length": "2"}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@contextmanager
def runtime(api: RuntimeApi) -> Iterator[None]:
    """Run the official runtime client beside this process."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "handler.py").write_text(NO_OP, "utf-8")
        address = f"127.0.0.1:{api.server_port}"
        with subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", deployment.HANDLER],
            cwd=folder,
            env={**os.environ, "AWS_LAMBDA_RUNTIME_API": address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            yield
            process.kill()


@contextmanager
def served() -> Iterator[RuntimeApi]:
    """Serve the Runtime API in a thread."""
    with RuntimeApi() as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        yield api
        api.shutdown()


@contextmanager
def runtime_alone() -> Iterator[Callable[[int], float]]:
    """Yield a function that returns the median time of an event, in milliseconds."""
    with served() as api, runtime(api):
        api.asked.acquire()

        def invoke(times: int) -> float:
            taken = []
            for _ in range(times):
                began = time.perf_counter()
                api.go.release()
                api.asked.acquire()
                taken.append(1000 * (time.perf_counter() - began))
            return statistics.median(taken)

        yield invoke


def runtime_start() -> float:
    """Return the milliseconds from the start of the runtime client to the end of an event."""
    with served() as api:
        began = time.perf_counter()
        with runtime(api):
            api.go.release()
            for _ in range(2):
                api.asked.acquire()
            seconds = time.perf_counter() - began
    return 1000 * seconds


def tell_when_entered(aws: Aws) -> None:
    """Let the function record when it is called, and the stream invoke it."""
    functions, name = aws.client("lambda"), deployment.FUNCTION
    functions.update_function_code(FunctionName=name, ZipFile=package(ENTERED))
    functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    summary = aws.client("kinesis").describe_stream_summary(StreamName=INPUT)
    arn = summary["StreamDescriptionSummary"]["StreamARN"]
    deployment.create_mapping(aws, arn, MaximumBatchingWindowInSeconds=0)
    delay(aws, 1, 1.0)


def delay(aws: Aws, times: int, share: float) -> float:
    """Return the milliseconds within which a share of the records reached the handler."""
    kinesis = aws.client("kinesis")
    (shard,) = kinesis.list_shards(StreamName=OUTPUT)["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName=OUTPUT, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    earlier = kinesis.get_records(ShardIterator=iterator)
    iterator = earlier["NextShardIterator"]
    entered: list[float] = []

    def arrived() -> bool:
        nonlocal iterator
        answer = kinesis.get_records(ShardIterator=iterator)
        iterator = answer["NextShardIterator"]
        entered.extend(json.loads(record["Data"]) for record in answer["Records"])
        return len(entered) == len(put)

    put: list[float] = []
    for _ in range(times):
        put.append(time.time())
        kinesis.put_record(StreamName=INPUT, PartitionKey="one", Data=b"one")
        time.sleep(SPACING)  # the pace that is measured
    wait_until("the handler to be entered", arrived)
    waits = sorted(1000 * (there - here) for here, there in zip(put, entered, strict=True))
    return waits[min(int(share * len(waits)), len(waits) - 1)]
