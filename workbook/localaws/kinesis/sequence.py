"""Sequence numbers in AWS's layout [KL].

In hexadecimal: ``2``, 9 digits second of the shard's creation, 1 digit low nibble of its index,
16 digits counter, ``00``, 9 digits second of arrival, 8 digits shard index, ``2``.  In decimal it
has 56 digits.  All of it but the counter and the second of arrival belongs to the shard, so a shard
stores no sequence numbers: it computes them.
"""

from dataclasses import dataclass

_INDEX_SHIFT = 4
_TIME_SHIFT = 36
_COUNTER_SHIFT = 80
_NIBBLE_SHIFT = 144
_CREATED_SHIFT = 148
_VERSION = 2
LAST_COUNTER = 0x7FFFFFFFFFFFFFFF  # the counter in a closed shard's ending sequence number


def prefix(created: int, shard_index: int) -> int:
    """Return the part that all sequence numbers of a shard share.

    Args:
        created: second since the epoch at which the shard was created.
        shard_index: the number in its id.
    """
    return (
        _VERSION << 184
        | created << _CREATED_SHIFT
        | (shard_index & 0xF) << _NIBBLE_SHIFT
        | shard_index << _INDEX_SHIFT
        | _VERSION
    )


def number(shard_prefix: int, counter: int, second: int) -> int:
    """Return the sequence number of a shard's record ``counter``, which arrived at ``second``."""
    return shard_prefix | counter << _COUNTER_SHIFT | second << _TIME_SHIFT


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a sequence number."""

    created: int
    shard_index: int
    counter: int
    second: int


def parts(sequence_number: int) -> Parts | None:
    """Split a sequence number into its parts; return None if it is not valid."""
    shard_index = sequence_number >> _INDEX_SHIFT & 0xFFFFFFFF
    well_formed = (
        sequence_number >> 184 == _VERSION
        and sequence_number & 0xF == _VERSION
        and sequence_number >> 72 & 0xFF == 0
        and sequence_number >> _NIBBLE_SHIFT & 0xF == shard_index & 0xF
    )
    if not well_formed:
        return None
    return Parts(
        created=sequence_number >> _CREATED_SHIFT & 0xFFFFFFFFF,
        shard_index=shard_index,
        counter=sequence_number >> _COUNTER_SHIFT & 0xFFFFFFFFFFFFFFFF,
        second=sequence_number >> _TIME_SHIFT & 0xFFFFFFFFF,
    )
