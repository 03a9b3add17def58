"""Hash keys: where a partition key lands among the 2^128 places that the shards divide."""

from hashlib import md5

SPACE = 1 << 128


def hash_key(partition_key: bytes) -> int:
    """The MD5 of the key's UTF-8 bytes as an integer [KD]."""
    return int.from_bytes(md5(partition_key, usedforsecurity=False).digest(), "big")


def even_ranges(count: int) -> list[tuple[int, int]]:
    """First and last hash key of each of ``count`` shards of a new stream [KL].

    All are as wide as 2^128 divided by ``count``, rounded down; the last takes the rest.
    """
    width = SPACE // count
    ends = [width * index - 1 for index in range(1, count)] + [SPACE - 1]
    return [(width * index, end) for index, end in enumerate(ends)]
