"""Shard iterators and page tokens: opaque, sealed strings that hold for five minutes."""

import base64
import binascii
import secrets
import struct
import time
from dataclasses import dataclass
from hashlib import blake2b, shake_128

import orjson

from workbook.localaws.api.errors import ApiError
from workbook.localaws.kinesis.errors import invalid

LIFETIME_SECONDS = 300  # [KD]
_VERSION = (1).to_bytes(8, "big")  # what AWS's begin with [KL]
_NONCE = 16
_MARK = 16
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
    """Makes iterators and tokens and opens them; nobody else can."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def iterator(self, iterator: Iterator) -> str:
        """The iterator as text, different every time [OBS]."""
        fields = _ITERATOR.pack(
            iterator.made, iterator.counter, iterator.stream_created, iterator.shard_index
        )
        return self._close(fields + iterator.stream.encode())

    def open_iterator(self, text: str, now: float) -> Iterator:
        """What ``text`` says; AWS takes it in double quotes too [OBS].

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
        """A page token that says ``content``."""
        return self._close(orjson.dumps([now, *content]))

    def open_token(self, text: str, now: float) -> list[str]:
        """What the token says.

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
        nonce = secrets.token_bytes(_NONCE)
        hidden = self._mask(content, nonce)
        return base64.b64encode(_VERSION + nonce + self._mark(nonce + hidden) + hidden).decode()

    def _open(self, text: str) -> bytes | None:
        try:
            sealed = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return None
        version, rest = sealed[: len(_VERSION)], sealed[len(_VERSION) :]
        nonce, mark, hidden = rest[:_NONCE], rest[_NONCE:][:_MARK], rest[_NONCE + _MARK :]
        if version != _VERSION or self._mark(nonce + hidden) != mark:
            return None
        return self._mask(hidden, nonce)

    def _mask(self, content: bytes, nonce: bytes) -> bytes:
        mask = shake_128(self._secret + nonce).digest(len(content))
        return bytes(a ^ b for a, b in zip(content, mask, strict=True))

    def _mark(self, content: bytes) -> bytes:
        return blake2b(content, key=self._secret, digest_size=_MARK).digest()


def _date(seconds: float) -> str:
    """As ``Thu Jan 22 01:22:02 UTC 2015`` [KL], whatever the locale."""
    weekday, month, day, clock, year = time.asctime(time.gmtime(seconds)).split()
    return f"{weekday} {month} {day:0>2} {clock} UTC {year}"
