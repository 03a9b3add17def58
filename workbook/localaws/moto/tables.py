"""moto's DynamoDB, which also sends changes of tables to Kinesis streams."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb import responses
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.integrations import table_changes
from workbook.localaws.integrations.stream_writes import Write
from workbook.localaws.moto import kinesis

NO_SETTINGS = (
    "Streaming destination cannot be updated with given parameters: "
    "UpdateKinesisStreamingConfiguration cannot be null or contain only null values"
)
PRECISION = "ApproximateCreationDateTimePrecision"


class Destination:
    """A table's stream of changes, which takes the place of the table's own in moto.

    Args:
        table: the table whose changes are sent.
        region: the table's region.
        stream_arn: the ARN of the Kinesis stream.
        precision: the precision of times: ``MICROSECOND``, ``MILLISECOND`` or None.
        now: returns the time, in seconds since the epoch.
    """

    def __init__(
        self,
        table: Table,
        region: str,
        stream_arn: str,
        precision: str | None,
        now: Callable[[], float],
    ) -> None:
        self.own = table.stream_shard
        self.stream_arn = stream_arn
        self.precision = precision
        self.status = "ACTIVE"
        self._table = table
        self._region = region
        self._now = now

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own, name)  # the table's own stream, which moto's Streams API reads

    def add(self, old: Any, new: Any) -> None:
        """Send a change to the stream."""
        if self.own is not None:
            self.own.add(old, new)
        if self.status != "ACTIVE":
            return
        item = new or old
        keys = {self._table.hash_key_attr: item.hash_key.to_json()}
        if self._table.range_key_attr is not None:
            keys[self._table.range_key_attr] = item.range_key.to_json()
        images = [one.to_json()["Attributes"] if one else None for one in (old, new)]
        data = table_changes.record(
            region=self._region,
            table=self._table.name,
            keys=keys,
            old=images[0],
            new=images[1],
            size=sum(one.size() for one in (old, new) if one),
            seconds=self._now(),
            precision=self.precision,
        )
        if data is not None:
            key = table_changes.partition_key(keys)
            write = Write(f"the table {self._table.name}", self.stream_arn, key, data)
            kinesis.backend(self._region).send(write)


def _operations(now: Callable[[], float]) -> dict[str, Callable[[Any], str]]:
    """Return the operations for streaming destinations, as methods of moto's handler."""

    def table_of(handler: Any) -> Table:
        name = handler.body["TableName"].rpartition("/")[2]
        found = dynamodb_backends[ACCOUNT_ID][handler.region].tables.get(name)
        if found is None:
            raise JsonRESTError(
                "ResourceNotFoundException",
                f"Requested resource not found: Table: {name} not found",
            )
        return found

    def destination_of(handler: Any) -> Destination:
        table, arn = table_of(handler), handler.body["StreamArn"]
        found = table.stream_shard
        if not isinstance(found, Destination) or found.stream_arn != arn:
            raise JsonRESTError(
                "ValidationException",
                "Table is not in a valid state to enable Kinesis Streaming Destination: No "
                f"streaming destination with streamArn: {arn} found for table with tableName: "
                f"{table.name}",
            )
        return found

    def response(handler: Any, status: str, name: str, settings: Any) -> str:
        return json.dumps(
            {
                "TableName": table_of(handler).name,
                "StreamArn": handler.body["StreamArn"],
                "DestinationStatus": status,
                name: settings or {},
            }
        )

    def enable(handler: Any) -> str:
        table, arn = table_of(handler), handler.body["StreamArn"]
        present = table.stream_shard
        if isinstance(present, Destination):
            if present.status == "ACTIVE":
                raise JsonRESTError(
                    "ValidationException",
                    "Table is not in a valid state to enable Kinesis Streaming Destination: "
                    f"{present.stream_arn} is enabled for it already",
                )
            table.stream_shard = present.own
        try:
            kinesis.backend(handler.region).ask("DescribeStreamSummary", StreamARN=arn)
        except ApiError as refused:
            raise JsonRESTError("ResourceNotFoundException", refused.message) from None
        settings = handler.body.get("EnableKinesisStreamingConfiguration") or {}
        precision = settings.get(PRECISION)
        table.stream_shard = Destination(  # type: ignore[assignment]
            table, handler.region, arn, precision, now
        )
        return response(handler, "ENABLING", "EnableKinesisStreamingConfiguration", settings)

    def disable(handler: Any) -> str:
        destination_of(handler).status = "DISABLED"
        return response(handler, "DISABLING", "EnableKinesisStreamingConfiguration", None)

    def update(handler: Any) -> str:
        found = destination_of(handler)
        settings = handler.body.get("UpdateKinesisStreamingConfiguration") or {}
        wanted = settings.get(PRECISION)
        if not wanted:
            raise JsonRESTError("ValidationException", NO_SETTINGS)
        if found.precision == wanted:
            raise JsonRESTError(
                "ValidationException",
                f"Invalid Request: Precision is already set to the desired value of {wanted} for "
                f"tableId: {_id_of(table_of(handler))}, kdsArn: {found.stream_arn}",
            )
        found.precision = wanted
        return response(handler, "UPDATING", "UpdateKinesisStreamingConfiguration", settings)

    def describe(handler: Any) -> str:
        table = table_of(handler)
        found = table.stream_shard
        destinations: list[dict[str, str]] = []
        if isinstance(found, Destination):
            one = {"StreamArn": found.stream_arn, "DestinationStatus": found.status}
            precision = {PRECISION: found.precision} if found.precision else {}
            destinations.append(one | precision)
        return json.dumps({"TableName": table.name, "KinesisDataStreamDestinations": destinations})

    return {
        "enable_kinesis_streaming_destination": enable,
        "disable_kinesis_streaming_destination": disable,
        "update_kinesis_streaming_destination": update,
        "describe_kinesis_streaming_destination": describe,
    }


def _id_of(table: Table) -> str:
    """Return a table's id, which moto does not have."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, table.table_arn))


def install(now: Callable[[], float]) -> None:
    """Add these operations to moto's handler; on its thread."""
    for name, operation in _operations(now).items():
        setattr(responses.DynamoHandler, name, operation)
