"""A request and a response, as every API of the local AWS takes and gives them."""

import uuid
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

DEFAULT_REGION = "us-east-1"
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
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

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
    def _credential_scope(self) -> list[str]:
        """Key, date, region, service and ``aws4_request`` of a signature, version 4."""
        _, _, rest = self.headers.get("authorization", "").partition("Credential=")
        parts = rest.split(",", 1)[0].split("/")
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


def headers(content_type: str) -> dict[str, str]:
    """Return the headers of every answer: the type of its body and the id of its request."""
    return {"content-type": content_type, "x-amzn-requestid": str(uuid.uuid4())}
