"""Delivery to moto's services: one call in this process, with the checks that clients get."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.localaws.fakes import ACCOUNT, REGION
from tests.localaws.functions.lambda_functions import create, log_lines, settle
from tests.localaws.mapping.aws import until
from workbook.localaws.interfaces import DeliveryError, Document
from workbook.localaws.moto.deliver import MotoDestinations
from workbook.localaws.moto.worker import Worker
from workbook.target import Aws

DOCUMENT = Document(
    b'{"a":"\xc3\xbc"}', object_key="a/b c/\u00fc", detail_type="Done", resources=("arn:of:it",)
)
Test = Callable[["Moto"], Awaitable[None]]


class Moto:
    """moto on its own thread, queried through the calls that deliver."""

    def __init__(self) -> None:
        self.worker = Worker()
        self.destinations = MotoDestinations(self.worker)
        self.name = f"n{uuid.uuid4().hex[:8]}"

    async def ask(self, service: str, operation: str, **given: Any) -> Any:
        return await self.destinations._call(service, REGION, operation, **given)

    async def queue(self, **attributes: str) -> str:
        """Create a queue, and return its ARN."""
        name = self.name + (".fifo" if "FifoQueue" in attributes else "")
        await self.ask("sqs", "CreateQueue", QueueName=name, Attributes=attributes)
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    async def messages(self, arn: str) -> list[str]:
        url = f"https://sqs/{ACCOUNT}/{arn.rpartition(':')[2]}"
        found = await self.ask("sqs", "ReceiveMessage", QueueUrl=url)
        return [message["Body"] for message in found.get("Messages", [])]

    async def refusal(self, arn: str, document: Document = DOCUMENT) -> str:
        """Return the code of the error of a delivery to ``arn``."""
        with pytest.raises(DeliveryError) as caught:
            await self.destinations.deliver(arn, document)
        assert caught.value.message
        return caught.value.code


def run(test: Test) -> None:
    async def with_moto() -> None:
        moto = Moto()
        try:
            await test(moto)
        finally:
            moto.worker.close()

    asyncio.run(with_moto())


def test_a_queue_gets_the_document_as_its_message() -> None:
    async def test(moto: Moto) -> None:
        arn = await moto.queue()
        await moto.destinations.deliver(arn, DOCUMENT)
        assert await moto.messages(arn) == ['{"a":"ü"}']

    run(test)


def test_subscribers_of_a_topic_get_the_document_as_its_message() -> None:
    async def test(moto: Moto) -> None:
        queue = await moto.queue()
        topic = (await moto.ask("sns", "CreateTopic", Name=moto.name))["TopicArn"]
        await moto.ask("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue)
        await moto.destinations.deliver(topic, DOCUMENT)
        (message,) = await moto.messages(queue)
        assert json.loads(message)["Message"] == '{"a":"ü"}'

    run(test)


def test_a_bucket_gets_the_document_as_an_object() -> None:
    async def test(moto: Moto) -> None:
        await moto.ask("s3", "CreateBucket", Bucket=moto.name)
        await moto.destinations.deliver(f"arn:aws:s3:::{moto.name}", DOCUMENT)
        found = await moto.ask("s3", "GetObject", Bucket=moto.name, Key=DOCUMENT.object_key)
        assert found["Body"] == DOCUMENT.body.decode()

    run(test)


def test_a_bus_gets_an_event_of_lambda_with_the_bus_among_its_resources() -> None:
    """[OBS]"""

    async def test(moto: Moto) -> None:
        queue = await moto.queue()
        bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{moto.name}"
        await moto.ask("events", "CreateEventBus", Name=moto.name)
        rule = {"EventBusName": moto.name, "EventPattern": '{"source":["lambda"]}'}
        await moto.ask("events", "PutRule", Name=moto.name, **rule)
        targets = {"EventBusName": moto.name, "Targets": [{"Id": "q", "Arn": queue}]}
        await moto.ask("events", "PutTargets", Rule=moto.name, **targets)
        await moto.destinations.deliver(bus, DOCUMENT)
        (message,) = await moto.messages(queue)
        event = json.loads(message)
        assert (event["source"], event["detail-type"]) == ("lambda", "Done")
        assert event["detail"] == {"a": "ü"}
        assert event["resources"] == [bus, "arn:of:it"]

    run(test)


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone", "AWS.SimpleQueueService.NonExistentQueue"),
        (f"arn:aws:sns:{REGION}:{ACCOUNT}:gone", "NotFound"),
        ("arn:aws:s3:::gone-for-good", "NoSuchBucket"),
        (f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/gone", "ResourceNotFoundException"),
        (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:gone", "ResourceNotFoundException"),
        (f"arn:aws:sqs:{REGION}:210987654321:q", "AccessDenied"),
        (f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", "InvalidDestination"),
        (f"arn:aws:sqs:nowhere:{ACCOUNT}:q", "AWS.SimpleQueueService.NonExistentQueue"),
    ],
)
def test_the_error_of_a_destination_reaches_the_sender(arn: str, code: str) -> None:
    async def test(moto: Moto) -> None:
        assert await moto.refusal(arn) == code

    run(test)


def test_a_queue_refuses_a_message_over_its_size() -> None:
    """[BC] MaximumMessageSize, 1 MiB at most."""

    async def test(moto: Moto) -> None:
        arn = await moto.queue(MaximumMessageSize="1024")
        assert await moto.refusal(arn, Document(b'"%b"' % (b"x" * 1024))) == "InvalidParameterValue"
        assert await moto.messages(arn) == []

    run(test)


def test_a_fifo_queue_refuses_a_message_without_a_group() -> None:
    """[BC]"""

    async def test(moto: Moto) -> None:
        arn = await moto.queue(FifoQueue="true")
        assert await moto.refusal(arn) == "MissingParameter"

    run(test)


def test_a_function_accepts_events_of_1_mib() -> None:
    """[DG:gettingstarted-limits]"""

    async def test(moto: Moto) -> None:
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
        large = Document(b'"%b"' % (b"x" * 1_048_576))
        assert await moto.refusal(arn, large) == "RequestEntityTooLargeException"

    run(test)


def test_a_function_is_invoked_through_the_given_alias(local: Aws) -> None:
    """[BC] Its context has the ARN with which it was invoked."""
    api = local.client("lambda")
    second = create(local, "def handler(event, context): print(context.invoked_function_arn)")
    settle(local, second)
    api.publish_version(FunctionName=second)
    alias = api.create_alias(FunctionName=second, Name="live", FunctionVersion="1")["AliasArn"]
    first = create(local, "def handler(event, context): return event")
    api.put_function_event_invoke_config(
        FunctionName=first, DestinationConfig={"OnSuccess": {"Destination": alias}}
    )
    api.invoke(FunctionName=first, InvocationType="Event", Payload=b"1")
    group = f"/aws/lambda/{second}"
    until(lambda: local.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"])
    until(lambda: f"{alias}\n" in log_lines(local, second))


def test_deliveries_use_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A delivery never leaves the process, whatever the user's variables say."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    test_a_queue_gets_the_document_as_its_message()
