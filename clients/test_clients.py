"""Other projects' clients, unmodified, against the local AWS.

`make clients` installs them (in build/clients) and runs these tests.
"""

import base64
import io
import json
import os
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import entry
from workbook import deployment, target
from workbook.code import runtime
from workbook.waiting import wait_until

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "clients"
SCRIPTS = BUILD / "venv" / ("Scripts" if os.name == "nt" else "bin")
SECONDS = 60
READS_AND_LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"

ADDER = "def lambda_handler(event, context):\n    return event['x'] + 1\n"


@pytest.fixture(scope="module")
def local() -> Iterator[target.Aws]:
    with target.connect("local") as aws:
        yield aws


@pytest.fixture
def run(local: target.Aws) -> Any:
    """Return a function that runs a command with the local AWS' address, and returns its output."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_ENDPOINT_URL": str(local.endpoint_url),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            command,
            env=environment,
            cwd=BUILD,
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    return run


def deploy(aws: target.Aws, name: str, package: bytes, module: str, **settings: Any) -> None:
    functions = aws.client("lambda")
    given: dict[str, Any] = {"Runtime": "python3.13", "Timeout": 30, **settings}
    functions.create_function(
        FunctionName=name,
        Role=create_role(aws, name),
        Handler=f"{module}.lambda_handler",
        Code={"ZipFile": package},
        **given,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def create_role(aws: target.Aws, name: str) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = aws.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.attach_role_policy(RoleName=name, PolicyArn=READS_AND_LOGS)
    return str(role["Role"]["Arn"])


def test_the_aws_command_line_interface(run: Any) -> None:
    printed = json.loads(run("bash", HERE / "command_line.sh", SCRIPTS / "aws", "by-cli"))
    (record,) = printed["Records"]
    assert base64.b64decode(record["Data"]) == b"hello"
    assert printed["MillisBehindLatest"] == 0


def test_the_javascript_sdk(run: Any, local: target.Aws) -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(entry("adder.py"), ADDER)
    deploy(local, "adder", package.getvalue(), "adder")
    if not (BUILD / "node_modules").exists():
        pytest.skip("the JavaScript SDK is not installed here (see build/clients)")
    script = shutil.copy(HERE / "javascript.mjs", BUILD)
    printed = json.loads(run("node", script, str(local.endpoint_url), "by-javascript", "adder"))
    assert printed == {
        "failed": 0,
        "got": ["one", "two"],
        "arrived": True,
        "pushed": ["one", "two"],
        "answer": 21,
    }


def test_async_kinesis_and_aiokpl(run: Any, local: target.Aws) -> None:
    printed = json.loads(
        run(SCRIPTS / "python", HERE / "aio_producers.py", str(local.endpoint_url), "by-asyncio")
    )
    assert printed["delivered"]
    assert printed["shards"] == ["shardId-000000000000", "shardId-000000000001"]
    assert printed["seen"] == sorted(
        [by, number] for by in ("aiokpl", "async-kinesis") for number in range(50)
    )


def test_powertools_batch_processor_as_the_handler(local: target.Aws) -> None:
    deploy(local, "powertools", powertools_package(), "batch_processor")
    kinesis, logs = local.client("kinesis"), local.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/powertools")
    kinesis.create_stream(StreamName="for-powertools", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="for-powertools", WaiterConfig={"Delay": 1})
    texts = ["a", "poison", "b"]
    kinesis.put_records(
        StreamName="for-powertools",
        Records=[{"Data": text.encode(), "PartitionKey": "k"} for text in texts],
    )
    stream = kinesis.describe_stream_summary(StreamName="for-powertools")
    local.client("lambda").create_event_source_mapping(
        FunctionName="powertools",
        EventSourceArn=stream["StreamDescriptionSummary"]["StreamARN"],
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=1,
    )
    deadline = time.monotonic() + SECONDS
    seen: list[str] = []
    # First the whole batch; then, from the poison on, once more; then the retries are used up.
    while seen.count("b") < 2:
        assert time.monotonic() < deadline, seen
        seen = [
            event["message"].split()[1]
            for event in logs.filter_log_events(logGroupName="/aws/lambda/powertools")["events"]
            if event["message"].startswith("saw ")
        ]
    assert seen[:3] == texts
    assert seen.count("a") == 1
    assert seen.count("poison") >= 2


def test_powertools_logger_metrics_parser_and_idempotency(local: target.Aws) -> None:
    """With its public layer; an order that is sent twice is booked once."""
    local.client("dynamodb").create_table(
        TableName="idempotency",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    python = runtime()  # the layer has compiled code, which is that of this Python
    layer = f"AWSLambdaPowertoolsPythonV3-{python.replace('.', '')}-x86_64:7"
    deploy(
        local,
        "orders",
        package_of(HERE / "powertools_utilities.py"),
        "powertools_utilities",
        Runtime=python,
        Layers=[f"arn:aws:lambda:us-east-1:017000801446:layer:{layer}"],
        Environment={"Variables": {"TABLE": "idempotency"}},
    )
    allowed = {
        "Effect": "Allow",
        "Action": ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:GetItem"],
        "Resource": "arn:aws:dynamodb:us-east-1:123456789012:table/idempotency",
    }
    local.client("iam").put_role_policy(
        RoleName="orders",
        PolicyName="idempotency",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    orders = [json.dumps({"number": number}).encode() for number in (1, 2, 1, 3)]
    feed(local, "orders", [{"Data": order, "PartitionKey": "k"} for order in orders])
    logs = local.client("logs")

    def booked() -> list[int]:
        pattern = '{ $.message = "booked" }'
        found = logs.filter_log_events(logGroupName="/aws/lambda/orders", filterPattern=pattern)
        return [json.loads(event["message"])["number"] for event in found["events"]]

    def counted() -> float:
        now = datetime.now(UTC)
        points = local.client("cloudwatch").get_metric_statistics(
            Namespace="orders",
            MetricName="Booked",
            Dimensions=[{"Name": "service", "Value": "orders"}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=600,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    wait_until("three orders to be booked", lambda: 3 in booked())
    wait_until("them to be counted", lambda: counted() >= 3)
    assert booked() == [1, 2, 3]
    assert counted() == 3


def test_aws_kinesis_agg_takes_apart_what_it_aggregated(run: Any, local: target.Aws) -> None:
    made = run(
        *(SCRIPTS / "python", "-c"),
        "import base64, json\n"
        "from aws_kinesis_agg.aggregator import RecordAggregator\n"
        "aggregator = RecordAggregator()\n"
        "for number in range(3):\n"
        "    aggregator.add_user_record(f'k{number}', b'%d' % number)\n"
        "key, _, data = aggregator.clear_and_get().get_contents()\n"
        "print(json.dumps([key, base64.b64encode(data).decode()]))\n",
    )
    key, data = json.loads(made)
    package = package_of(HERE / "deaggregator.py", "aws_kinesis_agg", "google")
    deploy(local, "deaggregator", package, "deaggregator")
    plain = {"Data": b"plain", "PartitionKey": "p"}
    feed(local, "deaggregator", [{"Data": base64.b64decode(data), "PartitionKey": key}, plain])
    logs = local.client("logs")

    def seen() -> list[str]:
        found = logs.filter_log_events(
            logGroupName="/aws/lambda/deaggregator", filterPattern='"saw"'
        )
        return [event["message"].strip() for event in found["events"]]

    wait_until("the last record", lambda: any("plain" in line for line in seen()))
    assert seen() == ["saw k0 0", "saw k1 1", "saw k2 2", "saw p plain"]


def feed(aws: target.Aws, name: str, records: list[Any]) -> None:
    """Put records into a new stream, and map it to the function of the same name."""
    kinesis = aws.client("kinesis")
    aws.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
    arn = deployment.create_stream(kinesis, name)
    kinesis.put_records(StreamName=name, Records=records)
    aws.client("lambda").create_event_source_mapping(
        FunctionName=name, EventSourceArn=arn, StartingPosition="TRIM_HORIZON"
    )


def package_of(module: Path, *folders: str) -> bytes:
    """Return a zip of a module and of packages that pip installed beside the clients."""
    site = next(BUILD.glob("venv/**/site-packages"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry(module.name), module.read_text("utf-8"))
        for path in (path for folder in folders for path in (site / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                archive.writestr(entry(path.relative_to(site).as_posix()), path.read_bytes())
    return buffer.getvalue()


def powertools_package() -> bytes:
    """The function with its packages: what pip installed beside Powertools."""
    site = next(BUILD.glob("venv/**/site-packages"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(HERE / "batch_processor.py", "batch_processor.py")
        archive.write(site / "typing_extensions.py", "typing_extensions.py")
        for name in ("aws_lambda_powertools", "jmespath"):
            for path in (site / name).rglob("*.py"):
                archive.write(path, path.relative_to(site))
    return buffer.getvalue()
