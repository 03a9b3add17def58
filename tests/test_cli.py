"""The command line: exit status, files, and a server that any client can use."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from workbook import answers, cli, flights, pipeline


def report(lost: int = 0) -> pipeline.Report:
    sent = flights.load(first=1_000)
    return pipeline.Report(
        sent=1_000,
        received=1_000 - lost,
        duplicates=0,
        lost=lost,
        stages={name: pipeline.Stage(1_000, 0.2) for name in ("send", "process", "read")},
        answers=answers.check(sent, sent),
        peak_bytes=2**20,
        set_up=0.1,
        seconds=1.0,
    )


def test_run_reports_and_writes_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []

    def run(first: int | None, *, to_lake: bool) -> pipeline.Report:
        asked.append(first)
        return report()

    monkeypatch.setattr(pipeline, "run", run)
    file = tmp_path / "report.json"
    assert cli.main(["run", "--flights", "900", "--json", str(file)]) == 0
    assert asked == [900]
    written = json.loads(file.read_bytes())
    assert written["passed"] is True
    assert written["flights_sent"] == 1_000
    assert written["lost"] == 0
    assert set(written["stages"]) == {"send", "process", "read"}
    assert len(written["answers"]) == 28
    assert {answer["ok"] for answer in written["answers"]} <= {True, None}
    assert "lost" in capsys.readouterr().out


@pytest.mark.parametrize(("lost", "status"), [(0, 0), (1, 1)])
def test_the_exit_status_is_1_if_anything_is_wrong(
    monkeypatch: pytest.MonkeyPatch, lost: int, status: int
) -> None:
    monkeypatch.setattr(pipeline, "run", lambda first, to_lake: report(lost))
    assert cli.main(["run"]) == status


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--flights", "0"],
        ["serve", "--port", "70000"],
        ["serve", "--speed", "0"],
        ["serve", "--speed", "inf"],
        ["serve", "--speed", "fast"],
        [],
    ],
)
def test_a_wrong_command_line_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: workbook" in capsys.readouterr().err


SERVE = [sys.executable, "-m", "workbook", "serve"]


Served = tuple["subprocess.Popen[str]", str]


@pytest.fixture
def served() -> Iterator[Served]:
    """A server in the foreground, and its URL."""
    process = subprocess.Popen([*SERVE, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process, process.stdout.readline().split()[-1]
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_answers_any_client_and_stops_cleanly(served: Served, number: int) -> None:
    process, url = served
    kinesis = boto3.client(
        "kinesis",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    kinesis.create_stream(StreamName="s", ShardCount=1)
    assert kinesis.list_streams()["StreamNames"] == ["s"]
    process.send_signal(number)
    assert process.wait(20) == 0


def test_the_error_for_a_port_in_use_names_it_and_the_fix(served: Served) -> None:
    port = served[1].rpartition(":")[2]
    second = subprocess.run([*SERVE, "--port", port], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert f"port {port} cannot be used" in second.stderr
    assert "--port" in second.stderr
    assert "Traceback" not in second.stderr
