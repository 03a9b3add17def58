"""Bodies and answers of APIs that speak JSON 1.1, and its twin CBOR 1.1, as Kinesis' does.

An operation's answer holds bytes for blobs and floats for timestamps (seconds since the epoch;
nothing else in Kinesis' answers is a fraction).  JSON carries them as base64 and as seconds; CBOR
as they are and as whole milliseconds with the tag for timestamps [OBS].
"""

from binascii import b2a_base64
from collections.abc import Mapping
from typing import Any

import cbor2
import orjson

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response, headers

JSON = "application/x-amz-json-1.1"
CBOR = "application/x-amz-cbor-1.1"
TIMESTAMP = 1  # CBOR's tag; clients put it on milliseconds, too, and some put none


def format_of(request: Request) -> str:
    """Return the content type of a request's body, which is that of its answer."""
    sent = request.headers.get("content-type", "").partition(";")[0]
    return CBOR if sent == CBOR else JSON


def decode(request: Request) -> Any:
    """Return the parameters in a request's body.

    Raises:
        ApiError: SerializationException, if the body is not in the format that it claims.
    """
    try:
        if format_of(request) == CBOR:
            return cbor2.loads(request.body, semantic_decoders={TIMESTAMP: _untagged})
        return orjson.loads(request.body)
    except (orjson.JSONDecodeError, cbor2.CBORError):
        raise ApiError("SerializationException", "") from None


def encode(content_type: str, value: Any) -> bytes:
    """Return a value as a body in one of the two formats."""
    if content_type == CBOR:
        return cbor2.dumps(_for_cbor(value))
    return orjson.dumps(value, default=_base64)


def answer(content_type: str, body: Mapping[str, Any] | None) -> Response:
    """Return an answer; None is an empty one."""
    encoded = b"" if body is None else encode(content_type, body)
    return Response(200, headers(content_type), encoded)


def error(content_type: str, problem: ApiError) -> Response:
    """Return an error as Kinesis answers it [KL]: with ``Message`` when it cannot read the body."""
    body = {"__type": problem.code, **problem.fields}
    if problem.message:  # some have none [KL]
        name = "Message" if problem.code == "SerializationException" else "message"
        body[name] = problem.message
    return Response(problem.status, headers(content_type), encode(content_type, body))


def _untagged(value: Any, _: Any) -> Any:
    return value


def _base64(blob: Any) -> str:
    if not isinstance(blob, bytes):
        raise TypeError(f"not a value of the API: {blob!r}")
    return b2a_base64(blob, newline=False).decode()


def _for_cbor(value: Any) -> Any:
    match value:
        case float():
            return cbor2.CBORTag(TIMESTAMP, round(value * 1000))
        case dict():
            return {name: _for_cbor(item) for name, item in value.items()}
        case list():
            return [_for_cbor(item) for item in value]
        case _:
            return value
