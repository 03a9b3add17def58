"""A mapping's settings: ranges, defaults, and what a wrong value is answered with."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.mapping.errors import MappingError
from workbook.localaws.mapping.settings import NUMBERS, Settings, Start, read_settings, read_start

NOW = 1_800_000_000.0


def refusal(parameters: dict[str, Any]) -> MappingError:
    with pytest.raises(MappingError) as caught:
        read_settings(parameters, Settings())
    return caught.value


def test_all_defaults_are_filled_in() -> None:
    """[OBS] The complete key set; DestinationConfig in full, no FilterCriteria."""
    assert Settings().shown() == {
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 0,
        "ParallelizationFactor": 1,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "TumblingWindowInSeconds": 0,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "FunctionResponseTypes": [],
    }


RANGES = [
    ("BatchSize", 1, 10_000),
    ("MaximumBatchingWindowInSeconds", 0, 300),
    ("ParallelizationFactor", 1, 10),
    ("MaximumRetryAttempts", -1, 10_000),
    ("MaximumRecordAgeInSeconds", -1, 604_800),
    ("TumblingWindowInSeconds", 0, 900),
]


@pytest.mark.parametrize(("name", "least", "most"), RANGES)
def test_ranges(name: str, least: int, most: int) -> None:
    """[BC, DG:services-kinesis-parameters] The ends are allowed; beyond them AWS's own words."""
    assert len(RANGES) == len(NUMBERS)
    member = name[0].lower() + name[1:]
    for value in (least, most):
        assert read_settings({name: value}, Settings()).shown()[name] == value
    low, high = refusal({name: least - 1}), refusal({name: most + 1})
    assert (low.status, low.code) == (high.status, high.code) == (400, "ValidationException")
    start = "1 validation error detected: Value"
    rule = "failed to satisfy constraint: Member must have value"
    assert low.message == (
        f"{start} '{least - 1}' at '{member}' {rule} greater than or equal to {least}"
    )
    assert high.message == (
        f"{start} '{most + 1}' at '{member}' {rule} less than or equal to {most}"
    )


@given(st.integers(0, 59))
def test_a_record_age_below_sixty_is_refused(age: int) -> None:
    """[DG:services-kinesis-parameters] Though the shape says the minimum is -1."""
    error = refusal({"MaximumRecordAgeInSeconds": age})
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert "MaximumRecordAgeInSeconds" in error.message


def test_several_wrong_values_are_named_together() -> None:
    """[BC] AWS counts its validation errors."""
    error = refusal({"BatchSize": 0, "ParallelizationFactor": 11})
    assert error.message.startswith("2 validation errors detected: ")
    assert "'batchSize'" in error.message
    assert "'parallelizationFactor'" in error.message


def test_a_large_batch_needs_no_window() -> None:
    """[OBS] The remark about BatchSize over 10 does not hold for Kinesis."""
    assert read_settings({"BatchSize": 10_000}, Settings()).window == 0


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:sqs:x"}}}, "OnSuccess"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "queue"}}}, "OnFailure"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "kafka://topic"}}}, "kafka://topic"),
        (
            {
                "DestinationConfig": {
                    "OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:q.fifo"}
                }
            },
            "FIFO",
        ),
        ({"MetricsConfig": {"Metrics": ["KafkaMetrics"]}}, "MetricsConfig"),
        ({"ScalingConfig": {"MaximumConcurrency": 2}}, "ScalingConfig"),
        ({"ProvisionedPollerConfig": {"MinimumPollers": 1}}, "ProvisionedPollerConfig"),
        ({"Topics": ["t"]}, "Topics"),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"data":{"a":[1]}}'}] * 6}}, "Filters"),
    ],
)
def test_what_a_kinesis_mapping_cannot_have_is_refused(
    parameters: dict[str, Any], named: str
) -> None:
    """[DG:services-kinesis-parameters] The message names it."""
    error = refusal(parameters)
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert named in error.message


def test_an_unknown_response_type_is_refused() -> None:
    """[BC] FunctionResponseTypes is an enumeration."""
    error = refusal({"FunctionResponseTypes": ["Everything"]})
    assert (error.status, error.code) == (400, "ValidationException")
    assert "functionResponseTypes" in error.message


@pytest.mark.parametrize("pattern", ["null", "simple string", '{"eventSource":"aws:kinesis"}'])
def test_an_invalid_filter_pattern_is_refused(pattern: str) -> None:
    """[OBS] In just these words."""
    error = refusal({"FilterCriteria": {"Filters": [{"Pattern": pattern}]}})
    assert (error.code, error.message) == (
        "InvalidParameterValueException",
        "Invalid filter pattern definition.",
    )


def test_a_pattern_may_have_4096_characters() -> None:
    """[BC]"""
    pattern = '{"data":{"a":["%s"]}}'
    longest = pattern % ("x" * (4096 - len(pattern) + 2))
    assert read_settings(
        {"FilterCriteria": {"Filters": [{"Pattern": longest}]}}, Settings()
    ).patterns == (longest,)
    assert refusal({"FilterCriteria": {"Filters": [{"Pattern": longest + " "}]}}).code == (
        "ValidationException"
    )


@pytest.mark.parametrize("criteria", [{}, {"Filters": []}])
def test_empty_criteria_remove_the_filters(criteria: dict[str, Any]) -> None:
    """[DG:invocation-eventfiltering, OBS] The key is then absent."""
    before = Settings(patterns=('{"data":{"a":[1]}}',))
    assert "FilterCriteria" not in read_settings({"FilterCriteria": criteria}, before).shown()


@pytest.mark.parametrize("config", [{}, {"OnFailure": {}}, {"OnFailure": {"Destination": ""}}])
def test_an_empty_destination_clears_it(config: dict[str, Any]) -> None:
    """[DG:services-kinesis-parameters]"""
    before = Settings(destination="arn:aws:sqs:us-east-1:123456789012:q")
    shown = read_settings({"DestinationConfig": config}, before).shown()
    assert shown["DestinationConfig"] == {"OnFailure": {}}


def test_what_an_update_leaves_out_stays() -> None:
    """[BC]"""
    before = Settings(batch_size=7, bisect=True, reports_failures=True)
    after = read_settings({"MaximumRetryAttempts": 3, "BatchSize": None}, before)
    assert after == Settings(batch_size=7, bisect=True, reports_failures=True, retries=3)


@pytest.mark.parametrize(
    "parameters", [{"BatchSize": "10"}, {"BatchSize": True}, {"Enabled": "yes"}]
)
def test_a_value_of_the_wrong_type_is_refused(parameters: dict[str, Any]) -> None:
    """[BC]"""
    error = refusal(parameters)
    assert error.code == "SerializationException"
    assert next(iter(parameters)) in error.message


def start_refusal(parameters: dict[str, Any]) -> MappingError:
    with pytest.raises(MappingError) as caught:
        read_start(parameters, NOW)
    return caught.value


def test_a_starting_position_is_required() -> None:
    """[OBS]"""
    error = start_refusal({})
    assert error.code == "InvalidParameterValueException"
    assert error.message == (
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy "
        "constraint: Member must not be null."
    )


def test_an_unknown_starting_position_is_refused() -> None:
    """[OBS]"""
    error = start_refusal({"StartingPosition": "NOWHERE"})
    assert error.code == "ValidationException"
    assert error.message == (
        "1 validation error detected: Value 'NOWHERE' at 'startingPosition' failed to satisfy "
        "constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"
    )


def test_a_timestamp_goes_with_at_timestamp_only_and_is_not_in_the_future() -> None:
    """[DG:services-kinesis-parameters]"""
    at = {"StartingPosition": "AT_TIMESTAMP"}
    for parameters in (
        at,
        {"StartingPosition": "LATEST", "StartingPositionTimestamp": NOW},
        at | {"StartingPositionTimestamp": NOW + 1},
    ):
        error = start_refusal(parameters)
        assert error.code == "InvalidParameterValueException"
        assert "StartingPositionTimestamp" in error.message
    assert read_start(at | {"StartingPositionTimestamp": NOW}, NOW) == Start("AT_TIMESTAMP", NOW)
