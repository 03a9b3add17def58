"""moto's Firehose stores delivery streams; our code delivers their records."""

import base64
import json
import uuid
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.firehose import models, responses

from workbook.localaws.api import model
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.integrations.firehose import settings
from workbook.localaws.integrations.firehose.delivery_streams import DeliveryStreams
from workbook.localaws.moto.takeover import take_over

T = TypeVar("T")
DIRECT, FROM_STREAM = "DirectPut", "KinesisStreamAsSource"
EXTENDED, BASIC = "ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"
ID = "destinationId-000000000001"  # [OBS]
MOST_RECORD, MOST_BATCH, MOST_RECORDS = 1_024_000, 4 * 1024 * 1024, 500  # bytes, bytes [BC, SEEN]
BASIC_MEMBERS = (  # the description of a basic destination [BC]
    "RoleARN",
    "BucketARN",
    "Prefix",
    "ErrorOutputPrefix",
    "BufferingHints",
    "CompressionFormat",
    "EncryptionConfiguration",
    "CloudWatchLoggingOptions",
)


class FirehoseBackend(models.FirehoseBackend):
    """moto's backend, whose delivery streams deliver."""

    streams: DeliveryStreams  # set by ``install``, like the next two
    on_loop: Callable[[Coroutine[Any, Any, Any]], Any]
    now: Callable[[], float]

    @property
    def _url_module(self) -> Any:
        from moto.firehose import urls  # moto derives it from the class' module

        return urls

    def ask(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of our code.

        Raises:
            JsonRESTError: a refusal, in moto's form.
        """
        try:
            answer: T = self.on_loop(work)
        except ApiError as error:
            raise _refusal(error) from None
        return answer

    def put_record_batch(
        self, delivery_stream_name: str, records: list[dict[str, bytes]]
    ) -> dict[str, Any]:
        """Handle PutRecordBatch; moto also calls it for PutRecord."""
        found = self.delivery_streams.get(delivery_stream_name)
        if found is None:
            raise JsonRESTError(
                "ResourceNotFoundException",
                f"Firehose {delivery_stream_name} under account {self.account_id} not found.",
            )
        data = [_bytes((record or {}).get("Data")) for record in records or []]
        _check_sizes(data)
        self.ask(self.streams.put(found.delivery_stream_arn, data))
        answers = [{"RecordId": str(uuid.uuid4())} for _ in data]
        return {"FailedPutCount": 0, "Encrypted": False, "RequestResponses": answers}

    def delete_delivery_stream(self, delivery_stream_name: str) -> None:
        """Handle DeleteDeliveryStream."""
        found = self.delivery_streams.get(delivery_stream_name)
        super().delete_delivery_stream(delivery_stream_name)
        assert found is not None  # moto refuses a missing one
        self.ask(self.streams.delete(found.delivery_stream_arn))

    def reset(self) -> None:
        """Delete every delivery stream, when moto resets all services."""
        for name in list(self.delivery_streams):
            self.delete_delivery_stream(name)
        super().reset()


def _create(handler: Any) -> ActionResult:
    """Handle CreateDeliveryStream."""
    given, backend = _parameters(handler, "CreateDeliveryStream"), handler.firehose_backend
    kind = given.get("DeliveryStreamType") or DIRECT
    try:
        if kind not in (DIRECT, FROM_STREAM):
            raise settings.invalid(
                f"The local AWS does not support the source {kind}; it supports {DIRECT} and "
                f"{FROM_STREAM}."
            )
        settings.refuse_destinations(given)
        description = _description(given)
        wanted = settings.read(description)
        _check_schema(wanted.conversion, backend.region_name)
    except ApiError as error:
        raise _refusal(error) from None
    source = given.get("KinesisStreamSourceConfiguration")
    if (source is None) == (kind == FROM_STREAM):
        raise JsonRESTError(
            "InvalidArgumentException",
            "KinesisStreamSourceConfiguration is required for the type KinesisStreamAsSource, and "
            "not allowed for others.",
        )
    name = given["DeliveryStreamName"]
    arn = backend.create_delivery_stream(
        region=backend.region_name,
        delivery_stream_name=name,
        delivery_stream_type=kind,
        kinesis_stream_source_configuration=source and dict(source),
        delivery_stream_encryption_configuration_input=given.get(
            "DeliveryStreamEncryptionConfigurationInput"
        ),
        s3_destination_configuration={},
        extended_s3_destination_configuration=description,
        redshift_destination_configuration={},
        elasticsearch_destination_configuration={},
        splunk_destination_configuration={},
        http_endpoint_destination_configuration={},
        snowflake_destination_configuration={},
        iceberg_destination_configuration={},
        tags=given.get("Tags") or [],
    )
    read_from = source and (source["KinesisStreamARN"], source["RoleARN"])
    made = backend.delivery_streams[name]
    try:
        start = backend.ask(backend.streams.create(arn, wanted, read_from))
    except JsonRESTError:
        models.FirehoseBackend.delete_delivery_stream(backend, name)
        raise
    made.create_timestamp = datetime.fromtimestamp(start, UTC)
    made.last_update_timestamp = None
    _describe(made, description)
    if source:
        made.source["DeliveryStartTimestamp"] = datetime.fromtimestamp(start, UTC)
    return ActionResult({"DeliveryStreamARN": arn})


def _update(handler: Any) -> ActionResult:
    """Handle UpdateDestination: each member given replaces the present one [BC]."""
    given, backend = _parameters(handler, "UpdateDestination"), handler.firehose_backend
    name = given["DeliveryStreamName"]
    found = backend.delivery_streams.get(name)
    if found is None:
        raise JsonRESTError(
            "ResourceNotFoundException",
            f"Firehose {name} under account {backend.account_id} not found.",
        )
    version = given["CurrentDeliveryStreamVersionId"]
    if found.version_id != version:
        raise JsonRESTError(
            "ConcurrentModificationException",
            f"Cannot update firehose: {name} since the current version id: {found.version_id} and "
            f"specified version id: {version} do not match",
        )
    if given["DestinationId"] != ID:
        raise JsonRESTError(
            "InvalidArgumentException", f"Destination Id {given['DestinationId']} not found"
        )
    before = found.destinations[0]["ExtendedS3"]
    try:
        settings.refuse_destinations(given)
        changes = given.get("ExtendedS3DestinationUpdate") or given.get("S3DestinationUpdate") or {}
        after = settings.with_defaults({**before, **changes})
        wanted = settings.read(after)
        _check_schema(wanted.conversion, backend.region_name)
        if settings.is_enabled(before, settings.PARTITIONING) != (wanted.partitioning is not None):
            raise settings.invalid(
                "Dynamic partitioning can only be enabled when a delivery stream is created"
            )
    except ApiError as error:
        raise _refusal(error) from None
    if after == before:  # no new version [SEEN]
        return EmptyResult()
    version = str(int(version) + 1)
    backend.ask(backend.streams.update(found.delivery_stream_arn, wanted, version))
    _describe(found, after)
    found.version_id = version
    found.last_update_timestamp = datetime.fromtimestamp(backend.now(), UTC)
    return EmptyResult()


def _parameters(handler: Any, operation: str) -> dict[str, Any]:
    """Return a request's parameters, checked against the model [BC].

    Raises:
        JsonRESTError: a parameter is missing or wrong; the message names it.
    """
    try:
        return model.firehose().read(operation, json.loads(handler.body))
    except ApiError as error:
        raise _refusal(error) from None


def _description(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of the only destination, which has one of two forms.

    Raises:
        ApiError: there is none, or both.
    """
    wanted = [given[name] for name in (EXTENDED, BASIC) if given.get(name)]
    if len(wanted) != 1:
        raise settings.invalid("Exactly one destination configuration is supported for a Firehose")
    return settings.with_defaults(wanted[0])


def _check_schema(wanted: settings.Conversion | None, region: str) -> None:
    """Check that a conversion's table exists, and that its columns can be written.

    Raises:
        ApiError: one of these is not so.
    """
    if wanted is None:
        return
    from moto.glue.models import glue_backends

    from workbook.localaws.integrations.firehose import conversion  # late: it imports Arrow

    table = wanted.table
    glue = glue_backends[ACCOUNT_ID][table.get("Region") or region]
    try:
        found = glue.get_table(table["DatabaseName"], table["TableName"]).as_dict()
        conversion.schema(found.get("StorageDescriptor", {}).get("Columns", []))
    except JsonRESTError as missing:
        raise settings.invalid(missing.message) from None
    except ValueError as unknown:
        raise settings.invalid(f"The local AWS cannot convert {unknown}") from None


def _describe(stream: models.DeliveryStream, description: dict[str, Any]) -> None:
    """Describe the destination in both forms [OBS]."""
    basic = {name: description[name] for name in BASIC_MEMBERS if name in description}
    stream.destinations = [{"destination_id": ID, "ExtendedS3": description, "S3": basic}]


def _check_sizes(data: list[bytes]) -> None:
    """Check the sizes of the records in a put.

    Raises:
        JsonRESTError: one or all of them are too large, or there are too many.
    """
    if not 1 <= len(data) <= MOST_RECORDS or any(len(one) > MOST_RECORD for one in data):
        raise JsonRESTError(
            "ValidationException",
            f"A put holds 1 to {MOST_RECORDS} records of at most {MOST_RECORD:,} bytes each",
        )
    if sum(map(len, data)) > MOST_BATCH:
        raise JsonRESTError("InvalidArgumentException", "Records size exceeds 4 MB limit")


def _bytes(data: bytes | str | None) -> bytes:
    """Return a blob; other services of moto provide it as base64.

    Raises:
        JsonRESTError: there is no blob.
    """
    if data is None:
        raise JsonRESTError("ValidationException", "A record must have Data")
    return base64.b64decode(data) if isinstance(data, str) else data


def _refusal(error: ApiError) -> JsonRESTError:
    refusal = JsonRESTError(error.code, error.message)
    refusal.code = error.status
    return refusal


def install(
    streams: DeliveryStreams,
    on_loop: Callable[[Coroutine[Any, Any, Any]], Any],
    now: Callable[[], float],
) -> None:
    """Make moto use this backend; on its thread, before the first delivery stream is created."""
    members = {"streams": streams, "on_loop": staticmethod(on_loop), "now": staticmethod(now)}
    take_over(models.firehose_backends, type("Backend", (FirehoseBackend,), members))
    handler: Any = responses.FirehoseResponse
    handler.create_delivery_stream, handler.update_destination = _create, _update
