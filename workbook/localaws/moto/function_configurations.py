"""The configurations of functions: moto stores them on its thread; all others read snapshots."""

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

from workbook.localaws.clock import Clock
from workbook.localaws.function_arn import parse_reference
from workbook.localaws.functions.event_queue import EventQueue
from workbook.localaws.functions.published import PublishedFunctions
from workbook.localaws.functions.runtime_api import Event
from workbook.localaws.interfaces import ExecutionRoles
from workbook.localaws.moto.worker import Worker


class FunctionConfigurations:
    """Reads and changes configurations for the Lambda API; a ``functions.api.Configurations``.

    Args:
        endpoint_url: the local AWS's address.
        clock: the clock for times of changes.
        worker: moto.
        functions: where functions are published.
        events: accepts asynchronous invocations by services of moto.
        roles: check the permissions of functions' roles.
    """

    def __init__(
        self,
        endpoint_url: str,
        clock: Clock,
        worker: Worker,
        functions: PublishedFunctions,
        events: EventQueue,
        roles: ExecutionRoles,
    ) -> None:
        self._endpoint_url = endpoint_url
        self._clock = clock
        self._worker = worker
        self._publish = functions.publish
        self._events = events
        self._roles = roles
        self._loop = asyncio.get_running_loop()

    def install(self) -> None:
        """Make moto store its functions here; on its thread."""
        from workbook.localaws.moto import functions
        from workbook.localaws.moto.function import Host

        functions.install(
            Host(
                self._endpoint_url,
                self._clock.now,
                self._publish,
                self._invoke_event,
                self._roles,
            )
        )

    async def call(
        self, operation: str, region: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Carry out an operation; see ``functions.api.Configurations``."""
        return await self._worker.call(_perform, operation, region, parameters)

    def _invoke_event(self, arn: str, payload: bytes) -> None:
        """Accept an asynchronous invocation, on moto's thread."""
        reference = parse_reference(arn, "")
        event = Event(str(uuid.uuid4()), payload, reference.arn)
        self._loop.call_soon_threadsafe(self._events.put, reference, event)


def _perform(operation: str, region: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    from workbook.localaws.moto import function_operations  # late: it imports moto

    return function_operations.perform(operation, region, parameters)
