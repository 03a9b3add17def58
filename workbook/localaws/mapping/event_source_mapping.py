"""One event source mapping: its state, and the polling that goes with it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.mapping.errors import in_use
from workbook.localaws.mapping.route import Route, Tools
from workbook.localaws.mapping.settings import Settings, Start
from workbook.localaws.mapping.stream_poller import StreamPoller

TRANSITION_SECONDS = 0.2  # real ones; on AWS a change takes seconds to minutes
STEADY = ("Enabled", "Disabled")
NOTHING_YET = "No records processed"


def mapping_arn(region: str, uuid: str) -> str:
    """The ARN of a mapping."""
    return f"arn:aws:lambda:{region}:{ACCOUNT_ID}:event-source-mapping:{uuid}"


class EventSourceMapping:
    """A mapping between a stream and a function.

    Args:
        uuid: its identity.
        region: of the call that made it.
        source_arn: a stream, or a consumer of one.
        function_arn: what it invokes.
        start: where it begins.
        settings: all the rest.
        tags: its tags; may be changed from outside.
        tools: what it works with.
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
        tools: Tools,
    ) -> None:
        self.uuid = uuid
        self.region = region
        self.source_arn = source_arn
        self.function_arn = function_arn
        self.settings = settings
        self.tags = dict(tags)
        self.state = "Creating"
        self._start = start
        self._tools = tools
        self._result = NOTHING_YET
        self._modified = tools.clock.now()
        self._poller = StreamPoller(start)
        self._stopped = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None
        self._change = asyncio.create_task(self._settle())

    def shown(self) -> dict[str, Any]:
        """As the API shows it: every key, every time [OBS]."""
        shown = {
            **self.settings.shown(),
            "UUID": self.uuid,
            "StartingPosition": self._start.position,
            "EventSourceArn": self.source_arn,
            "EventSourceMappingArn": mapping_arn(self.region, self.uuid),
            "FunctionArn": self.function_arn,
            "LastModified": round(self._modified, 3),
            "LastProcessingResult": self._result,
            "State": self.state,
            "StateTransitionReason": "User action",
        }
        if self._start.timestamp is not None:
            shown["StartingPositionTimestamp"] = self._start.timestamp
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
        """End it, once the invocations under way are over; ``settled`` waits for that.

        Raises:
            ApiError: an earlier change is not over.
        """
        self._begin("delete")
        self.state = "Deleting"
        self._change = asyncio.create_task(self._end())

    async def settled(self) -> None:
        """Wait until the latest change is over."""
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
        self._modified = self._tools.clock.now()

    async def _settle(self) -> None:
        """Poll under the new settings, or not at all."""
        await self._end()
        if self.settings.enabled:
            self._stopped = asyncio.Event()
            route = Route(
                self.uuid,
                self.source_arn,
                self.function_arn,
                self.settings,
                self._tools,
                self._report,
            )
            if self.settings.destination:
                await self._tools.destinations.prepare(self.settings.destination, route.region)
            self._polling = asyncio.create_task(self._poll(route))
        self.state = "Enabled" if self.settings.enabled else "Disabled"

    async def _end(self) -> None:
        """Stop polling: no invocation begins any more, those under way come to their end."""
        self._stopped.set()
        self._poller.wake()
        if self._polling is not None:
            await self._polling
            self._polling = None
        await asyncio.sleep(TRANSITION_SECONDS)

    async def _poll(self, route: Route) -> None:
        """Poll; a fault of ours ends it, and is neither silent nor in the way of a new start."""
        try:
            await self._poller.run(route, self._stopped)
        except Exception as fault:
            self._report(f"PROBLEM: {fault!r}")
            context = {"message": f"polling of mapping {self.uuid} failed", "exception": fault}
            asyncio.get_running_loop().call_exception_handler(context)

    def _report(self, result: str) -> None:
        self._result = result
