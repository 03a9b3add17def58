"""Scheduled rules of EventBridge: their expressions [D23], and that they fire."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.functions.lambda_functions import create, create_role, refused
from workbook import target
from workbook.localaws.integrations import schedules
from workbook.target import Aws

START = datetime(2026, 1, 30, 10, 7, 30, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("expression", "moments"),
    [
        ("cron(0 12 * * ? *)", ["2026-01-30 12:00", "2026-01-31 12:00"]),
        ("cron(0/15 8-10 ? * MON-FRI *)", ["2026-01-30 10:15", "2026-01-30 10:30"]),
        ("cron(15 10 ? * 6L 2026-2027)", ["2026-01-30 10:15", "2026-02-27 10:15"]),
        ("cron(0 9 ? * 2#1 *)", ["2026-02-02 09:00", "2026-03-02 09:00"]),
        ("cron(0 0 L * ? *)", ["2026-01-31 00:00", "2026-02-28 00:00"]),
        ("cron(0 0 1W * ? *)", ["2026-02-02 00:00", "2026-03-02 00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("cron(10,20 0 1 JAN,DEC ? *)", ["2026-12-01 00:10", "2026-12-01 00:20"]),
        ("cron(7 10 30 1 ? 2026)", [None]),
        ("cron(0 0 31 2 ? *)", [None]),
        ("rate(1 hour)", ["2026-01-30 11:07", "2026-01-30 12:07"]),
        ("rate(5 minutes)", ["2026-01-30 10:12", "2026-01-30 10:17"]),
    ],
)
def test_a_schedule_expression_gives_the_times_to_fire(
    expression: str, moments: list[str | None]
) -> None:
    """[D23] In UTC, to the minute; a rate counts from the creation of the rule."""
    moment: float | None = START.timestamp()
    for expected in moments:
        assert moment is not None
        moment = schedules.parse(expression).after(moment)
        found = None if moment is None else f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M}"
        assert found == expected


@given(st.sets(st.integers(0, 59), min_size=1), st.sets(st.integers(0, 23), min_size=1))
def test_a_cron_expression_misses_no_minute(minutes: set[int], hours: set[int]) -> None:
    """[D23]"""
    minute, hour = (",".join(map(str, numbers)) for numbers in (minutes, hours))
    found = schedules.parse(f"cron({minute} {hour} * * ? *)").after(START.timestamp())
    later = START.replace(second=0) + timedelta(minutes=1)
    while later.minute not in minutes or later.hour not in hours:
        later += timedelta(minutes=1)
    assert found == later.timestamp()


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 1 * * * *)",
        "cron(0 1 ? * ? *)",
        "cron(0 1 * * ?)",
        "cron(60 1 * * ? *)",
        "cron(5-1 1 * * ? *)",
        "cron(*/0 1 * * ? *)",
        "cron(0 1 * FOO ? *)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(5 seconds)",
        "every minute",
    ],
)
def test_an_invalid_schedule_expression_is_refused(local: Aws, expression: str) -> None:
    """[OBS]"""
    with pytest.raises(ClientError) as refusal:
        local.client("events").put_rule(Name="refused", ScheduleExpression=expression)
    assert refusal.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Parameter ScheduleExpression is not valid.",
    }


def test_schedules_fire_to_a_stream_and_to_a_function() -> None:
    """[OBS] Each at its minute, in time-lapse; a disabled rule does not fire."""
    with target.connect(target.LOCAL, speed=600, limits=False) as aws:
        kinesis, client = aws.client("kinesis"), aws.client("events")
        arns = {}
        for stream in ("cron", "put", "off"):
            kinesis.create_stream(StreamName=stream, ShardCount=1)
            kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
            summary = kinesis.describe_stream_summary(StreamName=stream)
            arns[stream] = summary["StreamDescriptionSummary"]["StreamARN"]
        name = create(
            aws,
            "import boto3, json\n"
            "def handler(event, context):\n"
            "    boto3.client('kinesis').put_record(\n"
            "        StreamName='put', PartitionKey='k', Data=json.dumps(event))\n",
        )
        # On a busy machine a start takes longer than a minute of this time-lapse, and each event
        # would start another environment.
        aws.client("lambda").put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=1
        )
        function = aws.client("lambda").get_function(FunctionName=name)["Configuration"]
        role = create_role(aws)
        rule: Any = {"Name": "cron", "ScheduleExpression": "cron(0/2 * * * ? *)"}
        rule_arn = client.put_rule(**rule)["RuleArn"]
        client.put_targets(Rule="cron", Targets=[{"Id": "s", "Arn": arns["cron"], "RoleArn": role}])
        rate: Any = {"ScheduleExpression": "rate(1 minute)"}
        client.put_rule(Name="rate", **rate)
        client.put_targets(
            Rule="rate",
            Targets=[{"Id": "f", "Arn": function["FunctionArn"], "Input": '{"tail": "N1"}'}],
        )
        client.put_rule(Name="off", State="DISABLED", **rate)
        client.put_targets(Rule="off", Targets=[{"Id": "s", "Arn": arns["off"], "RoleArn": role}])
        client.put_events(
            Entries=[{"Source": "other", "DetailType": "d", "Detail": json.dumps({"other": 1})}]
        )
        deadline = time.monotonic() + 60
        while len(cron := read(aws, "cron")) < 3 or len(read(aws, "put")) < 2:
            assert time.monotonic() < deadline
        for event in cron:
            assert event["source"] == "aws.events"
            assert event["detail-type"] == "Scheduled Event"
            assert event["resources"] == [rule_arn]
            assert event["detail"] == {}
            assert int(event["time"][14:16]) % 2 == 0
            assert event["time"].endswith(":00Z")
        times = [datetime.fromisoformat(event["time"]) for event in cron]
        assert times == [times[0] + timedelta(minutes=2 * n) for n in range(len(times))]
        assert all(event == {"tail": "N1"} for event in read(aws, "put"))
        assert read(aws, "off") == []


def read(aws: Aws, stream: str) -> list[Any]:
    kinesis = aws.client("kinesis")
    (shard,) = kinesis.list_shards(StreamName=stream)["Shards"]
    while True:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        try:
            records = kinesis.get_records(ShardIterator=iterator)["Records"]
        except kinesis.exceptions.ExpiredIteratorException:
            continue  # a busy machine, where the five minutes of time-lapse passed in between
        return [json.loads(one["Data"]) for one in records]


def test_scheduler_and_pipes_are_refused_by_name(local: Aws) -> None:
    """They would be stored, and never do anything."""
    arn = f"arn:aws:sqs:us-east-1:123456789012:{uuid.uuid4().hex}"
    role = "arn:aws:iam::123456789012:role/r"
    with pytest.raises(ClientError, match=r"does not support EventBridge Scheduler \(CreateSch"):
        local.client("scheduler").create_schedule(
            Name="s",
            ScheduleExpression="rate(1 minute)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": role},
        )
    with pytest.raises(ClientError, match=r"does not support EventBridge Pipes \(CreatePipe\)"):
        local.client("pipes").create_pipe(Name="p", Source=arn, Target=arn, RoleArn=role)


@pytest.mark.parametrize(
    ("client", "operation", "parameters", "words"),
    [
        (
            "athena",
            "start_query_execution",
            {"QueryString": "SELECT 1"},
            "Athena (StartQueryExecution); query the files with DuckDB, as in notebook 14.",
        ),
        (
            "kinesisanalyticsv2",
            "list_applications",
            {},
            "Managed Service for Apache Flink (ListApplications).",
        ),
        ("osis", "list_pipelines", {}, "OpenSearch Ingestion (ListPipelines)."),
        ("redshift", "describe_clusters", {}, "Redshift (DescribeClusters)."),
        ("redshift-data", "list_statements", {}, "Redshift (ListStatements)."),
        ("redshift-serverless", "list_namespaces", {}, "Redshift (ListNamespaces)."),
        ("iot", "list_topic_rules", {}, "IoT Core (ListTopicRules)."),
        ("iot-data", "publish", {"topic": "t"}, "IoT Core."),
        (
            "dms",
            "describe_replication_tasks",
            {},
            "Database Migration Service (DescribeReplicationTasks).",
        ),
    ],
)
def test_other_services_that_fill_drain_or_query_are_refused_by_name(
    local: Aws, client: str, operation: str, parameters: dict[str, Any], words: str
) -> None:
    """moto would accept the calls, and nothing would happen."""
    error = refused(getattr(local.client(client), operation), **parameters)
    assert error["Error"]["Code"] == "NotImplementedException"
    assert error["Error"]["Message"] == f"The local AWS does not support {words}"
