"""``workbook try`` and ``workbook capture``, as their user calls them."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from workbook import cli, deployment, target
from workbook.code import Code, runtime
from workbook.errors import UsageError
from workbook.target import Aws
from workbook.trial import template

NAIVE = """
import base64, json, os
import boto3
kinesis = boto3.client("kinesis")
def handler(event, context):
    for record in event["Records"]:
        row = json.loads(base64.b64decode(record["kinesis"]["data"]))
        if row["n"] == 7:
            raise ValueError("seven")
        kinesis.put_record(
            StreamName=os.environ["OUT"], Data=json.dumps(row), PartitionKey=row["plane"]
        )
"""
REPORTING = """
import base64, json
def lambda_handler(event, context):
    for record in event["Records"]:
        if json.loads(base64.b64decode(record["kinesis"]["data"]))["n"] == 7:
            return {"batchItemFailures": [
                {"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}
"""
WRITES = """
import base64, json
import boto3
sqs, s3 = boto3.client("sqs"), boto3.client("s3")
table = boto3.resource("dynamodb").Table("planes")
def first(event, context):
    url = sqs.get_queue_url(QueueName="flights")["QueueUrl"]
    for record in event["Records"]:
        row = json.loads(base64.b64decode(record["kinesis"]["data"]))
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(row))
        s3.put_object(Bucket="days", Key=str(row["n"]), Body=json.dumps(row))
        table.put_item(Item=row)
def second(event, context):
    raise ValueError("not this one")
"""
WINDOW = """
import base64, json
import boto3
table = boto3.resource("dynamodb").Table("planes")
def handler(event, context):
    state = event["state"]
    for record in event["Records"]:
        plane = json.loads(base64.b64decode(record["kinesis"]["data"]))["plane"]
        state[plane] = state.get(plane, 0) + 1
    if event["isFinalInvokeForWindow"]:
        for plane, count in state.items():
            table.put_item(Item={"plane": plane, "count": count})
    return {"state": state}
"""
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  In:
    Type: AWS::Kinesis::Stream
  Out:
    Type: AWS::Kinesis::Stream
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: app.handler
      CodeUri: src/
      Environment: {Variables: {OUT: !Ref Out}}
      Policies:
        - Statement: [{Effect: Allow, Action: "kinesis:PutRecord", Resource: !GetAtt Out.Arn}]
      Events:
        Stream:
          Type: Kinesis
          Properties: {Stream: !GetAtt In.Arn, StartingPosition: TRIM_HORIZON, BatchSize: 10}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new working folder with functions and records."""
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(NAIVE)
    Path("reporting.py").write_text(REPORTING)
    rows = [{"n": n, "plane": f"p{n % 3}"} for n in range(20)]
    Path("good.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows if row["n"] != 7))
    Path("bad.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def tried(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Run ``workbook try``; return its exit status and its report."""
    status = cli.main(["try", *arguments, "--json", "report.json"])
    return status, json.loads(Path("report.json").read_text())


def test_all_is_processed(capsys: pytest.CaptureFixture[str]) -> None:
    pd.read_json("good.jsonl", lines=True).to_csv("good.csv", index=False)
    status, told = tried(
        *("app.py:handler", "--records", "good.csv", "--key", "plane"),
        *("--stream", "out", "--env", "OUT=out", "--shards", "2"),
    )
    assert status == 0
    assert (told["sent"], told["processed"], told["outputs"]) == (19, 19, {"out": 19})
    assert told["given_up"] == told["pending"] == told["errors"] == told["duplicates"] == 0
    assert "processed" in capsys.readouterr().out


def test_the_function_writes_to_a_queue_a_bucket_and_a_table() -> None:
    Path("writes.py").write_text(WRITES)
    status, told = tried(
        *("writes.py:first", "--records", "good.jsonl", "--shards", "2", "--speed", "5"),
        *("--queue", "flights", "--bucket", "days", "--table", "planes:plane", "--out", "kept"),
        *("--mapping", "FunctionResponseTypes=ReportBatchItemFailures"),
    )
    assert status == 0
    assert told["outputs"] == {"flights": 19, "planes": 3, "days": 19}
    for name, count in told["outputs"].items():
        assert len(pd.read_parquet(f"kept/output-{name}.parquet")) == count


def test_a_bad_record_is_given_up_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    status, told = tried(
        *("app.py", "--records", "bad.jsonl", "--stream", "out", "--env", "OUT=out"),
        *("--mapping", "MaximumRetryAttempts=1", "--speed", "20", "--out", "kept"),
    )
    assert status == 1
    assert (told["sent"], told["processed"], told["given_up"], told["pending"]) == (20, 19, 1, 0)
    assert told["duplicates"] > 0  # repeated with each half
    assert told["first_error"]["record"] == '{"n": 7, "plane": "p1"}'
    assert told["first_error"]["records"] == 1
    assert told["first_error"]["text"].startswith("[ERROR] ValueError: seven\nTraceback")
    assert "lab_probe" not in told["first_error"]["text"]
    assert any("retried as a whole" in hint for hint in told["hints"])
    assert any("retried with a batch that failed" in hint for hint in told["hints"])
    records = pd.read_parquet("kept/records.parquet")
    assert records["fate"].value_counts().to_dict() == {"processed": 19, "given up": 1}
    assert len(pd.read_parquet("kept/output-out.parquet")) == told["outputs"]["out"]
    assert len(pd.read_parquet("kept/invocations.parquet")) == told["invocations"]
    assert "START RequestId" in Path("kept/log.txt").read_text()
    assert "The record that it failed on" in capsys.readouterr().out


def test_a_record_that_is_reported_takes_those_behind_it_along() -> None:
    """As on AWS; the hint says what to do."""
    pd.read_json("bad.jsonl", lines=True).to_parquet("bad.parquet")
    status, told = tried(
        *("reporting.py", "--records", "bad.parquet"),
        *("--mapping", "MaximumRetryAttempts=0", "--speed", "20"),
    )
    assert status == 1
    assert (told["processed"], told["given_up"]) == (7, 13)
    assert any("12 records that it had not" in hint for hint in told["hints"])


def test_a_filter_keeps_records_away() -> None:
    pattern = {"Filters": [{"Pattern": json.dumps({"data": {"n": [{"numeric": ["<", 5]}]}})}]}
    status, told = tried(
        *("reporting.py", "--records", "bad.jsonl"),
        *("--mapping", f"FilterCriteria={json.dumps(pattern)}"),
        *("--mapping", 'MetricsConfig={"Metrics": ["EventCount"]}'),
    )
    assert status == 0
    assert (told["processed"], told["filtered"]) == (5, 15)


@pytest.mark.parametrize(
    ("source", "text", "hint"),
    [
        (
            "import absent\ndef handler(event, context): pass",
            "'broken': No module",
            "--requirements",
        ),
        ("import os\nos.environ['TABLE']\ndef handler(event, context): pass", "KeyError", ""),
    ],
)
def test_a_function_that_cannot_be_loaded_is_told_soon(source: str, text: str, hint: str) -> None:
    Path("broken.py").write_text(source)
    status, told = tried("broken.py", "--records", "good.jsonl", "--speed", "20")
    assert status == 1
    assert told["errors"] == told["invocations"] > 0
    assert told["processed"] == told["given_up"] + told["pending"] - told["sent"] == 0
    assert text in told["first_error"]["text"]
    assert "importlib" not in told["first_error"]["text"]
    assert told["first_error"]["records"] == 0
    assert hint in "".join(told["hints"])


def test_the_fate_of_records_is_what_the_mapping_makes_of_the_reply() -> None:
    """Identifiers of no record fail the batch, as on AWS; text without a newline hides nothing."""
    Path("wrong.py").write_text(
        REPORTING.replace('record["kinesis"]["sequenceNumber"]', 'record["eventID"]').replace(
            "    for", "    print('begun', end='')\n    for"
        )
    )
    status, told = tried("wrong.py", "--records", "bad.jsonl", "--speed", "20")
    assert status == 1
    assert (told["processed"], told["given_up"], told["pending"]) == (19, 1, 0)
    assert told["first_error"]["record"] == '{"n": 7, "plane": "p1"}'
    assert "not a partial batch response" in told["first_error"]["text"]
    assert any("returned something else" in hint for hint in told["hints"])


def test_a_tumbling_window_needs_a_state() -> None:
    Path("window.py").write_text("def handler(event, context):\n    print(event['state'])\n")
    status, told = tried(
        *("window.py", "--records", "good.jsonl", "--speed", "50"),
        *("--mapping", "TumblingWindowInSeconds=60", "--mapping", "MaximumRetryAttempts=0"),
        *("--mapping", "BisectBatchOnFunctionError=false"),
    )
    assert (status, told["processed"], told["given_up"]) == (1, 0, 19)
    assert "no state" in told["first_error"]["text"]


def test_a_template_makes_all_the_rest() -> None:
    Path("src").mkdir()
    Path("app.py").rename("src/app.py")
    Path("template.yaml").write_text(TEMPLATE)
    status, told = tried("src", "--records", "good.jsonl", "--template", "template.yaml")
    assert status == 0
    assert told["processed"] == 19
    assert told["outputs"] == {"Out": 19}  # as in the template: CloudFormation's name varies


def test_a_template_whose_function_times_out_gives_all_up_and_says_why() -> None:
    """Each try lasts as long as the timeout, so that tries must count as progress."""
    Path("src").mkdir()
    Path("src/app.py").write_text("import time\ndef handler(event, context):\n    time.sleep(9)\n")
    few = "MaximumRetryAttempts: 1, BatchSize: 100"
    text = TEMPLATE.replace("BatchSize: 10", few).replace("CodeUri", "Timeout: 1\n      CodeUri")
    Path("template.yaml").write_text(text)
    status, told = tried(
        *("src", "--records", "good.jsonl", "--template", "template.yaml", "--speed", "50")
    )
    assert (status, told["given_up"], told["pending"]) == (1, 19, 0)
    assert told["first_error"]["text"].startswith(
        "The function did not end within its timeout of 1"
    )


def test_a_trial_ends_after_the_last_event_of_each_window() -> None:
    """Only then has the function written all, and the outputs are complete."""
    Path("window.py").write_text(WINDOW)
    status, told = tried(
        *("window.py", "--records", "good.jsonl", "--key", "plane", "--shards", "2"),
        *("--mapping", "TumblingWindowInSeconds=60", "--table", "planes:plane", "--speed", "50"),
    )
    assert (status, told["processed"], told["outputs"]) == (0, 19, {"planes": 3})


@pytest.mark.parametrize("different", ["runtime", "architecture"])
def test_compiled_requirements_must_fit_the_templates_function(different: str) -> None:
    Path("src").mkdir()
    Path("app.py").rename("src/app.py")
    other = "python3.12" if runtime() == "python3.13" else "python3.13"
    if different == "runtime":
        settings, words = f"Runtime: {other}", f"for {runtime()}, but .* the runtime {other}"
    else:
        settings = f"Runtime: {runtime()}\n      Architectures: [arm64]"
        words = "for x86_64, but .* the architecture arm64"
    Path("template.yaml").write_text(TEMPLATE.replace("Runtime: python3.11", settings))
    source = Path("src/app.py").read_bytes()
    code = Code({"app.py": source, "fast.so": b""}, "app.handler", frozenset({"app.py"}))
    with (
        target.connect(target.LOCAL) as aws,
        pytest.raises(UsageError, match=f"compiled code {words}"),
    ):
        template.deploy(aws, Path("template.yaml"), code)


def test_what_a_template_gives_up_is_seen_whatever_its_log_and_its_destination() -> None:
    Path("src").mkdir()
    Path("app.py").rename("src/app.py")
    more = "MaximumRetryAttempts: 0, BisectBatchOnFunctionError: true, BatchSize: 10"
    Path("template.yaml").write_text(
        TEMPLATE.replace("BatchSize: 10", more).replace(
            "CodeUri", "LoggingConfig: {LogFormat: JSON}\n      CodeUri"
        )
    )
    status, told = tried(
        *("src", "--records", "bad.jsonl", "--template", "template.yaml", "--speed", "20")
    )
    assert status == 1
    assert told["pending"] == 0 < told["given_up"]
    assert told["first_error"]["text"].startswith("[ERROR] ValueError: seven")


def test_a_breakpoint_is_hit_with_debug() -> None:
    source = NAIVE.replace("        if row", "        breakpoint()\n        if row")
    Path("app.py").write_text(source)
    Path("one.jsonl").write_text('{"n": 3, "plane": "p"}\n')
    command = [sys.executable, "-m", "workbook", "try", "app.py", "--records", "one.jsonl"]
    command += ["--debug", "--stream", "out", "--env", "OUT=out", "--json", "report.json"]
    ran = subprocess.run(command, input="p row\ncontinue\n", capture_output=True, text=True)
    assert "one batch at a time. Its timeout is off." in ran.stdout
    assert "not retried" in ran.stdout
    assert "(Pdb) {'n': 3, 'plane': 'p'}" in ran.stdout
    assert ran.returncode == 0, ran.stderr
    assert json.loads(Path("report.json").read_text())["outputs"] == {"out": 1}


def test_a_windows_state_is_no_failure_with_debug(capsys: pytest.CaptureFixture[str]) -> None:
    Path("window.py").write_text("def handler(event, context):\n    return {'state': {'n': 1}}\n")
    status, told = tried("window.py", "--records", "good.jsonl", "--debug")
    assert (status, told["processed"], told["errors"]) == (0, 19, 0)
    assert "no tumbling windows" in capsys.readouterr().out


def test_an_interrupted_trial_says_so_with_status_130(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(target, "connect", interrupt)
    assert cli.main(["try", "app.py", "--records", "good.jsonl"]) == 130
    assert capfd.readouterr().err == "Interrupted.\n"


def test_a_captured_stream_is_replayed(local: Aws) -> None:
    kinesis = local.client("kinesis")
    deployment.create_stream(kinesis, "captured", 2)
    for n in range(5):
        data = json.dumps({"n": n, "plane": "p"}).encode()
        kinesis.put_record(StreamName="captured", Data=data, PartitionKey=f"k{n}")
    where = ["--target", str(local.endpoint_url), "--out", "capture.jsonl"]
    assert cli.main(["capture", "captured", *where]) == 0
    lines = [json.loads(line) for line in Path("capture.jsonl").read_text().splitlines()]
    assert {line["partition_key"] for line in lines} == {f"k{n}" for n in range(5)}
    assert {json.loads(base64.b64decode(line["data"]))["n"] for line in lines} == set(range(5))
    assert all(line["sequence_number"].isdigit() for line in lines)
    status, told = tried("reporting.py", "--records", "capture.jsonl")
    assert (status, told["processed"]) == (0, 5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.py"], "FILE missing.py: there is no such file"),
        ([""], "FILE: must name a Python file"),
        (["."], "FUNCTION (none given): name one of . after a colon"),
        (["app.py:nope"], "FUNCTION nope: app.py has no such function; functions of two"),
        (["app.py:json"], "FUNCTION json: app.py has no such function"),
        (
            ["app.py", "--records", "missing.jsonl"],
            "--records missing.jsonl: there is no such file",
        ),
        (["app.py", "--records", "-"], "--records -: standard input is not read"),
        (["app.py", "--records", "."], "--records .: it is a folder"),
        (["app.py", "--key", "x"], "--key x: record 1 has no such field"),
        (["app.py", "--mapping", "Size=1"], "--mapping Size=1: must be NAME=VALUE"),
        (["app.py", "--mapping", "BatchSize"], "--mapping BatchSize: must be NAME=VALUE"),
        (
            ["app.py", "--mapping", "BatchSize=0"],
            "--mapping BatchSize=0: BatchSize must be a whole",
        ),
        (["app.py", "--mapping", "BatchSize=ten"], "--mapping BatchSize=ten: BatchSize must be a"),
        (
            ["app.py", "--mapping", "BatchSize=1", "--mapping", "BatchSize=2"],
            "--mapping BatchSize=2: BatchSize is given twice",
        ),
        (
            ["app.py", "--mapping", "BisectBatchOnFunctionError=yes"],
            "--mapping BisectBatchOnFunctionError=yes: BisectBatchOnFunctionError must be True",
        ),
        (
            ["app.py", "--mapping", "FunctionResponseTypes=Report"],
            "FunctionResponseTypes must be []",
        ),
        (["app.py", "--env", "OUT"], "--env OUT: must be NAME=VALUE"),
        (["app.py", "--env", "=x"], "--env: the name '' must be a letter"),
        (["app.py", "--env", "A-B=x"], "--env: the name 'A-B' must be a letter"),
        (["app.py", "--env", "AWS_REGION=x"], "--env must not have AWS_REGION: Lambda sets it"),
        (["app.py", "--env", "WORKBOOK_PROBE=x"], "--env must not have WORKBOOK_PROBE"),
        (["app.py", "--env", "OUT=a", "--env", "OUT=b"], "--env OUT=b: OUT is given twice"),
        (["app.py", "--stream", "a", "--stream", "a"], "--stream a: it is given twice"),
        (["app.py", "--table", "planes"], "--table planes: must be NAME:KEY"),
        (["app.py", "--table", ":key"], "--table :key: must be NAME:KEY"),
        (["app.py", "--shards", "100000"], "--shards 100000: must be a whole number, 1 to 20,000"),
        (["app.py", "--template", "no.yaml"], "--template no.yaml: there is no such file"),
        (["app.py", "--template", "."], "--template .: it cannot be read (Is a directory)"),
        (["app.py", "--template", "app.py"], "--template app.py: "),
        (["app.py", "--requirements", "no"], "--requirements no: there is no such file"),
        (["app.py", "--template", "t", "--env", "AB=1"], "--env: cannot be used with --template"),
        (
            ["app.py", "--template", "t", "--shards", "2"],
            "--shards: cannot be used with --template",
        ),
        (["app.py", "--debug", "--out", "kept"], "--out: cannot be used with --debug"),
        (["app.py", "--debug", "--speed", "9"], "--speed: cannot be used with --debug"),
        (["app.py", "--debug", "--env", "A-B=x"], "--env: the name 'A-B' must be a letter"),
        (["app.py", "--json", "no/x.json"], "--json no/x.json: there is no folder no"),
        (["app.py", "--json", "."], "--json .: it is a folder"),
        (["app.py", "--out", "app.py"], "--out app.py: "),
        (["app.py", "--out", "app.py/kept"], "is a file, not a folder"),
        (["app.py", "--queue", "a b"], "--queue a b: "),
    ],
)
def test_what_cannot_be_used_is_named_with_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = [] if "--records" in arguments else ["--records", "good.jsonl"]
    assert cli.main(["try", *arguments, *usual]) == 2
    told = capsys.readouterr().err
    assert told.startswith("workbook try: ")
    assert said in told
    assert "Errno" not in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "FILE[:FUNCTION], --records"),
        (["app.py"], "--records"),
        (["app.py", "--record", "good.jsonl"], "--records"),
        (
            ["app.py", "--records", "good.jsonl", "--shards", "0"],
            "--shards: must be a whole number",
        ),
        (["app.py", "--records", "good.jsonl", "--speed", "fast"], "--speed: must be a number"),
        (["app.py", "--records", "good.jsonl", "--batch-size", "9"], "--batch-size"),
        (["app.py", "--records", "good.jsonl", "more"], "more"),
    ],
)
def test_a_wrong_command_line_is_named_with_the_usage(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["try", *arguments])
    assert caught.value.code == 2
    assert said in capsys.readouterr().err.rpartition("error: ")[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "--out", "good.jsonl"], "STREAM nowhere: Stream nowhere under account"),
        (["a b", "--out", "x.jsonl"], "STREAM a b: "),
        (["nowhere", "--out", "no/x.jsonl"], "--out no/x.jsonl: there is no folder no"),
        (["nowhere", "--out", "."], "--out .: it is a folder"),
        (["nowhere", "--out", "x", "--target", "cloud"], "--target: 'cloud' is not a place"),
        (
            ["nowhere", "--out", "x", "--target", "http://127.0.0.1:1"],
            "--target http://127.0.0.1:1: ",
        ),
    ],
)
def test_what_cannot_be_captured_is_named_with_status_2_and_changes_no_file(
    arguments: list[str], said: str, local: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path("good.jsonl").read_text()
    where = [] if "--target" in arguments else ["--target", str(local.endpoint_url)]
    assert cli.main(["capture", *arguments, *where]) == 2
    assert capsys.readouterr().err.startswith(f"workbook capture: {said}")
    assert Path("good.jsonl").read_text() == before
    assert not Path("x.jsonl").exists()
