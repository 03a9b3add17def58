"""What an invocation costs beside the function itself: cold, warm, by size of the batch.

Run ``python benchmarks/functions.py``; it prints a table, times in milliseconds.
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
from workbook.localaws.functions.service import FunctionService
from workbook.localaws.metrics import Metrics
from workbook.localaws.moto.worker import Services

ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:"
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
        archive.writestr("app.py", code)
    role = iam_backends[ACCOUNT_ID]["aws"].create_role(
        role_name=f"{name}-role",
        assume_role_policy_document="{}",
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration=3600,
    )
    lambda_backends[ACCOUNT_ID]["us-east-1"].create_function(
        {
            "FunctionName": name,
            "Runtime": "python3.11",
            "Role": role.arn,
            "Handler": "app.handler",
            "Timeout": 60,
            "MemorySize": 512,
            "Code": {"ZipFile": base64.b64encode(buffer.getvalue()).decode()},
        }
    )


def batch(records: int) -> bytes:
    """A Kinesis event of records of about 500 bytes of data, 700 in the event."""
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


async def median(service: FunctionService, name: str, event: bytes, times: int) -> float:
    """The median time of warm invocations."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        outcome = await service.invoke(ARN + name, event)
        taken.append((time.perf_counter() - begun) * 1000)
        assert outcome.function_error is None, outcome.payload
    return statistics.median(taken)


async def main() -> None:
    """Measure and print."""
    clock, services = Clock(), Services()
    service = FunctionService("http://127.0.0.1:9", clock, services, Metrics(clock, services))
    await service.ready()
    for name, code in HANDLERS.items():
        await services.call(create, name, code)
        begun = time.perf_counter()
        await service.invoke(ARN + name, b"{}")
        print(f"{name}: cold {(time.perf_counter() - begun) * 1000:.0f} ms")
        for child in psutil.Process().children(recursive=True):
            print(f"  process of {child.memory_info().rss / 2**20:.0f} MB")
        for records in (1, 100, 500, 1000):
            event = batch(records)
            took = await median(service, name, event, 100)
            print(f"  {records:5} records, {len(event) / 1000:4.0f} kB: warm {took:.2f} ms")
    await service.close()
    services.close()


if __name__ == "__main__":
    asyncio.run(main())
