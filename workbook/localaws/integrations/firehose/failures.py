"""What stands at the error output for a record that failed: one JSON document a line [SEEN]."""

from base64 import b64encode
from typing import Any

import orjson

from workbook.localaws.integrations.firehose.context import Item

PROCESSING = "processing-failed"


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
