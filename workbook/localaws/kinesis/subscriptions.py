"""SubscribeToShard: push records to a registered consumer as they arrive."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from workbook.localaws.api import json_rpc
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.clock import Clock
from workbook.localaws.kinesis import eventstream
from workbook.localaws.kinesis.api.reading import describe_records
from workbook.localaws.kinesis.api.shards import describe_children
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.consumer import Consumer
from workbook.localaws.kinesis.errors import in_use, no_consumer, no_stream
from workbook.localaws.kinesis.metering import total_bytes
from workbook.localaws.kinesis.positions import find_shard, starting_counter
from workbook.localaws.kinesis.region import not_active
from workbook.localaws.kinesis.shard import Shard
from workbook.localaws.kinesis.stream import Stream

LIFETIME_SECONDS = 300  # [BC]
TAKEOVER_SECONDS = 5  # until the same consumer may subscribe to the same shard again [BC]
HEARTBEAT_SECONDS = 5  # between events while there are no records
POLL_SECONDS = 0.07  # real seconds; AWS delivers in about 70 ms [KD]
MAX_RECORDS = 10_000  # of one event


def subscribe(call: Call, clock: Clock, content_type: str) -> AsyncGenerator[bytes, None]:
    """Check the call, subscribe, and return the messages to stream.

    Raises:
        ApiError: there is no such consumer or shard, or it subscribed less than five seconds ago.
    """
    stream, consumer = call.region.consumer(call.parameters["ConsumerARN"], call.now)
    if consumer.status(call.now) != "ACTIVE":
        raise not_active(stream, consumer)
    shard = find_shard(stream, call.parameters["ShardId"])
    start = call.parameters["StartingPosition"]
    counter = starting_counter(
        stream, shard, start["Type"], start.get("SequenceNumber"), start.get("Timestamp"), call.now
    )
    began = consumer.subscriptions.get(shard.id)
    if began is not None and call.now - began < TAKEOVER_SECONDS:
        raise in_use(
            f"Another active subscription exists for this consumer: {ACCOUNT_ID}:{stream.name}:"
            f"{shard.id}:{consumer.name}"
        )
    call.end_dry_run()
    consumer.subscriptions[shard.id] = call.now
    return _Subscription(call, clock, content_type, stream, consumer, shard).events(counter)


class _Subscription:
    """One subscription."""

    def __init__(
        self,
        call: Call,
        clock: Clock,
        content_type: str,
        stream: Stream,
        consumer: Consumer,
        shard: Shard,
    ) -> None:
        self._call = call
        self._clock = clock
        self._content_type = content_type
        self._stream = stream
        self._consumer = consumer
        self._shard = shard
        self._reads = consumer.reads[shard.id]

    async def events(self, counter: int) -> AsyncGenerator[bytes, None]:
        """Yield messages until five minutes pass, the shard ends or another takes over."""
        yield self._message("initial-response", {})
        sent_at = float("-inf")
        while (now := self._clock.now()) < self._call.now + LIFETIME_SECONDS:
            try:
                self._check(now)
            except ApiError as error:
                yield self._exception(error)
                return
            waiting = counter < self._shard.end or not self._shard.is_open
            if (waiting or now - sent_at >= HEARTBEAT_SECONDS) and self._admit(now):
                event, counter = self._next(counter, now)
                yield self._message("SubscribeToShardEvent", event)
                sent_at = now
                if "ChildShards" in event:
                    return
            else:
                try:
                    await self._clock.sleep(POLL_SECONDS * self._clock.speed)
                except asyncio.CancelledError:  # the server is closing every connection
                    return

    def _check(self, now: float) -> None:
        """Stop if the stream or consumer is gone, or a newer subscription has taken over."""
        if self._consumer.subscriptions[self._shard.id] != self._call.now:
            raise in_use("Another subscription took over.")
        if self._stream.gone_at is not None:
            raise no_stream(self._stream.name)
        if self._consumer.gone_at is not None:
            raise no_consumer(self._consumer.arn)

    def _admit(self, now: float) -> bool:
        return not self._call.limits or self._reads.admit(now)

    def _next(self, counter: int, now: float) -> tuple[dict[str, Any], int]:
        """Return the next event and the counter after it."""
        records, after, behind = self._stream.read(self._shard, counter, MAX_RECORDS, now)
        self._reads.record(total_bytes(records), now)
        event: dict[str, Any] = {
            "Records": describe_records(self._stream, records),
            "MillisBehindLatest": behind,
        }
        if self._shard.is_open or after < self._shard.end:
            event["ContinuationSequenceNumber"] = str(self._shard.number(after - 1))
        else:
            event["ChildShards"] = describe_children(self._stream, self._shard)
        return event, after

    def _message(self, kind: str, content: dict[str, Any]) -> bytes:
        return eventstream.message(
            json_rpc.encode(self._content_type, content),
            message_type="event",
            event_type=kind,
            content_type=self._content_type,
        )

    def _exception(self, error: ApiError) -> bytes:
        return eventstream.message(
            json_rpc.encode(self._content_type, {"message": error.message}),
            message_type="exception",
            exception_type=error.code,
            content_type=self._content_type,
        )
