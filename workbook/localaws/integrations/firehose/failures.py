"""The error output for records that failed: one JSON document a line [SEEN]."""

from base64 import b64encode
from typing import Any

import orjson

from workbook.localaws.integrations.firehose.context import Item

PROCESSING, CONVERSION = "processing-failed", "format-conversion-failed"


def document(
    item: Item, code: str, message: str, *, attempts: int, now: float, **more: Any
) -> bytes:
    """Return the document of a record.

    Args:
        item: the record.
        code, message: AWS's name of the error, and its words.
        attempts: how often it was tried.
        now: the end of the last try, in seconds since the epoch.
        more: what else the kind of error tells.
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
    """Return the document of a record that could not be converted.

    Args:
        item: the record.
        code, message: AWS's name of the error, and its words.
        now: when that was, in seconds since the epoch.
        table: whose schema the record does not fit.
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
