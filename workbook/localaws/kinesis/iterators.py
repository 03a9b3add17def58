"""Shard iterators and page tokens: opaque, sealed strings that hold for five minutes."""

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
_VERSION = (1).to_bytes(8, "big")  # how AWS's begin [KL]
_NONCE_BYTES = 12
_ITERATOR = struct.Struct(">dQdI")


@dataclass(frozen=True, slots=True)
class Iterator:
    """Where to read on.

    Args:
        made: when the iterator was made, in seconds since the epoch.
        counter: of the next record.
        stream_created: tells a stream from an earlier one of its name.
        shard_index: which shard.
        stream: the stream's name.
    """

    made: float
    counter: int
    stream_created: float
    shard_index: int
    stream: str


class Seal:
    """Makes iterators and tokens, and opens those that it made."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(128))

    def iterator(self, iterator: Iterator) -> str:
        """Return the iterator as text, different every time [OBS]."""
        fields = _ITERATOR.pack(
            iterator.made, iterator.counter, iterator.stream_created, iterator.shard_index
        )
        return self._close(fields + iterator.stream.encode())

    def open_iterator(self, text: str, now: float) -> Iterator:
        """Return what ``text`` says, which AWS also takes in double quotes [OBS].

        Raises:
            ApiError: it is no iterator of ours, or one older than five minutes.
        """
        content = self._open(text.strip('"'))
        if content is None or len(content) <= _ITERATOR.size:
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

    def token(self, now: float, *content: str) -> str:
        """Return a page token that says ``content``."""
        return self._close(orjson.dumps([now, *content]))

    def open_token(self, text: str, now: float) -> list[str]:
        """Return what the token says.

        Raises:
            ApiError: it is no token of ours, or one older than five minutes.
        """
        content = self._open(text)
        if content is None or not content.startswith(b"["):
            raise invalid("Invalid NextToken.")
        made: float
        rest: list[str]
        made, *rest = orjson.loads(content)
        if now - made > LIFETIME_SECONDS:
            raise ApiError("ExpiredNextTokenException", "The NextToken has expired.")
        return rest

    def _close(self, content: bytes) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, content, _VERSION)
        return base64.b64encode(_VERSION + nonce + sealed).decode()

    def _open(self, text: str) -> bytes | None:
        try:
            whole = base64.b64decode(text, validate=True)
            version, rest = whole[: len(_VERSION)], whole[len(_VERSION) :]
            return self._cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], version)
        except (binascii.Error, ValueError, InvalidTag):
            return None


def _date(seconds: float) -> str:
    """Return a moment as ``Thu Jan 22 01:22:02 UTC 2015`` [KL], whatever the locale."""
    weekday, month, day, clock, year = time.asctime(time.gmtime(seconds)).split()
    return f"{weekday} {month} {day:0>2} {clock} UTC {year}"
