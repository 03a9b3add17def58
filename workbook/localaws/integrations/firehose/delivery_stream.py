"""A delivery stream: its records, from arrival to the bucket."""

import asyncio
import logging
import uuid
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from workbook.localaws.api.errors import ApiError
from workbook.localaws.destinations import check_delivery
from workbook.localaws.integrations.firehose import (
    failures,
    objects,
    partitioning,
    prefixes,
    quotas,
    schemas,
    transformation,
)
from workbook.localaws.integrations.firehose.buffering import NEVER, Buffer
from workbook.localaws.integrations.firehose.context import (
    NOT_ASSUMED,
    SERVICE,
    SESSION,
    Dependencies,
    Item,
)
from workbook.localaws.integrations.firehose.reading import Reader
from workbook.localaws.integrations.firehose.settings import MIB, Conversion, Settings
from workbook.localaws.integrations.firehose.transformation import (
    Failure,
    Outcome,
    Transformation,
    Transformed,
)
from workbook.localaws.interfaces import (
    DeliveryError,
    FunctionGoneError,
    InvokeThrottledError,
    RoleNotAssumableError,
)

NAMESPACE = "AWS/Firehose"
ROOM = 16 * MIB  # of waiting records; above it, the source is not read
MOST_WAITING = 256 * MIB  # of direct puts; more are refused, to limit memory
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between attempts to write an object [?]
TURN = 100  # records placed before other tasks run
RECORD_IDS = 49 * 10**54  # the first id that a function receives; AWS's have as many digits
RETRY_SECONDS = 1.0  # between attempts to invoke a function [?]
GIVE_UP_SECONDS = 24 * 3600.0  # after which records are lost [FH:basic-deliver]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """The key of a buffer, whose records are written to one object.

    Args:
        error_type: such as ``processing-failed``; empty for good records.
        keys: partition keys, by namespace and name.
    """

    error_type: str = ""
    keys: tuple[tuple[tuple[str, str], str], ...] = ()


class DeliveryStream:
    """A delivery stream of the local AWS.

    Args:
        dependencies: the rest of the local AWS.
        arn: the delivery stream's ARN.
        settings: how it delivers.
        reader: the reader of its source stream; None for direct puts.
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
        self._quotas = quotas.Quotas(self.region)
        self._inbox: deque[Item] = deque()
        self._waiting = 0  # bytes in the inbox
        self._raw: Buffer[Item] = Buffer()  # records for one invocation of the function
        self._buffers: dict[Place, Buffer[Item]] = defaultdict(Buffer)
        self._numbered = 0  # records sent to a function so far
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start to read and to deliver."""
        self._tasks.append(asyncio.create_task(self._persist(self._work)))
        if self._reader is not None:
            self._tasks.append(asyncio.create_task(self._persist(self._read)))

    async def close(self) -> None:
        """Stop; buffered records are not delivered [BC]."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def change(self, settings: Settings, version: str) -> None:
        """Deliver as ``settings`` say from now on, also what is already buffered."""
        self.settings, self.version = settings, version
        self._wake.set()

    def put(self, records: Sequence[bytes], *, has_quotas: bool) -> int:
        """Accept direct puts; return how many, from the first on.

        Args:
            records: the data of each record.
            has_quotas: whether the quotas of a second apply.

        Raises:
            ApiError: the source is a stream, or there are too many calls or too much data.
        """
        if self._reader is not None:
            raise ApiError(
                "InvalidArgumentException",
                "This operation is not permitted on KinesisStreamAsSource delivery stream type.",
            )
        now, count = self._clock.now(), len(records)
        if has_quotas:
            admitted = self._quotas.admit([len(data) for data in records], now)
            if admitted is None:
                raise ApiError(quotas.THROTTLED, quotas.SLOW_DOWN, 503)
            count = admitted
        size = sum(len(data) for data in records[:count])
        if self._waiting + size > MOST_WAITING:
            raise ApiError(quotas.THROTTLED, quotas.SLOW_DOWN, 503)
        self._take([Item(data, now) for data in records[:count]])
        self.measure("IncomingRecords", count)
        self.measure("IncomingBytes", size, "Bytes")
        if count < len(records):
            self.measure("ThrottledRecords", len(records) - count)
        return count

    def measure(self, name: str, value: float, unit: str = "Count") -> None:
        """Record a data point of one of the delivery stream's metrics."""
        self._dependencies.metrics.put(
            self.region, NAMESPACE, name, value, unit, DeliveryStreamName=self.name
        )

    # --- arrival

    async def _persist(self, work: Any) -> None:
        """Run ``work`` without end; after an internal fault, log it and continue."""
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
            await self._take_in()
            for place in list(self._buffers):
                if self._buffers[place].due_at(self.settings.hints) <= self._clock.now():
                    await self._deliver(place)
            due = self._due_at()
            if due == NEVER:
                await self._wake.wait()
            else:
                await self._clock.wait(self._wake, due - self._clock.now())

    def _due_at(self) -> float:
        """Return when the next buffer must be delivered or transformed."""
        settings = self.settings
        due = min((one.due_at(settings.hints) for one in self._buffers.values()), default=NEVER)
        if settings.transformation is not None:
            return min(due, self._raw.due_at(settings.transformation.hints))
        return self._clock.now() if self._raw.items else due

    async def _take_in(self) -> None:
        """Place the records that have arrived, transformed first if there is a function."""
        taken = 0
        while self._inbox:
            taken += 1
            if taken % TURN == 0:
                await asyncio.sleep(0)  # let other puts and reads run
            transform = self.settings.transformation
            item = self._inbox.popleft()
            self._waiting -= len(item.data)
            if transform is None:
                await self._partition(item, {})
                continue
            self._raw.add(item, len(item.data), self._clock.now())
            if self._raw.size >= transform.hints.size:
                await self._place_transformed(transform)
        transform = self.settings.transformation
        if transform is None:  # an update may have removed it
            raw, self._raw = self._raw, Buffer()
            for item in raw.items:
                await self._partition(item, {})
        elif self._raw.due_at(transform.hints) <= self._clock.now():
            await self._place_transformed(transform)

    async def _place_transformed(self, transform: Transformation) -> None:
        """Transform the gathered records, and place the results."""
        items = self._raw.items
        results, attempts = await self._transform(transform, items)
        self._raw = Buffer()
        for item, result in zip(items, results, strict=True):
            match result:
                case Transformed(data, keys):
                    await self._partition(replace(item, data=data), keys)
                case Failure():
                    arn = transform.function_arn
                    await self._fail(item, failures.PROCESSING, result, attempts, lambdaARN=arn)

    async def _transform(
        self, transform: Transformation, items: list[Item]
    ) -> tuple[list[Outcome], int]:
        """Return the function's results, and how often it was invoked for them.

        Retry an invocation that fails. If all attempts fail, so do all its records [SEEN].
        """
        ids = [str(RECORD_IDS + one) for one in range(self._numbered, self._numbered + len(items))]
        self._numbered += len(items)
        attempts, began = 0, self._clock.now()
        while True:
            attempts += 1
            found = await self._invoke(transform, items, ids)
            if isinstance(found, list) or attempts > transform.retries:
                break
            await self._tell(found.code, found.message)
            await self._clock.sleep(RETRY_SECONDS)
        self.measure("ExecuteProcessing.Success", int(isinstance(found, list)))
        self.measure(
            "ExecuteProcessing.Duration", (self._clock.now() - began) * 1000, "Milliseconds"
        )
        if not isinstance(found, list):
            await self._tell(found.code, found.message)
            return [found] * len(items), attempts
        good = [one for one in found if not isinstance(one, Failure)]
        size = sum(len(one.data) for one in good if one is not None)
        self.measure("SucceedProcessing.Records", len(good))
        self.measure("SucceedProcessing.Bytes", size, "Bytes")
        return found, attempts

    async def _invoke(
        self, transform: Transformation, items: list[Item], ids: list[str]
    ) -> list[Outcome] | Failure:
        """Return the function's result for each record, or why the invocation failed."""
        functions, roles = self._dependencies.functions, self._dependencies.roles
        arn, role = transform.function_arn, transform.role_arn
        if not roles.can_be_assumed(role, SERVICE):
            return transformation.NOT_ASSUMED
        if roles.denial(role, SESSION, "lambda:InvokeFunction", arn):
            return transformation.DENIED
        event = transformation.event(
            items,
            ids,
            delivery_stream_arn=self.arn,
            source_arn=self._reader.stream_arn if self._reader else None,
            region=self.region,
        )
        try:
            invoked = await functions.invoke(functions.resolve(arn, self.region), event)
        except InvokeThrottledError:
            return transformation.THROTTLED
        except FunctionGoneError:
            return transformation.GONE
        except RoleNotAssumableError:
            return transformation.FUNCTION_ERROR
        if invoked.function_error:
            return transformation.FUNCTION_ERROR
        return transformation.outcomes(ids, invoked.payload)

    async def _partition(self, item: Item, of_function: Mapping[str, str]) -> None:
        """Place a record by its partition keys, if the settings use any."""
        wanted = self.settings.partitioning
        if wanted is None:
            return await self._place(Place(), item)
        keys = partitioning.keys(wanted.keys, item.data, wanted.query, of_function)
        if isinstance(keys, Failure):
            return await self._fail(item, failures.PROCESSING, keys, 1)
        place = Place(keys=tuple(keys.items()))
        if place not in self._buffers and self._partitions() >= partitioning.MOST_ACTIVE:
            return await self._fail(item, partitioning.EXCEEDED_TYPE, partitioning.EXCEEDED, 1)
        await self._place(place, item)

    def _partitions(self) -> int:
        return sum(not place.error_type for place in self._buffers)

    async def _fail(
        self, item: Item, error_type: str, failure: Failure, attempts: int, **more: str
    ) -> None:
        """Place a record's document in the error output."""
        now = self._clock.now()
        document = failures.document(
            item, failure.code, failure.message, attempts=attempts, now=now, **more
        )
        await self._place(Place(error_type), replace(item, data=document))

    async def _place(self, place: Place, item: Item) -> None:
        """Buffer a record, and deliver its buffer if it is full."""
        buffer = self._buffers[place]
        buffer.add(item, len(item.data), self._clock.now())
        if buffer.size >= self.settings.hints.size:
            await self._deliver(place)

    async def _deliver(self, place: Place) -> None:
        """Write a place's buffered records to an object; they stay buffered until that succeeds."""
        items = self._buffers[place].items
        settings = self.settings
        records = [item.data for item in items]
        misfits: list[Item] = []
        count = len(items)
        if place.error_type:  # documents, each ending in a line feed
            body = b"".join(records)
        elif settings.conversion is not None:
            body, misfits = await self._convert(settings.conversion, items)
            count -= len(misfits)
        else:
            body = await asyncio.to_thread(
                objects.content,
                records,
                settings.compression,
                is_delimited=settings.is_delimited,
            )
        if count:
            await self._write(place, body, min(item.arrived for item in items), count)
        if settings.partitioning is not None and not place.error_type:
            self.measure("PartitionCount", self._partitions())
        del self._buffers[place]
        for item in misfits:
            await self._place(Place(failures.CONVERSION), item)

    async def _convert(self, settings: Conversion, items: list[Item]) -> tuple[bytes, list[Item]]:
        """Return a Parquet file of records, and documents for those that do not fit."""
        from workbook.localaws.integrations.firehose import conversion  # late: it imports Arrow

        while True:
            try:
                columns = await schemas.columns(self._dependencies, settings, self.region)
                wanted = conversion.schema(columns)
                break
            except (ApiError, ValueError) as refused:  # until the schema is available again
                await self._tell("DataFormatConversion.InvalidSchema", str(refused))
                await self._clock.sleep(LONGEST_PAUSE)
        records = [item.data for item in items]
        found = await asyncio.to_thread(conversion.convert, records, wanted, settings)
        wrong = {one.index for one in found.misfits}
        sizes = [
            sum(len(data) for index, data in enumerate(records) if (index in wrong) is fails)
            for fails in (False, True)
        ]
        self.measure("SucceedConversion.Records", len(items) - len(wrong))
        self.measure("SucceedConversion.Bytes", sizes[0], "Bytes")
        self.measure("FailedConversion.Records", len(wrong))
        self.measure("FailedConversion.Bytes", sizes[1], "Bytes")
        table, now = schemas.described(settings, self.region), self._clock.now()
        misfits = []
        for one in found.misfits:
            item = items[one.index]
            document = failures.conversion_document(
                item, one.code, one.message, now=now, table=table
            )
            misfits.append(replace(item, data=document))
        return found.body, misfits

    def _key(self, place: Place, oldest: float) -> str:
        settings = self.settings
        time = datetime.fromtimestamp(oldest, settings.zone)
        chance = uuid.uuid4().hex[:11]
        moment = prefixes.Moment(time, chance, dict(place.keys), place.error_type)
        prefix = settings.error_prefix if place.error_type else settings.prefix
        extension = "" if place.error_type else settings.extension
        return prefixes.evaluate(prefix, moment) + objects.name(
            self.name, self.version, oldest, extension
        )

    # --- the bucket

    async def _write(self, place: Place, body: bytes, oldest: float, count: int) -> None:
        """Write an object; retry for a day, then give its records up."""
        began, pause = self._clock.now(), FIRST_PAUSE
        key = self._key(place, oldest)
        while True:
            try:
                await self._put_object(place, key, body)
            except (ApiError, DeliveryError) as refused:
                self._measure_write(oldest, 0)
                await self._tell(f"S3.{refused.code}", refused.message)
                if self._clock.now() - began > GIVE_UP_SECONDS:
                    log.warning("%s: %d records are lost: %s", self.name, count, refused.message)
                    return
                await self._clock.sleep(pause)
                pause = min(LONGEST_PAUSE, 2 * pause)
            else:
                if not place.error_type:
                    self._measure_write(oldest, 1)
                    self.measure("DeliveryToS3.Records", count)
                    self.measure("DeliveryToS3.Bytes", len(body), "Bytes")
                    self.measure("DeliveryToS3.ObjectCount", 1)
                return

    def _measure_write(self, oldest: float, success: int) -> None:
        self.measure("DeliveryToS3.Success", success)
        self.measure("DeliveryToS3.DataFreshness", self._clock.now() - oldest, "Seconds")

    async def _put_object(self, place: Place, key: str, body: bytes) -> None:
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
        if encoding and not place.error_type:
            asked["ContentEncoding"] = encoding
        if settings.key_arn:
            asked |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings.key_arn}
        await self._dependencies.calls.call("s3", "PutObject", self.region, asked)

    async def _tell(self, code: str, message: str) -> None:
        """Log an error if the settings name a log; ignore a log that does not exist."""
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
