"""The on-failure document, which reports records that were given up [OBS]."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from workbook.localaws.clock import instant
from workbook.localaws.interfaces import Document
from workbook.localaws.mapping.event import Entry

RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
TOO_OLD = "RecordAgeExceeded"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of records: their number, and the sequence numbers and arrival times of both ends."""

    first: int
    last: int
    first_arrived: float
    last_arrived: float
    count: int

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "Span":
        """Return the span of a batch of at least one record."""
        first, last = entries[0], entries[-1]
        return cls(
            first.sequence_number, last.sequence_number, first.arrived, last.arrived, len(entries)
        )

    @classmethod
    def joined(cls, spans: Sequence["Span"]) -> "Span":
        """Return one span that covers consecutive spans, at least one."""
        first, last = spans[0], spans[-1]
        return cls(
            first.first,
            last.last,
            first.first_arrived,
            last.last_arrived,
            sum(span.count for span in spans),
        )


@dataclass(frozen=True, slots=True)
class LastInvocation:
    """The last invocation before records were given up.

    ``function_error`` is None if the invocation failed by reporting batch item failures.
    """

    request_id: str
    executed_version: str
    function_error: str | None


def document(
    *,
    condition: str,
    function_arn: str,
    stream_arn: str,
    shard_id: str,
    span: Span,
    attempts: int,
    invocation: LastInvocation | None,
    now: float,
) -> dict[str, Any]:
    """Return the document that reports records that were given up.

    Args:
        condition: RetryAttemptsExhausted or RecordAgeExceeded; the latter has no
            ``responseContext``.
        function_arn: the function invoked.
        stream_arn: the records' stream.
        shard_id: the records' shard.
        span: the records.
        attempts: the number of invocations; AWS says 1 if the records were too old before any.
        invocation: the last invocation; None if there was none.
        now: the time, in seconds since the epoch.
    """
    response: dict[str, Any] = {}
    if invocation is not None and condition == RETRIES_EXHAUSTED:
        response["responseContext"] = {
            "statusCode": 200,
            "executedVersion": invocation.executed_version,
            "functionError": invocation.function_error,
        }
    return {
        "requestContext": {
            "requestId": invocation.request_id if invocation else str(uuid.uuid4()),
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": max(1, attempts),
        },
        **response,
        "version": "1.0",
        "timestamp": instant(now),
        "KinesisBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": str(span.first),
            "endSequenceNumber": str(span.last),
            "approximateArrivalOfFirstRecord": instant(span.first_arrived),
            "approximateArrivalOfLastRecord": instant(span.last_arrived),
            "batchSize": span.count,
            "streamArn": stream_arn,
        },
    }


def addressed(
    destination: str, report: dict[str, Any], *, payload: bytes, mapping: str, now: float
) -> Document:
    """Return the document for a destination; in S3 it has the event as its ``payload``.

    Args:
        destination: the ARN of a queue, topic or bucket.
        report: the document; see ``document``.
        payload: the event that failed; in S3 as a JSON string [DG:kinesis-on-failure-destination].
        mapping: the mapping's UUID.
        now: the time, in seconds since the epoch.
    """
    if destination.split(":")[2] != "s3":
        return Document(orjson.dumps(report))
    key = object_key(mapping, report["KinesisBatchInfo"]["shardId"], now)
    return Document(orjson.dumps({**report, "payload": payload.decode()}), key)


def object_key(mapping: str, shard_id: str, now: float) -> str:
    """Return the key of the object in S3 [DG:kinesis-on-failure-destination]."""
    moment = datetime.fromtimestamp(now, UTC)
    return (
        f"aws/lambda/{mapping}/{shard_id}/{moment:%Y/%m/%d}/"
        f"{moment:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
    )
