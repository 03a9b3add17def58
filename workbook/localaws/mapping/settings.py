"""A mapping's settings: what they may be, what they are when left out, how the API shows them.

Ranges and defaults: [BC, DG:services-kinesis-parameters].
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbook.localaws.mapping.errors import MappingError, constraints, invalid
from workbook.localaws.mapping.filters import InvalidPatternError, compile_filters

REPORT_FAILURES = "ReportBatchItemFailures"
EVENT_COUNT = "EventCount"
POSITIONS = ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")  # in the order of AWS's message
PATTERN_LENGTH = 4096
FILTERS = 5  # AWS's quota, before any raise of it
DESTINATION = re.compile(r"arn:aws[a-zA-Z0-9-]*:(sqs|sns|s3):([a-z0-9-]*):(\d{12})?:(.+)")
OTHER_SOURCES = (  # settings of other event sources than Kinesis
    "ScalingConfig",
    "ProvisionedPollerConfig",
    "LoggingConfig",
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "AmazonManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
)
NUMBERS = {  # name in the API: field, least, most
    "BatchSize": ("batch_size", 1, 10_000),
    "MaximumBatchingWindowInSeconds": ("window", 0, 300),
    "ParallelizationFactor": ("factor", 1, 10),
    "MaximumRecordAgeInSeconds": ("max_age", -1, 604_800),
    "MaximumRetryAttempts": ("retries", -1, 10_000),
    "TumblingWindowInSeconds": ("tumbling", 0, 900),
}
LEAST_AGE = 60  # the API's own description allows 0 to 59, Lambda does not


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be changed of a mapping.

    ``retries`` and ``max_age`` (seconds) are without limit at -1; ``window`` and ``tumbling`` are
    seconds, 0 is off; ``destination`` is an ARN or None.
    """

    batch_size: int = 100
    window: int = 0
    factor: int = 1
    max_age: int = -1
    retries: int = -1
    tumbling: int = 0
    bisect: bool = False
    reports_failures: bool = False
    destination: str | None = None
    patterns: tuple[str, ...] = ()
    counts_events: bool = False
    key_arn: str | None = None
    enabled: bool = True

    def shown(self) -> dict[str, Any]:
        """As the API shows them, all defaults filled in [OBS]."""
        failure = {"Destination": self.destination} if self.destination else {}
        shown: dict[str, Any] = {
            name: getattr(self, field) for name, (field, _, _) in NUMBERS.items()
        }
        shown["BisectBatchOnFunctionError"] = self.bisect
        shown["DestinationConfig"] = {"OnFailure": failure}
        shown["FunctionResponseTypes"] = [REPORT_FAILURES] if self.reports_failures else []
        if self.patterns:
            shown["FilterCriteria"] = {
                "Filters": [{"Pattern": pattern} for pattern in self.patterns]
            }
        if self.counts_events:
            shown["MetricsConfig"] = {"Metrics": [EVENT_COUNT]}
        if self.key_arn:
            shown["KMSKeyArn"] = self.key_arn
        return shown


@dataclass(frozen=True, slots=True)
class Start:
    """Where a mapping begins; fixed when it is created."""

    position: str
    timestamp: float | None = None


def constrain(value: Any, member: str, constraint: str) -> str:
    """One of the API's own complaints about a value."""
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{member}' failed to satisfy constraint: Member must {constraint}"


def read_start(parameters: Mapping[str, Any], now: float) -> Start:
    """StartingPosition and StartingPositionTimestamp.

    Raises:
        MappingError: one is missing, unknown, in the future, or does not go with the other.
    """
    position = parameters.get("StartingPosition")
    timestamp = parameters.get("StartingPositionTimestamp")
    if position is None:
        problem = constrain(None, "startingPosition", "not be null.")
        raise invalid(f"1 validation error detected: {problem}")
    if position not in POSITIONS:
        allowed = f"satisfy enum value set: [{', '.join(POSITIONS)}]"
        raise constraints([constrain(position, "startingPosition", allowed)])
    if (position == "AT_TIMESTAMP") != (timestamp is not None):
        raise invalid(
            "StartingPositionTimestamp must be given with StartingPosition AT_TIMESTAMP, "
            "and only then."
        )
    if timestamp is None:
        return Start(position)
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | float):
        raise _wrong_type("StartingPositionTimestamp", "a number")
    if timestamp > now:
        raise invalid("StartingPositionTimestamp cannot be in the future.")
    return Start(position, float(timestamp))


def read_settings(parameters: Mapping[str, Any], present: Settings) -> Settings:
    """The settings after a create or update call.

    Args:
        parameters: of the call; what it leaves out, or gives as null, stays.
        present: the settings before; the defaults for a create.

    Raises:
        MappingError: a value cannot be used; the message names it.
    """
    given = {name: value for name, value in parameters.items() if value is not None}
    for name in OTHER_SOURCES:
        if name in given:
            raise invalid(f"Unsupported {name} parameter for given event source mapping type.")
    changes: dict[str, Any] = {}
    changes |= _numbers(given)
    for name, reader in READERS.items():
        if name in given:
            changes |= reader(given[name])
    return replace(present, **changes)


def _wrong_type(name: str, wanted: str) -> MappingError:
    return MappingError(400, "SerializationException", f"{name} must be {wanted}")


def _numbers(given: Mapping[str, Any]) -> dict[str, int]:
    problems: list[str] = []
    numbers: dict[str, int] = {}
    for name, (field, least, most) in NUMBERS.items():
        value = given.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong_type(name, "an integer")
        member = name[0].lower() + name[1:]
        if value < least:
            problems.append(
                constrain(value, member, f"have value greater than or equal to {least}")
            )
        elif value > most:
            problems.append(constrain(value, member, f"have value less than or equal to {most}"))
        numbers[field] = value
    if problems:
        raise constraints(problems)
    if 0 <= numbers.get("max_age", -1) < LEAST_AGE:
        raise invalid(f"MaximumRecordAgeInSeconds must be -1 or between {LEAST_AGE} and 604800.")
    return numbers


def _flag(name: str, field: str) -> Callable[[Any], dict[str, Any]]:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, bool):
            raise _wrong_type(name, "true or false")
        return {field: value}

    return read


def _choices(value: Any, name: str, member: str, allowed: tuple[str, ...]) -> list[str]:
    """A list of names that must be among the API's."""
    if not isinstance(value, list):
        raise _wrong_type(name, "a list")
    if not all(item in allowed for item in value):
        shown = "[" + ", ".join(str(item) for item in value) + "]"
        rule = f"satisfy constraint: [Member must satisfy enum value set: [{', '.join(allowed)}]]"
        raise constraints([constrain(shown, member, rule)])
    return value


def _response_types(value: Any) -> dict[str, Any]:
    allowed = (REPORT_FAILURES,)
    chosen = _choices(value, "FunctionResponseTypes", "functionResponseTypes", allowed)
    return {"reports_failures": bool(chosen)}


def _metrics(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_type("MetricsConfig", "an object")
    allowed = (EVENT_COUNT, "ErrorCount", "KafkaMetrics")
    chosen = _choices(value.get("Metrics") or [], "Metrics", "metricsConfig.metrics", allowed)
    if any(item != EVENT_COUNT for item in chosen):
        raise invalid("MetricsConfig of a Kinesis event source can only have EventCount.")
    return {"counts_events": bool(chosen)}


def _destination(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_type("DestinationConfig", "an object")
    if (value.get("OnSuccess") or {}).get("Destination"):
        raise invalid(
            "Unsupported DestinationConfig.OnSuccess parameter for given event source mapping type."
        )
    arn = (value.get("OnFailure") or {}).get("Destination") or None
    if arn is None:
        return {"destination": None}
    match = DESTINATION.fullmatch(str(arn))
    if match is None:
        raise invalid(
            f"DestinationConfig.OnFailure.Destination {arn} is not the ARN of an SQS queue, "
            "an SNS topic or an S3 bucket."
        )
    if arn.endswith(".fifo"):
        raise invalid(
            f"DestinationConfig.OnFailure.Destination {arn} is a FIFO queue or topic, which "
            "cannot be a destination."
        )
    return {"destination": arn}


def _filters(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_type("FilterCriteria", "an object")
    filters = value.get("Filters") or []
    if len(filters) > FILTERS:
        raise invalid(f"FilterCriteria.Filters can have {FILTERS} filters at most.")
    patterns: list[str] = []
    for index, item in enumerate(filters, 1):
        pattern = item.get("Pattern") if isinstance(item, dict) else None
        if not isinstance(pattern, str):
            raise invalid("Invalid filter pattern definition.")
        if len(pattern) > PATTERN_LENGTH:
            member = f"filterCriteria.filters.{index}.member.pattern"
            rule = f"have length less than or equal to {PATTERN_LENGTH}"
            raise constraints([constrain(pattern, member, rule)])
        patterns.append(pattern)
    try:
        compile_filters(patterns)
    except InvalidPatternError:
        raise invalid("Invalid filter pattern definition.") from None
    return {"patterns": tuple(patterns)}


READERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "Enabled": _flag("Enabled", "enabled"),
    "BisectBatchOnFunctionError": _flag("BisectBatchOnFunctionError", "bisect"),
    "FunctionResponseTypes": _response_types,
    "MetricsConfig": _metrics,
    "DestinationConfig": _destination,
    "FilterCriteria": _filters,
    "KMSKeyArn": lambda value: {"key_arn": str(value) or None},
}
