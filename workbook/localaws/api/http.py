"""A request and a response, as every API of the local AWS takes and gives them."""

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, unquote

DEFAULT_REGION = "us-east-1"
SIGNED_URL = "X-Amz-Credential"  # the parameter by which a URL carries a signature's scope
TEMPORARY_KEY = "ASIA"  # how the ids of STS' access keys begin
# Of a request; more than any operation takes but S3's uploads. An object has 5 GiB [BC].
MAX_BODY_BYTES, MAX_OBJECT_BYTES = 128 * 1024 * 1024, 5 * 1024**3
ACCOUNT_ID = "123456789012"  # moto's default account: the one account of the local AWS


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, read to its end.

    Args:
        method: ``GET``, ``POST``, ...
        path: as sent, still percent-encoded, without the query.
        query: the query string as sent, without ``?``.
        headers: names in lower case.
        body: the whole body.
        disconnected: returns when the client is gone, for answers that take long; None for requests
            that are made in the process.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    disconnected: Callable[[], Awaitable[object]] | None = field(default=None, compare=False)

    @property
    def region(self) -> str:
        """The region that the client signed for, else us-east-1."""
        scope = self._credential_scope
        return scope[2] if scope else DEFAULT_REGION

    @property
    def service(self) -> str:
        """The service that the client signed for, such as ``kinesis``; empty when unsigned."""
        scope = self._credential_scope
        return scope[3] if scope else ""

    @property
    def access_key(self) -> str:
        """Return the id of the access key that signed it, in its headers or in its URL."""
        scope = self._credential_scope
        return scope[0] if scope else ""

    @property
    def has_temporary_key(self) -> bool:
        """Whether it was signed with temporary credentials: a function's, or another session's."""
        return self.access_key.startswith(TEMPORARY_KEY)

    @property
    def _credential_scope(self) -> list[str]:
        """Key, date, region, service and ``aws4_request`` of a signature, version 4."""
        header = self.headers.get("authorization")
        if header:
            scope = header.partition("Credential=")[2].split(",", 1)[0]
        else:
            scope = self.parameters.get(SIGNED_URL, "") if SIGNED_URL in self.query else ""
        parts = scope.split("/")
        return parts if len(parts) == 5 else []

    @property
    def target(self) -> str:
        """The ``X-Amz-Target``, such as ``Kinesis_20131202.ListStreams``; empty without one."""
        return self.headers.get("x-amz-target", "")

    @property
    def segments(self) -> list[str]:
        """The path's parts, decoded: ``/2015-03-31/functions/f`` gives three."""
        return [unquote(part) for part in self.path.strip("/").split("/")]

    @property
    def parameters(self) -> dict[str, str]:
        """The query's parameters; of one given twice, the last."""
        parsed = parse_qs(self.query, keep_blank_values=True)
        return {name: values[-1] for name, values in parsed.items()}


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response: a body in one piece, or (``stream``) one that is sent as it is made."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: AsyncGenerator[bytes, None] | None = None


def authorization(region: str, service: str) -> str:
    """Return the header of a request that is made in this process: no signature is checked."""
    scope = f"test/20260101/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


def signed_query(region: str, service: str) -> str:
    """Return the parameters by which a URL carries a signature."""
    scope = quote(f"test/20260101/{region}/{service}/aws4_request", safe="")
    return (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&{SIGNED_URL}={scope}"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
    )


def headers(content_type: str) -> dict[str, str]:
    """Return the headers of every answer: the type of its body and the id of its request."""
    return {"content-type": content_type, "x-amzn-requestid": str(uuid.uuid4())}
