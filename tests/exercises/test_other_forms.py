"""Answers in forms that a learner may well choose, beside those that the exercises prove."""

import hashlib
from typing import Any

import pandas as pd

from workbook.exercises.lesson_01 import checks as lesson_01
from workbook.exercises.lesson_07 import checks as lesson_07
from workbook.exercises.lesson_14 import checks as lesson_14


def test_counts_that_are_missing_are_named_in_a_nullable_column_too() -> None:
    """`pd.NA` is neither equal to itself nor different."""

    def hash_key(key: str) -> int:
        return int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest(), "big")

    year = pd.DataFrame({"origin": ["EWR", "JFK", "LGA", "EWR"]})
    notebook: dict[str, Any] = {"year": year, "hash_key": hash_key}
    counts = pd.Series([2, 1, 1], index=[0, 3, 5], dtype="Int64").reindex(range(8))
    hint = lesson_01.eight_shards(counts, notebook)
    assert hint is not None
    assert "for 5 shards" in hint


def test_two_settings_at_the_same_lowest_price_are_both_right() -> None:
    table = lesson_07._settings(
        ((10, 0, 1), 0.5, 1.0, 0.1), ((100, 0, 1), 0.6, 1.2, 0.1), ((2, 0, 1), 0.4, 0.8, 0.3)
    )
    for setting in ((10, 0, 1), (100, 0, 1)):
        assert lesson_07._bought(lambda table, target, s=setting: s, table, 2.0) is None


def test_a_date_in_the_second_column_is_named() -> None:
    query = """
        SELECT count(*) - count(DISTINCT event_id) AS copies, flight_date
        FROM flights GROUP BY flight_date
    """
    hint = lesson_14.copies(query, {})
    assert hint is not None
    assert "swapped" in hint
