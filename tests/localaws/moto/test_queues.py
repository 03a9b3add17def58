"""Messages of moto's queues: how long they are kept, and what it takes to hand one out."""

from collections.abc import Iterator

import pytest
from moto.sqs.models import Queue, SQSBackend, sqs_backends

from tests.localaws.fakes import ACCOUNT, REGION
from workbook.localaws.moto import queues

MINUTE = {"MessageRetentionPeriod": 60}
NAME = "kept"


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[SQSBackend]:
    """moto's queues with our look-up, and one queue that keeps messages for a minute."""
    moto = getattr(SQSBackend, queues.REPLACED)
    monkeypatch.setattr(SQSBackend, queues.REPLACED, moto)  # so that it is back in the end
    queues.install()
    backend = sqs_backends[ACCOUNT][REGION]
    backend.create_queue(NAME, {}, **MINUTE)
    yield backend
    backend.delete_queue(NAME)


@pytest.mark.parametrize(("age", "received"), [(59, 1), (61, 0)])
def test_a_message_is_kept_for_the_retention_period(
    backend: SQSBackend, monkeypatch: pytest.MonkeyPatch, age: int, received: int
) -> None:
    """A message older than MessageRetentionPeriod is not received [BC]."""
    message = backend.send_message(NAME, "body")
    monkeypatch.setattr(message, "sent_timestamp", (message.sent_timestamp or 0) - age * 1000)
    assert len(backend.receive_message(NAME, 1, 0, 30)) == received


def test_the_messages_are_not_counted_to_hand_one_out(
    backend: SQSBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counts(queue: Queue) -> int:
        raise AssertionError("the messages were counted")

    backend.send_message(NAME, "body")
    monkeypatch.setattr(Queue, "approximate_number_of_messages", property(counts))
    assert [message.body for message in backend.receive_message(NAME, 1, 0, 30)] == ["body"]
