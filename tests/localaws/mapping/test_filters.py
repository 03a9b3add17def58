"""FilterCriteria: every operator, and what happens to data that is not JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.interfaces import Record
from workbook.localaws.mapping.filters import InvalidPatternError, compile_filters


def keeps(pattern: Any, data: bytes | str, key: str = "k") -> bool:
    payload = data if isinstance(data, bytes) else data.encode()
    return compile_filters([json.dumps(pattern)])(Record(1, key, payload, 1.5))


CASES = [  # rule for field "a", values that match, values that do not; values as JSON text
    (["x", "y"], ['"x"', '"y"', '["z","x"]'], ['"z"', '"X"', "1", "null"]),
    ([100], ["100", "[1,100]"], ["100.0", "1e2", "101", '"100"', "true"]),
    ([True], ["true"], ["1", "false", '"true"']),
    ([None], ["null"], ['""', "0", '"null"']),
    ([""], ['""'], ["null", '" "']),
    ([{"equals-ignore-case": "alice"}], ['"Alice"', '"ALICE"'], ['"bob"', "1", "null"]),
    ([{"anything-but": ["x", "y"]}], ['"z"', "1", "null"], ['"x"', '"y"']),
    ([{"anything-but": [1]}], ["2", '"1"'], ["1"]),
    ([{"anything-but": "x"}], ['"z"'], ['"x"']),
    ([{"numeric": ["=", 100]}], ["100", "100.0", "1e2"], ["99", '"100"']),
    ([{"numeric": [">", 10, "<=", 20]}], ["11", "20", "10.5"], ["10", "21", '"15"', "true"]),
    ([{"numeric": ["<", 0]}], ["-1", "-0.5"], ["0", "1"]),
    ([{"numeric": [">=", 1.5]}], ["1.5", "2"], ["1.4"]),
    ([{"exists": True}], ["1", "null", '""', "false"], ['{"b":1}']),
    ([{"exists": False}], ['{"b":1}'], ["1", "null"]),
    ([{"prefix": "us-"}], ['"us-east"'], ['"eu"', "1", '"US-"']),
    ([{"suffix": ".png"}], ['"a.png"'], ['"a.jpg"', "1"]),
    (["x", {"prefix": "y"}, {"numeric": [">", 5]}], ['"x"', '"yes"', "6"], ['"z"', "5"]),
]


@pytest.mark.parametrize(("rule", "matching", "others"), CASES, ids=lambda value: str(value)[:40])
def test_every_operator(rule: list[Any], matching: list[str], others: list[str]) -> None:
    """[DG:invocation-eventfiltering] Syntax and meaning of each."""
    pattern = {"data": {"a": rule}}
    assert all(keeps(pattern, f'{{"a":{value}}}') for value in matching)
    assert not any(keeps(pattern, f'{{"a":{value}}}') for value in others)


@pytest.mark.parametrize("depth", [250, 900, 100_000])
@pytest.mark.parametrize("brackets", ["[]", ('{"a":', "}")])
def test_data_nested_too_deeply_counts_as_not_json(depth: int, brackets: Any) -> None:
    """A condition on it drops it, like other data that cannot be read; it stops nothing."""
    opening, closing = brackets
    data = f'{{"a":{opening * depth}1{closing * depth}}}'
    assert not keeps({"data": {"a": [2]}}, data)
    assert keeps({"partitionKey": ["k"]}, data)


def test_a_pattern_nested_too_deeply_is_refused() -> None:
    pattern = '{"a":' * 600 + "[1]" + "}" * 600
    with pytest.raises(InvalidPatternError):
        compile_filters([f'{{"data":{pattern}}}'])


def test_a_missing_field_only_matches_exists_false() -> None:
    """[DG:invocation-eventfiltering]"""
    for rule, _, _ in CASES:
        assert keeps({"data": {"a": rule}}, "{}") is (rule == [{"exists": False}])


def test_all_named_fields_must_match() -> None:
    """[DG:invocation-eventfiltering] AND inside a pattern, nested too."""
    pattern = {"data": {"a": [1], "b": {"c": ["x"], "d": [{"exists": True}]}}}
    assert keeps(pattern, '{"a":1,"b":{"c":"x","d":0},"e":5}')
    assert not keeps(pattern, '{"a":2,"b":{"c":"x","d":0}}')
    assert not keeps(pattern, '{"a":1,"b":{"c":"x"}}')
    assert not keeps(pattern, '{"a":1}')


def test_filters_are_alternatives() -> None:
    """[DG:invocation-eventfiltering] OR between patterns."""
    matches = compile_filters(['{"data":{"a":[1]}}', '{"data":{"a":[2]}}'])
    found = [matches(Record(1, "k", b'{"a":%d}' % n, 0.0)) for n in range(4)]
    assert found == [False, True, True, False]


def test_or_over_fields() -> None:
    """[DG:invocation-eventfiltering] "$or", together with other fields, and nested."""
    pattern = {"data": {"c": [1], "$or": [{"a": ["x"]}, {"b": {"$or": [{"d": [1]}, {"e": [1]}]}}]}}
    assert keeps(pattern, '{"c":1,"a":"x"}')
    assert keeps(pattern, '{"c":1,"b":{"e":1}}')
    assert not keeps(pattern, '{"c":1,"a":"y"}')
    assert not keeps(pattern, '{"a":"x"}')


def test_the_last_of_duplicate_keys_wins() -> None:
    """[DG:invocation-eventfiltering]"""
    matches = compile_filters(['{"data":{"a":[1],"a":[2]}}'])
    assert not matches(Record(1, "k", b'{"a":1}', 0.0))
    assert matches(Record(1, "k", b'{"a":2}', 0.0))


@pytest.mark.parametrize("data", [b"plain text", b"\xff\xfe", b"", b"NaN", b"{"])
def test_data_that_is_not_json_is_dropped_by_a_json_rule(data: bytes) -> None:
    """[OLD] Whatever the condition, even one for a missing field."""
    assert not keeps({"data": {"a": ["x"]}}, data)
    assert not keeps({"data": {"a": [{"exists": False}]}}, data)


@pytest.mark.parametrize("data", [b"plain text", b"\xff\xfe", b'{"a":1}'])
def test_without_a_data_rule_only_the_other_fields_count(data: bytes) -> None:
    """[OLD] partitionKey was filterable in 2022; it is here."""
    assert keeps({"partitionKey": [{"prefix": "k"}]}, data, key="k1")
    assert not keeps({"partitionKey": [{"prefix": "k"}]}, data, key="j1")


@pytest.mark.parametrize(
    "pattern",
    [
        "null",
        "simple string",
        '"text"',
        "[]",
        "{}",
        "{",
        '{"data":["text"]}',
        '{"data":"text"}',
        '{"data":[{"prefix":"x"}]}',
        '{"data":{}}',
        '{"data":{"a":"x"}}',
        '{"data":{"a":[]}}',
        '{"data":{"a":[["x"]]}}',
        '{"data":{"a":[{"wildcard":"*"}]}}',
        '{"data":{"a":[{"prefix":"x","suffix":"y"}]}}',
        '{"data":{"a":[{"prefix":1}]}}',
        '{"data":{"a":[{"numeric":[">"]}]}}',
        '{"data":{"a":[{"numeric":["~",1]}]}}',
        '{"data":{"a":[{"numeric":[">","1"]}]}}',
        '{"data":{"a":[{"exists":"yes"}]}}',
        '{"data":{"a":[{"anything-but":{"prefix":"x"}}]}}',
        '{"data":{"a":[{"anything-but":[]}]}}',
        '{"data":{"$or":{"a":[1]}}}',
    ],
)
def test_an_invalid_pattern_is_refused(pattern: str) -> None:
    """[OBS] As AWS refuses it when the mapping is created or updated."""
    with pytest.raises(InvalidPatternError):
        compile_filters([pattern])


scalars = st.one_of(st.text(max_size=3), st.integers(-5, 5), st.booleans(), st.none())


def model(fields: dict[str, Any], rules: dict[str, list[Any]]) -> bool:
    """Equality and existence only, by brute force over JSON text."""

    def holds(name: str, condition: Any) -> bool:
        if isinstance(condition, dict):
            return (name in fields) is condition["exists"]
        return name in fields and json.dumps(fields[name]) == json.dumps(condition)

    return all(any(holds(name, one) for one in conditions) for name, conditions in rules.items())


names = st.sampled_from("abc")
conditions = st.lists(
    scalars | st.fixed_dictionaries({"exists": st.booleans()}), min_size=1, max_size=3
)


@given(st.dictionaries(names, scalars), st.dictionaries(names, conditions, min_size=1))
def test_rules_agree_with_a_reference_model(
    fields: dict[str, Any], rules: dict[str, list[Any]]
) -> None:
    """[DG:invocation-eventfiltering] AND over fields, OR over values."""
    assert keeps({"data": rules}, json.dumps(fields)) is model(fields, rules)
