"""A mapping's settings: valid values, defaults, and how the API shows them.

Defaults: [DG:services-kinesis-parameters].
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbook.localaws.mapping.errors import invalid, unsupported
from workbook.localaws.mapping.filters import InvalidPatternError, compile_filters

REPORT_FAILURES = "ReportBatchItemFailures"
EVENT_COUNT = "EventCount"
FILTERS = 5  # AWS's default quota
DESTINATION = re.compile(r"arn:aws[a-zA-Z0-9-]*:(sqs|sns|s3):([a-z0-9-]*):(\d{12})?:(.+)")
OTHER_SOURCES = (  # settings of event sources other than Kinesis
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
FIELDS = {  # the API's names for settings that are numbers or flags
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "window",
    "ParallelizationFactor": "factor",
    "MaximumRecordAgeInSeconds": "max_age",
    "MaximumRetryAttempts": "retries",
    "TumblingWindowInSeconds": "tumbling",
    "BisectBatchOnFunctionError": "bisect",
    "Enabled": "enabled",
}
LEAST_AGE = 60  # the API's model allows 0 to 59, Lambda does not


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a mapping that can be changed.

    ``max_age``, ``window`` and ``tumbling`` are in seconds. For ``retries`` and ``max_age``, -1
    means no limit; 0 turns ``window`` and ``tumbling`` off. ``destination`` is an ARN.
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
        """Return the settings as the API shows them, with all defaults [OBS]."""
        failure = {"Destination": self.destination} if self.destination else {}
        shown: dict[str, Any] = {
            name: getattr(self, field) for name, field in FIELDS.items() if name != "Enabled"
        }
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
    """The starting position of a mapping, fixed when it is created.

    ``timestamp`` is in seconds since the epoch, and only set with AT_TIMESTAMP.
    """

    position: str
    timestamp: float | None = None


def read_start(parameters: Mapping[str, Any], now: float) -> Start:
    """Return the starting position of a new mapping [OBS].

    Args:
        parameters: StartingPosition and StartingPositionTimestamp, as read by ``api.model``.
        now: the time, in seconds since the epoch.

    Raises:
        ApiError: a parameter is missing, in the future, or contradicts the other.
    """
    position = parameters.get("StartingPosition")
    timestamp = parameters.get("StartingPositionTimestamp")
    if position is None:
        raise invalid(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy "
            "constraint: Member must not be null."
        )
    if position != "AT_TIMESTAMP":
        if timestamp is not None:
            raise invalid("Timestamp only valid with StartingPosition AT_TIMESTAMP")
        return Start(position)
    if timestamp is None:
        raise invalid("Need to specify a timestamp")
    if timestamp < 0:
        raise invalid(
            "Received Exception while reading from provided stream. "
            "class java.lang.Long can not be converted to a Timestamp"
        )
    if timestamp > now:
        raise invalid("StartingPositionTimestamp cannot be in the future.")
    return Start(position, timestamp)


def read_settings(parameters: Mapping[str, Any], present: Settings) -> Settings:
    """Return the settings after a create or update call.

    Args:
        parameters: the call's parameters, as read by ``api.model``; those left out stay unchanged.
        present: the settings before; for a create call, the defaults.

    Raises:
        ApiError: a value is not valid; the message names it.
    """
    for name in OTHER_SOURCES:
        if name in parameters:
            raise unsupported(name)
    if 0 <= parameters.get("MaximumRecordAgeInSeconds", -1) < LEAST_AGE:
        raise invalid(
            "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 "
            "(inclusive)"
        )
    changes = {field: parameters[name] for name, field in FIELDS.items() if name in parameters}
    for name, reader in READERS.items():
        if name in parameters:
            changes |= reader(parameters[name])
    return replace(present, **changes)


def _response_types(value: Any) -> dict[str, Any]:
    return {"reports_failures": bool(value)}


def _metrics(value: Any) -> dict[str, Any]:
    chosen = value.get("Metrics") or []
    if any(item != EVENT_COUNT for item in chosen):
        raise invalid("MetricsConfig of a Kinesis event source can only have EventCount.")
    return {"counts_events": bool(chosen)}


def _destination(value: Any) -> dict[str, Any]:
    refuse_on_success(value)
    on_failure = value.get("OnFailure")
    if on_failure is not None and on_failure.get("Destination") is None:
        raise invalid("The Destination field is required for an OnFailure configuration.")
    arn = (on_failure or {}).get("Destination")
    if not arn:
        return {"destination": None}
    match = DESTINATION.fullmatch(arn)
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


def refuse_on_success(destinations: Mapping[str, Any]) -> None:
    """Refuse a destination for successes, which event source mappings do not have [OBS]."""
    if (destinations.get("OnSuccess") or {}).get("Destination"):
        raise unsupported("DestinationConfig")


def _filters(value: Any) -> dict[str, Any]:
    filters = value.get("Filters") or []
    if len(filters) > FILTERS:
        raise invalid(f"FilterCriteria.Filters can have {FILTERS} filters at most.")
    patterns = [item.get("Pattern", "") for item in filters]
    try:
        compile_filters(patterns)
    except InvalidPatternError:
        raise invalid("Invalid filter pattern definition.") from None
    return {"patterns": tuple(patterns)}


READERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "FunctionResponseTypes": _response_types,
    "MetricsConfig": _metrics,
    "DestinationConfig": _destination,
    "FilterCriteria": _filters,
    "KMSKeyArn": lambda value: {"key_arn": value or None},
}
