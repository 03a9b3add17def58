"""Other projects' deployment tools: each deploys a function, changes it and removes it.

Every sample is in a folder of `samples`. A tool that could not be installed is left out, and the
test says so.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from workbook import target
from workbook.waiting import wait_until

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "clients"
BIN = "Scripts" if os.name == "nt" else "bin"
SAM = BUILD / "sam" / BIN / "sam"
CHALICE = BUILD / "chalice" / BIN / "chalice"
AWS = BUILD / "venv" / BIN / "aws"
CDK = BUILD / "node_modules" / ".bin" / "cdk"
SECONDS = 60


class Tool:
    """A tool in a copy of its sample, with the address of the local AWS."""

    def __init__(self, aws: target.Aws, program: Path, sample: str, folder: Path) -> None:
        if not program.exists():
            pytest.skip(f"{program.name} is not installed here")
        self.aws = aws
        self.program = program
        self.folder = folder / sample
        shutil.copytree(HERE / "samples" / sample, self.folder)
        kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
        self.environment = kept | {
            "AWS_ENDPOINT_URL": str(aws.endpoint_url),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "HOME": str(folder),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "SAM_CLI_TELEMETRY": "0",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "NODE_NO_WARNINGS": "1",
        }

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run the tool; return how it ended and what it printed."""
        return subprocess.run(
            [self.program, *arguments],
            env=self.environment | variables,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=4 * SECONDS,
            check=False,
        )

    def __call__(self, *arguments: str, **variables: str) -> str:
        """Run the tool, which must succeed; return what it printed."""
        done = self.run(*arguments, **variables)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def outputs(self, stack: str) -> dict[str, str]:
        """Return the outputs of a stack by key."""
        (found,) = self.aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}

    def send(self, stream: str, text: str) -> None:
        """Put a record on a stream."""
        self.aws.client("kinesis").put_record(
            StreamName=stream, PartitionKey="k", Data=text.encode()
        )

    def await_line(self, function: str, line: str) -> None:
        """Wait until a function has printed a line."""
        logs, deadline = self.aws.client("logs"), time.monotonic() + SECONDS
        seen: list[str] = []
        while line not in seen:
            assert time.monotonic() < deadline, seen
            try:
                events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
                seen = [event["message"].strip() for event in events]
            except ClientError:  # it has not logged anything yet
                time.sleep(0.2)

    def is_gone(self, function: str) -> bool:
        """Return whether a function no longer exists."""
        listed = self.aws.client("lambda").list_functions()["Functions"]
        return function not in [one["FunctionName"] for one in listed]


@pytest.fixture(scope="module")
def local() -> Iterator[target.Aws]:
    with target.connect("local") as aws:
        yield aws


def test_sam(local: target.Aws, tmp_path: Path) -> None:
    sam = Tool(local, SAM, "sam", tmp_path)
    deploy = [
        "deploy",
        "--stack-name",
        "sam-sample",
        "--resolve-s3",
        "--capabilities",
        "CAPABILITY_IAM",
    ]
    # `sam build` needs the Python of the function's runtime: use the one that runs here.
    template = sam.folder / "template.yaml"
    here = f"python{sys.version_info.major}.{sys.version_info.minor}"
    template.write_text(template.read_text().replace("python3.13", here))
    quiet = ["--no-confirm-changeset", "--no-progressbar"]
    sam("build")
    sam(*deploy, *quiet)
    made = sam.outputs("sam-sample")
    sam.send(made["Stream"], "one")
    sam.await_line(made["Function"], "saw one")
    sam(*deploy, *quiet, "--no-fail-on-empty-changeset")  # nothing has changed
    sam(*deploy, *quiet, "--parameter-overrides", "Greeting=met")
    sam("build")
    sam.send(made["Stream"], "two")
    # AutoPublishAlias: another version is published when the code changes, not when a variable
    # does.
    sam.await_line(made["Function"], "saw two")
    app = sam.folder / "src" / "app.py"
    app.write_text(app.read_text() + "\n# another version\n")
    sam("build")
    sam(*deploy, *quiet, "--parameter-overrides", "Greeting=met")
    sam.send(made["Stream"], "three")
    sam.await_line(made["Function"], "met three")
    sam("delete", "--stack-name", "sam-sample", "--no-prompts", "--region", "us-east-1")
    assert sam.is_gone(made["Function"])


def test_cdk(local: target.Aws, tmp_path: Path) -> None:
    cdk = Tool(local, CDK, "cdk", tmp_path)
    (cdk.folder / "node_modules").symlink_to(BUILD / "node_modules")
    cdk("bootstrap", "aws://123456789012/us-east-1")
    cdk("deploy", "--require-approval", "never")
    made = cdk.outputs("CdkSample")
    cdk.send(made["Stream"], "one")
    cdk.await_line(made["Function"], "saw one")
    summary = local.client("kinesis").describe_stream_summary(StreamName=made["Stream"])
    assert summary["StreamDescriptionSummary"]["EncryptionType"] == "KMS"
    cdk("deploy", "--require-approval", "never", GREETING="met")
    cdk.send(made["Stream"], "two")
    cdk.await_line(made["Function"], "met two")
    cdk("destroy", "--force")
    assert cdk.is_gone(made["Function"])
    assert local.client("kinesis").describe_stream_summary(StreamName=made["Stream"])  # retained


def test_cloudformation_package_and_deploy(local: target.Aws, tmp_path: Path) -> None:
    aws = Tool(local, AWS, "cloudformation", tmp_path)
    local.client("s3").create_bucket(Bucket="cli-packages")
    package = "cloudformation package --template-file template.yaml --s3-bucket cli-packages"
    aws(*package.split(), "--output-template-file", "packaged.yaml")
    deploy = [
        "cloudformation",
        "deploy",
        "--template-file",
        "packaged.yaml",
        "--stack-name",
        "cli-sample",
        "--s3-bucket",
        "cli-packages",
        "--no-fail-on-empty-changeset",
        "--capabilities",
        "CAPABILITY_IAM",
    ]

    def redeploy(*options: str) -> str:
        """Deploy in a new second, because the AWS CLI names change sets by the second."""
        now = int(time.time())
        wait_until("the next second", lambda: int(time.time()) > now)
        return aws(*deploy, *options)

    aws(*deploy)
    made = aws.outputs("cli-sample")
    aws.send(made["Stream"], "one")
    aws.await_line(made["Function"], "saw one")
    assert "No changes to deploy" in redeploy()
    redeploy("--parameter-overrides", "Greeting=met")
    aws.send(made["Stream"], "two")
    aws.await_line(made["Function"], "met two")
    aws("cloudformation", "delete-stack", "--stack-name", "cli-sample")
    aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", "cli-sample")
    assert aws.is_gone(made["Function"])


def test_chalice(local: target.Aws, tmp_path: Path) -> None:
    chalice = Tool(local, CHALICE, "chalice", tmp_path)
    kinesis = local.client("kinesis")
    kinesis.create_stream(StreamName="chalice-input", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="chalice-input", WaiterConfig={"Delay": 1})
    chalice("deploy")
    chalice.send("chalice-input", "one")
    chalice.await_line("chalicesample-dev-reader", "saw one")
    config = chalice.folder / ".chalice" / "config.json"
    settings: dict[str, Any] = json.loads(config.read_text())
    settings["stages"]["dev"]["environment_variables"]["GREETING"] = "met"
    config.write_text(json.dumps(settings))
    chalice("deploy")
    chalice.send("chalice-input", "two")
    chalice.await_line("chalicesample-dev-reader", "met two")
    chalice("delete")
    assert chalice.is_gone("chalicesample-dev-reader")
    kinesis.delete_stream(StreamName="chalice-input")


def test_terraform(local: target.Aws, tmp_path: Path) -> None:
    """Terraform with HashiCorp's AWS provider, which ``init`` installs."""
    program = shutil.which("terraform") or "terraform"
    terraform = Tool(local, Path(program), "terraform", tmp_path)
    quiet = ["-input=false", "-no-color"]
    started = terraform.run("init", *quiet)
    if started.returncode:
        pytest.skip(f"terraform cannot install its AWS provider here: {started.stderr[-500:]}")
    shutil.make_archive(str(terraform.folder / "function"), "zip", terraform.folder / "src")
    terraform("apply", "-auto-approve", *quiet)
    terraform.send("terraform-input", '{"n": 1}')
    terraform.await_line("terraform-reader", 'saw {"n": 1}')
    terraform("plan", "-detailed-exitcode", *quiet)  # nothing differs from the description
    terraform("apply", "-auto-approve", *quiet, "-var", "greeting=met")
    terraform.send("terraform-input", '{"n": 2}')
    terraform.await_line("terraform-reader", 'met {"n": 2}')
    terraform("destroy", "-auto-approve", *quiet)
    assert terraform.is_gone("terraform-reader")
    assert "terraform-input" not in local.client("kinesis").list_streams()["StreamNames"]
