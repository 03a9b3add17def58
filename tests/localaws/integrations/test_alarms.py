"""Alarms: the state for data with and without gaps [D23], and its effects on a local AWS."""

import json
import time
import uuid
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import create, invoke, log_lines
from tests.localaws.integrations.firehose.delivering import until
from workbook import deployment, target
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
        assert told["Region"] == "US East (N. Virginia)"
        cloudwatch.put_metric_alarm(**settings, AlarmDescription="changed")
        assert state() == ALARM  # an update keeps the state [BC]


def test_a_state_that_is_set_takes_the_alarms_actions_and_is_in_its_history(
    local: target.Aws,
) -> None:
    """[BC, OBS, SEEN] A topic and a function receive it; a topic that is gone hinders neither."""
    cloudwatch, name = local.client("cloudwatch"), f"set-{uuid.uuid4().hex[:8]}"
    function = create(local, "def handler(event, context): print(json.dumps(event))\nimport json")
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    topic = local.client("sns").create_topic(Name=name)["TopicArn"]
    url = local.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:123456789012:{name}"
    local.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmDescription="a test",
        Namespace=name,
        MetricName="delay",
        Dimensions=[{"Name": "carrier", "Value": "UA"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
        AlarmActions=[f"{topic}-gone", topic, arn],
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    (message,) = local.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    told = json.loads(json.loads(message["Body"])["Message"])
    assert (told["NewStateValue"], told["OldStateValue"]) == (ALARM, INSUFFICIENT)
    assert told["AlarmActions"] == [f"{topic}-gone", topic, arn]
    assert told["Trigger"]["Statistic"] == "SUM"
    group, logs = f"/aws/lambda/{function}", local.client("logs")
    until(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"], bool)
    lines = until(lambda: log_lines(local, function), lambda some: any(name in s for s in some))
    event = json.loads(next(line for line in lines if line.startswith("{")))
    state = event["alarmData"]["state"]
    assert (state["value"], state["reason"]) == (ALARM, "a test")
    assert event["alarmData"]["previousState"]["value"] == INSUFFICIENT
    (watched,) = event["alarmData"]["configuration"]["metrics"]
    assert watched["metricStat"]["metric"]["dimensions"] == {"carrier": "UA"}

    cloudwatch.delete_alarms(AlarmNames=[name])
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName=name, ScanBy="TimestampAscending", PaginationConfig={"PageSize": 2}
    )
    items = [one for page in pages for one in page["AlarmHistoryItems"]]
    assert [one["HistorySummary"] for one in items] == [
        f'Alarm "{name}" created',
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        f"Failed to execute action {topic}-gone",
        f"Successfully executed action {topic}",
        f"Successfully executed action {arn}",
        f'Alarm "{name}" deleted',
    ]
    assert json.loads(items[1]["HistoryData"])["newState"]["stateReason"] == "a test"
    (latest,) = cloudwatch.describe_alarm_history(
        AlarmName=name,
        HistoryItemType="ConfigurationUpdate",
        MaxRecords=1,
        StartDate=local.now() - 3600,
        EndDate=local.now() + 3600,
    )["AlarmHistoryItems"]
    assert latest["HistorySummary"].endswith("deleted")


def test_an_alarm_on_the_iterator_age_follows_a_consumer_that_falls_behind() -> None:
    """[D23] It goes off while a batch blocks its shard, and is OK when the function works again."""
    code = "import os\ndef handler(event, context): assert 'BROKEN' not in os.environ"
    with target.connect(target.LOCAL, speed=60) as aws:
        cloudwatch, kinesis = aws.client("cloudwatch"), aws.client("kinesis")
        stream = deployment.create_stream(kinesis, "behind", 1)
        name = create(aws, code, Environment={"Variables": {"BROKEN": "1"}})
        aws.client("lambda").create_event_source_mapping(
            EventSourceArn=stream, FunctionName=name, StartingPosition="TRIM_HORIZON"
        )
        cloudwatch.put_metric_alarm(
            AlarmName="behind",
            Namespace="AWS/Lambda",
            MetricName="IteratorAge",
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=3,
            DatapointsToAlarm=2,
            Threshold=60_000,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        kinesis.put_record(StreamName="behind", Data=b"x", PartitionKey="k")

        def state() -> str:
            (alarm,) = cloudwatch.describe_alarms(AlarmNames=["behind"])["MetricAlarms"]
            return str(alarm["StateValue"])

        until(state, lambda found: found == ALARM)
        aws.client("lambda").update_function_configuration(
            FunctionName=name, Environment={"Variables": {}}
        )
        until(state, lambda found: found == OK)
        items = cloudwatch.describe_alarm_history(AlarmName="behind", HistoryItemType="StateUpdate")
        changes = [one["HistorySummary"] for one in items["AlarmHistoryItems"]]
        assert changes[0] == "Alarm updated from ALARM to OK"
        assert changes[1].endswith("to ALARM")
