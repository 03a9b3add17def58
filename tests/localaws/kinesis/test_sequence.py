"""Sequence numbers, as AWS makes them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.kinesis import sequence
from workbook.localaws.kinesis.shard import Shard

SECONDS = st.integers(1_400_000_000, 4_000_000_000)
INDEXES = st.integers(0, 20_000)
COUNTERS = st.integers(0, sequence.LAST_COUNTER)


@given(SECONDS, INDEXES, COUNTERS, SECONDS)
def test_a_number_has_56_digits_and_can_be_decoded(
    created: Any, index: Any, counter: Any, second: Any
) -> None:
    """[KL]"""
    number = sequence.number(sequence.prefix(created, index), counter, second)
    assert len(str(number)) == 56
    assert sequence.parts(number) == sequence.Parts(created, index, counter, second)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (
            49546986683135544286507457936321625675700192471156785154,
            sequence.Parts(created=1421279230, shard_index=0, counter=469, second=1421279386),
        ),
        (
            49590338271490256608559692538361571095921575989136588898,
            sequence.Parts(
                created=1542776258, shard_index=6, counter=1734642199, second=1545084650
            ),
        ),
    ],
)
def test_the_layout_of_numbers_is_awss(number: Any, said: Any) -> None:
    """[KL] Two numbers from AWS's documentation; their dates are those of the pages."""
    assert sequence.parts(number) == said
    prefix = sequence.prefix(said.created, said.shard_index)
    assert sequence.number(prefix, said.counter, said.second) == number


@given(st.lists(st.floats(0, 5), min_size=2, max_size=50))
def test_numbers_increase_within_a_shard(pauses: Any) -> None:
    """[KD]"""
    now = 1_700_000_000.0
    shard = Shard(0, 0, 9, int(now), now)
    numbers = [shard.starting_sequence_number]
    for pause in pauses:
        now += pause
        numbers.append(shard.append("k", b"", now))
    shard.closed_at = now
    last = shard.ending_sequence_number
    assert last is not None
    numbers.append(last)
    assert numbers == sorted(set(numbers))


@given(st.lists(INDEXES, min_size=2, max_size=20, unique=True))
def test_numbers_are_unique_within_a_stream(indexes: Any) -> None:
    """[KD] Whatever shards the records are in."""
    now = 1_700_000_000.0
    shards = [Shard(index, 0, 9, int(now), now) for index in indexes]
    numbers = [shard.append("k", b"", now) for shard in shards for _ in range(3)]
    assert len(set(numbers)) == len(numbers)


@given(st.integers(0, 1 << 200))
def test_an_invalid_sequence_number_is_not_accepted(number: Any) -> None:
    parts = sequence.parts(number)
    if parts is not None:
        prefix = sequence.prefix(parts.created, parts.shard_index)
        assert sequence.number(prefix, parts.counter, parts.second) == number
