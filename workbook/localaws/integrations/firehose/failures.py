"""The error output for records that failed: one JSON document per line [SEEN]."""

from base64 import b64encode
from typing import Any

import orjson

from workbook.localaws.integrations.firehose.context import Item

PROCESSING, CONVERSION = "processing-failed", "format-conversion-failed"


def document(
    item: Item, code: str, message: str, *, attempts: int, now: float, **more: Any
) -> bytes:
    """Return the error document of a record.

    Args:
        item: the failed record.
        code, message: AWS's error code and message.
        attempts: how many attempts were made.
        now: the end of the last attempt, in seconds since the epoch.
        more: additional keys for this kind of error.
    """
    told = {
        "attemptsMade": attempts,
        "arrivalTimestamp": int(item.arrived * 1000),
        "errorCode": code,
        "errorMessage": message,
        "attemptEndingTimestamp": int(now * 1000),
        "rawData": b64encode(item.data).decode(),
        **more,
    }
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def conversion_document(
    item: Item, code: str, message: str, *, now: float, table: dict[str, Any]
) -> bytes:
    """Return the error document of a record that could not be converted.

    Args:
        item: the failed record.
        code, message: AWS's error code and message.
        now: the time of the failure, in seconds since the epoch.
        table: the table whose schema the record does not fit.
    """
    told = {
        "attemptsMade": 1,
        "arrivalTimestamp": int(item.arrived * 1000),
        "lastErrorCode": code,
        "lastErrorMessage": message,
        "attemptEndingTimestamp": int(now * 1000),
        "rawData": b64encode(item.data).decode(),
        "sequenceNumber": str(item.record.sequence_number) if item.record else None,
        "subSequenceNumber": None,
        "dataCatalogTable": table,
    }
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)
