"""Framing of ``application/vnd.amazon.eventstream``: messages of headers and a payload."""

import struct
from binascii import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7  # the type of a header's value


def message(payload: bytes, **headers: str) -> bytes:
    """Return one message, framed with lengths and checksums.

    Args:
        payload: the content.
        headers: their names, without the leading colon and with underscores for hyphens.
    """
    head = b"".join(_header(name, value) for name, value in headers.items())
    total = 12 + len(head) + len(payload) + 4
    prelude = struct.pack(">II", total, len(head))
    content = prelude + struct.pack(">I", crc32(prelude)) + head + payload
    return content + struct.pack(">I", crc32(content))


def _header(name: str, value: str) -> bytes:
    label, text = (":" + name.replace("_", "-")).encode(), value.encode()
    return struct.pack(">B", len(label)) + label + struct.pack(">BH", _STRING, len(text)) + text
