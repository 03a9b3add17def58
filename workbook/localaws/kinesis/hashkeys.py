"""Hash keys: 128-bit integers, computed from partition keys and divided among the shards."""

from hashlib import md5

SPACE = 1 << 128


def hash_key(partition_key: bytes) -> int:
    """Return the MD5 of the key's UTF-8 bytes as an integer [KD]."""
    return int.from_bytes(md5(partition_key, usedforsecurity=False).digest(), "big")


def even_ranges(count: int) -> list[tuple[int, int]]:
    """Return the first and the last hash key of each of a new stream's ``count`` shards [KL].

    Each range holds ``2^128 // count`` keys; the last also takes the remainder.
    """
    width = SPACE // count
    ends = [width * index - 1 for index in range(1, count)] + [SPACE - 1]
    return [(width * index, end) for index, end in enumerate(ends)]
