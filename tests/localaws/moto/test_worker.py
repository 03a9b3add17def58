"""moto behind its door: the services that the local AWS does not model itself."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from workbook import target


def make_queue(local: target.Aws, name: str) -> tuple[Any, str]:
    sqs = local.client("sqs")
    return sqs, sqs.create_queue(QueueName=name)["QueueUrl"]


def test_long_polling_ends_with_the_first_message_and_keeps_nobody_else_waiting(
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
    """moto alone loses records under concurrent calls (engines measured; see services.py)."""
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
