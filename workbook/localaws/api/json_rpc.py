"""Requests and responses of APIs that use JSON 1.1, or CBOR 1.1, as Kinesis does.

In an operation's response, blobs are bytes and timestamps are floats (seconds since the epoch;
Kinesis' responses contain no other floats). In JSON they become base64 and seconds; in CBOR, bytes
and whole milliseconds with the tag for timestamps [OBS].
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
TIMESTAMP = 1  # CBOR's tag; clients also put it on milliseconds, or omit it


def format_of(request: Request) -> str:
    """Return the content type of a request's body; the response has the same."""
    sent = request.headers.get("content-type", "").partition(";")[0]
    return CBOR if sent == CBOR else JSON


def decode(request: Request) -> Any:
    """Return the parameters in a request's body.

    Raises:
        ApiError: SerializationException, if the body is not in the format that its content type
            says.
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
    """Return a response; None makes it empty."""
    encoded = b"" if body is None else encode(content_type, body)
    return Response(200, headers(content_type), encoded)


def error(content_type: str, problem: ApiError) -> Response:
    """Return an error as Kinesis does [KL]: with ``Message`` if it could not read the body."""
    body = {"__type": problem.code, **problem.fields}
    if problem.message:  # some errors have none [KL]
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
