"""Metric filters of CloudWatch Logs [CWL:MonitoringLogData], through boto3."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.functions.lambda_functions import create, invoke
from workbook.target import Aws

MINUTE = 60_000


class Filtered:
    """A log group with a metric filter, and its metric."""

    def __init__(self, local: Aws, pattern: str, **transformation: Any) -> None:
        self.name = f"m-{uuid.uuid4().hex[:8]}"
        self._logs, self._cloudwatch = local.client("logs"), local.client("cloudwatch")
        self._logs.create_log_group(logGroupName=self.name)
        self._logs.create_log_stream(logGroupName=self.name, logStreamName="s")
        self._start = (int(time.time() * 1000) // MINUTE - 5) * MINUTE
        self.put(pattern, **transformation)

    def put(self, pattern: str, **transformation: Any) -> None:
        """Put the filter."""
        whole: Any = {"metricNamespace": self.name, "metricName": "m", **transformation}
        self._logs.put_metric_filter(
            logGroupName=self.name,
            filterName="f",
            filterPattern=pattern,
            metricTransformations=[whole],
        )

    def log(self, *messages: str, minute: int = 0) -> None:
        """Log messages in a minute."""
        self._logs.put_log_events(
            logGroupName=self.name,
            logStreamName="s",
            logEvents=[
                {"timestamp": self._start + minute * MINUTE, "message": one} for one in messages
            ],
        )

    def values(self, **dimensions: str) -> list[tuple[float, float, str]]:
        """Sum, sample count and unit of each minute with data."""
        begin = datetime.fromtimestamp(self._start / 1000, UTC)
        points = self._cloudwatch.get_metric_statistics(
            Namespace=self.name,
            MetricName="m",
            Dimensions=[{"Name": name, "Value": text} for name, text in dimensions.items()],
            StartTime=begin,
            EndTime=begin + timedelta(minutes=10),
            Period=60,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        points.sort(key=lambda point: point["Timestamp"])
        return [(point["Sum"], point["SampleCount"], point["Unit"]) for point in points]


def test_a_metric_filter_counts_what_matches(local: Aws) -> None:
    """[CWL:MonitoringLogData] New events only; a filter of the same name replaces it."""
    found = Filtered(local, "ERROR", metricValue="1", unit="Count")
    found.log("ERROR one", "fine", "ERROR two")
    assert found.values() == [(2, 2, "Count")]
    found.put("WARN", metricValue="5")
    found.log("ERROR three", "WARN", minute=1)
    assert found.values() == [(2, 2, "Count"), (5, 1, "None")]


def test_a_value_and_dimensions_come_from_json(local: Aws) -> None:
    """[CWL:MonitoringLogData] An event without one of them publishes nothing [?]."""
    found = Filtered(
        local,
        "{ $.delay > 0 }",
        metricValue="$.delay",
        dimensions={"origin": "$.route.from"},
        unit="Seconds",
    )
    found.log(
        *(
            json.dumps(one)
            for one in (
                {"delay": 5, "route": {"from": "JFK"}},
                {"delay": 7.5, "route": {"from": "JFK"}},
                {"delay": 9, "route": {"from": "LGA"}},
                {"delay": 11},
            )
        )
    )
    assert found.values(origin="JFK") == [(12.5, 2, "Seconds")]
    assert found.values(origin="LGA") == [(9, 1, "Seconds")]
    assert found.values() == []


def test_a_value_comes_from_a_space_delimited_field(local: Aws) -> None:
    """[CWL:MonitoringLogData]"""
    found = Filtered(local, "[ip, status=4*, size]", metricValue="$size", unit="Bytes")
    found.log("10.0.0.1 404 120", "10.0.0.1 200 500", "10.0.0.2 403 30")
    assert found.values() == [(150, 2, "Bytes")]


def test_a_default_value_is_published_for_minutes_without_a_match(local: Aws) -> None:
    """[CWL:MonitoringLogData] Not for those without events."""
    found = Filtered(local, "ERROR", metricValue="1", defaultValue=0)
    found.log("fine", "fine")
    found.log("fine", minute=1)
    found.log("ERROR", minute=1)
    found.log("fine", minute=1)
    found.log("fine", minute=3)
    assert found.values() == [(0, 1, "None"), (1, 1, "None"), (0, 1, "None")]


def test_a_functions_log_lines_are_filtered(local: Aws) -> None:
    """[CWL:MonitoringLogData]"""
    name = create(local, "def handler(event, context): print('late', event)")
    invoke(local, name, 1)
    logs, namespace = local.client("logs"), f"n-{uuid.uuid4().hex[:8]}"
    transformation: Any = {"metricNamespace": namespace, "metricName": "m", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName=f"/aws/lambda/{name}",
        filterName="f",
        filterPattern="late",
        metricTransformations=[transformation],
    )
    invoke(local, name, 2)
    logs.describe_log_groups()  # so that the printed lines are there
    (metric,) = local.client("cloudwatch").list_metrics(Namespace=namespace)["Metrics"]
    assert metric["MetricName"] == "m"


def test_test_metric_filter_returns_matches_and_values(local: Aws) -> None:
    """[BC]"""
    logs = local.client("logs")
    answer = logs.test_metric_filter(
        filterPattern="[ip, ..., status=4*, size]",
        logEventMessages=["1.2.3.4 - GET 404 120", "1.2.3.4 - GET 200 9"],
    )
    assert answer["matches"] == [
        {
            "eventNumber": 1,
            "eventMessage": "1.2.3.4 - GET 404 120",
            "extractedValues": {"$ip": "1.2.3.4", "$status": "404", "$size": "120"},
        }
    ]
    answer = logs.test_metric_filter(
        filterPattern='{ $.delay > 5 && $.tail = "N*" }',
        logEventMessages=['{"delay": 3, "tail": "N1"}', '{"delay": 30, "tail": "N2"}'],
    )
    (match,) = answer["matches"]
    assert match["eventNumber"] == 2
    assert match["extractedValues"] == {"$.delay": "30", "$.tail": "N2"}
    answer = logs.test_metric_filter(filterPattern="ERROR", logEventMessages=["ERROR", "fine"])
    assert [one["extractedValues"] for one in answer["matches"]] == [{}]


@pytest.mark.parametrize(
    ("pattern", "transformation", "named"),
    [
        ("ERROR", {"metricValue": "many"}, "metricValue"),
        ("{ $.a = }", {"metricValue": "1"}, "Invalid filter pattern"),
        (
            "{ $.a = 1 }",
            {"metricValue": "1", "defaultValue": 0, "dimensions": {"a": "$.a"}},
            "dimensions and default value are mutually exclusive",
        ),
        (
            "{ $.a = 1 }",
            {"metricValue": "1", "dimensions": dict.fromkeys("abcd", "$.a")},
            "at most 3 dimensions",
        ),
    ],
)
def test_invalid_metric_filters_are_refused(
    local: Aws, pattern: str, transformation: Any, named: str
) -> None:
    """[CWL:MonitoringLogData, SEEN]"""
    with pytest.raises(ClientError, match=named):
        Filtered(local, pattern, **transformation)


def test_a_metric_filter_is_deleted_with_its_log_group(local: Aws) -> None:
    """[BC] And none can be created without a log group."""
    found, logs = Filtered(local, "ERROR", metricValue="1"), local.client("logs")
    (told,) = logs.describe_metric_filters(logGroupName=found.name)["metricFilters"]
    assert told["filterName"] == "f"
    assert told["creationTime"] > 0
    logs.delete_log_group(logGroupName=found.name)
    assert logs.describe_metric_filters(logGroupName=found.name)["metricFilters"] == []
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        found.put("ERROR", metricValue="1")
