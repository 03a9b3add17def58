"""The interfaces between the parts of the local AWS, and the values that they exchange.

``kinesis`` implements *read records after a checkpoint* (``StreamSource``), ``functions`` *invoke
with this event* (``FunctionTarget``), and the moto package *deliver this document*
(``Destinations``). None of them knows its callers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

LAMBDA = "lambda.amazonaws.com"  # the principal that roles must trust


@dataclass(frozen=True, slots=True)
class Record:
    """A record in a shard.

    ``sequence_number`` is the integer behind AWS's decimal string; ``arrived`` is the approximate
    arrival time in seconds since the epoch.
    """

    sequence_number: int
    partition_key: str
    data: bytes
    arrived: float


@dataclass(frozen=True, slots=True)
class TrimHorizon:
    """The oldest record that the stream still keeps."""


@dataclass(frozen=True, slots=True)
class Latest:
    """Just after the newest record at the time of the first read."""


@dataclass(frozen=True, slots=True)
class AtTimestamp:
    """The first record that arrived at or after ``seconds`` since the epoch."""

    seconds: float


@dataclass(frozen=True, slots=True)
class AfterSequenceNumber:
    """Just after the record with this sequence number."""

    sequence_number: int


Position = TrimHorizon | Latest | AtTimestamp | AfterSequenceNumber


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """A shard and its parents: none, one (after a split) or two (after a merge)."""

    shard_id: str
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The result of a read of a shard.

    Args:
        records: the records, in order.
        position: the position for the next read; always exact, so that a mapping that started at
            LATEST misses nothing.
        millis_behind_latest: how far that position is behind the shard's tip.
        closed: whether the shard is closed and this read reached its end.
    """

    records: list[Record]
    position: Position
    millis_behind_latest: int
    closed: bool


class ReadThrottledError(Exception):
    """The shard's read limits (2 MB/s, 5 calls/s) are exceeded; try again later."""


class SourceGoneError(Exception):
    """The stream (or its consumer) was deleted."""


class StreamSource(Protocol):
    """A stream, as its readers see it."""

    arn: str

    def shards(self) -> list[ShardInfo]:
        """Return every shard that has not expired, open and closed, oldest first.

        Raises:
            SourceGoneError: the stream was deleted.
        """
        ...

    def oldest(self) -> float:
        """Return the time before which records have expired, in seconds since the epoch.

        Raises:
            SourceGoneError: the stream was deleted.
        """
        ...

    def read(self, shard_id: str, position: Position, limit: int) -> ReadResult:
        """Return up to ``limit`` records (and 10 MB), starting at ``position``.

        Raises:
            ReadThrottledError: the shard's read limits are exceeded.
            SourceGoneError: the stream was deleted.
        """
        ...


class Streams(Protocol):
    """All streams, as event source mappings see them."""

    def source(self, arn: str) -> StreamSource:
        """Return the stream with an ARN, or the stream that the consumer with an ARN reads.

        Raises:
            SourceGoneError: it does not exist.
        """
        ...


@dataclass(frozen=True, slots=True)
class Invocation:
    """The outcome of an invocation.

    Args:
        request_id: the invocation's request id.
        payload: the response or the error document, as JSON.
        function_error: None if the function succeeded, otherwise AWS's ``Unhandled``.
        executed_version: the version that ran: ``$LATEST`` or a number.
    """

    request_id: str
    payload: bytes
    function_error: str | None
    executed_version: str


class InvokeThrottledError(Exception):
    """No concurrency is left for the function (AWS: 429 TooManyRequestsException)."""


class FunctionGoneError(Exception):
    """The function, version or alias does not exist."""


class RoleNotAssumableError(Exception):
    """Lambda cannot assume a function's role: it does not exist, or does not trust Lambda."""


class FunctionTarget(Protocol):
    """Lambda functions, as an event source sees them."""

    def resolve(self, name_or_arn: str, region: str) -> str:
        """Return the ARN of an existing function, with its qualifier if one is given.

        Args:
            name_or_arn: a name, ``name:qualifier``, a partial or a full ARN, as accepted by the
                Lambda API.
            region: the region, unless it is in an ARN.

        Raises:
            FunctionGoneError: it does not exist.
        """
        ...

    def role(self, function_arn: str) -> str:
        """Return the execution role's ARN, the ``invokeIdentityArn`` of an event's records.

        Raises:
            FunctionGoneError: the function was deleted.
        """
        ...

    async def invoke(self, function_arn: str, event: bytes) -> Invocation:
        """Invoke a function with a JSON event, and wait for the outcome.

        Raises:
            InvokeThrottledError: no concurrency is left.
            FunctionGoneError: the function was deleted.
            RoleNotAssumableError: its role cannot be assumed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """A document for a destination.

    Args:
        body: JSON: the body of a message in a queue, the message of a topic, the content of an
            object, the event of a function, or the detail of an event on a bus.
        object_key: the object's key; for buckets only.
        detail_type, resources: the event's fields; for event buses only.
        attributes: the message's attributes as name, type and value; for queues and topics only.
    """

    body: bytes
    object_key: str = ""
    detail_type: str = ""
    resources: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str, str], ...] = ()


class DeliveryError(Exception):
    """A destination does not accept a document.

    Args:
        code: the error code, such as ``NoSuchBucket``.
        message: the error message, in AWS's words.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Destinations(Protocol):
    """The destinations of failed batches and of the results of asynchronous invocations."""

    async def deliver(self, arn: str, document: Document) -> None:
        """Deliver a document to the queue, topic, bucket, function or event bus with this ARN.

        Raises:
            DeliveryError: the destination does not accept it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials of a role."""

    access_key_id: str
    secret_access_key: str
    session_token: str


class CredentialsSource(Protocol):
    """The source of the credentials for a function's role."""

    async def issue(self, role_arn: str, function_arn: str) -> Credentials:
        """Return new credentials, which distinguish a function's calls from the user's.

        Raises:
            RoleNotAssumableError: Lambda cannot assume the role.
        """
        ...


class ExecutionRoles(Protocol):
    """The permissions of the roles of functions, and of services that deliver."""

    def can_be_assumed(self, role_arn: str, service: str = LAMBDA) -> bool:
        """Return whether a service may assume the role: it exists, and trusts the service."""
        ...

    def is_bare(self, role_arn: str) -> bool:
        """Return whether the role exists and has no policy at all."""
        ...

    def denial(self, role_arn: str, session: str, action: str, resource: str) -> str | None:
        """Return why a role may not do something, in AWS's words; None if it may.

        Args:
            role_arn: the role's ARN.
            session: the session's name, such as the function's.
            action: such as ``kinesis:GetRecords``.
            resource: the ARN of the resource.
        """
        ...


class Authorizer(Protocol):
    """Checks whether a caller has permission for a call."""

    def authorize(
        self,
        access_key: str,
        region: str,
        operation: str,
        parameters: Mapping[str, Any],
        resource_policy: str | None,
    ) -> None:
        """Allow a call of Kinesis' API, or refuse it.

        Args:
            access_key: the access key that signed the call; the user's own may do everything.
            region: the call's region.
            operation: such as ``PutRecords``.
            parameters: the call's parameters.
            resource_policy: the policy of the stream or consumer, if it has one.

        Raises:
            ApiError: AccessDeniedException.
        """
        ...


class OtherMappings(Protocol):
    """Event source mappings of queues and tables, which ``mapping`` does not store."""

    async def call(
        self, operation: str, region: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Carry out an operation, and return its response as the API does.

        Args:
            operation: ``CreateEventSourceMapping``, or Get, Update, Delete or List.
            region: the call's region.
            parameters: the API's parameters, typed; List returns all mappings of a region.

        Raises:
            ApiError: the call is refused.
        """
        ...


class Calls(Protocol):
    """The APIs of all services, for callers in this process."""

    async def call(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the response to a call, as boto3 does.

        Args:
            service: the service's name in botocore, such as ``sqs``.
            operation: such as ``CreateQueue``.
            region: the call's region.
            parameters: by name, with the API's types.

        Raises:
            ApiError: the call is refused.
        """
        ...
