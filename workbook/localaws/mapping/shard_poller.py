"""Polls one shard: reads, filters, batches, delivers, and keeps the checkpoint."""

import asyncio
import random

from workbook.localaws.interfaces import (
    FunctionGoneError,
    Position,
    ReadThrottledError,
    Record,
    SourceGoneError,
    StreamSource,
)
from workbook.localaws.mapping.delivery import REFUSED, Delivery
from workbook.localaws.mapping.event import EVENT_BYTES, encoder
from workbook.localaws.mapping.filters import compile_filters
from workbook.localaws.mapping.lane import Lane, Work, lane_of
from workbook.localaws.mapping.positions import Checkpoint
from workbook.localaws.mapping.retry import backoff
from workbook.localaws.mapping.route import Route

POLL_SECONDS = 1.0  # between polls of an idle shard [DG:with-kinesis]
PUSH_SECONDS = 0.1  # the same under enhanced fan-out, where AWS pushes
# Before a refused read is tried again, on average [KD:service-sizes-and-limits]; by chance, else
# readers that keep in step leave the same one without, for ever.
THROTTLE_SECONDS = 1.0
READ_LIMITS = (2_500, 10_000)  # records asked for in one read: at least, at most
NEVER = float("inf")


class ShardPoller:
    """A mapping's place in one shard, and the work on it; it may be stopped and run again.

    Args:
        shard_id: of the shard.
        position: where to begin.
    """

    def __init__(self, shard_id: str, position: Position) -> None:
        self.shard_id = shard_id
        self.ended = False  # whether the closed shard is done with, to its last record
        self._checkpoint = Checkpoint(position)
        self._lanes: list[Lane] = []
        self._wake = asyncio.Event()
        self._deliveries: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Make ``run`` look up: its ``stopped`` has been set."""
        self._wake.set()

    async def run(self, route: Route, source: StreamSource, stopped: asyncio.Event) -> None:
        """Poll until stopped, until the end of a closed shard, or until the stream is deleted."""
        self._begin(route, source)
        try:
            while not stopped.is_set() and not self.ended:
                self._wake.clear()
                self._check_deliveries()
                now = route.tools.clock.now()
                if self._has_room() and now >= self._next_read:
                    self._read(now)
                for lane in self._lanes:
                    if not lane.is_busy:
                        self._start_work(lane, now, stopped)
                self.ended = self._tip_read_at == NEVER and not any(
                    lane.is_busy or lane.waiting for lane in self._lanes
                )
                if not self.ended:
                    await route.tools.clock.wait(self._wake, self._next_moment() - now)
            await asyncio.gather(*self._deliveries)  # the invocations under way
        except SourceGoneError:
            await asyncio.gather(*self._deliveries)
            raise
        finally:
            await self._abandon_deliveries()

    def _begin(self, route: Route, source: StreamSource) -> None:
        """Start at the checkpoint; windows that were open stay so if nothing moved them."""
        settings = route.settings
        kept = [lane.window for lane in self._lanes]
        lengths = {window.end - window.start for window in kept if window}
        if len(kept) != settings.factor or lengths - {settings.tumbling}:
            kept = [None] * settings.factor
        self._route, self._source = route, source
        self._lanes = [Lane(window) for window in kept]
        self._keep = compile_filters(settings.patterns) if settings.patterns else _keep_all
        self._checkpoint.restart()
        self._position = self._checkpoint.position
        self._next_read = 0.0
        self._tip_read_at = -NEVER
        self._refused = 0

    # --- reading

    def _has_room(self) -> bool:
        """Whether less than one batch for each lane waits: no more is ever held than needed."""
        if self._tip_read_at == NEVER:
            return False
        settings = self._route.settings
        waiting = sum(len(lane.waiting) for lane in self._lanes)
        return waiting < settings.batch_size * settings.factor and (
            sum(len(entry.json) for lane in self._lanes for entry in lane.waiting)
            < EVENT_BYTES * settings.factor
        )

    def _read(self, now: float) -> None:
        """One read of the shard; idle, once a second; behind, again as soon as there is room."""
        route = self._route
        least, most = READ_LIMITS
        limit = min(most, max(least, route.settings.batch_size * route.settings.factor))
        try:
            result = self._source.read(self.shard_id, self._position, limit)
            if result.records:
                self._sort(result.records, route.tools.functions.role(route.function_arn), now)
        except ReadThrottledError:
            self._next_read = now + THROTTLE_SECONDS * random.uniform(0.5, 1.5)
            return
        except FunctionGoneError:  # the records are read again later
            route.report(REFUSED[FunctionGoneError])
            self._next_read = now + backoff(self._refused)
            self._refused += 1
            return
        route.count("PolledEventCount", len(result.records))
        self._refused = 0
        self._position = result.position
        self._checkpoint.reach(result.position)
        if result.closed:
            self._tip_read_at = NEVER
        elif result.millis_behind_latest == 0:
            self._tip_read_at = now
            self._next_read = now + (PUSH_SECONDS if route.is_pushed else POLL_SECONDS)
        else:
            self._next_read = now

    def _sort(self, records: list[Record], role: str, now: float) -> None:
        """Put the records into their lanes; those that a filter keeps out are finished."""
        route, factor = self._route, self._route.settings.factor
        encode = encoder(self.shard_id, route.source_arn, role)
        filtered = []
        for record in records:
            if not self._checkpoint.begin(record.sequence_number):
                continue
            if self._keep(record):
                self._lanes[lane_of(record.partition_key, factor)].add(encode(record), now)
            else:
                filtered.append(record.sequence_number)
        self._checkpoint.finish(filtered)
        if route.settings.patterns:
            route.count("FilteredOutEventCount", len(filtered))

    def _next_moment(self) -> float:
        """When there is something to do again, if nothing happens before."""
        moments = [self._next_read] if self._has_room() else []
        for lane in self._lanes:
            if lane.waiting and not lane.is_busy:
                moments.append(lane.opened + self._route.settings.window)
        return min(moments, default=NEVER)

    # --- delivering

    def _start_work(self, lane: Lane, now: float, stopped: asyncio.Event) -> None:
        work = lane.next_work(self._route.settings, now, self._tip_read_at)
        if work is not None:
            lane.is_busy = True
            self._deliveries.add(asyncio.create_task(self._deliver(lane, work, stopped)))

    async def _deliver(self, lane: Lane, work: Work, stopped: asyncio.Event) -> None:
        delivery = Delivery(
            self._route, self._source, self.shard_id, work, stopped, self._checkpoint.finish
        )
        try:
            window = await delivery.run()
            lane.end_work(window, self._route.tools.clock.now())
        finally:
            self._wake.set()

    def _check_deliveries(self) -> None:
        """Forget those that are over; a fault of ours in one must not go unnoticed."""
        over = {task for task in self._deliveries if task.done()}
        self._deliveries -= over
        for task in over:
            task.result()

    async def _abandon_deliveries(self) -> None:
        """End what is still under way: when the server ends, or after a fault of ours."""
        for task in self._deliveries:
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)
        self._deliveries = set()


def _keep_all(record: Record) -> bool:
    return True
