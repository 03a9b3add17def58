"""Deliver one batch: invoke the function until each of its records is done with or given up."""

import asyncio
from collections.abc import Callable, Iterable

from workbook.localaws.interfaces import (
    DeliveryError,
    FunctionGoneError,
    Invocation,
    InvokeThrottledError,
    SourceGoneError,
    StreamSource,
)
from workbook.localaws.mapping import failures, partial, retry, windows
from workbook.localaws.mapping.context import PollingContext
from workbook.localaws.mapping.event import Entry, event
from workbook.localaws.mapping.failures import LastInvocation, Span
from workbook.localaws.mapping.lane import Work
from workbook.localaws.mapping.partial import Failed, FailedFrom, Succeeded, Verdict
from workbook.localaws.mapping.retry import Piece, Step
from workbook.localaws.mapping.windows import Window

OK = "OK"
CALL_FAILED = "PROBLEM: Function call failed"  # [OBS]
THROTTLED = "PROBLEM: Function call was throttled"  # AWS's words for these two are not known [?]
FUNCTION_GONE = "PROBLEM: Function does not exist"


class Delivery:
    """The delivery of one batch.

    Args:
        context: from where to where, under which settings.
        source: the stream; it knows which records have expired.
        shard_id: where the batch is from.
        work: the batch.
        stopped: set to stop between two invocations, with what is left not finished.
        finish: takes the sequence numbers of records that are done with.
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
        """Deliver; return the tumbling window as it is afterwards, None when it has ended."""
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
        """Invoke with the first piece, and put what is left of it in its place.

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
        """Invoke once, and return what follows from it."""
        context = self._context
        if piece.entries:
            age = self._iterator_age(piece.entries[-1])
            context.measure("IteratorAge", age, "Milliseconds")
        try:
            invocation = await context.dependencies.functions.invoke(
                context.function_arn, self._event(piece)
            )
        except (InvokeThrottledError, FunctionGoneError) as refusal:
            is_throttle = isinstance(refusal, InvokeThrottledError)
            context.report(THROTTLED if is_throttle else FUNCTION_GONE)
            return retry.after_refusal(piece)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise RuntimeError("the invocation was cancelled, and not by its mapping") from None
        step = retry.after_reply(piece, self._judge(invocation, piece), context.settings)
        failed = len(piece.entries) - len(step.done)
        context.count("InvokedEventCount", len(piece.entries))
        context.count("FailedInvokeEventCount", failed)
        context.report(CALL_FAILED if failed or step.given_up or step.again else OK)
        return step

    def _judge(self, invocation: Invocation, piece: Piece) -> Verdict:
        """Return what the reply says about the batch; a window takes its state from it."""
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
        """Return the piece without the records at its front that are too old.

        Those over MaximumRecordAgeInSeconds go to the destination, those past the stream's
        retention are gone without a trace [?].
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
        """Let the records go, and tell the destination of them if there is one."""
        span = self._window.span if self._window and self._work.is_final else None
        if piece.entries:
            span = Span.of(piece.entries)
        if span is not None and not await self._tell_destination(piece, span, condition):
            self._context.count("DroppedEventCount", span.count)
        self._finish(entry.sequence_number for entry in piece.entries)

    async def _tell_destination(self, piece: Piece, span: Span, condition: str) -> bool:
        """Deliver the failure document; return whether there is a destination that took it."""
        context = self._context
        destination = context.settings.destination
        if destination is None:
            return False
        now = context.dependencies.clock.now()
        told = failures.document(
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
            destination, told, payload=self._event(piece), mapping=context.uuid, now=now
        )
        try:
            await context.dependencies.destinations.deliver(destination, document)
        except DeliveryError:
            context.measure("DestinationDeliveryFailures", 1)
            return False
        context.count("OnFailureDestinationDeliveredEventCount", span.count)
        return True
