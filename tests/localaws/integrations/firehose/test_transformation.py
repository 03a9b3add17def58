"""Transformation of records by a function."""

import base64
import json
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import create, log_lines, refused
from tests.localaws.integrations.firehose.delivering import Lake, until
from workbook.localaws.integrations.firehose import transformation
from workbook.localaws.integrations.firehose.transformation import (
    DUPLICATED,
    FUNCTION_ERROR,
    MISSING,
    PROCESSING_FAILED,
    UNREADABLE,
    Transformed,
)

UPPER = """
import base64
def handler(event, context):
    answers = []
    for record in event["records"]:
        text = base64.b64decode(record["data"]).decode()
        result = {"bad": "ProcessingFailed", "gone": "Dropped"}.get(text, "Ok")
        data = base64.b64encode(text.upper().encode()).decode()
        answers.append({"recordId": record["recordId"], "result": result, "data": data})
    return {"records": answers}
"""
RAISES = "def handler(event, context): print('invoked'); raise ValueError('no')"
TELLS = "def handler(event, context): print('EVENT', __import__('json').dumps(event)); return {}"
DIES = "def handler(event, context): __import__('os')._exit(1)"


def processing(lake: Lake, function: str, **parameters: str) -> dict[str, Any]:
    """Return settings that transform with a function."""
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    given = {
        "LambdaArn": arn,
        "BufferIntervalInSeconds": "0",
        "NumberOfRetries": "1",
        **parameters,
    }
    processor = {
        "Type": "Lambda",
        "Parameters": [{"ParameterName": k, "ParameterValue": v} for k, v in given.items()],
    }
    return {"ProcessingConfiguration": {"Enabled": True, "Processors": [processor]}}


def failed(lake: Lake, count: int) -> list[dict[str, Any]]:
    """Return the documents in the error output, once there are enough."""

    def found() -> list[dict[str, Any]]:
        bodies = lake.arrived(0, prefix="processing-failed/").values()
        return [json.loads(line) for body in bodies for line in body.splitlines()]

    return until(found, lambda documents: len(documents) >= count)


def raw(documents: list[dict[str, Any]]) -> list[bytes]:
    return sorted(base64.b64decode(one["rawData"]) for one in documents)


def test_each_record_is_transformed_dropped_or_failed(lake: Lake) -> None:
    """[FH:data-transformation] Ok, Dropped, ProcessingFailed."""
    function = create(lake.aws, UPPER)
    lake.deliver(**processing(lake, function), Prefix="good/", ErrorOutputPrefix="")
    lake.put(b"a", b"bad", b"b", b"gone")
    assert list(lake.arrived(prefix="good/2").values()) == [b"AB"]

    def found() -> dict[str, bytes]:
        return lake.arrived(0, prefix="good/processing-failed/")

    ((key, body),) = until(found, bool).items()
    document = json.loads(body)
    assert base64.b64decode(document["rawData"]) == b"bad"
    assert document["errorCode"] == "Lambda.ProcessingFailedStatus"
    assert document["attemptsMade"] == 1
    assert document["lambdaARN"].endswith(function)
    assert document["arrivalTimestamp"] <= document["attemptEndingTimestamp"]
    assert not key.endswith(".gz")
    assert until(lambda: lake.metric("SucceedProcessing.Records"), bool) == 3


def test_the_event_says_where_a_record_comes_from(lake: Lake) -> None:
    """[SEEN]"""
    function, arn = create(lake.aws, TELLS), lake.make_stream()
    mine = lake.deliver(stream_arn=arn, **processing(lake, function))
    put = lake.aws.client("kinesis").put_record(StreamName=lake.name, PartitionKey="k", Data=b"one")

    (document,) = failed(lake, 1)  # because the response has no records
    assert document["errorCode"] == "Lambda.JsonProcessingException"
    (line,) = [one for one in log_lines(lake.aws, function) if one.startswith("EVENT")]
    event = json.loads(line.removeprefix("EVENT "))
    (record,) = event.pop("records")
    assert event.pop("invocationId")
    assert event == {
        "deliveryStreamArn": mine,
        "sourceKinesisStreamArn": arn,
        "region": "us-east-1",
    }
    assert record["kinesisRecordMetadata"] == {
        "sequenceNumber": put["SequenceNumber"],
        "subsequenceNumber": 0,
        "partitionKey": "k",
        "shardId": put["ShardId"],
        "approximateArrivalTimestamp": record["approximateArrivalTimestamp"],
    }
    assert base64.b64decode(record["data"]) == b"one"


@pytest.mark.parametrize("code", [RAISES, DIES])
def test_records_of_a_failing_function_go_to_the_error_output(lake: Lake, code: str) -> None:
    """[SEEN] After one attempt more than NumberOfRetries, whether it raises or is killed."""
    function = create(lake.aws, code)
    lake.deliver(**processing(lake, function, NumberOfRetries="2"))
    lake.put(b"a", b"b")
    documents = failed(lake, 2)
    assert raw(documents) == [b"a", b"b"]
    assert {(one["errorCode"], one["attemptsMade"]) for one in documents} == {
        ("Lambda.FunctionError", 3)
    }
    if code == RAISES:
        lines = log_lines(lake.aws, function)
        assert len([line for line in lines if line.startswith("invoked")]) == 3


def test_records_of_a_throttled_function_go_to_the_error_output(lake: Lake) -> None:
    """[SEEN]"""
    function = create(lake.aws, UPPER)
    lake.aws.client("lambda").put_function_concurrency(
        FunctionName=function, ReservedConcurrentExecutions=0
    )
    lake.deliver(**processing(lake, function))
    lake.put(b"a")
    (document,) = failed(lake, 1)
    assert (document["errorCode"], document["attemptsMade"]) == ("Lambda.InvokeLimitExceeded", 2)


def test_a_role_that_may_not_invoke_fails_the_records(lake: Lake) -> None:
    """[SEEN]"""
    function = create(lake.aws, UPPER)
    lake.deliver(**processing(lake, function, RoleArn=lake.make_role("s3:*")))
    lake.put(b"a")
    (document,) = failed(lake, 1)
    assert document["errorCode"] == "Lambda.InvokeAccessDenied"


def test_a_deleted_function_fails_the_records(lake: Lake) -> None:
    """[SEEN]"""
    lake.deliver(**processing(lake, "none"))
    lake.put(b"a")
    (document,) = failed(lake, 1)
    assert document["errorCode"] == "Lambda.ResourceNotFound"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({"records": []}, [MISSING, MISSING]),
        ({"records": [{"recordId": "1", "result": "Dropped"}]}, [None, MISSING]),
        ({"records": [{"recordId": "1", "result": "Dropped"}] * 2}, [DUPLICATED, MISSING]),
        ({"records": [{"recordId": "1", "result": "Fine"}]}, [UNREADABLE] * 2),
        ({"records": [{"recordId": "1", "result": "Ok"}]}, [UNREADABLE] * 2),
        ({"answers": []}, [UNREADABLE] * 2),
        ([], [UNREADABLE] * 2),
        (
            {
                "records": [
                    {"recordId": "2", "result": "Ok", "data": "!"},
                    {"recordId": "1", "result": "ProcessingFailed", "data": ""},
                ]
            },
            [PROCESSING_FAILED, FUNCTION_ERROR],
        ),
        (
            {
                "records": [
                    {"recordId": "2", "result": "Ok", "data": ""},
                    {
                        "recordId": "1",
                        "result": "Ok",
                        "data": "eA==",
                        "metadata": {"partitionKeys": {"day": 1}},
                    },
                ]
            },
            [Transformed(b"x", {"day": "1"}), Transformed(b"")],
        ),
    ],
)
def test_a_response_is_read_record_by_record(reply: Any, expected: list[Any]) -> None:
    """[FH:data-transformation, SEEN]"""
    assert transformation.outcomes(["1", "2"], json.dumps(reply).encode()) == expected


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"LambdaArn": "f"}, "LambdaArn 'f' is not the ARN of a function"),
        ({"NumberOfRetries": "301"}, "NumberOfRetries must be between 0 and 300"),
        ({"BufferSizeInMBs": "4"}, "BufferSizeInMBs must be between 0.2 and 3"),
        ({"Delimiter": "x"}, "The processor Lambda has no parameter Delimiter"),
    ],
)
def test_parameters_of_the_function_are_checked(
    lake: Lake, parameters: dict[str, str], words: str
) -> None:
    """[BC]"""
    error = refused(lake.deliver, **processing(lake, "f", **parameters))["Error"]
    assert error["Code"] == "InvalidArgumentException"
    assert words in error["Message"]
