"""Records that the Kinesis Producer Library (KPL) packed into one record of a stream.

Such a record consists of the four bytes of ``MAGIC``, a protobuf message, and the message's MD5.
The message has partition keys (field 1), explicit hash keys (2) and records (3). Each record has
the index of its partition key (1), optionally that of a hash key (2), and data (3) [KPL].
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

MAGIC = b"\xf3\x89\x9a\xc2"
DIGEST_BYTES = 16
VARINT, LENGTH = 0, 2  # the wire types of the fields that are read


class UserRecord(NamedTuple):
    """A record as a program passed it to the library."""

    partition_key: str
    data: bytes


def unpacked(data: bytes) -> list[UserRecord] | None:
    """Return the records packed into a record's data; None if it is not aggregated.

    Damaged data, and data that only starts like an aggregated record, is not aggregated.
    """
    message = data[len(MAGIC) : -DIGEST_BYTES]
    if not data.startswith(MAGIC):
        return None
    if hashlib.md5(message, usedforsecurity=False).digest() != data[-DIGEST_BYTES:]:
        return None
    keys: list[str] = []
    packed: list[bytes] = []
    try:
        for field, value in _fields(message):
            if field == 1 and isinstance(value, bytes):
                keys.append(value.decode())
            elif field == 3 and isinstance(value, bytes):
                packed.append(value)
        return [_record(one, keys) for one in packed]
    except (ValueError, LookupError):
        return None


def _record(message: bytes, keys: list[str]) -> UserRecord:
    found = dict(_fields(message))
    index, data = found[1], found[3]
    if not isinstance(index, int) or not isinstance(data, bytes):
        raise ValueError("a field has another type")
    return UserRecord(keys[index], data)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and value of each field of a protobuf message.

    Raises:
        ValueError: the message is cut off, or has a field of an unsupported type.
        IndexError: the message ends within a number.
    """
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        value, place = _varint(message, place)
        if tag & 7 == VARINT:
            yield tag >> 3, value
            continue
        if tag & 7 != LENGTH or place + value > len(message):
            raise ValueError("not an aggregated record")
        yield tag >> 3, message[place : place + value]
        place += value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """Return a number stored in seven bits per byte, lowest first, and the position after it."""
    number = shift = 0
    while True:
        byte = message[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7
