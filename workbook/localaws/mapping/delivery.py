"""Delivers one batch: invokes the function until every record of it is done with, or given up."""

import asyncio
from collections.abc import Callable, Iterable

from workbook.localaws.interfaces import (
    FunctionGoneError,
    Invocation,
    InvokeThrottledError,
    SourceGoneError,
    StreamSource,
)
from workbook.localaws.mapping import failures, retry, windows
from workbook.localaws.mapping.event import Entry, event
from workbook.localaws.mapping.failures import LastInvocation, Span
from workbook.localaws.mapping.lane import Work
from workbook.localaws.mapping.partial import Failed, FailedFrom, Succeeded, Verdict, verdict
from workbook.localaws.mapping.retry import Piece, Step
from workbook.localaws.mapping.route import Route
from workbook.localaws.mapping.windows import Window

OK = "OK"
CALL_FAILED = "PROBLEM: Function call failed"  # [OBS]
REFUSED = {  # AWS's own words for these are not known [?]
    InvokeThrottledError: "PROBLEM: Function call was throttled",
    FunctionGoneError: "PROBLEM: Function does not exist",
    OSError: "PROBLEM: Function could not be started",
}


class Delivery:
    """One piece of a lane's work.

    Args:
        route: from where to where, under which settings.
        source: the stream: it knows which records have expired.
        shard_id: where the batch is from.
        work: the batch.
        stopped: set to stop between two invocations, with what is left not finished.
        finish: takes the sequence numbers of records that are done with.
    """

    def __init__(
        self,
        route: Route,
        source: StreamSource,
        shard_id: str,
        work: Work,
        stopped: asyncio.Event,
        finish: Callable[[Iterable[int]], None],
    ) -> None:
        self._route = route
        self._source = source
        self._shard_id = shard_id
        self._work = work
        self._stopped = stopped
        self._finish = finish
        self._window = work.window
        self._last: LastInvocation | None = None

    async def run(self) -> Window | None:
        """Deliver; gives the tumbling window as it is afterwards, None when it has ended."""
        if not self._work.is_deliverable:
            await self._give_up(Piece(self._work.entries, attempts=1), failures.RETRIES_EXHAUSTED)
            return self._window
        pieces = [Piece(self._work.entries)]
        try:
            while pieces and not self._stopped.is_set():
                piece = await self._without_old_records(pieces.pop(0))
                if not piece.entries and not self._work.is_final:
                    continue
                step = await self._invoke(piece)
                self._finish(entry.sequence_number for entry in step.done)
                if step.given_up:
                    await self._give_up(step.given_up, failures.RETRIES_EXHAUSTED)
                pieces[:0] = step.again
                if pieces:
                    await self._route.tools.clock.wait(self._stopped, step.pause)
        except SourceGoneError:  # the stream was deleted: nothing is left to deliver
            return None
        ended = self._work.is_final and not pieces
        return None if ended else self._window

    async def _invoke(self, piece: Piece) -> Step:
        """One invocation, and what follows from it."""
        route = self._route
        if piece.entries:
            route.measure("IteratorAge", self._iterator_age(piece.entries[-1]), "Milliseconds")
        try:
            invocation = await route.tools.functions.invoke(route.function_arn, self._event(piece))
        except (InvokeThrottledError, FunctionGoneError, OSError) as refusal:
            route.report(next(text for kind, text in REFUSED.items() if isinstance(refusal, kind)))
            return retry.after_refusal(piece)
        step = retry.after_reply(piece, self._judge(invocation, piece), route.settings)
        failed = len(piece.entries) - len(step.done)
        route.count("InvokedEventCount", len(piece.entries))
        route.count("FailedInvokeEventCount", failed)
        route.report(CALL_FAILED if failed or step.given_up or step.again else OK)
        return step

    def _judge(self, invocation: Invocation, piece: Piece) -> Verdict:
        """What the reply says about the batch; a window takes its state from it."""
        self._last = LastInvocation(
            invocation.request_id, invocation.executed_version, invocation.function_error
        )
        if invocation.function_error is not None:
            return Failed()
        payload = invocation.payload
        if self._window is not None:
            parts = windows.split_reply(payload)
            if parts is None:
                return Failed()
            state, payload = parts
        judged: Verdict = Succeeded()
        if self._route.settings.reports_failures:
            judged = verdict(payload, [entry.sequence_number for entry in piece.entries])
        if self._window is not None and not isinstance(judged, Failed):
            done = piece.entries
            if isinstance(judged, FailedFrom):
                done = done[: judged.index]
            self._window = self._window.with_reply(state, Span.of(done) if done else None)
        return judged

    def _event(self, piece: Piece) -> bytes:
        members = b""
        if self._window is not None:
            members = windows.event_members(
                self._window,
                self._shard_id,
                self._route.source_arn,
                is_final=self._work.is_final,
            )
        return event(piece.entries, members)

    def _iterator_age(self, last: Entry) -> int:
        """Milliseconds since the last record of the batch arrived [DG:monitoring-metrics-types]."""
        return max(0, int((self._route.tools.clock.now() - last.arrived) * 1000))

    async def _without_old_records(self, piece: Piece) -> Piece:
        """The piece without the records at its front that are too old.

        Those over MaximumRecordAgeInSeconds go to the destination, those past the stream's
        retention are gone without a trace [?].
        """
        entries, settings = piece.entries, self._route.settings
        if settings.max_age >= 0:
            cut = retry.cut_aged(entries, self._route.tools.clock.now() - settings.max_age)
            if cut:
                await self._give_up(Piece(entries[:cut], piece.attempts), failures.TOO_OLD)
                entries = entries[cut:]
        cut = retry.cut_aged(entries, self._source.oldest())
        self._finish(entry.sequence_number for entry in entries[:cut])
        return Piece(entries[cut:], piece.attempts, piece.pauses)

    async def _give_up(self, piece: Piece, condition: str) -> None:
        """Send the failure document, if a destination is set, and let the records go."""
        route, now = self._route, self._route.tools.clock.now()
        span = self._window.span if self._window and self._work.is_final else None
        if piece.entries:
            span = Span.of(piece.entries)
        if span is not None:
            delivered = False
            if route.settings.destination:
                document = failures.document(
                    condition=condition,
                    function_arn=route.function_arn,
                    stream_arn=route.stream_arn,
                    shard_id=self._shard_id,
                    span=span,
                    attempts=piece.attempts,
                    invocation=self._last,
                    now=now,
                )
                delivered = await route.tools.destinations.send(
                    route.settings.destination,
                    document,
                    payload=self._event(piece),
                    mapping=route.mapping,
                    region=route.region,
                    now=now,
                )
                if delivered:
                    route.count("OnFailureDestinationDeliveredEventCount", span.count)
                else:
                    route.measure("DestinationDeliveryFailures", 1)
            if not delivered:
                route.count("DroppedEventCount", span.count)
        self._finish(entry.sequence_number for entry in piece.entries)
