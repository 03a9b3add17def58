"""The two wire formats: JSON 1.1 and CBOR 1.1.

An operation's answer holds bytes for blobs and floats for timestamps (seconds; nothing else in the
API is a fraction).  JSON carries them as base64 and as seconds; CBOR as they are and as whole
milliseconds [OBS].
"""

from binascii import b2a_base64
from typing import Any

import cbor2
import orjson

from workbook.localaws.api.errors import ApiError

JSON = "application/x-amz-json-1.1"
CBOR = "application/x-amz-cbor-1.1"
_TIMESTAMP = 1  # the tag that clients put on timestamps, in milliseconds; some put none


def decode(content_type: str, body: bytes) -> Any:
    """The parameters in a request's body.

    Raises:
        ApiError: it is not in the format it claims.
    """
    try:
        if content_type != CBOR:
            return orjson.loads(body)
        return cbor2.loads(body, semantic_decoders={_TIMESTAMP: lambda value, _: value})
    except (orjson.JSONDecodeError, cbor2.CBORError):
        raise ApiError("SerializationException", "") from None


def encode(content_type: str, answer: Any) -> bytes:
    """A response's body."""
    if content_type != CBOR:
        return orjson.dumps(answer, default=_base64)
    return cbor2.dumps(_milliseconds(answer))


def _base64(blob: Any) -> str:
    if not isinstance(blob, bytes):
        raise TypeError(f"not a value of the API: {blob!r}")
    return b2a_base64(blob, newline=False).decode()


def _milliseconds(value: Any) -> Any:
    match value:
        case float():
            return round(value * 1000)
        case dict():
            return {name: _milliseconds(item) for name, item in value.items()}
        case list():
            return [_milliseconds(item) for item in value]
        case _:
            return value
