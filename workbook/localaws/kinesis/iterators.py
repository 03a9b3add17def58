"""Shard iterators and page tokens: opaque, encrypted strings that are valid for five minutes."""

import base64
import binascii
import os
import struct
import time
from dataclasses import dataclass

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from workbook.localaws.api.errors import ApiError
from workbook.localaws.kinesis.errors import invalid

LIFETIME_SECONDS = 300  # [KD]
_VERSION = (1).to_bytes(8, "big")  # the start of AWS's iterators [KL]
_NONCE_BYTES = 12
_ITERATOR = struct.Struct(">dQdI")
_ITERATORS = "GetRecords"  # the purpose for which iterators are sealed


@dataclass(frozen=True, slots=True)
class Iterator:
    """The position at which to continue reading.

    Args:
        made: when the iterator was made, in seconds since the epoch.
        counter: the counter of the next record.
        stream_created: distinguishes a stream from an earlier one with the same name.
        shard_index: the shard's index in the stream.
        stream: the stream's name.
    """

    made: float
    counter: int
    stream_created: float
    shard_index: int
    stream: str


class Seal:
    """Create iterators and tokens, and read the ones it created."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(128))

    def iterator(self, iterator: Iterator) -> str:
        """Return the iterator as a string, different at every call [OBS]."""
        fields = _ITERATOR.pack(
            iterator.made, iterator.counter, iterator.stream_created, iterator.shard_index
        )
        return self._close(fields + iterator.stream.encode(), _ITERATORS)

    def open_iterator(self, text: str, now: float) -> Iterator:
        """Return the iterator in ``text``, which AWS also accepts in double quotes [OBS].

        Raises:
            ApiError: it was not created by this seal, or is older than five minutes.
        """
        content = self._open(text.strip('"'), _ITERATORS)
        if content is None:
            raise invalid("Invalid ShardIterator.")
        made, counter, stream_created, shard_index = _ITERATOR.unpack_from(content)
        if now - made > LIFETIME_SECONDS:
            raise ApiError(
                "ExpiredIteratorException",
                f"Iterator expired. The iterator was created at time {_date(made)} while right "
                f"now it is {_date(now)} which is further in the future than the tolerated delay "
                f"of {LIFETIME_SECONDS * 1000} milliseconds.",
            )
        stream = content[_ITERATOR.size :].decode()
        return Iterator(made, counter, stream_created, shard_index, stream)

    def token(self, operation: str, now: float, *content: str) -> str:
        """Return a page token for an operation that holds ``content``."""
        return self._close(orjson.dumps([now, *content]), operation)

    def open_token(self, operation: str, text: str, now: float) -> list[str]:
        """Return the content of an operation's page token.

        Raises:
            ApiError: it was not created for this operation, or is older than five minutes.
        """
        content = self._open(text, operation)
        if content is None:
            raise invalid("Invalid NextToken.")
        made: float
        rest: list[str]
        made, *rest = orjson.loads(content)
        if now - made > LIFETIME_SECONDS:
            raise ApiError("ExpiredNextTokenException", "The NextToken has expired.")
        return rest

    def _close(self, content: bytes, purpose: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, content, _VERSION + purpose.encode())
        return base64.b64encode(_VERSION + nonce + sealed).decode()

    def _open(self, text: str, purpose: str) -> bytes | None:
        """Return the decrypted content, or None if it was not sealed for this purpose."""
        try:
            whole = base64.b64decode(text, validate=True)
            version, rest = whole[: len(_VERSION)], whole[len(_VERSION) :]
            nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
            return self._cipher.decrypt(nonce, sealed, version + purpose.encode())
        except (binascii.Error, ValueError, InvalidTag):
            return None


def _date(seconds: float) -> str:
    """Return a moment as ``Thu Jan 22 01:22:02 UTC 2015`` [KL], independent of the locale."""
    weekday, month, day, clock, year = time.asctime(time.gmtime(seconds)).split()
    return f"{weekday} {month} {day:0>2} {clock} UTC {year}"
