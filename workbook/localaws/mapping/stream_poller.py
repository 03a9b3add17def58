"""Poll a stream: each of its shards; after a split or merge, parents before children."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from workbook.localaws.interfaces import SourceGoneError, StreamSource
from workbook.localaws.mapping import access
from workbook.localaws.mapping.context import PollingContext
from workbook.localaws.mapping.positions import readable, starting_position
from workbook.localaws.mapping.retry import LONGEST_PAUSE, backoff
from workbook.localaws.mapping.settings import Start
from workbook.localaws.mapping.shard_poller import POLL_SECONDS, ShardPoller

STREAM_GONE = "PROBLEM: Stream not found"  # AWS's message is not known [?]


class StreamPoller:
    """A mapping's position in its stream; it may be stopped and run again.

    Args:
        start: the mapping's starting position.
    """

    def __init__(self, start: Start) -> None:
        self._start = start
        self._shards: dict[str, ShardPoller] = {}
        self._first: set[str] = set()  # the shards that existed when polling started

    async def run(self, context: PollingContext, stopped: asyncio.Event) -> None:
        """Poll until stopped; if the stream is deleted, wait until it is created again."""
        await _persist(context, stopped, partial(self._poll, context, stopped))

    def wake(self) -> None:
        """Make every poller notice that ``stopped`` has been set."""
        for poller in self._shards.values():
            poller.wake()

    async def _poll(self, context: PollingContext, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            denied = access.problem(context)
            if denied is not None:
                context.report(denied)
                await context.dependencies.clock.wait(stopped, POLL_SECONDS)
                continue
            try:
                source = context.dependencies.streams.source(context.source_arn)
                await self._follow(context, source, stopped)
            except SourceGoneError:
                self._shards, self._first = {}, set()
                context.report(STREAM_GONE)
                await context.dependencies.clock.wait(stopped, POLL_SECONDS)

    async def _follow(
        self, context: PollingContext, source: StreamSource, stopped: asyncio.Event
    ) -> None:
        """Poll the existing shards, and their children when they end, until stopped."""
        running: dict[asyncio.Task[None], str] = {}
        try:
            while running or not stopped.is_set():
                if not stopped.is_set():
                    for poller in self._readable(source, set(running.values())):
                        work = partial(poller.run, context, source, stopped)
                        task = asyncio.create_task(_persist(context, stopped, work))
                        running[task] = poller.shard_id
                if not running:  # every shard has ended, and no new one is listed yet
                    await context.dependencies.clock.wait(stopped, POLL_SECONDS)
                    continue
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del running[task]
                    task.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _readable(self, source: StreamSource, running: set[str]) -> list[ShardPoller]:
        """Return pollers for the shards that may be read and are not being read."""
        shards = source.shards()
        self._first = self._first or {shard.shard_id for shard in shards}
        known = {shard.shard_id for shard in shards} | running
        self._shards = {name: poller for name, poller in self._shards.items() if name in known}
        ended = {name for name, poller in self._shards.items() if poller.ended}
        return [
            self._shards.get(shard_id) or self._new(shard_id)
            for shard_id in readable(shards, ended)
            if shard_id not in running
        ]

    def _new(self, shard_id: str) -> ShardPoller:
        """Return a poller that starts where the mapping starts in the shard."""
        is_child = shard_id not in self._first
        position = starting_position(self._start.position, self._start.timestamp, is_child=is_child)
        poller = self._shards[shard_id] = ShardPoller(shard_id, position)
        return poller


async def _persist(
    context: PollingContext, stopped: asyncio.Event, work: Callable[[], Awaitable[None]]
) -> None:
    """Work until it is done; after an internal fault, report it, wait and try again.

    No fault ends a mapping permanently: unfinished records are read again from the checkpoint.

    Raises:
        SourceGoneError: the stream was deleted.
    """
    clock, faults = context.dependencies.clock, 0
    while not stopped.is_set():
        began = clock.now()
        try:
            return await work()
        except SourceGoneError:
            raise
        except Exception as fault:
            context.report_fault(fault)
            faults = 0 if clock.now() - began > LONGEST_PAUSE else faults
            await clock.wait(stopped, backoff(faults))
            faults += 1
