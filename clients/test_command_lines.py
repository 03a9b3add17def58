"""The command lines that notebooks show beside their boto3 calls, run unchanged.

They are the Markdown blocks marked ``bash``. Those of a notebook run one after the other, in one
shell, against a new local AWS: with AWS CLI 2 if it is on the PATH, otherwise with the version 1
that ``make clients`` installs, translated by ``aws_cli.py``.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from clients import aws_cli
from workbook import deployment, flights, producer, reader, target
from workbook.waiting import wait_until

ROOT = Path(__file__).parents[1]
VERSION_1 = ROOT / "build" / "clients" / "venv" / ("Scripts" if os.name == "nt" else "bin") / "aws"
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.DOTALL | re.MULTILINE)
SECONDS = 900  # some 40 starts of the AWS CLI, on a busy machine
DEPLOYED_BY_THE_NOTEBOOK = "deployment.deploy("  # in one call, so the lines find it deployed
CLEANED_UP_BY_THE_LINES = {"01_create_the_stream", "03_deploy_the_function"}


def command_lines(path: Path) -> str:
    """Return the command lines of a notebook, as a script."""
    cells = nbformat.read(path, as_version=4).cells
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    return "".join(BLOCK.findall("\n".join(prose)))


NOTEBOOKS = [path for path in sorted(ROOT.glob("notebooks/*.ipynb")) if command_lines(path)]


@pytest.fixture(scope="module")
def cli() -> str:
    """The path of version 2 if it is installed, otherwise of version 1."""
    found = shutil.which("aws")
    return found if found and aws_cli.version(found) == 2 else str(VERSION_1)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_command_lines_of_a_notebook_run(path: Path, cli: str, tmp_path: Path) -> None:
    here = tmp_path / "notebooks"
    here.mkdir()
    shutil.copy(ROOT / "handler.py", tmp_path)
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "aws"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{aws_cli.__file__}" "{cli}" "$@"\n')
    wrapper.chmod(0o755)
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    with target.connect("local") as aws:
        if DEPLOYED_BY_THE_NOTEBOOK in path.read_text("utf-8"):
            deploy(aws)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command_lines(path)],
            cwd=here,
            env=environment(aws, tmp_path / "bin"),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        if path.stem in CLEANED_UP_BY_THE_LINES:
            assert_nothing_is_left(aws)


def environment(aws: target.Aws, programs: Path) -> dict[str, str]:
    """Return variables that make the AWS CLI use the local AWS, without your settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "PATH": f"{programs}{os.pathsep}{kept['PATH']}",
        "AWS_ENDPOINT_URL": str(aws.endpoint_url),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
    }


def deploy(aws: target.Aws) -> None:
    """Deploy the pipeline as the notebook does, and let flights run through it."""
    deployment.deploy(aws)
    some = list(flights.events(flights.load(first=100)))
    producer.send(aws.client("kinesis"), deployment.INPUT_STREAM, some, progress=False)

    def came_out() -> bool:
        out = reader.read_stream(aws, deployment.OUTPUT_STREAM, columns=[], progress=False)
        return len(out) >= len(some)

    wait_until("the flights to come out", came_out)


def assert_nothing_is_left(aws: target.Aws) -> None:
    kinesis, lambda_, iam = (aws.client(name) for name in ("kinesis", "lambda", "iam"))
    wait_until("the streams to go", lambda: not kinesis.list_streams()["StreamNames"])
    assert lambda_.list_functions()["Functions"] == []
    assert iam.list_roles()["Roles"] == []
    assert not aws.client("logs").describe_log_groups()["logGroups"]
    assert "QueueUrls" not in aws.client("sqs").list_queues()


@pytest.mark.parametrize(
    ("line", "translated"),
    [
        ("kinesis put-record --data aGVsbG8=", "kinesis put-record --data hello"),
        (
            "kinesis put-record --cli-binary-format raw-in-base64-out --data hello",
            "kinesis put-record --data hello",
        ),
        ("kinesis put-record --data fileb://x", "kinesis put-record --data fileb://x"),
        (
            "logs tail /aws/lambda/f --since 1h",
            "logs filter-log-events --log-group-name /aws/lambda/f "
            "--query events[].message --output text",
        ),
        ("kinesis list-streams", "kinesis list-streams"),
    ],
)
def test_a_line_for_version_2_is_translated_for_version_1(line: str, translated: str) -> None:
    assert aws_cli.for_version_1(line.split()) == translated.split()


@pytest.mark.parametrize(
    "line",
    ["logs tail g --follow x", "x --cli-binary-format base64", "kinesis put-records --records x"],
)
def test_a_line_without_a_translation_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="is translated with"):
        aws_cli.for_version_1(line.split())
