"""Deliver a batch: invoke the function until each record is done with or given up."""

import asyncio
from collections.abc import Callable, Iterable

from workbook.localaws.interfaces import (
    DeliveryError,
    FunctionGoneError,
    Invocation,
    InvokeThrottledError,
    RoleNotAssumableError,
    SourceGoneError,
    StreamSource,
)
from workbook.localaws.mapping import access, failures, partial, retry, windows
from workbook.localaws.mapping.context import PollingContext
from workbook.localaws.mapping.event import Entry, event
from workbook.localaws.mapping.failures import LastInvocation, Span
from workbook.localaws.mapping.lane import Work
from workbook.localaws.mapping.partial import Failed, FailedFrom, Succeeded, Verdict
from workbook.localaws.mapping.retry import Piece, Step
from workbook.localaws.mapping.windows import Window

OK = "OK"
CALL_FAILED = "PROBLEM: Function call failed"  # [OBS]
THROTTLED = "PROBLEM: Function call was throttled"  # AWS's messages for these two are not known [?]
FUNCTION_GONE = "PROBLEM: Function does not exist"
REFUSALS: dict[type[Exception], str] = {
    InvokeThrottledError: THROTTLED,
    FunctionGoneError: FUNCTION_GONE,
    RoleNotAssumableError: f"PROBLEM: {access.NOT_ASSUMED}",
}


class Delivery:
    """The delivery of one batch.

    Args:
        context: the mapping and its settings.
        source: the stream; it knows which records have expired.
        shard_id: the batch's shard.
        work: the batch.
        stopped: set to stop between invocations; the remaining records are then not finished.
        finish: called with the sequence numbers of records that are done with.
    """

    def __init__(
        self,
        context: PollingContext,
        source: StreamSource,
        shard_id: str,
        work: Work,
        stopped: asyncio.Event,
        finish: Callable[[Iterable[int]], None],
    ) -> None:
        self._context = context
        self._source = source
        self._shard_id = shard_id
        self._work = work
        self._stopped = stopped
        self._finish = finish
        self._window = work.window
        self._last: LastInvocation | None = None

    async def run(self) -> Window | None:
        """Deliver the batch; return its tumbling window, or None if the window has ended."""
        clock = self._context.dependencies.clock
        pieces = [Piece(self._work.entries)]
        while pieces and not self._stopped.is_set():
            try:
                pause = await self._proceed(pieces)
            except SourceGoneError:  # the stream was deleted: nothing is left to deliver
                return None
            except Exception as fault:
                self._context.report_fault(fault)
                step = retry.after_refusal(pieces[0])
                pieces[:1], pause = step.again, step.pause
            if pieces:
                await clock.wait(self._stopped, pause)
        ended = self._work.is_final and not pieces
        return None if ended else self._window

    async def _proceed(self, pieces: list[Piece]) -> float:
        """Invoke the function with the first piece, and replace that by what is left of it.

        Returns:
            the pause before the next invocation, in seconds.
        """
        if not self._work.is_deliverable:
            await self._give_up(Piece(self._work.entries, attempts=1), failures.RETRIES_EXHAUSTED)
            pieces.clear()
            return 0.0
        pieces[0] = await self._without_old_records(pieces[0])
        if not pieces[0].entries and not self._work.is_final:
            del pieces[0]
            return 0.0
        step = await self._invoke(pieces[0])
        self._finish(entry.sequence_number for entry in step.done)
        if step.given_up:
            await self._give_up(step.given_up, failures.RETRIES_EXHAUSTED)
        pieces[:1] = step.again
        return step.pause

    async def _invoke(self, piece: Piece) -> Step:
        """Invoke the function once, and return the consequences."""
        context = self._context
        if piece.entries:
            age = self._iterator_age(piece.entries[-1])
            context.measure("IteratorAge", age, "Milliseconds")
        try:
            invocation = await context.dependencies.functions.invoke(
                context.function_arn, self._event(piece)
            )
        except (InvokeThrottledError, FunctionGoneError, RoleNotAssumableError) as refusal:
            context.report(REFUSALS[type(refusal)])
            return retry.after_refusal(piece)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise RuntimeError(
                "something other than the mapping cancelled the invocation"
            ) from None
        step = retry.after_reply(piece, self._judge(invocation, piece), context.settings)
        failed = len(piece.entries) - len(step.done)
        context.count("InvokedEventCount", len(piece.entries))
        context.count("FailedInvokeEventCount", failed)
        context.report(CALL_FAILED if failed or step.given_up or step.again else OK)
        return step

    def _judge(self, invocation: Invocation, piece: Piece) -> Verdict:
        """Return the verdict of the response on the batch; a window takes its state from it."""
        self._last = LastInvocation(
            invocation.request_id, invocation.executed_version, invocation.function_error
        )
        if invocation.function_error is not None:
            return Failed()
        payload, state = invocation.payload, b""
        if self._window is not None:
            parts = windows.split_reply(payload)
            if parts is None:
                return Failed()
            state, payload = parts
        judged: Verdict = Succeeded()
        if self._context.settings.reports_failures:
            numbers = [entry.sequence_number for entry in piece.entries]
            judged = partial.verdict(payload, numbers)
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
                self._context.source_arn,
                is_final=self._work.is_final,
            )
        return event(piece.entries, members)

    def _iterator_age(self, last: Entry) -> int:
        """Return how long ago a record arrived, in milliseconds [DG:monitoring-metrics-types]."""
        return max(0, int((self._context.dependencies.clock.now() - last.arrived) * 1000))

    async def _without_old_records(self, piece: Piece) -> Piece:
        """Return the piece without records at its front that are too old.

        Records over MaximumRecordAgeInSeconds go to the destination; those past the stream's
        retention are dropped silently [?].
        """
        entries, max_age = piece.entries, self._context.settings.max_age
        if max_age >= 0:
            cut = retry.cut_aged(entries, self._context.dependencies.clock.now() - max_age)
            if cut:
                await self._give_up(Piece(entries[:cut], piece.attempts), failures.TOO_OLD)
                entries = entries[cut:]
        cut = retry.cut_aged(entries, self._source.oldest())
        self._finish(entry.sequence_number for entry in entries[:cut])
        return Piece(entries[cut:], piece.attempts, piece.pauses)

    async def _give_up(self, piece: Piece, condition: str) -> None:
        """Give the records up, and report them to the destination if there is one."""
        span = self._window.span if self._window and self._work.is_final else None
        if piece.entries:
            span = Span.of(piece.entries)
        if span is not None and not await self._tell_destination(piece, span, condition):
            self._context.count("DroppedEventCount", span.count)
        self._finish(entry.sequence_number for entry in piece.entries)

    async def _tell_destination(self, piece: Piece, span: Span, condition: str) -> bool:
        """Deliver the failure document; return whether a destination received it."""
        context = self._context
        destination = context.settings.destination
        if destination is None:
            return False
        now = context.dependencies.clock.now()
        report = failures.document(
            condition=condition,
            function_arn=context.function_arn,
            stream_arn=context.stream_arn,
            shard_id=self._shard_id,
            span=span,
            attempts=piece.attempts,
            invocation=self._last,
            now=now,
        )
        document = failures.addressed(
            destination, report, payload=self._event(piece), mapping=context.uuid, now=now
        )
        try:
            access.check_delivery(context, destination, document.object_key)
            await context.dependencies.destinations.deliver(destination, document)
        except DeliveryError:
            context.measure("DestinationDeliveryFailures", 1)
            return False
        context.count("OnFailureDestinationDeliveredEventCount", span.count)
        return True
