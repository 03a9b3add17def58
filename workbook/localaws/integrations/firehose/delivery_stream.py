"""One delivery stream at work: its records, from their arrival into the bucket."""

import asyncio
import logging
import uuid
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from workbook.localaws.api.errors import ApiError
from workbook.localaws.destinations import check_delivery
from workbook.localaws.integrations.firehose import objects, prefixes
from workbook.localaws.integrations.firehose.buffering import NEVER, Buffer
from workbook.localaws.integrations.firehose.context import (
    NOT_ASSUMED,
    SERVICE,
    SESSION,
    Dependencies,
    Item,
)
from workbook.localaws.integrations.firehose.reading import Reader
from workbook.localaws.integrations.firehose.settings import MIB, Settings
from workbook.localaws.interfaces import DeliveryError

NAMESPACE = "AWS/Firehose"
ROOM = 16 * MIB  # of records that wait while others are delivered, before the stream is not read
MOST_WAITING = 256 * MIB  # of direct puts; more are refused, as memory has an end
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between tries to write an object [?]
GIVE_UP_SECONDS = 24 * 3600.0  # after which records are lost [FH:basic-deliver]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where records go together: into one object.

    Args:
        error_type: such as ``processing-failed``; empty for good records.
    """

    error_type: str = ""


class DeliveryStream:
    """A delivery stream.

    Args:
        dependencies: the rest of the local AWS.
        arn: its ARN.
        settings: how it delivers.
        reader: of its stream; None for direct puts.
    """

    def __init__(
        self, dependencies: Dependencies, arn: str, settings: Settings, reader: Reader | None
    ) -> None:
        self.arn = arn
        self.name = arn.rpartition("/")[2]
        self.region = arn.split(":")[3]
        self.version = "1"
        self.settings = settings
        self._dependencies = dependencies
        self._reader = reader
        self._clock = dependencies.clock
        self._inbox: deque[Item] = deque()
        self._waiting = 0  # bytes in the inbox
        self._buffers: dict[Place, Buffer[Item]] = defaultdict(Buffer)
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to read and to deliver."""
        self._tasks.append(asyncio.create_task(self._persist(self._work)))
        if self._reader is not None:
            self._tasks.append(asyncio.create_task(self._persist(self._read)))

    async def close(self) -> None:
        """Stop; what is buffered is not delivered [BC]."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def put(self, records: Sequence[bytes]) -> None:
        """Take direct puts.

        Raises:
            ApiError: it reads a stream, or too much waits already.
        """
        if self._reader is not None:
            raise ApiError(
                "InvalidArgumentException",
                "This operation is not permitted on KinesisStreamAsSource delivery stream type.",
            )
        size = sum(map(len, records))
        if self._waiting + size > MOST_WAITING:
            raise ApiError("ServiceUnavailableException", "Slow down.", 503)
        now = self._clock.now()
        self._take([Item(data, now) for data in records])
        self.measure("IncomingRecords", len(records))
        self.measure("IncomingBytes", size, "Bytes")

    def measure(self, name: str, value: float, unit: str = "Count") -> None:
        """Put a data point of one of its metrics."""
        self._dependencies.metrics.put(
            self.region, NAMESPACE, name, value, unit, DeliveryStreamName=self.name
        )

    # --- arrival

    async def _persist(self, work: Any) -> None:
        """Work without end; after a fault of ours, tell it and go on."""
        while True:
            try:
                await work()
            except Exception:
                log.exception("the delivery stream %s has a fault", self.name)
                await asyncio.sleep(FIRST_PAUSE)

    async def _read(self) -> None:
        assert self._reader is not None
        await self._reader.run(self._take_read, lambda: self._waiting < ROOM)

    def _take_read(self, items: list[Item]) -> None:
        if items:
            self._take(items)
            size = sum(len(item.data) for item in items)
            self.measure("DataReadFromKinesisStream.Records", len(items))
            self.measure("DataReadFromKinesisStream.Bytes", size, "Bytes")

    def _take(self, items: list[Item]) -> None:
        self._inbox += items
        self._waiting += sum(len(item.data) for item in items)
        self._wake.set()

    # --- work

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            await self._place_inbox()
            for place, buffer in list(self._buffers.items()):
                if buffer.due_at(self.settings.hints) <= self._clock.now():
                    await self._deliver(place)
            due = min(
                (one.due_at(self.settings.hints) for one in self._buffers.values()), default=NEVER
            )
            if due == NEVER:
                await self._wake.wait()
            else:
                await self._clock.wait(self._wake, due - self._clock.now())

    async def _place_inbox(self) -> None:
        while self._inbox:
            item = self._inbox.popleft()
            self._waiting -= len(item.data)
            await self._place(Place(), item)

    async def _place(self, place: Place, item: Item) -> None:
        """Buffer a record; deliver its buffer when that is full."""
        buffer = self._buffers[place]
        buffer.add(item, len(item.data), self._clock.now())
        if buffer.size >= self.settings.hints.size:
            await self._deliver(place)

    async def _deliver(self, place: Place) -> None:
        """Write what is buffered for a place into one object; till then it stays buffered."""
        items = self._buffers[place].items
        oldest = min(item.arrived for item in items)
        settings = self.settings
        body = await asyncio.to_thread(
            objects.content,
            [item.data for item in items],
            settings.compression,
            is_delimited=settings.is_delimited,
        )
        await self._write(self._key(place, oldest), body, oldest, len(items))
        del self._buffers[place]

    def _key(self, place: Place, oldest: float) -> str:
        settings = self.settings
        time = datetime.fromtimestamp(oldest, settings.zone)
        moment = prefixes.Moment(time, uuid.uuid4().hex[:11], {}, place.error_type)
        prefix = settings.error_prefix if place.error_type else settings.prefix
        extension = "" if place.error_type else settings.extension
        return prefixes.evaluate(prefix, moment) + objects.name(
            self.name, self.version, oldest, extension
        )

    # --- the bucket

    async def _write(self, key: str, body: bytes, oldest: float, count: int) -> None:
        """Write an object; try for a day, then give its records up."""
        began, pause = self._clock.now(), FIRST_PAUSE
        while True:
            try:
                await self._put_object(key, body)
            except (ApiError, DeliveryError) as refused:
                self._measure_write(oldest, 0)
                await self._tell(f"S3.{refused.code}", refused.message)
                if self._clock.now() - began > GIVE_UP_SECONDS:
                    log.warning("%s: %d records are lost: %s", self.name, count, refused.message)
                    return
                await self._clock.sleep(pause)
                pause = min(LONGEST_PAUSE, 2 * pause)
            else:
                self._measure_write(oldest, 1)
                self.measure("DeliveryToS3.Records", count)
                self.measure("DeliveryToS3.Bytes", len(body), "Bytes")
                self.measure("DeliveryToS3.ObjectCount", 1)
                return

    def _measure_write(self, oldest: float, success: int) -> None:
        self.measure("DeliveryToS3.Success", success)
        self.measure("DeliveryToS3.DataFreshness", self._clock.now() - oldest, "Seconds")

    async def _put_object(self, key: str, body: bytes) -> None:
        settings, roles = self.settings, self._dependencies.roles
        if not roles.can_be_assumed(settings.role_arn, SERVICE):
            raise DeliveryError("AccessDenied", NOT_ASSUMED.format(settings.role_arn))
        check_delivery(roles, settings.role_arn, SESSION, settings.bucket_arn, key)
        asked: dict[str, Any] = {
            "Bucket": settings.bucket,
            "Key": key,
            "Body": body,
            "ContentType": "application/octet-stream",
        }
        encoding = objects.ENCODINGS.get(settings.compression)
        if encoding and key.endswith(settings.extension):
            asked["ContentEncoding"] = encoding
        if settings.key_arn:
            asked |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings.key_arn}
        await self._dependencies.calls.call("s3", "PutObject", self.region, asked)

    async def _tell(self, code: str, message: str) -> None:
        """Log an error where the settings say so; a log that is not there does not matter."""
        if self.settings.log is None:
            return
        group, stream = self.settings.log
        text = orjson.dumps(
            {
                "deliveryStreamARN": self.arn,
                "destination": self.settings.bucket_arn,
                "deliveryStreamVersionId": self.version,
                "message": message,
                "errorCode": code,
            }
        ).decode()
        event = {"timestamp": int(self._clock.now() * 1000), "message": text}
        try:
            await self._dependencies.calls.call(
                "logs",
                "PutLogEvents",
                self.region,
                {"logGroupName": group, "logStreamName": stream, "logEvents": [event]},
            )
        except ApiError as refused:
            log.warning("%s: cannot log %s: %s", self.name, code, refused.message)
