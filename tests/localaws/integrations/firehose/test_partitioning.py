"""Dynamic partitioning."""

import base64
import json
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import create, refused
from tests.localaws.integrations.firehose.delivering import Lake, until
from workbook.localaws.integrations.firehose import partitioning, prefixes
from workbook.localaws.integrations.firehose.transformation import Failure

ERRORS = "failed/!{firehose:error-output-type}/"
QUERY = "{month: .month, day: .day}"
PREFIX = "m=!{partitionKeyFromQuery:month}/d=!{partitionKeyFromQuery:day}/"
BY_FUNCTION = """
import base64
def handler(event, context):
    return {"records": [
        {"recordId": one["recordId"], "result": "Ok", "data": one["data"],
         "metadata": {"partitionKeys": {"k": base64.b64decode(one["data"]).decode()[:1]}}}
        for one in event["records"]]}
"""


def processor(kind: str, **parameters: str) -> dict[str, Any]:
    given = [{"ParameterName": k, "ParameterValue": v} for k, v in parameters.items()]
    return {"Type": kind, "Parameters": given}


def partitioned(*processors: dict[str, Any], prefix: str = PREFIX) -> dict[str, Any]:
    return {
        "mib": 64,
        "Prefix": prefix,
        "ErrorOutputPrefix": ERRORS,
        "DynamicPartitioningConfiguration": {"Enabled": True},
        "ProcessingConfiguration": {"Enabled": True, "Processors": list(processors)},
    }


def extraction(query: str = QUERY) -> dict[str, Any]:
    return processor(
        "MetadataExtraction", MetadataExtractionQuery=query, JsonParsingEngine="JQ-1.6"
    )


def test_records_are_partitioned_by_their_content(lake: Lake) -> None:
    """[FH:dynamic-partitioning] Keys from a jq program; records without go to the error output."""
    lake.deliver(**partitioned(extraction(), processor("AppendDelimiterToRecord")))
    days = [(1, 1), (1, 2), (1, 1), (2, 1)]
    records = [json.dumps({"month": m, "day": d, "n": n}) for n, (m, d) in enumerate(days)]
    lake.put(*map(str.encode, records), b'{"month": null, "day": 1}', b"no json")
    found = {
        key.rpartition("/")[0]: [json.loads(line)["n"] for line in body.splitlines()]
        for key, body in lake.arrived(3, prefix="m=").items()
    }
    assert found == {"m=1/d=1": [0, 2], "m=1/d=2": [1], "m=2/d=1": [3]}
    ((_, body),) = lake.arrived(prefix="failed/processing-failed/").items()
    told = [json.loads(line) for line in body.splitlines()]
    assert [base64.b64decode(one["rawData"]) for one in told] == [
        b'{"month": null, "day": 1}',
        b"no json",
    ]
    assert {one["errorCode"] for one in told} == {"DynamicPartitioning.MetadataExtractionFailed"}
    assert until(lambda: lake.metric("PartitionCount", "Maximum"), bool) == 3


def test_a_function_can_return_the_partition_keys(lake: Lake) -> None:
    """[FH:dynamic-partitioning]"""
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{create(lake.aws, BY_FUNCTION)}"
    by_function = processor("Lambda", LambdaArn=arn, BufferIntervalInSeconds="0")
    lake.deliver(**partitioned(by_function, prefix="k=!{partitionKeyFromLambda:k}/"))
    lake.put(b"a1", b"b1", b"a2")
    found = {key[:4]: body for key, body in lake.arrived(2, prefix="k=").items()}
    assert found == {"k=a/": b"a1a2", "k=b/": b"b1"}


def test_records_over_500_active_partitions_go_to_the_error_output(lake: Lake) -> None:
    """[FH:dynamic-partitioning] A partition is active until its buffer is delivered."""
    prefix = "k=!{partitionKeyFromQuery:k}/"
    lake.deliver(seconds=900, **partitioned(extraction("{k: .}"), prefix=prefix))
    lake.put(*[b"%d" % one for one in range(500)])
    lake.put(b"500", b"0")
    lake.flush()
    ((_, body),) = lake.arrived(prefix="failed/activePartitionExceeded/").items()
    assert [base64.b64decode(json.loads(one)["rawData"]) for one in body.splitlines()] == [b"500"]
    sizes = until(lambda: lake.sizes("k="), lambda found: len(found) >= 500)
    expected = {f"k={n}": len(str(n)) for n in range(500)} | {"k=0": 2}
    assert {key.partition("/")[0]: size for key, size in sizes.items()} == expected
    assert len(sizes) == 500


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b'{"k": "x"}', "x"),
        (b'{"k": 1}', "1"),
        (b'{"k": 1.5}', "1.5"),
        (b'{"k": true}', "true"),
        (b'{"k": ""}', None),
        (b'{"k": null}', None),
        (b'{"k": []}', None),
        (b"{}", None),
        (b"5", None),
        (b"\xff", None),
    ],
)
def test_values_that_can_be_partition_keys(data: bytes, key: str | None) -> None:
    """[SEEN, ?] Neither null nor empty; numbers as written."""
    wanted = ((prefixes.FROM_QUERY, "k"),)
    found = partitioning.keys(wanted, data, partitioning.compiled("{k: .k}"), {})
    if key is None:
        assert isinstance(found, Failure)
    else:
        assert found == {wanted[0]: key}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (partitioned(extraction(), prefix="x/"), "S3 Prefix should contain Dynamic Partitioning"),
        (partitioned(), "MetadataExtraction processor should be present"),
        (
            partitioned(extraction(), prefix="!{partitionKeyFromLambda:k}/"),
            "Lambda processor should be present",
        ),
        (partitioned(extraction("{")), "MetadataExtractionQuery: "),
        ({**partitioned(extraction()), "mib": 1}, "SizeInMBs must be at least 64"),
    ],
)
def test_invalid_partitioning_is_refused(lake: Lake, given: dict[str, Any], words: str) -> None:
    """[FH:dynamic-partitioning, ?]"""
    error = refused(lake.deliver, **given)["Error"]
    assert error["Code"] == "InvalidArgumentException"
    assert words in error["Message"]
