"""The documents that a subscription filter of CloudWatch Logs sends to its destination.

A document is JSON compressed with gzip. A control message comes first, to check that the
destination exists [SEEN].
"""

import base64
import gzip
from collections.abc import Sequence
from typing import Any

import orjson

ID_DIGITS = 56
KINDS = {"kinesis": "Kinesis stream", "firehose": "Firehose"}  # that get a control message [SEEN]


def data_message(
    account: str, group: str, stream: str, name: str, events: Sequence[dict[str, Any]]
) -> bytes:
    """Return the document with log events [D23]; their ids are strings of digits [OBS].

    Args:
        account: the account that owns the logs.
        group: the log group.
        stream: the log stream.
        name: the name of the subscription filter.
        events: with ``id``, ``timestamp`` (in ms) and ``message``.
    """
    return _packed(
        messageType="DATA_MESSAGE",
        owner=account,
        logGroup=group,
        logStream=stream,
        subscriptionFilters=[name],
        logEvents=[
            {
                "id": f"{int(event['id']):0{ID_DIGITS}d}",
                "timestamp": event["timestamp"],
                "message": event["message"],
            }
            for event in events
        ],
    )


def control_message(destination: str, milliseconds: int) -> bytes:
    """Return the document that checks a destination [SEEN].

    Args:
        destination: its kind, of ``KINDS``.
        milliseconds: the time, since the epoch.
    """
    text = f"CWL CONTROL MESSAGE: Checking health of destination {destination}."
    return _packed(
        messageType="CONTROL_MESSAGE",
        owner="CloudwatchLogs",
        logGroup="",
        logStream="",
        subscriptionFilters=[],
        logEvents=[{"id": "", "timestamp": milliseconds, "message": text}],
    )


def function_event(document: bytes) -> bytes:
    """Return the event that passes a document to a function [OBS]."""
    return orjson.dumps({"awslogs": {"data": base64.b64encode(document).decode()}})


def _packed(**document: Any) -> bytes:
    return gzip.compress(orjson.dumps(document), mtime=0)
