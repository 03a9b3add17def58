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
from workbook.localaws.integrations.firehose import quotas, settings
from workbook.localaws.integrations.firehose.delivery_streams import DeliveryStreams
from workbook.localaws.moto.takeover import take_over

T = TypeVar("T")
DIRECT, FROM_STREAM = "DirectPut", "KinesisStreamAsSource"
EXTENDED, BASIC = "ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"
UPDATES = ("ExtendedS3DestinationUpdate", "S3DestinationUpdate")
OWNED_KEY, OWN_KEY = "AWS_OWNED_CMK", "CUSTOMER_MANAGED_CMK"
NOT_ENCRYPTED = (  # [BC]
    "Server-side encryption is possible only for delivery streams of the type DirectPut."
)
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

    def put_record(self, delivery_stream_name: str, record: dict[str, bytes]) -> dict[str, Any]:
        """Handle PutRecord."""
        answer = self.put_record_batch(delivery_stream_name, [record])
        (told,) = answer["RequestResponses"]
        if answer["FailedPutCount"]:
            raise _refusal(ApiError(told["ErrorCode"], told["ErrorMessage"], 503))
        return {"RecordId": told["RecordId"], "Encrypted": answer["Encrypted"]}

    def put_record_batch(
        self, delivery_stream_name: str, records: list[dict[str, bytes]]
    ) -> dict[str, Any]:
        """Handle PutRecordBatch: what the quotas leave no room for fails by itself [BC]."""
        data = [_bytes((record or {}).get("Data")) for record in records or []]
        found = self._found(delivery_stream_name)
        _check_sizes(data)
        count = self.ask(self.streams.put(found.delivery_stream_arn, data, is_client=True))
        failed = len(data) - count
        problem = {"ErrorCode": quotas.THROTTLED, "ErrorMessage": quotas.SLOW_DOWN}
        answers = [{"RecordId": str(uuid.uuid4())} for _ in range(count)] + [problem] * failed
        is_encrypted = _is_encrypted(found)
        return {"FailedPutCount": failed, "Encrypted": is_encrypted, "RequestResponses": answers}

    def take(self, name: str, data: bytes) -> None:
        """Accept a record of another service.

        Raises:
            JsonRESTError: there is no such delivery stream, or it accepts no record.
        """
        arn = self._found(name).delivery_stream_arn
        self.ask(self.streams.put(arn, [data], is_client=False))

    def start_delivery_stream_encryption(
        self, stream_name: str, encryption_config: dict[str, Any] | None
    ) -> None:
        """Handle StartDeliveryStreamEncryption."""
        found = self._found(stream_name)
        if found.source:
            raise JsonRESTError("InvalidArgumentException", NOT_ENCRYPTED)
        found.delivery_stream_encryption_configuration = _encryption(encryption_config or {})

    def stop_delivery_stream_encryption(self, stream_name: str) -> None:
        """Handle StopDeliveryStreamEncryption."""
        found = self._found(stream_name)
        if found.source:
            raise JsonRESTError("InvalidArgumentException", NOT_ENCRYPTED)
        before = found.delivery_stream_encryption_configuration or {}
        found.delivery_stream_encryption_configuration = {**before, "Status": "DISABLED"}

    def _found(self, name: str) -> models.DeliveryStream:
        found = self.delivery_streams.get(name)
        if found is None:
            raise JsonRESTError(
                "ResourceNotFoundException",
                f"Firehose {name} under account {self.account_id} not found.",
            )
        return found

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
        settings.refuse_others(given)
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
    name, encryption = given["DeliveryStreamName"], None
    if asked := given.get("DeliveryStreamEncryptionConfigurationInput"):
        if source:
            raise JsonRESTError("InvalidArgumentException", NOT_ENCRYPTED)
        encryption = _encryption(asked)
    arn = backend.create_delivery_stream(
        region=backend.region_name,
        delivery_stream_name=name,
        delivery_stream_type=kind,
        kinesis_stream_source_configuration=source and dict(source),
        delivery_stream_encryption_configuration_input=encryption,
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
    found = backend._found(name)
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
        settings.refuse_others(given)
        updates = [given[name] for name in UPDATES if name in given]
        if len(updates) != 1:
            raise settings.invalid(f"Exactly one of {' and '.join(UPDATES)} must be specified")
        after = settings.with_defaults({**before, **updates[0]})
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


def _encryption(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of server-side encryption [BC].

    Raises:
        JsonRESTError: the key does not fit its type.
    """
    kind, key = given.get("KeyType") or OWNED_KEY, given.get("KeyARN")
    if (kind == OWNED_KEY) == bool(key):
        raise JsonRESTError(
            "InvalidArgumentException", f"KeyARN must be given for the KeyType {OWN_KEY} only."
        )
    return {"KeyType": kind, **({"KeyARN": key} if key else {}), "Status": "ENABLED"}


def _is_encrypted(stream: models.DeliveryStream) -> bool:
    return (stream.delivery_stream_encryption_configuration or {}).get("Status") == "ENABLED"


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
