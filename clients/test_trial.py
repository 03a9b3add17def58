"""``workbook try`` with functions as strangers write them: Powertools, aggregated input.

Their packages come from the package index, as ``--requirements`` says.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from workbook import cli

POWERTOOLS = """
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor, EventType, process_partial_response,
)
processor = BatchProcessor(event_type=EventType.KinesisDataStreams)
logger = Logger(service="try")

def take(record):
    row = record.kinesis.data_as_json()
    logger.info("got", extra={"n": row["n"]})

def lambda_handler(event, context):
    return process_partial_response(
        event=event, record_handler=take, processor=processor, context=context
    )
"""
AGGREGATED = """
import base64, json, os
import boto3
from aws_kinesis_agg.deaggregator import deaggregate_records

kinesis = boto3.client("kinesis")

def handler(event, context):
    taken = deaggregate_records(event["Records"])
    rows = [base64.b64decode(one["kinesis"]["data"]) for one in taken]
    kinesis.put_records(
        StreamName="out",
        Records=[{"Data": row, "PartitionKey": str(json.loads(row)["n"])} for row in rows],
    )
"""


def field(number: int, content: bytes) -> bytes:
    """Return a field of a protocol buffer that holds bytes, fewer than 128."""
    return bytes([number << 3 | 2, len(content)]) + content


def aggregated(*records: bytes) -> bytes:
    """Return one record in which the Kinesis Producer Library has packed several."""
    parts = b"".join(field(3, b"\x08\x00" + field(3, record)) for record in records)
    body = field(1, b"key") + parts
    return b"\xf3\x89\x9a\xc2" + body + hashlib.md5(body).digest()


def tried(*arguments: str) -> dict[str, Any]:
    """Run ``workbook try``, which must succeed; return its report."""
    assert cli.main(["try", *arguments, "--json", "report.json"]) == 0
    told: dict[str, Any] = json.loads(Path("report.json").read_text())
    return told


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own to work in."""
    monkeypatch.chdir(tmp_path)


def test_a_function_with_powertools_and_csv(capsys: pytest.CaptureFixture[str]) -> None:
    Path("app.py").write_text(POWERTOOLS)
    Path("requirements.txt").write_text("aws-lambda-powertools==3.37.0\n")
    pd.DataFrame({"n": range(50)}).to_csv("rows.csv", index=False)
    told = tried(
        "app.py:lambda_handler", "--records", "rows.csv", "--requirements", "requirements.txt"
    )
    assert (told["processed"], told["errors"], told["hints"]) == (50, 0, [])
    assert "MB zipped (limit 50)" in capsys.readouterr().out


def test_a_function_with_aggregated_input() -> None:
    Path("app.py").write_text(AGGREGATED)
    Path("requirements.txt").write_text("aws-kinesis-agg==1.2.0\n")
    packed = aggregated(*(json.dumps({"n": n}).encode() for n in range(3)))
    line = {"data": base64.b64encode(packed).decode(), "partition_key": "a", "sequence_number": "1"}
    Path("capture.jsonl").write_text(json.dumps(line) + "\n")
    told = tried(
        *("app.py", "--records", "capture.jsonl", "--requirements", "requirements.txt"),
        *("--stream", "out"),
    )
    assert (told["processed"], told["outputs"], told["hints"]) == (1, {"out": 3}, [])
