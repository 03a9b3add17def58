"""The on-failure document, field by field."""

import re

from workbook.localaws.clock import instant
from workbook.localaws.mapping.event import Entry
from workbook.localaws.mapping.failures import (
    RETRIES_EXHAUSTED,
    TOO_OLD,
    LastInvocation,
    Span,
    document,
    object_key,
)

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
SPAN = Span.of([Entry(11, 1795256100.1, b""), Entry(12, 1795256101.2, b"")])
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def made(condition: str, invocation: LastInvocation | None, attempts: int) -> dict[str, object]:
    return document(
        condition=condition,
        function_arn=FUNCTION,
        stream_arn=STREAM,
        shard_id="shardId-000000000000",
        span=SPAN,
        attempts=attempts,
        invocation=invocation,
        now=1795256130.1239,
    )


def test_the_document_for_exhausted_retries() -> None:
    """[OBS] Every key, in order."""
    assert made(RETRIES_EXHAUSTED, LastInvocation("r-1", "$LATEST", "Unhandled"), 4) == {
        "requestContext": {
            "requestId": "r-1",
            "functionArn": FUNCTION,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 4,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": "2026-11-21T10:15:30.123Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": "11",
            "endSequenceNumber": "12",
            "approximateArrivalOfFirstRecord": "2026-11-21T10:15:00.100Z",
            "approximateArrivalOfLastRecord": "2026-11-21T10:15:01.200Z",
            "batchSize": 2,
            "streamArn": STREAM,
        },
    }
    keys = list(made(RETRIES_EXHAUSTED, LastInvocation("r-1", "$LATEST", "Unhandled"), 4))
    assert keys == ["requestContext", "responseContext", "version", "timestamp", "KinesisBatchInfo"]


def test_the_document_for_retries_exhausted_by_batch_item_failures() -> None:
    """[OBS] functionError is null."""
    shown = made(RETRIES_EXHAUSTED, LastInvocation("r-1", "3", None), 1)
    assert shown["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "3",
        "functionError": None,
    }


def test_a_record_too_old_has_no_response_context() -> None:
    """[OBS] A record too old before any invocation still has a count of 1."""
    shown = made(TOO_OLD, None, 0)
    assert list(shown) == ["requestContext", "version", "timestamp", "KinesisBatchInfo"]
    context = shown["requestContext"]
    assert isinstance(context, dict)
    assert context["condition"] == "RecordAgeExceeded"
    assert context["approximateInvokeCount"] == 1
    assert re.fullmatch(UUID, context["requestId"])
    assert "responseContext" not in made(TOO_OLD, LastInvocation("r", "$LATEST", "Unhandled"), 8)


def test_the_key_of_the_object_in_s3() -> None:
    """[DG:kinesis-on-failure-destination]"""
    key = object_key("esm", "shardId-000000000000", 1795256130.1)
    pattern = rf"aws/lambda/esm/shardId-000000000000/2026/11/21/2026-11-21T10\.15\.30-{UUID}"
    assert re.fullmatch(pattern, key)


def test_times_are_truncated_to_milliseconds() -> None:
    """[OBS] Never rounded into the next second."""
    assert instant(1795256130.9996) == "2026-11-21T10:15:30.999Z"
