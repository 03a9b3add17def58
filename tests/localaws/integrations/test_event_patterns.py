"""Event patterns of EventBridge."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.integrations.event_patterns import InvalidPatternError, compile_pattern

EVENT = {
    "source": "airport",
    "resources": ["arn:1", "arn:2"],
    "detail": {
        "plane": "N14228",
        "delay": 90,
        "late": True,
        "gate": None,
        "ip": "10.0.0.9",
        "path": "/a*b/c",
        "legs": [{"from": "EWR", "to": "IAH"}, {"from": "IAH", "to": "ABQ"}],
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


def detail(**fields: Any) -> dict[str, Any]:
    return {"detail": fields}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"source": ["airport"]}, True),
        ({"source": ["airline", "airport"]}, True),
        ({"source": ["airport"], "detail": {"late": [False]}}, False),
        ({"resources": ["arn:2"]}, True),
        (detail(late=[1]), False),
        (detail(delay=[90.0]), False),
        (detail(gate=[None]), True),
        (detail(none=[None]), False),
        (detail(plane=[{"prefix": "N1"}]), True),
        (detail(plane=[{"prefix": {"equals-ignore-case": "n1"}}]), True),
        (detail(plane=[{"suffix": "29"}]), False),
        (detail(plane=[{"equals-ignore-case": "n14228"}]), True),
        (detail(plane=[{"wildcard": "N*2*"}]), True),
        (detail(path=[{"wildcard": "/a\\*b/*"}]), True),
        (detail(path=[{"wildcard": "/a\\*c/*"}]), False),
        (detail(delay=[{"numeric": [">", 60, "<=", 90]}]), True),
        (detail(late=[{"numeric": ["=", 1]}]), False),
        (detail(ip=[{"cidr": "10.0.0.0/24"}]), True),
        (detail(plane=[{"cidr": "10.0.0.0/24"}]), False),
        (detail(none=[{"exists": False}]), True),
        (detail(legs=[{"exists": True}]), False),
        (detail(plane=[{"anything-but": ["N1", "N2"]}]), True),
        (detail(plane=[{"anything-but": {"prefix": "N1"}}]), False),
        (detail(plane=[{"anything-but": {"wildcard": ["X*", "*Y"]}}]), True),
        (detail(none=[{"anything-but": "x"}]), False),
        (detail(legs={"to": ["ABQ"]}), True),
        (detail(legs={"from": ["EWR"], "to": ["ABQ"]}), False),
        ({"$or": [{"source": ["x"]}, detail(delay=[90])]}, True),
        (detail(**{"$or": [{"delay": [1]}, {"late": [True]}]}), True),
    ],
)
def test_an_event_pattern_matches_by_its_operators(pattern: Any, matches: bool) -> None:
    """[D23]"""
    assert compile_pattern(json.dumps(pattern))(EVENT) is matches


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{", "Invalid JSON"),
        ('{"a": "x"}', '"a" must be an object or an array'),
        ('{"a": []}', "Empty arrays are not allowed"),
        ('{"a": [{"like": "x"}]}', "Unrecognized match type like"),
        ('{"$or": [{"a": [1]}], "b": [2]}', "Unrecognized match type b"),
        ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
        ('{"a": [{"exists": "x"}]}', "exists match pattern must be either true or false."),
        ('{"a": [{"numeric": ["!=", 1]}]}', "Unrecognized numeric range operator: !="),
        ('{"a": [{"anything-but": {"cidr": "x"}}]}', "Unsupported anything-but pattern: cidr"),
        ('{"a": [{"wildcard": "a**b"}]}', "Consecutive wildcard characters"),
    ],
)
def test_an_invalid_event_pattern_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    """[SEEN]"""
    with pytest.raises(InvalidPatternError) as caught:
        compile_pattern(pattern)
    assert str(caught.value) == reason


@given(JSON, JSON)
def test_any_event_pattern_is_compiled_or_refused(pattern: Any, event: Any) -> None:
    try:
        matches = compile_pattern(json.dumps(pattern))
    except InvalidPatternError:
        return
    assert matches(event) in (True, False)
