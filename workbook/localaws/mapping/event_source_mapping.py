"""One event source mapping: its state, and the polling that goes with it."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from workbook.localaws.mapping.arns import mapping_arn
from workbook.localaws.mapping.context import Dependencies, PollingContext
from workbook.localaws.mapping.errors import in_use
from workbook.localaws.mapping.settings import Settings, Start
from workbook.localaws.mapping.stream_poller import StreamPoller

TRANSITION_SECONDS = 0.2  # real ones; on AWS a change takes seconds to minutes
STEADY = ("Enabled", "Disabled")
NOTHING_YET = "No records processed"
INTERNAL_ERROR = "PROBLEM: internal Lambda error. Please contact Lambda customer support."  # [SEEN]
log = logging.getLogger(__name__)


class EventSourceMapping:
    """A mapping between a stream and a function.  ``start`` begins its life, ``delete`` ends it.

    Args:
        uuid: its identity.
        region: of the call that made it.
        source_arn: a stream, or a consumer of one.
        function_arn: what it invokes.
        start: where it begins.
        settings: all the rest.
        tags: its tags; may be changed from outside.
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
        self._fault: type[Exception] | None = None  # that INTERNAL_ERROR stands for
        self._modified = dependencies.clock.now()
        self._poller = StreamPoller(start)
        self._stopped = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None
        self._change: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to poll, if it is enabled; ``settled`` waits for that."""
        self._change = asyncio.create_task(self._settle())

    def shown(self) -> dict[str, Any]:
        """Return it as the API shows it: every key, every time [OBS]."""
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
        """Change it; its place in the stream is kept.

        Raises:
            ApiError: an earlier change is not over.
        """
        self._begin("update")
        if settings.enabled == self.settings.enabled:
            self.state = "Updating"
        else:
            self.state = "Enabling" if settings.enabled else "Disabling"
        self.settings, self.function_arn = settings, function_arn
        self._change = asyncio.create_task(self._settle())

    def delete(self) -> None:
        """End it once the invocations under way are over, for which ``settled`` waits.

        Raises:
            ApiError: an earlier change is not over.
        """
        self._begin("delete")
        self.state = "Deleting"
        self._change = asyncio.create_task(self._end())

    async def settled(self) -> None:
        """Wait until the latest change is over."""
        if self._change is not None:
            await self._change

    async def close(self) -> None:
        """Stop at once, with the server."""
        tasks = [task for task in (self._change, self._polling) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, action: str) -> None:
        if self.state not in STEADY:
            raise in_use(action)
        self._modified = self._dependencies.clock.now()

    async def _settle(self) -> None:
        """Poll under the new settings, or not at all."""
        await self._end()
        if self.settings.enabled:
            self._stopped = asyncio.Event()
            context = PollingContext(
                self.uuid,
                self.source_arn,
                self.function_arn,
                self.settings,
                self._dependencies,
                self._report,
                self._report_fault,
            )
            self._polling = asyncio.create_task(self._poller.run(context, self._stopped))
        self.state = "Enabled" if self.settings.enabled else "Disabled"

    async def _end(self) -> None:
        """Stop polling: begin no invocation any more, and wait for those under way."""
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
        """Show that there is a fault, in AWS's words; log the reason, once for each kind of it."""
        if self._fault is not type(fault):
            message = "Event source mapping %s met a fault of the local AWS, and tries again"
            log.error(message, self.uuid, exc_info=fault)
        self._result, self._fault = INTERNAL_ERROR, type(fault)
