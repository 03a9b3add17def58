"""Replace parts of moto with ours."""

import os
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from workbook.localaws.integrations.dead_letters import DeadLetters
from workbook.localaws.integrations.firehose.delivery_streams import DeliveryStreams
from workbook.localaws.integrations.stream_writes import StreamWrites, Write
from workbook.localaws.interfaces import Document
from workbook.localaws.moto.function_configurations import FunctionConfigurations
from workbook.localaws.moto.permissions import Guard
from workbook.localaws.moto.worker import Worker

OBJECTS_IN_MEMORY = "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE"  # bytes; moto keeps larger ones in files


class Streams(Protocol):
    """Kinesis, in the form in which moto's other services use it."""

    def perform(
        self, region: str, operation: str, parameters: dict[str, Any]
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        """Return the response to an operation, without throttling.

        Raises:
            ApiError: AWS's error.
        """
        ...


def install(
    worker: Worker,
    streams: Streams,
    writes: StreamWrites,
    functions: FunctionConfigurations,
    guard: Guard,
    deliveries: DeliveryStreams,
    dead_letters: DeadLetters,
    now: Callable[[], float],
) -> None:
    """Replace moto's backends with ours.

    This runs once, on moto's thread and before anything else there: importing moto takes a second.
    Parts that take longer, or are seldom needed, are imported by the first request to their
    service.
    """
    os.environ.setdefault(OBJECTS_IN_MEMORY, str(1024 * 1024))
    from workbook.localaws.moto import iam, kinesis

    forget_what_is_deleted()

    def perform(region: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return worker.on_loop(streams.perform(region, operation, parameters))

    def send(write: Write) -> None:
        worker.soon(writes.add, write)

    kinesis.install(perform, send)
    functions.install()
    iam.install()
    worker.publishes(guard.publish)
    worker.before("sns", _install_notifications)
    worker.before("sqs", _install_queues)
    worker.before("s3", _install_buckets)
    worker.before("logs", partial(_install_log_groups, now))

    def bury(queue: str, document: Document) -> None:
        worker.soon(dead_letters.add, queue, document)

    worker.before("events", partial(_install_event_rules, now, bury))
    worker.before("firehose", partial(_install_firehose, deliveries, worker.on_loop, now))
    worker.before("monitoring", partial(_install_cloudwatch, now))
    worker.before("dynamodb", partial(_install_tables, now))


def forget_what_is_deleted() -> None:
    """Make moto keep no list of all that it created, which kept memory from being freed.

    Only moto's own web pages and its reset use that list, and both are disabled.
    """
    from moto.core.common_models import BaseModel

    def make(cls: type[BaseModel], *_: Any, **__: Any) -> BaseModel:
        return object.__new__(cls)

    BaseModel.__new__ = make  # type: ignore[method-assign]


def _install_log_groups(now: Callable[[], float]) -> None:
    from workbook.localaws.moto import (
        log_events,
        log_groups,
        log_queries,
        log_writes,
        metric_filters,
        subscriptions,
    )

    log_groups.install()
    log_events.install()
    log_writes.install(now)
    subscriptions.install(now)
    metric_filters.install()
    log_queries.install()


def _install_firehose(
    deliveries: DeliveryStreams,
    on_loop: Callable[[Coroutine[Any, Any, Any]], Any],
    now: Callable[[], float],
) -> None:
    from workbook.localaws.moto import firehose

    firehose.install(deliveries, on_loop, now)


def _install_cloudwatch(now: Callable[[], float]) -> None:
    from workbook.localaws.moto import alarm_history, alarms, metric_queries

    alarms.install(now)
    metric_queries.install(now)
    alarm_history.install(now)


def _install_event_rules(now: Callable[[], float], bury: Callable[[str, Document], None]) -> None:
    from workbook.localaws.moto import event_rules

    event_rules.install(now, bury)


def _install_tables(now: Callable[[], float]) -> None:
    from workbook.localaws.moto import tables

    tables.install(now)


def _install_notifications() -> None:
    from workbook.localaws.moto import notifications

    notifications.install()


def _install_buckets() -> None:
    from workbook.localaws.moto import buckets

    buckets.install()


def _install_queues() -> None:
    from workbook.localaws.moto import queues

    queues.install()
