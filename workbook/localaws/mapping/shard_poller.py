"""Poll a shard: read, filter, batch, deliver, and keep the checkpoint."""

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
from workbook.localaws.mapping import access
from workbook.localaws.mapping.context import PollingContext
from workbook.localaws.mapping.delivery import FUNCTION_GONE, Delivery
from workbook.localaws.mapping.event import EVENT_BYTES, Entry, encoder
from workbook.localaws.mapping.filters import compile_filters
from workbook.localaws.mapping.lane import Lane, Work, lane_of
from workbook.localaws.mapping.positions import Checkpoint
from workbook.localaws.mapping.retry import backoff

POLL_SECONDS = 1.0  # between polls of an idle shard [DG:with-kinesis]
PUSH_SECONDS = 0.1  # the same with enhanced fan-out, where AWS pushes
# The mean pause before a refused read is retried [KD:service-sizes-and-limits]. It is random, or
# readers would retry in step and the same one would be refused every time.
THROTTLE_SECONDS = 1.0
READ_LIMITS = (2_500, 10_000)  # records requested in one read: minimum, maximum
NEVER = float("inf")


class ShardPoller:
    """A mapping's position in a shard, and its work there; it may be stopped and run again.

    Args:
        shard_id: the shard's id.
        position: where to start.
    """

    def __init__(self, shard_id: str, position: Position) -> None:
        self.shard_id = shard_id
        self.ended = False  # whether every record of a closed shard is done with
        self._checkpoint = Checkpoint(position)
        self._lanes: list[Lane] = []
        self._wake = asyncio.Event()
        self._deliveries: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Make ``run`` notice that its ``stopped`` has been set."""
        self._wake.set()

    async def run(
        self, context: PollingContext, source: StreamSource, stopped: asyncio.Event
    ) -> None:
        """Poll until stopped, until the end of a closed shard, or until the stream is deleted."""
        clock = context.dependencies.clock
        self._begin(context, source)
        try:
            while not stopped.is_set() and not self.ended:
                self._wake.clear()
                self._check_deliveries()
                now = clock.now()
                if self._has_room() and now >= self._next_read:
                    self._read(now)
                for lane in self._lanes:
                    if not lane.is_busy:
                        self._start_work(lane, now, stopped)
                self.ended = self._tip_read_at == NEVER and not any(
                    lane.is_busy or lane.waiting for lane in self._lanes
                )
                if not self.ended:
                    await clock.wait(self._wake, self._next_moment() - now)
            await asyncio.gather(*self._deliveries)  # the invocations in progress
        except SourceGoneError:
            await asyncio.gather(*self._deliveries)
            raise
        finally:
            await self._abandon_deliveries()

    def _begin(self, context: PollingContext, source: StreamSource) -> None:
        """Start at the checkpoint; open windows stay open unless something moved them."""
        settings = context.settings
        kept = [lane.window for lane in self._lanes]
        lengths = {window.end - window.start for window in kept if window}
        if len(kept) != settings.factor or lengths - {settings.tumbling}:
            kept = [None] * settings.factor
        self._context, self._source = context, source
        self._lanes = [Lane(window) for window in kept]
        self._keep = compile_filters(settings.patterns) if settings.patterns else _keep_all
        self._checkpoint.restart()
        self._position = self._checkpoint.position
        self._next_read = 0.0
        self._tip_read_at = -NEVER
        self._refused = 0

    # --- reading

    def _has_room(self) -> bool:
        """Return whether less than one batch per lane is waiting, so that no more is held."""
        if self._tip_read_at == NEVER:
            return False
        settings = self._context.settings
        waiting = sum(len(lane.waiting) for lane in self._lanes)
        return waiting < settings.batch_size * settings.factor and (
            sum(len(entry.json) for lane in self._lanes for entry in lane.waiting)
            < EVENT_BYTES * settings.factor
        )

    def _read(self, now: float) -> None:
        """Read once: an idle shard each second, a shard with a backlog as soon as there is room."""
        context = self._context
        denied = access.problem(context)
        if denied is not None:
            context.report(denied)
            self._next_read = now + POLL_SECONDS
            return
        least, most = READ_LIMITS
        limit = min(most, max(least, context.settings.batch_size * context.settings.factor))
        try:
            result = self._source.read(self.shard_id, self._position, limit)
            entries = self._encoded(result.records)
        except ReadThrottledError:
            self._next_read = now + THROTTLE_SECONDS * random.uniform(0.5, 1.5)
            return
        except SourceGoneError:
            raise
        except FunctionGoneError:
            context.report(FUNCTION_GONE)
            return self._read_later(now)
        except Exception as fault:
            context.report_fault(fault)
            return self._read_later(now)
        self._refused = 0
        self._take(result.records, entries, now)
        self._position = result.position
        self._checkpoint.reach(result.position)
        if result.closed:
            self._tip_read_at = NEVER
        elif result.millis_behind_latest == 0:
            self._tip_read_at = now
            self._next_read = now + (PUSH_SECONDS if context.is_pushed else POLL_SECONDS)
        else:
            self._next_read = now

    def _read_later(self, now: float) -> None:
        """Repeat the read after a back-off; none of it has been taken."""
        self._next_read = now + backoff(self._refused)
        self._refused += 1

    def _encoded(self, records: list[Record]) -> list[Entry | None]:
        """Return the records as the function receives them; None for one that a filter drops."""
        if not records:
            return []
        context = self._context
        role = context.dependencies.functions.role(context.function_arn)
        encode = encoder(self.shard_id, context.source_arn, role)
        return [encode(record) if self._keep(record) else None for record in records]

    def _take(self, records: list[Record], entries: list[Entry | None], now: float) -> None:
        """Put the entries into their lanes; records that a filter drops are finished."""
        context, filtered = self._context, []
        for record, entry in zip(records, entries, strict=True):
            if not self._checkpoint.begin(record.sequence_number):
                continue
            if entry is None:
                filtered.append(record.sequence_number)
            else:
                lane = lane_of(record.partition_key, context.settings.factor)
                self._lanes[lane].add(entry, now)
        self._checkpoint.finish(filtered)
        context.count("PolledEventCount", len(records))
        if records and context.settings.patterns:
            context.count("FilteredOutEventCount", len(filtered))

    def _next_moment(self) -> float:
        """Return when to continue if nothing happens before."""
        moments = [self._next_read] if self._has_room() else []
        for lane in self._lanes:
            if lane.waiting and not lane.is_busy:
                moments.append(lane.opened + self._context.settings.window)
        return min(moments, default=NEVER)

    # --- delivering

    def _start_work(self, lane: Lane, now: float, stopped: asyncio.Event) -> None:
        work = lane.next_work(self._context.settings, now, self._tip_read_at)
        if work is not None:
            lane.is_busy = True
            self._deliveries.add(asyncio.create_task(self._deliver(lane, work, stopped)))

    async def _deliver(self, lane: Lane, work: Work, stopped: asyncio.Event) -> None:
        delivery = Delivery(
            self._context, self._source, self.shard_id, work, stopped, self._checkpoint.finish
        )
        try:
            window = await delivery.run()
            lane.end_work(window, self._context.dependencies.clock.now())
        finally:
            self._wake.set()

    def _check_deliveries(self) -> None:
        """Remove finished tasks; raise the exception of one that failed, so that it is reported."""
        over = {task for task in self._deliveries if task.done()}
        self._deliveries -= over
        for task in over:
            task.result()

    async def _abandon_deliveries(self) -> None:
        """Cancel unfinished work, when the server ends or after an internal fault."""
        for task in self._deliveries:
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)
        self._deliveries = set()


def _keep_all(record: Record) -> bool:
    return True
