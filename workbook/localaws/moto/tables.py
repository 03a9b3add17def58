"""moto's DynamoDB, which sends changes of tables to Kinesis streams, and throttles writes."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.dynamodb import models, responses
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models import table as moto_table
from moto.dynamodb.models.dynamo_type import DynamoType

from workbook.localaws.api import model
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.integrations import table_capacity, table_changes
from workbook.localaws.integrations.stream_writes import Write
from workbook.localaws.integrations.table_capacity import Capacity
from workbook.localaws.moto import kinesis
from workbook.localaws.moto.takeover import take_over

ACTIVE, FAILED = "ACTIVE", "ENABLE_FAILED"
ON_DEMAND = "PAY_PER_REQUEST"
ENABLING, UPDATING = "EnableKinesisStreamingConfiguration", "UpdateKinesisStreamingConfiguration"
PRECISION = "ApproximateCreationDateTimePrecision"
NO_STREAM = "User does not have a permission to use kinesis stream"  # or it is missing [OBS]

# Refusals [OBS]
NO_SETTINGS = (
    "Streaming destination cannot be updated with given parameters: "
    "UpdateKinesisStreamingConfiguration cannot be null or contain only null values"
)
NOT_FOR_DISABLING = "Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters"
EXCEEDED = (  # [SEEN]
    "The level of configured provisioned throughput for the table was exceeded. Consider "
    "increasing your provisioning level with the UpdateTable API."
)
INVALID_STATE = "Table is not in a valid state to enable Kinesis Streaming Destination: "
NOT_DISABLED = (
    "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE "
    "operation."
)
NOT_ACTIVE = "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."
NOT_UPDATABLE = (
    "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state."
)


@dataclass
class Destination:
    """A Kinesis stream to which a table's changes are sent.

    Args:
        stream_arn: the stream's ARN.
        precision: the precision of times: ``MICROSECOND``, ``MILLISECOND`` or None.
        status: ``ACTIVE``, ``DISABLED`` or ``ENABLE_FAILED``.
    """

    stream_arn: str
    precision: str | None
    status: str

    def described(self) -> dict[str, str]:
        """Return the destination as DescribeKinesisStreamingDestination does [OBS]."""
        about = {"StreamArn": self.stream_arn, "DestinationStatus": self.status}
        if self.precision:
            about[PRECISION] = self.precision
        if self.status == FAILED:
            about["DestinationStatusDescription"] = NO_STREAM
        return about


class Table(moto_table.Table):
    """A table whose changes go to a Kinesis stream, besides its own stream."""

    _own: Any = None  # moto's DynamoDB stream

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.destinations: dict[str, Destination] = {}  # by the stream's ARN; one can be ACTIVE
        self.capacity: Capacity | None = None  # from the first write on
        super().__init__(*args, **kwargs)

    @property
    def is_provisioned(self) -> bool:
        """Return whether its capacity is provisioned, and can be used up."""
        return self.billing_mode != ON_DEMAND and bool(self.throughput["WriteCapacityUnits"])

    @property
    def active(self) -> Destination | None:
        """Return the destination that gets the changes."""
        return next((one for one in self.destinations.values() if one.status == ACTIVE), None)

    @property
    def stream_shard(self) -> Any:
        """Return what moto passes each change to, and what its Streams API reads."""
        return _Changes(self, self._own) if self._own or self.active else None

    @stream_shard.setter
    def stream_shard(self, shard: Any) -> None:
        self._own = shard

    def send(self, old: Any, new: Any) -> None:
        """Send a change to the Kinesis stream, if there is one.

        Args:
            old: the item before the change, in moto's form; None if it did not exist.
            new: the item after it; None if it was deleted.
        """
        destination = self.active
        if destination is None:
            return
        item = new or old
        keys = {self.hash_key_attr: item.hash_key.to_json()}
        if self.range_key_attr is not None:
            keys[self.range_key_attr] = item.range_key.to_json()
        images = [one.to_json()["Attributes"] if one else None for one in (old, new)]
        backend = _backend(self.region_name)
        data = table_changes.record(
            region=self.region_name,
            table=self.name,
            keys=keys,
            old=images[0],
            new=images[1],
            size=sum(one.size() for one in (old, new) if one),
            seconds=backend.now(),
            precision=destination.precision,
        )
        if data is not None:
            key = table_changes.partition_key(keys)
            backend.send(Write(f"the table {self.name}", destination.stream_arn, key, data))


class ProvisionedThroughputExceeded(JsonRESTError):  # AWS's code in transactions
    """A table has no write capacity left [SEEN]."""

    def __init__(self) -> None:
        super().__init__("ProvisionedThroughputExceededException", EXCEEDED)


class _Changes:
    """A table's DynamoDB stream, in whose place its Kinesis stream gets each change too."""

    def __init__(self, table: Table, own: Any) -> None:
        self._table = table
        self._own = own

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def add(self, old: Any, new: Any) -> None:
        """Pass a change on."""
        specification = self._table.stream_specification or {}
        if self._own is not None and specification.get("StreamEnabled"):
            self._own.add(old, new)
        self._table.send(old, new)


class DynamoDBBackend(models.DynamoDBBackend):
    """moto's backend, which sends the changes of a call together, or none of them."""

    now: Callable[[], float]  # set in a subclass by ``install``
    _together: list[Write] | None = None  # the changes of the call in progress
    _is_unmetered = False  # whether the capacity for the call in progress has been used already

    @property
    def _url_module(self) -> Any:
        from moto.dynamodb import urls  # moto derives it from the class' module

        return urls

    def send(self, write: Write) -> None:
        """Write a change to its stream, when the call that causes it has succeeded."""
        if self._together is None:
            kinesis.backend(self.region_name).send(write)
        else:
            self._together.append(write)

    def use(self, name: str, size: int) -> None:
        """Use write capacity of a table with provisioned throughput.

        Raises:
            ProvisionedThroughputExceeded: none is left.
        """
        table = self.tables.get(name.rpartition("/")[2])
        if self._is_unmetered or not isinstance(table, Table) or not table.is_provisioned:
            return
        if table.capacity is None:
            table.capacity = Capacity(self.now())
        rate = int(table.throughput["WriteCapacityUnits"])
        if not table.capacity.take(table_capacity.units(size), rate, self.now()):
            raise ProvisionedThroughputExceeded

    def put_item(self, table_name: str, item_attrs: dict[str, Any], *args: Any, **kw: Any) -> Any:
        """Handle PutItem, and a part of other calls."""
        self.use(table_name, _size(item_attrs))
        return super().put_item(table_name, item_attrs, *args, **kw)

    def delete_item(self, table_name: str, key: dict[str, Any], *args: Any, **kw: Any) -> Any:
        """Handle DeleteItem, and a part of other calls."""
        self.use(table_name, self._size_at(table_name, key))
        return super().delete_item(table_name, key, *args, **kw)

    def _size_at(self, table_name: str, key: dict[str, Any]) -> int:
        """Return the size of the item with a key; 0 if there is none."""
        try:
            item = self.get_item(table_name, key)
        except DynamodbException:  # the call itself will refuse it
            return 0
        return item.size() if item is not None else 0

    def size_of(self, table_name: str, request: dict[str, Any]) -> int:
        """Return the size of the item that a request of BatchWriteItem writes or deletes."""
        if "PutRequest" in request:
            return _size(request["PutRequest"]["Item"])
        return self._size_at(table_name, request["DeleteRequest"]["Key"])

    @contextmanager
    def unmetered(self) -> Iterator[None]:
        """Use no capacity."""
        self._is_unmetered = True
        try:
            yield
        finally:
            self._is_unmetered = False

    def transact_write_items(self, transact_items: list[dict[str, Any]]) -> None:
        """Handle TransactWriteItems."""
        with self._collected() as changes:
            super().transact_write_items(transact_items)
        for write in changes:
            self.send(write)

    def update_item(self, table_name: str, key: dict[str, Any], *args: Any, **kw: Any) -> Any:
        """Handle UpdateItem; moto first puts a new item with only its keys, which is no change."""
        self.use(table_name, self._size_at(table_name, key))
        with self._collected() as changes:
            item = super().update_item(table_name, key, *args, **kw)
        for write in changes[-1:]:
            self.send(write)
        return item

    @contextmanager
    def _collected(self) -> Iterator[list[Write]]:
        """Collect what is sent, instead of sending it."""
        before, self._together = self._together, []
        try:
            yield self._together
        finally:
            self._together = before


def _size(attributes: dict[str, Any]) -> int:
    """Return the size of an item, as given, in bytes."""
    return sum(len(name.encode()) + DynamoType(one).size() for name, one in attributes.items())


def _batch_write(handler: Any, write: Callable[[Any], Any]) -> Any:
    """Handle BatchWriteItem: what finds no write capacity is returned as unprocessed [BC]."""
    backend = _backend(handler.region)
    taken: dict[str, list[Any]] = {}
    left: dict[str, list[Any]] = {}
    for name, requests in handler.body["RequestItems"].items():
        for request in requests:
            try:
                backend.use(name, backend.size_of(name, request))
                taken.setdefault(name, []).append(request)
            except ProvisionedThroughputExceeded:
                left.setdefault(name, []).append(request)
    if not left:
        taken = handler.body["RequestItems"]
    elif not taken:
        raise ProvisionedThroughputExceeded
    handler.body = {**handler.body, "RequestItems": taken}
    with backend.unmetered():
        answer = write(handler)
    if not left:
        return answer
    return ActionResult({"UnprocessedItems": left, "ItemCollectionMetrics": {}})


def _backend(region: str) -> DynamoDBBackend:
    found = dynamodb_backends[ACCOUNT_ID][region]
    assert isinstance(found, DynamoDBBackend)
    return found


def _table(handler: Any) -> Table:
    name = handler.body["TableName"].rpartition("/")[2]
    found = _backend(handler.region).tables.get(name)
    if found is None:
        raise JsonRESTError(
            "ResourceNotFoundException", f"Requested resource not found: Table: {name} not found"
        )
    if not isinstance(found, Table):
        message = f"The local AWS does not send changes of {name}, which is restored from a backup."
        raise JsonRESTError("ValidationException", message)
    return found


def _invalid_state(reason: str) -> JsonRESTError:
    return JsonRESTError("ValidationException", INVALID_STATE + reason)


def _enable(handler: Any) -> dict[str, Any]:
    """Handle EnableKinesisStreamingDestination; a missing stream makes it fail later [OBS]."""
    table, arn = _table(handler), handler.body["StreamArn"]
    if table.active is not None:
        raise _invalid_state(NOT_DISABLED)
    try:
        kinesis.backend(handler.region).ask("DescribeStreamSummary", StreamARN=arn)
        status = ACTIVE
    except ApiError:
        status = FAILED
    settings = handler.body.get(ENABLING) or {}
    new = Destination(arn, settings.get(PRECISION), status)
    others = {key: one for key, one in table.destinations.items() if key != arn}
    table.destinations = {arn: new, **others}  # the newest first [OBS]
    return {"DestinationStatus": "ENABLING", ENABLING: settings}


def _disable(handler: Any) -> dict[str, Any]:
    """Handle DisableKinesisStreamingDestination."""
    table, arn = _table(handler), handler.body["StreamArn"]
    if handler.body.get(ENABLING):
        raise JsonRESTError("ValidationException", NOT_FOR_DISABLING)
    found = table.destinations.get(arn)
    if found is None or found.status != ACTIVE:
        raise _invalid_state(NOT_ACTIVE)
    found.status = "DISABLED"
    return {"DestinationStatus": "DISABLING", ENABLING: {}}


def _update(handler: Any) -> dict[str, Any]:
    """Handle UpdateKinesisStreamingDestination."""
    table, arn = _table(handler), handler.body["StreamArn"]
    settings = handler.body.get(UPDATING) or {}
    wanted = settings.get(PRECISION)
    if not wanted:
        raise JsonRESTError("ValidationException", NO_SETTINGS)
    found = table.destinations.get(arn)
    if found is None:
        raise _invalid_state(
            f"No streaming destination with streamArn: {arn} found for table with tableName: "
            f"{table.name}"
        )
    if found.status != ACTIVE:
        raise _invalid_state(f"{NOT_UPDATABLE} TableName: {table.name}")
    if found.precision == wanted:
        raise JsonRESTError(
            "ValidationException",
            f"Invalid Request: Precision is already set to the desired value of {wanted} for "
            f"tableId: {_id_of(table)}, kdsArn: {arn}",
        )
    found.precision = wanted
    return {"DestinationStatus": "UPDATING", UPDATING: settings}


def _describe(handler: Any) -> dict[str, Any]:
    """Handle DescribeKinesisStreamingDestination."""
    found = _table(handler).destinations.values()
    return {"KinesisDataStreamDestinations": [one.described() for one in found]}


def _operation(name: str, handle: Callable[[Any], dict[str, Any]]) -> Callable[[Any], str]:
    """Return an operation that refuses parameters that violate the model [BC]."""

    def run(handler: Any) -> str:
        try:
            model.dynamodb().read(name, handler.body)
        except ApiError as refused:
            raise JsonRESTError(refused.code, refused.message) from None
        answer = {"TableName": _table(handler).name}
        answer |= {key: handler.body[key] for key in ("StreamArn",) if key in handler.body}
        return json.dumps(answer | handle(handler))

    return run


def _id_of(table: Table) -> str:
    """Return a table's id, which moto does not have."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, table.table_arn))


def install(now: Callable[[], float]) -> None:
    """Make moto use these tables, and add these operations to its handler; on its thread."""
    module: Any = models
    module.Table = Table
    backend = type("DynamoDBBackend", (DynamoDBBackend,), {"now": staticmethod(now)})
    take_over(dynamodb_backends, backend)
    for verb, handle in (
        ("Enable", _enable),
        ("Disable", _disable),
        ("Update", _update),
        ("Describe", _describe),
    ):
        name = f"{verb}KinesisStreamingDestination"
        method = f"{verb.lower()}_kinesis_streaming_destination"
        setattr(responses.DynamoHandler, method, _operation(name, handle))
    handler: Any = responses.DynamoHandler
    write = handler.batch_write_item
    handler.batch_write_item = lambda self: _batch_write(self, write)
