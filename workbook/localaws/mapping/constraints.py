"""Parameters against the Lambda API's own description of itself [BC], in AWS's words [OBS]."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbook.localaws.api.errors import ApiError

REGION = r"(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}"
ARN = rf"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:({REGION})?:(\d{{12}})?:(.*)"
FUNCTION_NAME = (
    rf"(arn:(aws[a-zA-Z-]*)?:lambda:)?({REGION}:)?(\d{{12}}:)?(function:)?"
    r"([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
DESTINATION = rf"$|kafka://([^.]([a-zA-Z0-9\-_.]{{0,248}}))|{ARN}"
KEY = r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()"
TEXTS = {  # least and most characters, pattern
    "FunctionName": (1, 256, FUNCTION_NAME),
    "EventSourceArn": (0, 10_000, ARN),
    "KMSKeyArn": (0, 10_000, KEY),
    "DestinationConfig.OnFailure.Destination": (0, 350, DESTINATION),
    "DestinationConfig.OnSuccess.Destination": (0, 350, DESTINATION),
}
RANGES = {
    "BatchSize": (1, 10_000),
    "MaximumBatchingWindowInSeconds": (0, 300),
    "ParallelizationFactor": (1, 10),
    "MaximumRecordAgeInSeconds": (-1, 604_800),
    "MaximumRetryAttempts": (-1, 10_000),
    "TumblingWindowInSeconds": (0, 900),
    "MaxItems": (1, 10_000),
}
POSITIONS = ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")  # in the order of AWS's message
LISTS = {  # at most how many, of these
    "FunctionResponseTypes": (1, ("ReportBatchItemFailures",)),
    "MetricsConfig.Metrics": (3, ("EventCount", "ErrorCount", "KafkaMetrics")),
}
FLAGS = ("Enabled", "BisectBatchOnFunctionError")
PATTERN_LENGTH = 4096


def check(parameters: Mapping[str, Any], *required: str) -> None:
    """Refuse what the API's description does not allow, all of it at once.

    Args:
        parameters: of a call; null is as good as left out.
        required: parameters that must be there.

    Raises:
        ApiError: SerializationException for a value of another type, else
            ValidationException.
    """
    problems = [
        _problem(None, name, "not be null") for name in required if parameters.get(name) is None
    ]
    for path, (least, most, pattern) in TEXTS.items():
        if (text := _typed(parameters, path, str, "a string")) is not None:
            problems += _text_problems(text, path, least, most, pattern)
    for path, (least, most) in RANGES.items():
        if (number := _typed(parameters, path, int, "an integer")) is not None:
            if number < least:
                rule = f"have value greater than or equal to {least}"
                problems.append(_problem(number, path, rule))
            elif number > most:
                problems.append(_problem(number, path, f"have value less than or equal to {most}"))
    for path, (most, allowed) in LISTS.items():
        if (items := _typed(parameters, path, list, "a list")) is not None:
            problems += _list_problems(items, path, most, allowed)
    for path in FLAGS:
        _typed(parameters, path, bool, "true or false")
    position = _typed(parameters, "StartingPosition", str, "a string")
    if position is not None and position not in POSITIONS:
        rule = f"satisfy enum value set: [{', '.join(POSITIONS)}]"
        problems.append(_problem(position, "StartingPosition", rule))
    for index, item in enumerate(
        _typed(parameters, "FilterCriteria.Filters", list, "a list") or ()
    ):
        pattern = _typed({"Filter": item}, "Filter.Pattern", str, "a string")
        if pattern is not None and len(pattern) > PATTERN_LENGTH:
            path = f"filterCriteria.filters.{index + 1}.member.pattern"
            rule = f"have length less than or equal to {PATTERN_LENGTH}"
            problems.append(_problem(pattern, path, rule))
    if problems:
        count = f"{len(problems)} validation error{'s' * (len(problems) > 1)} detected: "
        raise ApiError("ValidationException", count + "; ".join(problems), 400)


def _typed(parameters: Mapping[str, Any], path: str, kind: type, wanted: str) -> Any:
    """The value at a path such as ``MetricsConfig.Metrics``; None when it is not there."""
    value: Any = parameters
    names = path.split(".")
    for name in names:
        if not isinstance(value, Mapping):
            raise _wrong_type(names[0], "an object")
        value = value.get(name)
        if value is None:
            return None
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _wrong_type(path, wanted)
    return value


def _wrong_type(path: str, wanted: str) -> ApiError:
    return ApiError("SerializationException", f"{path} must be {wanted}", 400)


def _text_problems(text: str, path: str, least: int, most: int, pattern: str) -> list[str]:
    problems = []
    if len(text) < least:
        problems.append(_problem(text, path, f"have length greater than or equal to {least}"))
    if len(text) > most:
        problems.append(_problem(text, path, f"have length less than or equal to {most}"))
    if re.fullmatch(pattern, text) is None:
        problems.append(_problem(text, path, f"satisfy regular expression pattern: {pattern}"))
    return problems


def _list_problems(items: list[Any], path: str, most: int, allowed: Sequence[str]) -> list[str]:
    shown = "[" + ", ".join(str(item) for item in items) + "]"
    problems = []
    if len(items) > most:
        problems.append(_problem(shown, path, f"have length less than or equal to {most}"))
    if not all(item in allowed for item in items):
        each = (
            f"Member must satisfy enum value set: [{', '.join(allowed)}], Member must not be null"
        )
        problems.append(_problem(shown, path, f"satisfy constraint: [{each}]"))
    return problems


def _problem(value: Any, path: str, rule: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    member = ".".join(name[0].lower() + name[1:] for name in path.split("."))
    return f"Value {shown} at '{member}' failed to satisfy constraint: Member must {rule}"
