"""The exercises of notebook 10 judge patterns as the local AWS, and so AWS, filters records."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workbook.exercises.lesson_10.checks import lets_through
from workbook.localaws.interfaces import Record
from workbook.localaws.mapping.filters import compile_filters

TEXTS = st.sampled_from(["JFK", "LGA", "EWR", "JF", ""])
NUMBERS = st.integers(-2, 2)
VALUES = st.one_of(TEXTS, NUMBERS, st.none(), st.booleans())
SIGNS = st.sampled_from(["=", ">", ">=", "<", "<="])
CONDITIONS = st.one_of(
    VALUES,
    st.builds(lambda values: {"anything-but": values}, st.lists(VALUES, min_size=1, max_size=2)),
    st.builds(lambda is_there: {"exists": is_there}, st.booleans()),
    st.builds(lambda text: {"prefix": text}, TEXTS),
    st.builds(lambda text: {"suffix": text}, TEXTS),
    st.builds(lambda *operand: {"numeric": list(operand)}, SIGNS, NUMBERS),
    st.builds(lambda *operand: {"numeric": list(operand)}, SIGNS, NUMBERS, SIGNS, NUMBERS),
)
FIELDS = st.dictionaries(
    st.sampled_from(["origin", "delay"]),
    st.lists(CONDITIONS, min_size=1, max_size=2),
    min_size=1,
)
RULES = st.one_of(
    FIELDS,
    st.builds(
        lambda fields, parts: {**fields, "$or": parts},
        FIELDS,
        st.lists(FIELDS, min_size=1, max_size=2),
    ),
)
EVENTS = st.dictionaries(st.sampled_from(["origin", "delay", "other"]), VALUES)


@given(RULES, EVENTS)
def test_patterns_are_judged_as_records_are_filtered(
    rules: dict[str, Any], event: dict[str, Any]
) -> None:
    keeps = compile_filters([json.dumps({"data": rules})])
    assert lets_through(rules, event) == keeps(Record(1, "key", json.dumps(event).encode(), 0.0))
