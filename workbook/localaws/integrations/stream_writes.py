"""Write to streams for other services: in order, and again whenever a shard throttles.

AWS's services are throttled like every writer, and retry [D23]. So do these, away from the calls
that cause the writes: a table's PutItem succeeds even if its stream has no room.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from workbook.localaws.api.errors import ApiError
from workbook.localaws.clock import Clock

THROTTLED = ("ProvisionedThroughputExceededException", "LimitExceededException")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds between attempts [?]
GIVE_UP_SECONDS = 24 * 3600.0  # after which a write is lost [BC, ?]
MOST_BYTES = 64 * 1024 * 1024  # that wait for one stream; more are lost, to limit memory
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loss:
    """Why a record was given up.

    Args:
        code: the error code of the last attempt.
        message: its message.
        retries: how often the write was tried again.
        limit: what ended the attempts: ``age`` or ``retries``; None if another would not help.
    """

    code: str
    message: str
    retries: int = 0
    limit: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """A record for a stream.

    Args:
        writer: what writes it, in words for a log, such as ``the table orders``. Records of the
            same writer stay in order.
        stream_arn: the stream's ARN.
        partition_key: the record's partition key.
        data: the record's data.
        seconds: how long to try, by the clock.
        retries: how often to try again; None for no limit.
        lost: is called if the record is given up.
    """

    writer: str
    stream_arn: str
    partition_key: str
    data: bytes
    seconds: float = GIVE_UP_SECONDS
    retries: int | None = None
    lost: Callable[[Loss], None] | None = None


class StreamWrites:
    """The records that wait for room in their streams.

    Args:
        clock: the time by which writes wait.
        put: writes a record, given the stream's ARN, the partition key and the data, or raises the
            ``ApiError`` with which the stream refuses it.
    """

    def __init__(self, clock: Clock, put: Callable[[str, str, bytes], Awaitable[None]]) -> None:
        self._clock = clock
        self._put = put
        self._waiting: dict[tuple[str, str], deque[tuple[float, Write]]] = {}
        self._bytes: dict[tuple[str, str], int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, write: Write) -> None:
        """Write a record soon, after all earlier ones of its writer."""
        place = write.writer, write.stream_arn
        if self._bytes.get(place, 0) + len(write.data) > MOST_BYTES:
            return _lose(
                write, Loss("InternalFailure", f"{MOST_BYTES:,} bytes wait for the stream")
            )
        self._bytes[place] = self._bytes.get(place, 0) + len(write.data)
        present = self._waiting.get(place)
        if present is not None:
            present.append((self._clock.now(), write))
            return
        self._waiting[place] = deque([(self._clock.now(), write)])
        task = asyncio.get_running_loop().create_task(self._work(place))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop; what waits is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, place: tuple[str, str]) -> None:
        """Write until nothing waits."""
        waiting = self._waiting[place]
        try:
            while waiting:
                added, write = waiting[0]
                await self._deliver(write, added)
                waiting.popleft()
                self._bytes[place] -= len(write.data)
        finally:
            del self._waiting[place], self._bytes[place]

    async def _deliver(self, write: Write, added: float) -> None:
        """Write a record, or give it up."""
        pause, retries = FIRST_PAUSE, 0
        while True:
            try:
                await self._put(write.stream_arn, write.partition_key, write.data)
                return
            except ApiError as refusal:
                loss = Loss(refusal.code, refusal.message, retries)
            except Exception as fault:  # of the local AWS; the next record may be fine
                loss = Loss("InternalFailure", f"the local AWS failed: {fault!r}", retries)
            if loss.code not in THROTTLED:
                return _lose(write, loss)
            if self._clock.now() - added > write.seconds:
                return _lose(write, replace(loss, limit="age"))
            if retries == write.retries:
                return _lose(write, replace(loss, limit="retries"))
            await self._clock.sleep(pause * random.uniform(0.5, 1.5))
            pause, retries = min(2 * pause, LONGEST_PAUSE), retries + 1


def _lose(write: Write, loss: Loss) -> None:
    """Log why a record is given up, and report it."""
    after = "" if loss.limit is None else f" ({loss.retries} retries)"
    log.warning(
        "a record of %s for %s is lost%s: %s: %s",
        write.writer,
        write.stream_arn,
        after,
        loss.code,
        loss.message,
    )
    if write.lost is not None:
        write.lost(loss)
