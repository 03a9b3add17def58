"""What is ours, put into the place of moto's parts."""

from collections.abc import Coroutine
from functools import partial
from typing import Any, Protocol

from workbook.localaws.moto.function_configurations import FunctionConfigurations
from workbook.localaws.moto.mappings import StreamMappings
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
    worker: Worker, streams: Streams, functions: FunctionConfigurations, mappings: StreamMappings
) -> None:
    """Put our backends into the place of moto's.

    It runs once, on moto's thread and before all else there: importing moto takes a second.  What
    takes longer, or is seldom needed, comes in with the first request to its service.
    """
    from workbook.localaws.moto import kinesis

    def perform(region: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return worker.on_loop(streams.perform(region, operation, parameters))

    kinesis.install(perform)
    functions.install()
    worker.before("cloudformation", partial(_install_resources, worker, mappings))
    worker.before("sns", _install_notifications)


def _install_resources(worker: Worker, mappings: StreamMappings) -> None:
    from workbook.localaws.moto.cloudformation import register
    from workbook.localaws.moto.function_resource import FunctionResource
    from workbook.localaws.moto.kinesis_resources import ConsumerResource, StreamResource
    from workbook.localaws.moto.mapping_resource import mapping_resource

    mapping = mapping_resource(mappings, worker)
    register(StreamResource, ConsumerResource, FunctionResource, mapping)  # type: ignore[type-abstract]


def _install_notifications() -> None:
    from workbook.localaws.moto import notifications

    notifications.install()
