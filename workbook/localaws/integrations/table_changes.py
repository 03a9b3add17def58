"""The records that DynamoDB writes to a stream for each change to a table [SEEN]."""

import base64
import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

import orjson

MICROSECOND = "MICROSECOND"
Image = Mapping[str, Any]  # attributes in DynamoDB's typed JSON, where binary values are bytes


def record(
    *,
    region: str,
    table: str,
    keys: Image,
    old: Image | None,
    new: Image | None,
    size: int,
    seconds: float,
    precision: str | None,
) -> bytes | None:
    """Return the record of a change; None if nothing changed.

    Args:
        region: the table's region.
        table: the table's name.
        keys: the item's keys.
        old: the item before the change; None if it did not exist.
        new: the item after the change; None if it was deleted.
        size: the size of both images, in bytes.
        seconds: the time of the change, in seconds since the epoch.
        precision: the precision of the time: ``MICROSECOND``, ``MILLISECOND``, or None for the
            default.
    """
    if old == new:
        return None
    is_fine = precision == MICROSECOND
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": int(seconds * (1_000_000 if is_fine else 1000)),
        "Keys": keys,
    }
    change |= {"NewImage": new} if new is not None else {}
    change |= {"OldImage": old} if old is not None else {}
    change["SizeBytes"] = size
    if is_fine:
        change["ApproximateCreationDateTimePrecision"] = MICROSECOND
    name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    return orjson.dumps(
        {
            "awsRegion": region,
            "eventID": str(uuid.uuid4()),
            "eventName": name,
            "userIdentity": None,
            "recordFormat": "application/json",
            "tableName": table,
            "dynamodb": change,
            "eventSource": "aws:dynamodb",
        },
        default=_base64,
    )


def partition_key(keys: Image) -> str:
    """Return the partition key of an item's changes: 32 hexadecimal digits, always the same [?]."""
    text = orjson.dumps(keys, default=_base64, option=orjson.OPT_SORT_KEYS)
    return hashlib.md5(text, usedforsecurity=False).hexdigest().upper()


def _base64(value: bytes) -> str:
    """Return a binary value as JSON has it [BC]."""
    return base64.b64encode(value).decode()
