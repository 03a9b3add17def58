"""Known mistakes are told where they show, and only there."""

import gzip
from typing import Any

import pytest

from workbook.trial import hints

GOOD = """
import base64, boto3, gzip
kinesis = boto3.client("kinesis")
def handler(event, context):
    for record in event["Records"]:
        data = base64.b64decode(record["kinesis"]["data"])
        key = record["kinesis"]["partitionKey"]
        kinesis.put_record(StreamName="s", Data=data, PartitionKey=key)
"""
QUIET: dict[str, Any] = {
    "reports": True,
    "ever_reported": False,
    "errors": 0,
    "duplicates": 0,
    "innocents": 0,
}


def test_a_good_function_gets_no_hint() -> None:
    assert hints.find(GOOD, [b"{}", gzip.compress(b"{}", mtime=0)], **QUIET) == []


@pytest.mark.parametrize(
    ("source", "data", "shown", "word"),
    [
        (GOOD.replace("b64decode", "b16decode"), b"{}", {}, "never decodes base64"),
        (GOOD.replace("gzip", "json"), gzip.compress(b"{}", mtime=0), {}, "compressed with gzip"),
        (GOOD, b"\xf3\x89\x9a\xc2more", {}, "aggregated"),
        (GOOD, b"{}", {"errors": 1}, "partial batch responses"),
        (GOOD, b"{}", {"errors": 1, "ever_reported": True, "duplicates": 3}, "3 outputs"),
        (GOOD, b"{}", {"ever_reported": True, "innocents": 9}, "9 good records"),
        (GOOD.replace("PartitionKey=key", "PartitionKey='k'"), b"{}", {}, "constant"),
        (
            GOOD.replace("    for record", '    kinesis = boto3.client("kinesis")\n    for record'),
            b"{}",
            {},
            "inside the handler",
        ),
    ],
)
def test_a_mistake_that_shows_is_told(
    source: str, data: bytes, shown: dict[str, Any], word: str
) -> None:
    (hint,) = hints.find(source, [data], **(QUIET | shown))
    assert word in hint
