"""An event source mapping: its state, and its polling."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from workbook.localaws.mapping.access import session_name
from workbook.localaws.mapping.arns import mapping_arn
from workbook.localaws.mapping.context import Dependencies, PollingContext
from workbook.localaws.mapping.errors import in_use
from workbook.localaws.mapping.settings import Settings, Start
from workbook.localaws.mapping.stream_poller import StreamPoller

TRANSITION_SECONDS = 0.2  # real seconds; on AWS a change takes seconds to minutes
STEADY = ("Enabled", "Disabled")
NOTHING_YET = "No records processed"
INTERNAL_ERROR = "PROBLEM: internal Lambda error. Please contact Lambda customer support."  # [SEEN]
log = logging.getLogger(__name__)


class EventSourceMapping:
    """A mapping between a stream and a function.  ``start`` starts it, ``delete`` ends it.

    Args:
        uuid: its UUID.
        region: the region of the call that created it.
        source_arn: a stream, or a consumer of one.
        function_arn: the function to invoke.
        start: its starting position.
        settings: all other settings.
        tags: its tags; callers may change them.
        dependencies: the rest of the local AWS.
    """

    def __init__(
        self,
        uuid: str,
        region: str,
        source_arn: str,
        function_arn: str,
        start: Start,
        settings: Settings,
        tags: Mapping[str, str],
        dependencies: Dependencies,
    ) -> None:
        self.uuid = uuid
        self.region = region
        self.source_arn = source_arn
        self.function_arn = function_arn
        self.settings = settings
        self.tags = dict(tags)
        self.state = "Creating"
        self._begins_at = start
        self._dependencies = dependencies
        self._result = NOTHING_YET
        self._fault: type[Exception] | None = None  # the reason for INTERNAL_ERROR
        self._modified = dependencies.clock.now()
        self._poller = StreamPoller(start)
        self._stopped = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None
        self._change: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start to poll, if it is enabled; ``settled`` waits for that."""
        self._change = asyncio.create_task(self._settle())

    def shown(self) -> dict[str, Any]:
        """Return the mapping as the API shows it: always with every key [OBS]."""
        shown = {
            **self.settings.shown(),
            "UUID": self.uuid,
            "StartingPosition": self._begins_at.position,
            "EventSourceArn": self.source_arn,
            "EventSourceMappingArn": mapping_arn(self.region, self.uuid),
            "FunctionArn": self.function_arn,
            "LastModified": round(self._modified, 3),
            "LastProcessingResult": self._result,
            "State": self.state,
            "StateTransitionReason": "User action",
        }
        if self._begins_at.timestamp is not None:
            shown["StartingPositionTimestamp"] = self._begins_at.timestamp
        return shown

    def update(self, settings: Settings, function_arn: str) -> None:
        """Change the mapping; it keeps its position in the stream.

        Raises:
            ApiError: an earlier change is still in progress.
        """
        self._begin("update")
        if settings.enabled == self.settings.enabled:
            self.state = "Updating"
        else:
            self.state = "Enabling" if settings.enabled else "Disabling"
        self.settings, self.function_arn = settings, function_arn
        self._change = asyncio.create_task(self._settle())

    def delete(self) -> None:
        """Delete the mapping when the current invocations have ended; ``settled`` waits for that.

        Raises:
            ApiError: an earlier change is still in progress.
        """
        self._begin("delete")
        self.state = "Deleting"
        self._change = asyncio.create_task(self._end())

    async def settled(self) -> None:
        """Wait until the latest change is complete."""
        if self._change is not None:
            await self._change

    async def close(self) -> None:
        """Stop immediately, because the server is stopping."""
        tasks = [task for task in (self._change, self._polling) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, action: str) -> None:
        if self.state not in STEADY:
            raise in_use(action)
        self._modified = self._dependencies.clock.now()

    async def _settle(self) -> None:
        """Poll with the new settings, or not at all."""
        await self._end()
        if self.settings.enabled:
            self._stopped = asyncio.Event()
            context = PollingContext(
                self.uuid,
                self.source_arn,
                self.function_arn,
                session_name(self._dependencies.clock.now()),
                self.settings,
                self._dependencies,
                self._report,
                self._report_fault,
            )
            self._polling = asyncio.create_task(self._poller.run(context, self._stopped))
        self.state = "Enabled" if self.settings.enabled else "Disabled"

    async def _end(self) -> None:
        """Stop polling: start no further invocation, and wait for those in progress."""
        self._stopped.set()
        self._poller.wake()
        if self._polling is not None:
            await self._polling
            self._polling = None
        await asyncio.sleep(TRANSITION_SECONDS)

    def _report(self, result: str) -> None:
        self._result = result
        self._fault = None

    def _report_fault(self, fault: Exception) -> None:
        """Show AWS's message for an internal fault; log the reason once for each type."""
        if self._fault is not type(fault):
            message = "Event source mapping %s: a fault of the local AWS; trying again"
            log.error(message, self.uuid, exc_info=fault)
        self._result, self._fault = INTERNAL_ERROR, type(fault)
