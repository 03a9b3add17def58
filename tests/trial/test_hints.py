"""Known mistakes are named if they show, and only then."""

import gzip
from dataclasses import replace

import pytest

from workbook.laboratory.logbook import Invocation
from workbook.trial import hints
from workbook.trial.hints import Seen

GOOD = """
import base64, boto3, gzip
kinesis = boto3.client("kinesis")
def handler(event, context):
    for record in event["Records"]:
        data = base64.b64decode(record["kinesis"]["data"])
        key = record["kinesis"]["partitionKey"]
        kinesis.put_record(StreamName="s", Data=data, PartitionKey=key)
"""
NEVER = GOOD.replace("base64, ", "").replace("base64.b64decode", "str")
KPL = b"\xf3\x89\x9a\xc2more"
ZIPPED = gzip.compress(b"{}", mtime=0)
RAISED = Invocation("r", "e", "s", [1, 2], 0.0, 0, 1, {}, None, False)
REPORTED = RAISED._replace(answered=True, failed_from=2, reported=1)
UNREADABLE = RAISED._replace(answered=True, unreadable="{'statusCode': 200}")
SEEN = Seen(reports=True, invocations=[RAISED])


def find(source: str, data: bytes = b"{}", seen: Seen = SEEN) -> list[str]:
    return hints.find([source], "handler", [data], seen)


@pytest.mark.parametrize(
    ("source", "data", "seen"),
    [
        (GOOD, ZIPPED, SEEN),
        (NEVER.replace('"data"', '"partitionKey"'), b"{}", SEEN),  # it does not use the data
        (GOOD, b"{}", replace(SEEN, raised=1)),  # no other record was retried with the bad one
        (GOOD, b"{}", replace(SEEN, raised=1, dragged=9, reports=False)),
        (GOOD, b"{}", replace(SEEN, raised=1, dragged=9, invocations=[RAISED, REPORTED])),
        (GOOD, b"{}", replace(SEEN, given_up_together=9, raised=1)),  # such as too old ones
        (GOOD, b"{}", replace(SEEN, invocations=[UNREADABLE], reports=False)),
        (GOOD, b"{}", replace(SEEN, duplicates=2, written=2)),  # one output for each record
        (GOOD, b"{}", replace(SEEN, duplicates=2, written=9, distinct=False)),
        (GOOD, b"{}", replace(SEEN, duplicates=9, written=10, retries=1)),
    ],
)
def test_what_was_not_checked_gets_no_hint(source: str, data: bytes, seen: Seen) -> None:
    assert find(source, data, seen) == []


def test_base64_may_be_decoded_in_another_file() -> None:
    assert hints.find([NEVER, "from base64 import b64decode"], "handler", [b"{}"], SEEN) == []


@pytest.mark.parametrize(
    ("source", "data", "seen", "word"),
    [
        (NEVER, b"{}", SEEN, "never decodes base64"),
        (GOOD.replace("gzip", "json"), ZIPPED, SEEN, "compressed with gzip"),
        (GOOD, KPL, SEEN, "aggregated"),
        (GOOD, b"{}", Seen(error="... No module named 'orders'"), "orders is not in the package"),
        (GOOD, b"{}", Seen(error="An error occurred (AccessDenied) when"), "role does not allow"),
        (GOOD, b"{}", replace(SEEN, raised=1, dragged=9), "failed: 9 records"),
        (GOOD, b"{}", replace(SEEN, invocations=[UNREADABLE]), "returned something else"),
        (GOOD, b"{}", replace(SEEN, unreported=9), "9 records that it had not"),
        (
            GOOD,
            b"{}",
            replace(SEEN, raised=1, given_up_together=9, halves=False),
            "whole batches: 9 records",
        ),
        (
            GOOD,
            b"{}",
            replace(SEEN, retries=5, duplicates=3, written=9),
            "an earlier one: 3. Records",
        ),
        (GOOD, b"{}", replace(SEEN, duplicates=2, written=4), "The function itself writes"),
        (GOOD.replace("PartitionKey=key", "PartitionKey='k'"), b"{}", SEEN, "constant"),
        (GOOD.replace("def handler", "async def handler"), b"{}", SEEN, "async"),
        (
            GOOD.replace("    for record", '    kinesis = boto3.client("kinesis")\n    for record'),
            b"{}",
            SEEN,
            "inside the handler",
        ),
    ],
)
def test_a_mistake_that_shows_is_named(source: str, data: bytes, seen: Seen, word: str) -> None:
    (hint,) = find(source, data, seen)
    assert word in hint
