"""What CloudWatch refuses: data points, alarms and periods; on moto's thread."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import (
    CloudWatchException,
    InvalidParameterCombination,
    InvalidParameterValue,
    ValidationError,
)

from workbook.localaws.api import model
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.function_arn import service_of
from workbook.localaws.integrations.alarms import COMPARISONS

FINE_PERIODS = (10, 20, 30)  # of alarms, below a minute
FINEST_PERIODS = (1, 5, *FINE_PERIODS)  # of statistics
DAY, WEEK, HOUR = 86_400, 604_800, 3_600  # seconds
MOST_POINTS = 1_440  # in an answer of GetMetricStatistics [BC]
MOST_QUERIES = 500  # of GetMetricData [BC]
MOST_DIMENSIONS = 30  # of a metric [BC]
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
REACHED = ("lambda", "sns")  # the services that actions get to
ID = re.compile(r"[a-z][a-zA-Z0-9_]*")


def alarm(given: Mapping[str, Any], region: str) -> None:
    """Check an alarm, as given to PutMetricAlarm in a region.

    Raises:
        ValidationError: AWS refuses it [BC, SEEN, ?], or the local AWS by name.
    """
    try:
        model.cloudwatch().read("PutMetricAlarm", given)
    except ApiError as refused:
        raise ValidationError(refused.message) from None
    if given["ComparisonOperator"] not in COMPARISONS or "ThresholdMetricId" in given:
        raise ValidationError("The local AWS does not support alarms on anomaly detection.")
    if given.get("EvaluateLowSampleCountPercentile", "evaluate") != "evaluate":
        raise ValidationError(
            "The local AWS does not support EvaluateLowSampleCountPercentile=ignore."
        )
    if given.get("Threshold") is None:
        raise ValidationError("An alarm needs a Threshold.")
    treatment = given.get("TreatMissingData", "missing")
    if treatment not in TREATMENTS:
        raise ValidationError(f"TreatMissingData is one of {', '.join(TREATMENTS)}.")
    count = int(given["EvaluationPeriods"])
    if int(given.get("DatapointsToAlarm") or count) > count:
        raise ValidationError("DatapointsToAlarm must not be greater than EvaluationPeriods.")
    stats = [one["MetricStat"] for one in given.get("Metrics") or () if one.get("MetricStat")]
    for one in (given, *stats):
        if one.get("Period"):
            _alarm_period(int(one["Period"]), count)
    for kind in ACTIONS:
        for arn in given.get(kind) or ():
            if service_of(arn) not in REACHED:
                raise ValidationError(
                    f"The local AWS does not support the action {arn} of an alarm; it supports "
                    "topics and functions."
                )
            its_region = arn.split(":")[3]
            if its_region != region:  # [SEEN]
                raise ValidationError(
                    f"Invalid region {its_region} specified. Only {region} is supported."
                )


def _alarm_period(period: int, count: int) -> None:
    """Check the period of an alarm, and the time that it looks at [SEEN]."""
    if period not in FINE_PERIODS and period % 60:
        raise ValidationError("Period must be 10, 20, 30 or a multiple of 60")
    most, what = (DAY, "a day") if period < HOUR else (WEEK, "a week")
    if period * count > most:
        raise ValidationError(
            f"Metrics cannot be checked across more than {what} (EvaluationPeriods * Period must "
            f"be <= {most})."
        )


def data(namespace: str, points: Sequence[Mapping[str, Any]], now: float) -> None:
    """Check data points, as given to PutMetricData.

    Args:
        namespace: their namespace.
        points: the data points.
        now: the time, in seconds since the epoch.

    Raises:
        CloudWatchException: AWS refuses them [BC, SEEN, ?].
    """
    if namespace.startswith("AWS/"):
        raise InvalidParameterValue("The value AWS/ for parameter Namespace is invalid.")
    for number, point in enumerate(points, 1):
        where = f"MetricData.member.{number}"
        if not {"Value", "Values", "StatisticValues"} & point.keys():
            raise CloudWatchException(
                "MissingParameter",
                f"At least one of the parameters {where}.Value, {where}.Values and "
                f"{where}.StatisticValues must be specified.",
            )
        if len(point.get("Dimensions") or ()) > MOST_DIMENSIONS:
            raise InvalidParameterValue(
                f"The collection {where}.Dimensions must not have a size greater than "
                f"{MOST_DIMENSIONS}."
            )
        if int(point.get("StorageResolution") or 60) not in (1, 60):
            raise InvalidParameterValue(
                f"The value {point['StorageResolution']} for parameter {where}.StorageResolution "
                "is invalid."
            )
        if "Timestamp" in point:
            age = now - seconds(point["Timestamp"])
            if not -2 * HOUR <= age <= 14 * DAY:
                raise InvalidParameterValue(
                    f"The parameter {where}.Timestamp must specify a time no more than two weeks "
                    "in the past and no more than two hours in the future."
                )


def statistics(start: float, end: float, period: int) -> None:
    """Check the times of GetMetricStatistics.

    Raises:
        CloudWatchException: AWS refuses them [BC, SEEN].
    """
    if start >= end:
        raise InvalidParameterValue(
            "The parameter StartTime must be less than the parameter EndTime."
        )
    if period not in FINEST_PERIODS and (period <= 0 or period % 60):
        raise InvalidParameterValue(
            "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."
        )
    asked = int((end - start) // period)
    if asked > MOST_POINTS:
        raise InvalidParameterCombination(
            f"You have requested up to {asked:,} datapoints, which exceeds the limit of "
            f"{MOST_POINTS:,}. You may reduce the datapoints requested by increasing Period, or "
            "decreasing the time range."
        )


def queries(given: Sequence[Mapping[str, Any]]) -> None:
    """Check the queries of GetMetricData together.

    Raises:
        ValidationError: there are too many, or a period is not allowed [BC, ?].
    """
    if len(given) > MOST_QUERIES:
        raise ValidationError(
            f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}."
        )
    for number, one in enumerate(given, 1):
        period = int((one.get("MetricStat") or {}).get("Period") or one.get("Period") or 60)
        if period not in FINEST_PERIODS and (period <= 0 or period % 60):
            raise ValidationError(
                f"The period of MetricDataQueries.member.{number} must be 1, 5, 10, 20, 30 or a "
                "multiple of 60."
            )


def query(given: Mapping[str, Any]) -> None:
    """Check the id, the label and the account of a query of GetMetricData.

    Raises:
        ValidationError: AWS refuses the id [BC], or the local AWS the label or the account.
    """
    if not ID.fullmatch(given["Id"]):
        raise ValidationError(
            f"The value {given['Id']} for parameter Id must start with a lowercase letter, and "
            "have only letters, digits and underscores."
        )
    if "${" in (given.get("Label") or ""):
        raise ValidationError("The local AWS does not support dynamic labels, such as ${MAX}.")
    if given.get("AccountId", ACCOUNT_ID) != ACCOUNT_ID:
        raise ValidationError(
            f"The local AWS has no metrics of the account {given['AccountId']}, only of "
            f"{ACCOUNT_ID}."
        )


def seconds(moment: datetime) -> float:
    """Return a time in seconds since the epoch; moto's have no time zone, and are in UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def unsupported(operation: str) -> Callable[[Any], Any]:
    """Return a handler that refuses an operation by name, which moto would accept."""

    def refuse(handler: Any) -> Any:
        raise ValidationError(f"The local AWS does not support {operation}.")

    return refuse
