"""Transformation by a function: its event, and what its response says about each record.

[FH:data-transformation]; error codes and messages are [SEEN].
"""

import binascii
import uuid
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from workbook.localaws.integrations.firehose.buffering import Hints
from workbook.localaws.integrations.firehose.context import Item


@dataclass(frozen=True, slots=True)
class Transformation:
    """How to transform records.

    Args:
        function_arn: the function's ARN, with or without a qualifier.
        role_arn: the role that invokes it.
        retries: how often a failed invocation is retried.
        hints: how many records to send in one invocation.
    """

    function_arn: str
    role_arn: str
    retries: int
    hints: Hints


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a record could not be processed: AWS's error code and message."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Transformed:
    """A record as the function returned it, with its partition keys."""

    data: bytes
    keys: Mapping[str, str] = field(default_factory=dict)


Outcome = Transformed | Failure | None  # None: dropped

FUNCTION_ERROR = Failure(
    "Lambda.FunctionError",
    "The Lambda function was successfully invoked but it returned an error result.",
)
THROTTLED = Failure(
    "Lambda.InvokeLimitExceeded",
    "The Lambda function invocation limit is exceeded. Increase the concurrent execution limit.",
)
GONE = Failure(
    "Lambda.ResourceNotFound",
    "The specified Lambda function does not exist. Use a different function that does exist.",
)
DENIED = Failure(
    "Lambda.InvokeAccessDenied",
    "Access was denied. Ensure that the access policy allows access to the Lambda function.",
)
NOT_ASSUMED = Failure(
    "Lambda.AssumeRoleAccessDenied",
    "Access was denied. Ensure that the trust policy for the provided IAM role allows Amazon Data "
    "Firehose to assume the role.",
)
UNREADABLE = Failure(
    "Lambda.JsonProcessingException",
    "There was an error parsing the records returned by the Lambda function. Ensure that the "
    "returned records follow the status model required by Amazon Data Firehose.",
)
MISSING = Failure(
    "Lambda.MissingRecordId",
    "One or more record Ids were not returned. Ensure that the Lambda function returns all "
    "received record Ids.",
)
DUPLICATED = Failure(
    "Lambda.DuplicatedRecordId",
    "Multiple records were returned with the same record ID. Ensure that the Lambda function "
    "returns unique record IDs for each record.",
)
PROCESSING_FAILED = Failure(
    "Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record"
)


def event(
    items: Sequence[Item],
    ids: Sequence[str],
    *,
    delivery_stream_arn: str,
    source_arn: str | None,
    region: str,
) -> bytes:
    """Return the event of an invocation, as JSON [SEEN].

    Args:
        items: the records to transform.
        ids: the id of each record.
        delivery_stream_arn: the ARN of the delivery stream.
        source_arn: the ARN of the source stream; None for direct puts.
        region: the delivery stream's region.
    """
    source = {} if source_arn is None else {"sourceKinesisStreamArn": source_arn}
    return orjson.dumps(
        {
            "invocationId": str(uuid.uuid4()),
            "deliveryStreamArn": delivery_stream_arn,
            **source,
            "region": region,
            "records": [_record(item, one) for item, one in zip(items, ids, strict=True)],
        }
    )


def _record(item: Item, record_id: str) -> dict[str, Any]:
    millis = int(item.arrived * 1000)
    found = {
        "recordId": record_id,
        "approximateArrivalTimestamp": millis,
        "data": b64encode(item.data).decode(),
    }
    if item.record is not None:
        found["kinesisRecordMetadata"] = {
            "sequenceNumber": str(item.record.sequence_number),
            "subsequenceNumber": item.place,
            "partitionKey": item.record.partition_key,
            "shardId": item.shard_id,
            "approximateArrivalTimestamp": millis,
        }
    return found


def outcomes(ids: Sequence[str], reply: bytes) -> list[Outcome]:
    """Return the outcome of each record in a function's response.

    If the response does not follow the model, all records fail. If it omits or repeats records,
    those records fail.
    """
    try:
        found = [(one["recordId"], _outcome(one)) for one in orjson.loads(reply)["records"]]
        count = Counter(record_id for record_id, _ in found)
    except (ValueError, KeyError, TypeError):
        return [UNREADABLE] * len(ids)
    said = dict(found)
    return [
        MISSING if one not in count else DUPLICATED if count[one] > 1 else said[one] for one in ids
    ]


def _outcome(returned: Mapping[str, Any]) -> Outcome:
    """Return the outcome of a record.

    Raises:
        ValueError, KeyError, TypeError: the record cannot be read.
    """
    match returned["result"]:
        case "Dropped":
            return None
        case "ProcessingFailed":
            return PROCESSING_FAILED
        case "Ok":
            try:
                data = b64decode(returned["data"], validate=True)
            except binascii.Error:
                return FUNCTION_ERROR
            keys = (returned.get("metadata") or {}).get("partitionKeys") or {}
            return Transformed(data, {name: str(value) for name, value in keys.items()})
    raise ValueError(f"the result {returned['result']!r} is unknown")
