"""What the parts of the local AWS need of one another, and what goes between them.

*Read records after a checkpoint* (``StreamSource``) is kept by ``kinesis``; *invoke with this
event* (``FunctionTarget``) by ``functions``; *deliver this document* (``Destinations``) by moto's
wing.  None of them knows who asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

LAMBDA = "lambda.amazonaws.com"  # as a principal that roles trust


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a shard.

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
    """Just after the newest record at the moment of the first read."""


@dataclass(frozen=True, slots=True)
class AtTimestamp:
    """The first record that arrived at or after ``seconds`` since the epoch."""

    seconds: float


@dataclass(frozen=True, slots=True)
class AfterSequenceNumber:
    """Just after the record with this number."""

    sequence_number: int


Position = TrimHorizon | Latest | AtTimestamp | AfterSequenceNumber


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """A shard and where it comes from: no parents, one (a split) or two (a merge)."""

    shard_id: str
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The result of one read of a shard.

    Args:
        records: in order.
        position: where the next read goes on; always an exact place, so that a mapping that
            started at LATEST misses nothing.
        millis_behind_latest: how far behind the shard's tip that is.
        closed: whether the shard is closed and this read reached its end.
    """

    records: list[Record]
    position: Position
    millis_behind_latest: int
    closed: bool


class ReadThrottledError(Exception):
    """The shard's read limits (2 MB/s, 5 calls/s) are used up; try again later."""


class SourceGoneError(Exception):
    """The stream (or its consumer) was deleted."""


class StreamSource(Protocol):
    """The interface of a stream to its readers."""

    arn: str

    def shards(self) -> list[ShardInfo]:
        """Return every shard that is not expired, open and closed, oldest first.

        Raises:
            SourceGoneError: the stream was deleted.
        """
        ...

    def oldest(self) -> float:
        """Return the moment before which records have expired, in seconds since the epoch.

        Raises:
            SourceGoneError: the stream was deleted.
        """
        ...

    def read(self, shard_id: str, position: Position, limit: int) -> ReadResult:
        """Return up to ``limit`` records (and 10 MB) from ``position`` on.

        Raises:
            ReadThrottledError: over the shard's read limits.
            SourceGoneError: the stream was deleted.
        """
        ...


class Streams(Protocol):
    """All streams, as an event source mapping finds its own."""

    def source(self, arn: str) -> StreamSource:
        """Return the stream with this ARN, or the one that the consumer with this ARN reads.

        Raises:
            SourceGoneError: there is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Invocation:
    """The end of an invocation.

    Args:
        request_id: the invocation's.
        payload: the reply or the error document, as JSON.
        function_error: None for a success, else AWS's ``Unhandled``.
        executed_version: ``$LATEST`` or a number.
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
    """Lambda cannot act as a function's role: it is gone, or does not trust Lambda."""


class FunctionTarget(Protocol):
    """Lambda functions, as an event source sees them."""

    def resolve(self, name_or_arn: str, region: str) -> str:
        """Return the ARN of a function that exists, with its qualifier if one is given.

        Args:
            name_or_arn: a name, ``name:qualifier``, a partial or a full ARN, as the Lambda API
                takes them.
            region: where to look, unless an ARN says it.

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
        """Invoke with a JSON event, and wait for the end.

        Raises:
            InvokeThrottledError: no concurrency is left.
            FunctionGoneError: the function was deleted.
            RoleNotAssumableError: its role cannot be assumed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """The document that a destination gets.

    Args:
        body: JSON: the body of a message in a queue, the message of a topic, the content
            of an object, the event of a function, the detail of an event on a bus.
        object_key: the key of the object; for buckets only.
        detail_type, resources: of the event; for event buses only.
        attributes: of the message, as name, type and value; for queues and topics only.
    """

    body: bytes
    object_key: str = ""
    detail_type: str = ""
    resources: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str, str], ...] = ()


class DeliveryError(Exception):
    """A destination does not take a document.

    Args:
        code: AWS's name of the error, such as ``NoSuchBucket``.
        message: AWS's words.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Destinations(Protocol):
    """Where failed batches and the results of asynchronous invocations go."""

    async def deliver(self, arn: str, document: Document) -> None:
        """Deliver a document to the queue, topic, bucket, function or event bus with this ARN.

        Raises:
            DeliveryError: the destination does not take it.
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
        """Return new credentials, with which a function's calls are told from the user's.

        Raises:
            RoleNotAssumableError: Lambda cannot act as the role.
        """
        ...


class ExecutionRoles(Protocol):
    """What the roles of functions, and of services that deliver, may do."""

    def can_be_assumed(self, role_arn: str, service: str = LAMBDA) -> bool:
        """Whether a service may act as the role: it is there, and trusts the service."""
        ...

    def is_bare(self, role_arn: str) -> bool:
        """Return whether the role exists and has no policy at all."""
        ...

    def denial(self, role_arn: str, session: str, action: str, resource: str) -> str | None:
        """Return why a role may not do something, in AWS's words; None when it may.

        Args:
            role_arn: of the role.
            session: the name under which it acts, such as the function's.
            action: such as ``kinesis:GetRecords``.
            resource: the ARN of what it is done to.
        """
        ...


class Authorizer(Protocol):
    """Tells whether a caller may do what it asks an API for."""

    def authorize(
        self,
        access_key: str,
        region: str,
        operation: str,
        parameters: Mapping[str, Any],
        resource_policy: str | None,
    ) -> None:
        """Let a call of Kinesis' API pass, or refuse it.

        Args:
            access_key: with which the call was signed; the user's own may do everything.
            region: of the call.
            operation: such as ``PutRecords``.
            parameters: of the call.
            resource_policy: that of the stream or consumer, if it has one.

        Raises:
            ApiError: AccessDeniedException.
        """
        ...


class OtherMappings(Protocol):
    """Event source mappings of queues and tables, which ``mapping`` does not keep."""

    async def call(
        self, operation: str, region: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Carry out an operation, and return its answer as the API gives it.

        Args:
            operation: ``CreateEventSourceMapping``, or Get, Update, Delete or List.
            region: where.
            parameters: by the names of the API, and typed; List gives all of a region.

        Raises:
            ApiError: it is refused.
        """
        ...


class Calls(Protocol):
    """The APIs of all services, as a client in this process calls them."""

    async def call(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the answer to a call, as boto3 gives it.

        Args:
            service: botocore's name of it, such as ``sqs``.
            operation: such as ``CreateQueue``.
            region: where.
            parameters: by name, with the types of the API.

        Raises:
            ApiError: it is refused.
        """
        ...
