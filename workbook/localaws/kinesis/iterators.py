"""Shard iterators: opaque, sealed strings that say where in a shard to read on."""

import base64
import binascii
import secrets
import struct
import time
from dataclasses import dataclass
from hashlib import blake2b, shake_128

from workbook.localaws.kinesis.errors import KinesisError, invalid

LIFETIME_SECONDS = 300  # [KD]
_FIELDS = struct.Struct(">dQdI")
_NONCE = 16
_SEAL = 16


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


class IteratorSeal:
    """Makes iterators and opens them; nobody else can."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def close(self, iterator: Iterator) -> str:
        """The iterator as text, different every time."""
        nonce = secrets.token_bytes(_NONCE)
        fields = _FIELDS.pack(
            iterator.made, iterator.counter, iterator.stream_created, iterator.shard_index
        )
        hidden = self._mask(fields + iterator.stream.encode(), nonce)
        return base64.b64encode(nonce + self._sign(nonce + hidden) + hidden).decode()

    def open(self, text: str, now: float) -> Iterator:
        """What ``text`` says; AWS takes it in double quotes too [OBS].

        Raises:
            KinesisError: it is no iterator of ours, or one older than five minutes.
        """
        try:
            sealed = base64.b64decode(text.strip('"'), validate=True)
        except (binascii.Error, ValueError):
            raise invalid("Invalid ShardIterator.") from None
        nonce, seal, hidden = sealed[:_NONCE], sealed[_NONCE:][:_SEAL], sealed[_NONCE + _SEAL :]
        if len(hidden) < _FIELDS.size or self._sign(nonce + hidden) != seal:
            raise invalid("Invalid ShardIterator.")
        content = self._mask(hidden, nonce)
        made, counter, stream_created, shard_index = _FIELDS.unpack_from(content)
        if now - made > LIFETIME_SECONDS:
            raise KinesisError(
                "ExpiredIteratorException",
                f"Iterator expired. The iterator was created at time {_date(made)} while right "
                f"now it is {_date(now)} which is further in the future than the tolerated delay "
                f"of {LIFETIME_SECONDS * 1000} milliseconds.",
            )
        return Iterator(
            made, counter, stream_created, shard_index, content[_FIELDS.size :].decode()
        )

    def _mask(self, content: bytes, nonce: bytes) -> bytes:
        mask = shake_128(self._secret + nonce).digest(len(content))
        return bytes(a ^ b for a, b in zip(content, mask, strict=True))

    def _sign(self, content: bytes) -> bytes:
        return blake2b(content, key=self._secret, digest_size=_SEAL).digest()


def _date(seconds: float) -> str:
    """As ``Thu Jan 22 01:22:02 UTC 2015`` [KL], whatever the locale."""
    weekday, month, day, clock, year = time.asctime(time.gmtime(seconds)).split()
    return f"{weekday} {month} {day:0>2} {clock} UTC {year}"
