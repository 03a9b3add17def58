"""Polls a stream: each of its shards, and when shards split or merge, parents before children."""

import asyncio

from workbook.localaws.interfaces import SourceGoneError, StreamSource
from workbook.localaws.mapping.positions import readable, starting_position
from workbook.localaws.mapping.route import Route
from workbook.localaws.mapping.settings import Start
from workbook.localaws.mapping.shard_poller import POLL_SECONDS, ShardPoller

STREAM_GONE = "PROBLEM: Stream not found"  # AWS's own words are not known [?]


class StreamPoller:
    """A mapping's place in its stream; it may be stopped and run again.

    Args:
        start: the mapping's starting position.
    """

    def __init__(self, start: Start) -> None:
        self._start = start
        self._shards: dict[str, ShardPoller] = {}
        self._first: set[str] = set()  # the shards there were when polling began

    async def run(self, route: Route, stopped: asyncio.Event) -> None:
        """Poll until stopped; a stream that is deleted may come back."""
        while not stopped.is_set():
            try:
                source = route.tools.streams.source(route.source_arn)
                await self._follow(route, source, stopped)
            except SourceGoneError:
                self._shards, self._first = {}, set()
                route.report(STREAM_GONE)
                await route.tools.clock.wait(stopped, POLL_SECONDS)

    def wake(self) -> None:
        """Make every poller look up: ``stopped`` has been set."""
        for poller in self._shards.values():
            poller.stop()

    async def _follow(self, route: Route, source: StreamSource, stopped: asyncio.Event) -> None:
        running: dict[asyncio.Task[None], str] = {}
        try:
            while running or not stopped.is_set():
                if not stopped.is_set():
                    self._start_readable(route, source, stopped, running)
                if not running:  # every shard has ended, and no new one is listed yet
                    await route.tools.clock.wait(stopped, POLL_SECONDS)
                    continue
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del running[task]
                    task.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _start_readable(
        self,
        route: Route,
        source: StreamSource,
        stopped: asyncio.Event,
        running: dict[asyncio.Task[None], str],
    ) -> None:
        """Start polling the shards that may be read and are not being read."""
        shards = source.shards()
        self._first = self._first or {shard.shard_id for shard in shards}
        listed = {shard.shard_id for shard in shards}
        self._shards = {name: poller for name, poller in self._shards.items() if name in listed} | {
            name: self._shards[name] for name in running.values()
        }
        ended = {name for name, poller in self._shards.items() if poller.ended}
        for shard_id in readable(shards, ended):
            if shard_id in running.values():
                continue
            poller = self._shards.get(shard_id)
            if poller is None:
                position = starting_position(
                    self._start.position,
                    self._start.timestamp,
                    is_child=shard_id not in self._first,
                )
                poller = self._shards[shard_id] = ShardPoller(shard_id, position)
            running[asyncio.create_task(poller.run(route, source, stopped))] = shard_id
