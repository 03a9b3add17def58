"""Measure the overhead of an invocation: cold, warm, and by batch size.

Run ``python benchmarks/functions.py``; it prints a table with times in milliseconds.
"""

import asyncio
import base64
import io
import json
import statistics
import time
import zipfile

import psutil

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.clock import Clock
from workbook.localaws.functions.environment import Environment
from workbook.localaws.functions.event_queue import EventQueue
from workbook.localaws.functions.invoker import Invoker
from workbook.localaws.functions.pool import Pool
from workbook.localaws.functions.processes import Processes
from workbook.localaws.functions.published import PublishedFunctions
from workbook.localaws.metrics import Metrics
from workbook.localaws.moto.cloudwatch import CloudWatch
from workbook.localaws.moto.deliver import MotoDestinations
from workbook.localaws.moto.function_configurations import FunctionConfigurations
from workbook.localaws.moto.logs import Logs
from workbook.localaws.moto.permissions import FreshRoles, Guard
from workbook.localaws.moto.worker import Worker
from workbook.localaws.permissions.enforcement import Enforcer
from workbook.localaws.permissions.permissions import Permissions

ENDPOINT_URL = "http://127.0.0.1:9"  # no function here calls AWS
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
)
HANDLERS = {
    "no-op": "def handler(event, context):\n    pass\n",
    "boto3": "import boto3\nkinesis = boto3.client('kinesis')\ndef handler(event, context): pass\n",
}


def create(name: str, code: str) -> None:
    """Create a function in moto, on its thread."""
    from moto.awslambda.models import lambda_backends
    from moto.iam.models import iam_backends

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        app = zipfile.ZipInfo("app.py")
        app.external_attr = 0o644 << 16
        archive.writestr(app, code)
    role = iam_backends[ACCOUNT_ID]["aws"].create_role(
        role_name=f"{name}-role",
        assume_role_policy_document=TRUST,
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    lambda_backends[ACCOUNT_ID]["us-east-1"].create_function(
        {
            "FunctionName": name,
            "Runtime": "python3.11",
            "Role": role.arn,
            "Handler": "app.handler",
            "Timeout": 60,
            "MemorySize": 512,
            "Code": {"ZipFile": buffer.getvalue()},
        }
    )


def batch(records: int) -> bytes:
    """Return a Kinesis event of records with about 500 bytes of data each, 700 in the event."""
    data = base64.b64encode(b"x" * 360).decode()
    record = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "N12345",
            "sequenceNumber": "4" * 56,
            "data": data,
            "approximateArrivalTimestamp": 1545084650.987,
        },
        "eventSource": "aws:kinesis",
    }
    return json.dumps({"Records": [record] * records}).encode()


async def median(invoker: Invoker, name: str, event: bytes, times: int) -> float:
    """Return the median time of warm invocations."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        outcome = await invoker.invoke(ARN + name, event)
        taken.append((time.perf_counter() - begun) * 1000)
        assert outcome.function_error is None, outcome.payload
    return statistics.median(taken)


async def throughput(invoker: Invoker, name: str, clients: int, seconds: float) -> float:
    """Return how many warm invocations per second a number of busy clients get."""
    end = time.perf_counter() + seconds

    async def client() -> int:
        done = 0
        while time.perf_counter() < end:
            await invoker.invoke(ARN + name, b"{}")
            done += 1
        return done

    return sum(await asyncio.gather(*(client() for _ in range(clients)))) / seconds


async def main() -> None:
    """Measure, and print the table."""
    clock, worker, processes = Clock(), Worker(), Processes()
    permissions = Permissions(clock)
    roles, guard = Enforcer(permissions), Guard(worker, permissions)
    functions, logs = PublishedFunctions(), Logs(clock, worker, roles)
    metrics = Metrics(clock, CloudWatch(worker))
    pool = Pool(
        lambda version: Environment(version, ENDPOINT_URL, processes, logs, guard, clock.now)
    )
    invoker = Invoker(functions, pool, metrics)
    events = EventQueue(functions, invoker, MotoDestinations(worker), roles, clock, metrics)
    processes.open()
    await invoker.start()
    configurations = FunctionConfigurations(
        ENDPOINT_URL, clock, worker, functions, events, FreshRoles(guard, roles)
    )
    worker.publishes(guard.publish)
    await worker.call(configurations.install)
    for name, code in HANDLERS.items():
        await worker.call(create, name, code)
        begun = time.perf_counter()
        await invoker.invoke(ARN + name, b"{}")
        print(f"{name}: cold {(time.perf_counter() - begun) * 1000:.0f} ms")
        for child in psutil.Process().children(recursive=True):
            print(f"  process of {child.memory_info().rss / 2**20:.0f} MB")
        for records in (1, 100, 500, 1000):
            event = batch(records)
            took = await median(invoker, name, event, 100)
            print(f"  {records:5} records, {len(event) / 1000:4.0f} kB: warm {took:.2f} ms")
        for clients in (1, 4):
            rate = await throughput(invoker, name, clients, 2)
            print(f"  {clients} clients: {rate:.0f} invocations/s")
    await events.close()
    await invoker.close()
    processes.close()
    worker.close()


if __name__ == "__main__":
    asyncio.run(main())
