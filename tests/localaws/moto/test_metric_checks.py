"""CloudWatch: data points, alarms and periods that are refused; metrics that are listed."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import refused
from workbook import target
from workbook.target import Aws
from workbook.waiting import wait_until

TOPIC = "arn:aws:sns:us-east-1:123456789012:t"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Period": 15}, "Period must be 10, 20, 30 or a multiple of 60"),
        (
            {"Period": 300, "EvaluationPeriods": 289},
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be "
            "<= 86400).",
        ),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm must not be greater than EvaluationPeriods."),
        (
            {"TreatMissingData": "zero"},
            "TreatMissingData is one of missing, ignore, breaching, notBreaching.",
        ),
        ({"Threshold": None}, "An alarm needs a Threshold."),
        (
            {"ComparisonOperator": "GreaterThanUpperThreshold"},
            "The local AWS does not support alarms on anomaly detection.",
        ),
        (
            {"EvaluateLowSampleCountPercentile": "ignore"},
            "The local AWS does not support EvaluateLowSampleCountPercentile=ignore.",
        ),
        (
            {"AlarmActions": [TOPIC, "arn:aws:automate:us-east-1:ec2:stop"]},
            "The local AWS does not support the action arn:aws:automate:us-east-1:ec2:stop of an "
            "alarm; it supports topics and functions.",
        ),
        (
            {"OKActions": [TOPIC.replace("us-east-1", "eu-west-1")]},
            "Invalid region eu-west-1 specified. Only us-east-1 is supported.",
        ),
    ],
)
def test_an_alarm_without_effect_is_refused(
    local: Aws, given: dict[str, Any], message: str
) -> None:
    """[BC, SEEN] In AWS's words, or by name."""
    wanted = {
        "AlarmName": "refused",
        "Namespace": "flights",
        "MetricName": "delay",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        **given,
    }
    asked = {name: value for name, value in wanted.items() if value is not None}
    error = refused(local.client("cloudwatch").put_metric_alarm, **asked)
    assert error["Error"]["Message"] == message


@pytest.mark.parametrize(
    ("point", "named"),
    [
        ({}, "At least one of the parameters MetricData.member.1.Value"),
        ({"Value": 1, "StorageResolution": 5}, "MetricData.member.1.StorageResolution"),
        ({"Value": 1, "Timestamp": timedelta(days=-15)}, "no more than two weeks in the past"),
        ({"Value": 1, "Timestamp": timedelta(hours=3)}, "no more than two hours in the future"),
        (
            {"Value": 1, "Dimensions": [{"Name": str(n), "Value": "x"} for n in range(31)]},
            "MetricData.member.1.Dimensions must not have a size greater than 30.",
        ),
    ],
)
def test_an_invalid_data_point_is_refused(local: Aws, point: dict[str, Any], named: str) -> None:
    """[BC, SEEN]"""
    if "Timestamp" in point:
        point = {**point, "Timestamp": datetime.now(UTC) + point["Timestamp"]}
    put, data = local.client("cloudwatch").put_metric_data, [{"MetricName": "m", **point}]
    assert named in refused(put, Namespace="flights", MetricData=data)["Error"]["Message"]


def test_only_aws_writes_to_its_namespaces(local: Aws) -> None:
    """[SEEN]"""
    put, data = local.client("cloudwatch").put_metric_data, [{"MetricName": "m", "Value": 1}]
    error = refused(put, Namespace="AWS/Kinesis", MetricData=data)
    assert error["Error"]["Message"] == "The value AWS/ for parameter Namespace is invalid."


def test_statistics_have_at_most_1440_points(local: Aws) -> None:
    """[SEEN]"""
    now = datetime.now(UTC)
    wanted = {"Namespace": "flights", "MetricName": "m", "Statistics": ["Sum"], "EndTime": now}
    ask = local.client("cloudwatch").get_metric_statistics
    error = refused(ask, **wanted, StartTime=now - timedelta(days=2), Period=60)
    assert error["Error"]["Message"].startswith(
        "You have requested up to 2,880 datapoints, which exceeds the limit of 1,440."
    )
    error = refused(ask, **wanted, StartTime=now - timedelta(hours=1), Period=45)
    assert "Period must be" in error["Error"]["Message"]


def test_queries_with_an_invalid_id_or_a_dynamic_label_are_refused(local: Aws) -> None:
    """[BC]"""
    now = datetime.now(UTC)
    times = {"StartTime": now - timedelta(hours=1), "EndTime": now}
    metric = {"Namespace": "flights", "MetricName": "m"}
    stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
    for given, named in (
        ({"Id": "Delay"}, "must start with a lowercase letter"),
        ({"Id": "delay", "Label": "at most ${MAX}"}, "does not support dynamic labels"),
        ({"Id": "delay", "AccountId": "111122223333"}, "no metrics of the account 111122223333"),
    ):
        queries = [{"MetricStat": stat, **given}]
        error = refused(
            local.client("cloudwatch").get_metric_data, MetricDataQueries=queries, **times
        )
        assert named in error["Error"]["Message"]


def test_a_metric_is_listed_once(local: Aws) -> None:
    """[BC]"""
    cloudwatch, namespace = local.client("cloudwatch"), f"n-{uuid.uuid4().hex[:8]}"
    dimensions = [{"Name": "origin", "Value": "JFK"}]
    data = [
        {"MetricName": "m", "Values": [1, 2]},
        {"MetricName": "m", "Value": 3, "Dimensions": dimensions},
        {"MetricName": "m", "Value": 4, "Dimensions": dimensions},
    ]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
    found = cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
    assert sorted(len(one["Dimensions"]) for one in found) == [0, 1]


def test_a_data_point_without_a_time_has_that_of_the_local_aws() -> None:
    """In time-lapse, its present is soon hours ahead of the computer's."""
    with target.connect(target.LOCAL, speed=10_000) as aws:
        cloudwatch = aws.client("cloudwatch")
        cloudwatch.list_metrics()
        wait_until("the clocks to differ", lambda: aws.now() - time.time() > 3 * 3600)
        before = datetime.fromtimestamp(aws.now(), UTC)
        cloudwatch.put_metric_data(
            Namespace="flights", MetricData=[{"MetricName": "m", "Value": 1}]
        )
        (point,) = cloudwatch.get_metric_statistics(
            Namespace="flights",
            MetricName="m",
            StartTime=before - timedelta(hours=1),
            EndTime=before + timedelta(days=2),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        assert point["Timestamp"] > before - timedelta(hours=1)
