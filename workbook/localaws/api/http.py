"""Requests and responses, in the form that every API of the local AWS uses."""

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, unquote

DEFAULT_REGION = "us-east-1"
SIGNED_URL = "X-Amz-Credential"  # the parameter of a URL with its signature's scope
TEMPORARY_KEY = "ASIA"  # the prefix of access key ids that STS issues
# The largest body of a request: more than any operation accepts, except S3's uploads. An object has
# up to 5 GiB [BC].
MAX_BODY_BYTES, MAX_OBJECT_BYTES = 128 * 1024 * 1024, 5 * 1024**3
ACCOUNT_ID = "123456789012"  # moto's default account: the one account of the local AWS


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, read completely.

    Args:
        method: ``GET``, ``POST``, ...
        path: as sent, still percent-encoded, without the query.
        query: the query string as sent, without ``?``.
        headers: names in lower case.
        body: the whole body.
        disconnected: returns when the client has disconnected, for responses that take long; None
            for requests made within the process.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    disconnected: Callable[[], Awaitable[object]] | None = field(default=None, compare=False)

    @property
    def region(self) -> str:
        """Return the region that the request was signed for, by default us-east-1."""
        scope = self._credential_scope
        return scope[2] if scope else DEFAULT_REGION

    @property
    def service(self) -> str:
        """Return the service that the request was signed for; empty if unsigned."""
        scope = self._credential_scope
        return scope[3] if scope else ""

    @property
    def access_key(self) -> str:
        """Return the access key id of the signature, which is in the headers or in the URL."""
        scope = self._credential_scope
        return scope[0] if scope else ""

    @property
    def has_temporary_key(self) -> bool:
        """Return whether it was signed with temporary credentials, such as a function's."""
        return self.access_key.startswith(TEMPORARY_KEY)

    @property
    def _credential_scope(self) -> list[str]:
        """Return key, date, region, service and ``aws4_request`` of a version 4 signature."""
        header = self.headers.get("authorization")
        if header:
            scope = header.partition("Credential=")[2].split(",", 1)[0]
        else:
            scope = self.parameters.get(SIGNED_URL, "") if SIGNED_URL in self.query else ""
        parts = scope.split("/")
        return parts if len(parts) == 5 else []

    @property
    def target(self) -> str:
        """Return the ``X-Amz-Target``, such as ``Kinesis_20131202.ListStreams``, or nothing."""
        return self.headers.get("x-amz-target", "")

    @property
    def segments(self) -> list[str]:
        """Return the decoded parts of the path: ``/2015-03-31/functions/f`` has three."""
        return [unquote(part) for part in self.path.strip("/").split("/")]

    @property
    def parameters(self) -> dict[str, str]:
        """Return the query's parameters; if one is repeated, its last value."""
        parsed = parse_qs(self.query, keep_blank_values=True)
        return {name: values[-1] for name, values in parsed.items()}


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response: a complete body, or a ``stream`` that is sent as it is produced."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: AsyncGenerator[bytes, None] | None = None


def authorization(region: str, service: str) -> str:
    """Return the Authorization header of a request made within the process; nothing checks it."""
    scope = f"test/20260101/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


def signed_query(region: str, service: str) -> str:
    """Return the query parameters that sign a URL."""
    scope = quote(f"test/20260101/{region}/{service}/aws4_request", safe="")
    return (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&{SIGNED_URL}={scope}"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
    )


def headers(content_type: str) -> dict[str, str]:
    """Return the headers of every response: its content type and request id."""
    return {"content-type": content_type, "x-amzn-requestid": str(uuid.uuid4())}
