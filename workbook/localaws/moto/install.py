"""What is ours, put into the place of moto's parts."""

from collections.abc import Coroutine
from typing import Any, Protocol

from workbook.localaws.moto.function_configurations import FunctionConfigurations
from workbook.localaws.moto.permissions import Guard
from workbook.localaws.moto.worker import Worker


class Streams(Protocol):
    """Kinesis, as moto's other services use it."""

    def perform(
        self, region: str, operation: str, parameters: dict[str, Any]
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        """Answer an operation at once, without throttling.

        Raises:
            ApiError: what AWS answers.
        """
        ...


def install(
    worker: Worker, streams: Streams, functions: FunctionConfigurations, guard: Guard
) -> None:
    """Put our backends into the place of moto's.

    It runs once, on moto's thread and before all else there: importing moto takes a second.  What
    takes longer, or is seldom needed, comes in with the first request to its service.
    """
    from workbook.localaws.moto import iam, kinesis

    def perform(region: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return worker.on_loop(streams.perform(region, operation, parameters))

    kinesis.install(perform)
    functions.install()
    iam.install()
    worker.publishes(guard.publish)
    worker.before("sns", _install_notifications)
    worker.before("logs", _install_log_filters)


def _install_log_filters() -> None:
    from workbook.localaws.moto import log_filters

    log_filters.install()


def _install_notifications() -> None:
    from workbook.localaws.moto import notifications

    notifications.install()
