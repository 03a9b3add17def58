"""A mapping's settings: ranges, defaults, and the errors for invalid values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.model import lambda_
from workbook.localaws.mapping.settings import Settings, Start, read_settings, read_start

NOW = 1_800_000_000.0


def read(parameters: dict[str, Any]) -> Settings:
    """The settings of a new mapping."""
    call = {"FunctionName": "f", **parameters}
    return read_settings(lambda_().read("CreateEventSourceMapping", call), Settings())


def refusal(parameters: dict[str, Any]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read(parameters)
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


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
RANGES = [
    ("BatchSize", 1, 10_000),
    ("MaximumBatchingWindowInSeconds", 0, 300),
    ("ParallelizationFactor", 1, 10),
    ("MaximumRetryAttempts", -1, 10_000),
    ("MaximumRecordAgeInSeconds", -1, 604_800),
    ("TumblingWindowInSeconds", 0, 900),
]


@pytest.mark.parametrize(("name", "least", "most"), RANGES)
def test_values_out_of_range_are_refused(name: str, least: int, most: int) -> None:
    """[BC, DG:services-kinesis-parameters] The limits are allowed; beyond them, AWS's message."""
    member = name[0].lower() + name[1:]
    for value in (least, most):
        assert read({name: value}).shown()[name] == value
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
    """[OBS] Though the shape says the minimum is -1."""
    error = refusal({"MaximumRecordAgeInSeconds": age})
    assert (error.status, error.code, error.message) == (
        400,
        "InvalidParameterValueException",
        "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 "
        "(inclusive)",
    )


def test_several_invalid_values_are_reported_together() -> None:
    """[BC] AWS counts its validation errors."""
    error = refusal({"BatchSize": 0, "ParallelizationFactor": 11})
    assert error.message.startswith("2 validation errors detected: ")
    assert "'batchSize'" in error.message
    assert "'parallelizationFactor'" in error.message


def test_a_large_batch_needs_no_window() -> None:
    """[OBS] The guide's remark about BatchSize over 10 does not apply to Kinesis."""
    assert read({"BatchSize": 10_000}).window == 0


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"DestinationConfig": {"OnFailure": {"Destination": FUNCTION}}}, FUNCTION),
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
        ({"Topics": ["topic"]}, "Topics"),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"data":{"a":[1]}}'}] * 6}}, "Filters"),
    ],
)
def test_settings_that_a_kinesis_mapping_cannot_have_are_refused(
    parameters: dict[str, Any], named: str
) -> None:
    """[DG:services-kinesis-parameters] The message names it."""
    error = refusal(parameters)
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert named in error.message


def test_there_is_no_destination_for_successes() -> None:
    """[OBS]"""
    error = refusal({"DestinationConfig": {"OnSuccess": {"Destination": FUNCTION}}})
    assert (error.code, error.message) == (
        "InvalidParameterValueException",
        "Unsupported DestinationConfig parameter for given event source mapping type.",
    )


def test_a_destination_for_failures_must_be_named() -> None:
    """[OBS] An empty string clears it; an empty object is refused."""
    error = refusal({"DestinationConfig": {"OnFailure": {}}})
    assert (error.code, error.message) == (
        "InvalidParameterValueException",
        "The Destination field is required for an OnFailure configuration.",
    )


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        (
            {"FunctionResponseTypes": ["Everything"]},
            "Value '[Everything]' at 'functionResponseTypes' failed to satisfy constraint: Member "
            "must satisfy constraint: [Member must satisfy enum value set: "
            "[ReportBatchItemFailures], Member must not be null]",
        ),
        (
            {"FunctionResponseTypes": ["ReportBatchItemFailures"] * 2},
            "Value '[ReportBatchItemFailures, ReportBatchItemFailures]' at "
            "'functionResponseTypes' failed to satisfy constraint: Member must have length less "
            "than or equal to 1",
        ),
        (
            {"MetricsConfig": {"Metrics": ["Everything"]}},
            "Value '[Everything]' at 'metricsConfig.metrics' failed to satisfy constraint: Member "
            "must satisfy constraint: [Member must satisfy enum value set: "
            "[EventCount, ErrorCount, KafkaMetrics], Member must not be null]",
        ),
        (
            {"StartingPosition": "NOWHERE"},
            "Value 'NOWHERE' at 'startingPosition' failed to satisfy constraint: Member must "
            "satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
        ),
        (
            {"FunctionName": ""},
            "Value '' at 'functionName' failed to satisfy constraint: Member must have length "
            "greater than or equal to 1; "
            "Value '' at 'functionName' failed to satisfy constraint: Member must satisfy regular "
            "expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso("
            "[a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST("
            "\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?",
        ),
        (
            {"EventSourceArn": "stream"},
            "Value 'stream' at 'eventSourceArn' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]"
            "{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)",
        ),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "queue"}}},
            "Value 'queue' at 'destinationConfig.onFailure.destination' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: $|kafka://([^.]([a-zA-Z0-"
            "9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|"
            "(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)",
        ),
        (
            {"KMSKeyArn": "key"},
            "Value 'key' at 'kMSKeyArn' failed to satisfy constraint: Member must satisfy regular "
            "expression pattern: (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()",
        ),
    ],
)
def test_invalid_strings_and_choices_are_refused(parameters: dict[str, Any], problem: str) -> None:
    """[BC, OBS] Names, ARNs and enumerations, in AWS's words."""
    error = refusal(parameters)
    assert (error.status, error.code) == (400, "ValidationException")
    count = "2 validation errors" if ";" in problem else "1 validation error"
    assert error.message == f"{count} detected: {problem}"


@pytest.mark.parametrize("pattern", ["null", "simple string", '{"eventSource":"aws:kinesis"}'])
def test_an_invalid_filter_pattern_is_refused(pattern: str) -> None:
    """[OBS] To the letter."""
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


@pytest.mark.parametrize("config", [{}, {"OnFailure": {"Destination": ""}}])
def test_an_empty_destination_clears_it(config: dict[str, Any]) -> None:
    """[DG:services-kinesis-parameters]"""
    before = Settings(destination="arn:aws:sqs:us-east-1:123456789012:q")
    shown = read_settings({"DestinationConfig": config}, before).shown()
    assert shown["DestinationConfig"] == {"OnFailure": {}}


def test_settings_that_an_update_omits_stay() -> None:
    """[BC]"""
    before = Settings(batch_size=7, bisect=True, reports_failures=True)
    sent = {"UUID": "0" * 36, "MaximumRetryAttempts": 3, "BatchSize": None}
    after = read_settings(lambda_().read("UpdateEventSourceMapping", sent), before)
    assert after == Settings(batch_size=7, bisect=True, reports_failures=True, retries=3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"BatchSize": "10"}, "STRING_VALUE can not be converted to an Integer"),
        ({"BatchSize": True}, "TRUE_VALUE can not be converted to an Integer"),
        ({"Enabled": "yes"}, "STRING_VALUE can not be converted to a Boolean"),
        ({"FunctionName": 5}, "NUMBER_VALUE can not be converted to a String"),
        ({"DestinationConfig": "queue"}, "Expected null"),
        ({"FilterCriteria": {"Filters": "all"}}, "Expected list or null"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(parameters: dict[str, Any], message: str) -> None:
    """[BC] In the words of the model reader."""
    error = refusal(parameters)
    assert (error.code, error.message) == ("SerializationException", message)


def start_refusal(parameters: dict[str, Any]) -> ApiError:
    with pytest.raises(ApiError) as caught:
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


@pytest.mark.parametrize(
    ("position", "timestamp", "message"),
    [
        ("AT_TIMESTAMP", None, "Need to specify a timestamp"),
        ("LATEST", NOW, "Timestamp only valid with StartingPosition AT_TIMESTAMP"),
        (
            "AT_TIMESTAMP",
            -NOW,
            "Received Exception while reading from provided stream. "
            "class java.lang.Long can not be converted to a Timestamp",
        ),
        ("AT_TIMESTAMP", NOW + 1, "StartingPositionTimestamp cannot be in the future."),
    ],
)
def test_a_timestamp_needs_at_timestamp_and_must_not_be_in_the_future(
    position: str, timestamp: float | None, message: str
) -> None:
    """[OBS; the last one DG:services-kinesis-parameters]"""
    error = start_refusal({"StartingPosition": position, "StartingPositionTimestamp": timestamp})
    assert (error.code, error.message) == ("InvalidParameterValueException", message)


def test_a_timestamp_may_be_now() -> None:
    """[DG:services-kinesis-parameters]"""
    given = {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": NOW}
    assert read_start(given, NOW) == Start("AT_TIMESTAMP", NOW)
