"""moto on its own thread: the services that the local AWS does not implement itself."""

import asyncio
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from workbook import target
from workbook.localaws.api.http import Request, authorization
from workbook.localaws.moto.worker import Worker


def make_queue(local: target.Aws, name: str) -> tuple[Any, str]:
    sqs = local.client("sqs")
    return sqs, sqs.create_queue(QueueName=name)["QueueUrl"]


def test_a_long_poll_ends_with_the_first_message_and_blocks_no_other_client(
    local: target.Aws,
) -> None:
    sqs, url = make_queue(local, "long-poll")
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        local.client("sts").get_caller_identity()
        assert not waiting.done()
        sqs.send_message(QueueUrl=url, MessageBody="news")
        (message,) = waiting.result()["Messages"]
    assert message["Body"] == "news"


def test_concurrent_calls_into_moto_lose_nothing(local: target.Aws) -> None:
    """Under concurrent calls, moto itself loses records."""
    sqs, url = make_queue(local, "concurrent")
    with ThreadPoolExecutor(8) as clients:
        list(
            clients.map(
                lambda number: sqs.send_message(QueueUrl=url, MessageBody=str(number)), range(200)
            )
        )
    attributes = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "200"


def test_the_thread_first_runs_what_it_is_started_with() -> None:
    """Even if a caller gives up in the meantime, or calls before that is done."""
    done: list[str] = []
    may_end = threading.Event()

    def prepare() -> None:
        may_end.wait()
        done.append("prepared")

    async def run() -> None:
        worker = Worker()
        worker.start(prepare)
        impatient = asyncio.create_task(worker.call(done.append, "impatient"))
        patient = asyncio.create_task(worker.call(done.append, "patient"))
        await asyncio.sleep(0)
        impatient.cancel()
        may_end.set()
        await patient
        worker.close()

    asyncio.run(run())
    assert done == ["prepared", "patient"]


def test_calls_raise_the_error_that_kept_the_thread_from_starting() -> None:
    def prepare() -> None:
        raise OSError("no moto here")

    async def run() -> None:
        worker = Worker()
        worker.start(prepare)
        for _ in range(2):
            with pytest.raises(OSError, match="no moto here"):
                await worker.call(print)
        worker.close()

    asyncio.run(run())


def test_an_error_in_publishing_is_logged_and_blocks_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def publish() -> None:
        raise ValueError("what one request left")

    async def run() -> str:
        worker = Worker()
        worker.publishes(publish)
        try:
            return await worker.call(str, "done")
        finally:
            worker.close()

    assert asyncio.run(run()) == "done"
    assert "what one request left" in caplog.text


def test_the_first_request_to_a_service_imports_what_it_needs() -> None:
    prepared: list[str] = []

    async def run() -> None:
        worker = Worker()
        for service in ("sqs", "sns"):
            worker.before(service, partial(prepared.append, service))
        headers = {
            "authorization": authorization("us-east-1", "sqs"),
            "x-amz-target": "AmazonSQS.ListQueues",
            "content-type": "application/x-amz-json-1.0",
            "host": "sqs.us-east-1.amazonaws.com",
        }
        for _ in range(2):
            answer = await worker.respond(Request("POST", "/", "", headers, b"{}"))
            assert answer.status == 200
        worker.close()

    asyncio.run(run())
    assert prepared == ["sqs"]


def test_a_client_that_has_left_its_long_poll_receives_no_message(local: target.Aws) -> None:
    sqs = local.client("sqs")
    url = sqs.create_queue(QueueName="left")["QueueUrl"]
    body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}).encode()
    where = urlsplit(str(local.endpoint_url))
    head = (
        f"POST / HTTP/1.1\r\nHost: {where.netloc}\r\nX-Amz-Target: AmazonSQS.ReceiveMessage\r\n"
        f"Authorization: {authorization('us-east-1', 'sqs')}\r\n"
        f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((str(where.hostname), int(where.port or 0))) as connection:
        connection.sendall(head.encode() + body)
        sqs.list_queues()  # moto's thread has checked the queue once
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert message["Body"] == "kept"


@pytest.mark.parametrize("seconds", [21, -1])
def test_a_long_poll_lasts_at_most_twenty_seconds(local: target.Aws, seconds: int) -> None:
    """[BC]"""
    sqs = local.client("sqs")
    url = sqs.create_queue(QueueName="polled")["QueueUrl"]
    body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": seconds}).encode()
    headers = {
        "authorization": authorization("us-east-1", "sqs"),
        "x-amz-target": "AmazonSQS.ReceiveMessage",
        "content-type": "application/x-amz-json-1.0",
    }
    answer = urllib3.request("POST", str(local.endpoint_url), headers=headers, body=body)
    assert answer.status == 400
