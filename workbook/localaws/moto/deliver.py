"""Deliver documents to queues, topics, buckets, functions and event buses of the local AWS.

A delivery is one call in this process, on moto's thread: what clients do over HTTP, without HTTP.
It passes through moto's handling of requests, so a destination refuses the same things: a queue
that does not exist, a FIFO queue without a group, a message that is too large.
"""

import logging
from collections.abc import Awaitable
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlencode

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from workbook.localaws.api.http import ACCOUNT_ID, Request, authorization
from workbook.localaws.api.partitions import dns_suffix, global_region
from workbook.localaws.functions.asynchronous import MAX_BYTES
from workbook.localaws.interfaces import DeliveryError, Document
from workbook.localaws.moto.worker import Worker

T = TypeVar("T")
SOURCE = "lambda"  # of events on an event bus [OBS]
log = logging.getLogger(__name__)


class MotoDestinations:
    """The destinations that moto keeps; an ``interfaces.Destinations``.

    Args:
        worker: moto's thread.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def deliver(self, arn: str, document: Document) -> None:
        """Deliver a document; see ``interfaces.Destinations``."""
        _, its_partition, service, region, account, name = arn.split(":", 5)
        if account not in ("", ACCOUNT_ID):
            raise DeliveryError("AccessDenied", f"{arn} is in another account")
        text = document.body.decode()
        attributes = {
            label: {"DataType": kind, "StringValue": value}
            for label, kind, value in document.attributes
        }
        match service:
            case "sqs":
                url = f"https://sqs.{region}.{dns_suffix(region)}/{account}/{name}"
                message = {"QueueUrl": url, "MessageBody": text, "MessageAttributes": attributes}
                await self._call(service, region, "SendMessage", **message)
            case "sns":
                message = {"TopicArn": arn, "Message": text, "MessageAttributes": attributes}
                await self._call(service, region, "Publish", **message)
            case "s3":
                key, body = document.object_key, document.body
                home = global_region(its_partition)
                await self._call(service, home, "PutObject", Bucket=name, Key=key, Body=body)
            case "events":
                event = {
                    "Source": SOURCE,
                    "DetailType": document.detail_type,
                    "Detail": text,
                    "Resources": [arn, *document.resources],
                    "EventBusName": arn,
                }
                answer = await self._call(service, region, "PutEvents", Entries=[event])
                if answer["FailedEntryCount"]:
                    (entry,) = answer["Entries"]
                    raise DeliveryError(entry["ErrorCode"], entry["ErrorMessage"])
            case "lambda":
                if len(document.body) > MAX_BYTES:
                    raise DeliveryError("RequestEntityTooLargeException", f"over {MAX_BYTES} bytes")
                await _in_moto(self._worker.call(_invoke, arn, region, document.body))
            case _:
                raise DeliveryError("InvalidDestination", f"{arn} cannot be a destination")

    async def _call(self, service: str, region: str, operation: str, **given: Any) -> Any:
        """Return moto's response to a request, created and parsed as boto3 does."""
        model = _model(service)
        shape = model.operation_model(operation)
        made = create_serializer(model.protocol).serialize_to_request(given, shape)
        body = made["body"]
        headers = {name.lower(): value for name, value in made["headers"].items()}
        headers["authorization"] = authorization(region, service)
        request = Request(
            made["method"],
            made["url_path"],
            "",
            headers,
            urlencode(body).encode() if isinstance(body, dict) else body,
        )
        response = await _in_moto(self._worker.respond(request))
        parser = create_parser(model.protocol)
        answer = parser.parse(
            {
                "status_code": response.status,
                "headers": {name.lower(): value for name, value in response.headers.items()},
                "body": response.body,
            },
            shape.output_shape,  # type: ignore[arg-type]  # None for an operation without output
        )
        if response.status >= 300:
            error = answer.get("Error", {})
            raise DeliveryError(error.get("Code", ""), error.get("Message", ""))
        return answer


async def _in_moto(call: Awaitable[T]) -> T:
    """Return moto's result; convert its exceptions to the destination's error."""
    from moto.core.exceptions import JsonRESTError  # late: moto is imported on its own thread

    try:
        return await call
    except JsonRESTError as refusal:
        raise DeliveryError(refusal.error_type, refusal.message) from None
    except Exception as fault:
        log.exception("moto failed at a destination")
        raise DeliveryError("InternalFailure", repr(fault)) from fault


def _invoke(arn: str, region: str, event: bytes) -> None:
    """Queue an asynchronous invocation; on moto's thread."""
    from workbook.localaws.moto import functions  # late: it imports moto

    functions.invoke_event(region, arn, event)


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"))
