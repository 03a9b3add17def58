"""Deliver log events to what has subscribed to them; on moto's thread."""

import logging
import uuid
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.firehose.models import firehose_backends

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.function_arn import service_of
from workbook.localaws.integrations import log_documents
from workbook.localaws.integrations.stream_writes import Write
from workbook.localaws.moto import functions, kinesis

RANDOM, BY_STREAM = "Random", "ByLogStream"
log = logging.getLogger(__name__)


def send(stream: Any, subscription: Any, events: list[dict[str, Any]]) -> None:
    """Send log events to a subscription's destination.

    Args:
        stream: the events' log stream.
        subscription: the subscription filter.
        events: those that match it, with ``id``, ``timestamp`` (in ms) and ``message``.
    """
    document = log_documents.data_message(
        ACCOUNT_ID, stream.log_group.name, stream.log_stream_name, subscription.name, events
    )
    is_random = subscription.distribution == RANDOM
    key = uuid.uuid4().hex if is_random else stream.log_stream_name
    deliver(stream.region, subscription.destination_arn, document, key, stream.log_stream_name)


def deliver(region: str, arn: str, document: bytes, key: str, writer: str) -> None:
    """Deliver a document; a destination that is gone does not fail the call that logs.

    Args:
        region: the log group's region.
        arn: the destination's ARN.
        document: a document of ``log_documents``.
        key: its partition key in a stream.
        writer: the name of the log stream; documents of one stay in order.
    """
    try:
        match service_of(arn):
            case "lambda":
                functions.invoke_event(region, arn, log_documents.function_event(document))
            case "firehose":
                backend: Any = firehose_backends[ACCOUNT_ID][region]
                backend.take(arn.rpartition("/")[2], document)
            case _:
                kinesis.backend(region).send(Write(f"the log stream {writer}", arn, key, document))
    except JsonRESTError as refusal:
        log.warning("log events for %s are lost: %s", arn, refusal.message)
