"""Which AWS is used, and what stops the local one."""

import ast
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from workbook import target

OWNER = """
import sys
from workbook import target
aws = target.connect("local")
print(aws._process.pid, flush=True)
sys.stdin.read()
"""


def start_owner() -> tuple["subprocess.Popen[str]", psutil.Process]:
    """Start a process that owns a local AWS, as a kernel does; return both."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert owner.stdout is not None
    return owner, psutil.Process(int(owner.stdout.readline()))


def test_the_local_aws_stops_when_its_owner_is_killed() -> None:
    owner, server = start_owner()
    owner.kill()
    owner.wait()
    assert psutil.wait_procs([server], timeout=10)[1] == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX interrupts the whole process group")
def test_interrupting_a_cell_leaves_the_local_aws_running() -> None:
    owner, server = start_owner()
    server.send_signal(signal.SIGINT)
    with pytest.raises(psutil.TimeoutExpired):
        server.wait(0.5)
    owner.kill()
    owner.wait()


def test_close_stops_the_local_aws() -> None:
    aws = target.connect("local")
    assert aws._process is not None
    server = psutil.Process(aws._process.pid)
    aws.close()
    assert not server.is_running()
    aws.close()  # closing again does nothing


def test_local_aws_has_the_dummy_account(local: target.Aws) -> None:
    assert local.account_id == "123456789012"
    assert not local.is_real


def test_the_users_settings_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-real-key")
    with target.connect("local") as aws:
        assert aws.credentials.access_key == "test"
        assert aws.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_endpoint_is_used_as_given() -> None:
    aws = target.connect("http://127.0.0.1:4566")
    assert aws.endpoint_url == "http://127.0.0.1:4566"
    assert aws.client("kinesis").meta.endpoint_url == "http://127.0.0.1:4566"


def test_the_environment_variable_chooses_the_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(target.VARIABLE, "http://127.0.0.1:4567")
    assert target.connect().endpoint_url == "http://127.0.0.1:4567"


@pytest.mark.parametrize("where", ["production", "127.0.0.1:4566", "ftp://x", "http://"])
def test_the_error_for_an_unknown_place_names_the_choices(where: str) -> None:
    with pytest.raises(ValueError, match=r"'local', 'aws' or an endpoint's URL"):
        target.connect(where)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"speed": "fast"}, "speed must be a number above 0"),
        ({"speed": 0}, "speed must be a number above 0"),
        ({"speed": float("nan")}, "speed must be a number above 0"),
        ({"where": 4566}, "where must be 'local'"),
        ({"limits": "off"}, "limits must be True or False"),
    ],
)
def test_an_argument_of_a_wrong_type_is_refused_by_name(
    arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        target.connect(**{"where": "local", **arguments})


def test_real_aws_needs_a_region_and_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ValueError, match="set AWS_REGION"):
        target.connect("aws")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(ValueError, match="aws configure"):
        target.connect("aws")


def test_clients_are_created_one_at_a_time() -> None:
    """boto3's sessions are not thread-safe, and sweeps run in several threads."""
    here, most = [], []

    class Session:
        region_name = "us-east-1"

        def client(self, service: str, **options: object) -> None:
            here.append(service)
            most.append(len(here))
            threading.Event().wait(0.01)
            here.pop()

    aws = target.Aws("other", Session(), "http://127.0.0.1:9")  # type: ignore[arg-type]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(aws.client, ["kinesis", "lambda", "iam", "sqs"]))
    assert most == [1] * 4


def test_each_service_has_one_client(local: target.Aws) -> None:
    assert local.client("kinesis") is local.client("kinesis")
    assert local.client("lambda").meta.service_model.service_name == "lambda"


def test_now_is_the_clock_of_records_arrivals_in_time_lapse_too() -> None:
    with target.connect(target.LOCAL, speed=50) as aws:
        assert aws.speed == 50
        kinesis = aws.client("kinesis")
        before = aws.now()
        kinesis.create_stream(StreamName="clocks", ShardCount=1)
        summary = kinesis.describe_stream_summary(StreamName="clocks")
        created = summary["StreamDescriptionSummary"]["StreamCreationTimestamp"].timestamp()
        assert before - 1 <= created <= aws.now() + 1


# --- what a kernel imports


NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SERVER = {"moto", "uvicorn", "h2", "httptools", "workbook.localaws.server"}


def loaded_by(*imports: str) -> set[str]:
    """Return the modules in a new interpreter after these imports."""
    code = "\n".join([*imports, "import sys", "print(*sys.modules)"])
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def imports_of(notebook: Path) -> list[str]:
    """Return every import of the workbook in a notebook, as a statement."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    lines = [line for line in "\n".join(code).splitlines() if not line.lstrip().startswith("%")]
    found = [
        ast.unparse(node)
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return [statement for statement in found if "workbook" in statement]


def test_target_loads_little_beside_boto3() -> None:
    """Every kernel imports it first, and waits for it."""
    more = loaded_by("import workbook.target") - loaded_by("import boto3")
    ours = {name for name in more if name.split(".")[0] == "workbook"}
    assert ours == {"workbook", "workbook.localaws", "workbook.localaws.clock", "workbook.target"}
    outside = {name.split(".")[0] for name in more} - {"workbook", *sys.stdlib_module_names}
    assert outside == set()


def test_kernels_load_nothing_of_the_server() -> None:
    statements = {each for notebook in NOTEBOOKS for each in imports_of(notebook)}
    assert "from workbook import target" in statements
    loaded = loaded_by(*sorted(statements), "import workbook.exercises")
    assert loaded & SERVER == set()


def test_clients_of_the_local_aws_use_no_proxy(
    local: target.Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would not find this machine; other addresses may need one."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # nothing listens there
    there = target.connect(str(local.endpoint_url))
    assert "StreamNames" in there.client("kinesis").list_streams()
    elsewhere = target.connect("http://aws.example:4566").client("kinesis")
    assert elsewhere.meta.config.proxies is None  # botocore then reads the environment
