"""Alarms: the state for data with and without gaps [D23], and its effects on a local AWS."""

import json
import time
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import create, invoke
from workbook import target
from workbook.localaws.integrations import alarms

TREATMENTS = (alarms.MISSING, alarms.IGNORE, alarms.BREACHING, alarms.NOT_BREACHING)
OK, ALARM, INSUFFICIENT = alarms.OK, alarms.ALARM, alarms.INSUFFICIENT
VALUES = {"-": None, "0": 0.0, "X": 9.0}


@pytest.mark.parametrize(
    ("data", "states"),
    [
        ("-----", (INSUFFICIENT, None, ALARM, OK)),
        ("0----", (OK, OK, OK, OK)),
        ("--X--", (ALARM, None, ALARM, OK)),
        ("0XX-X", (ALARM, ALARM, ALARM, ALARM)),
        ("XXX00", (OK, OK, OK, OK)),
        ("00XXX", (ALARM, ALARM, ALARM, ALARM)),
    ],
)
def test_missing_data_is_treated_as_the_alarm_says(
    data: str, states: tuple[str | None, ...]
) -> None:
    """The table of AWS's guide; None: the state stays."""
    for treatment, expected in zip(TREATMENTS, states, strict=True):
        rule = alarms.Rule("GreaterThanThreshold", 1.0, 3, 3, treatment)
        assert alarms.state(rule, [VALUES[one] for one in data]) == expected, treatment


@pytest.mark.parametrize("data", ["----X", "---X-"])
def test_one_late_value_does_not_raise_an_alarm_early(data: str) -> None:
    rule = alarms.Rule("GreaterThanThreshold", 1.0, 3, 3, alarms.MISSING)
    assert alarms.state(rule, [VALUES[one] for one in data]) is None


def test_two_of_three_are_enough_if_the_alarm_says_so() -> None:
    rule = alarms.Rule("GreaterThanThreshold", 1.0, 3, 2, alarms.MISSING)
    assert alarms.state(rule, [0, 0, 9, 0, 9]) == ALARM
    assert alarms.state(rule, [9, 9, 9, 0, 0]) == OK


def test_the_reason_is_in_awss_words() -> None:
    """[OBS]"""
    rule = alarms.Rule("GreaterThanThreshold", 0.0, 1, 1, alarms.BREACHING)
    assert alarms.reason(rule, ALARM, [(0, 1.0)]) == (
        "Threshold Crossed: 1 datapoint [1.0 (01/01/70 00:00:00)] was greater than the threshold "
        "(0.0)."
    )
    rule = alarms.Rule("GreaterThanThreshold", 0.0, 2, 2, alarms.BREACHING)
    assert alarms.reason(rule, ALARM, [(0, None), (60, None)]) == (
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints "
        "were treated as [Breaching]."
    )


def test_an_alarm_on_a_functions_errors_goes_off_and_notifies_a_topic() -> None:
    """Its period ends quickly in time-lapse."""
    with target.connect(target.LOCAL, speed=30) as aws:
        name = create(aws, "def handler(event, context): raise ValueError('no')")
        sqs, sns, cloudwatch = map(aws.client, ("sqs", "sns", "cloudwatch"))
        url = sqs.create_queue(QueueName="told")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        topic = sns.create_topic(Name="told")["TopicArn"]
        arn = attributes["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        settings: dict[str, Any] = {
            "AlarmName": "errors",
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "FunctionName", "Value": name}],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "AlarmActions": [f"{topic}-gone", topic],  # what is gone hinders no other action
        }
        cloudwatch.put_metric_alarm(**settings)

        def state() -> str:
            (alarm,) = cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
            return str(alarm["StateValue"])

        assert state() == INSUFFICIENT
        deadline = time.monotonic() + 60
        while state() != ALARM:
            assert time.monotonic() < deadline
            invoke(aws, name)
        (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
        told = json.loads(json.loads(message["Body"])["Message"])
        assert (told["AlarmName"], told["NewStateValue"]) == ("errors", ALARM)
        assert told["OldStateValue"] == INSUFFICIENT
        assert told["NewStateReason"].startswith("Threshold Crossed: 1 datapoint [")
        cloudwatch.put_metric_alarm(**settings, AlarmDescription="changed")
        assert state() == ALARM  # an update keeps the state [BC]
