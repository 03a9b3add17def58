"""The lake: its contents, and that clean-up leaves nothing of it."""

import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.handler.loading import load
from workbook import deployment, events, lake, pipeline, target
from workbook.target import Aws
from workbook.waiting import wait_until

MINUTE = 60.0


@pytest.fixture
def flight(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A flight as the handler writes it."""
    monkeypatch.setenv("OUTPUT_STREAM", "o")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    processed: dict[str, Any] = load().process_data(events.flight_event(), "shardId-0", "1")
    return processed


def test_the_table_has_a_column_for_each_field_that_the_handler_writes(
    flight: dict[str, Any],
) -> None:
    assert set(lake.COLUMNS) == set(flight)


def test_written_records_are_in_the_lake_until_clean_up(
    local: Aws, tmp_path: Path, flight: dict[str, Any]
) -> None:
    kinesis, stream = local.client("kinesis"), "lake-source"
    deployment.create_stream(kinesis, stream)
    bucket = lake.create(local, stream)
    data = json.dumps(flight).encode()
    for _ in range(2):  # the same flight, twice
        kinesis.put_record(StreamName=stream, PartitionKey="k", Data=data)
    wait_until("both records to be in the lake", lambda: lake.delivered(local) >= 2)
    files = lake.download(local, bucket, tmp_path)
    assert files.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    with lake.connect(tmp_path) as database:
        assert lake.count(database) == (2, 1)
        row = lake.row(
            database, "SELECT event_id, dep_delay, late, time_hour FROM delivered LIMIT 1"
        )
    hour = datetime.fromisoformat(flight["time_hour"]).replace(tzinfo=None)
    assert row == (flight["event_id"], flight["dep_delay"], flight["late"], hour)
    lake.clean_up(local, bucket)
    lake.clean_up(local, bucket)  # after which nothing is there that it could delete
    with pytest.raises(ClientError, match="404"):
        local.client("s3").head_bucket(Bucket=bucket)
    assert lake.DELIVERY_STREAM not in str(local.client("firehose").list_delivery_streams())
    assert lake.ROLE not in str(local.client("iam").list_roles()["Roles"])
    kinesis.delete_stream(StreamName=stream)


def test_counts_of_records_go_by_the_clock_of_the_target() -> None:
    """By the computer's clock, what is written in time-lapse would be in the future."""
    with target.connect(target.LOCAL, speed=200) as aws:
        kinesis = aws.client("kinesis")
        deployment.create_stream(kinesis, deployment.OUTPUT_STREAM)
        lake.create(aws)
        wait_until("the clocks to differ", lambda: aws.now() - time.time() > 2 * MINUTE)
        for _ in range(2):
            kinesis.put_record(StreamName=deployment.OUTPUT_STREAM, PartitionKey="k", Data=b"{}")
        wait_until("both to be counted", lambda: pipeline.written(aws) == 2)
        wait_until("both to be in the lake", lambda: lake.delivered(aws) == 2)


def test_the_bucket_is_in_the_region_of_the_target(local: Aws) -> None:
    session = boto3.Session("test", "test", region_name="eu-central-1")
    there = Aws("local", session, local.endpoint_url)
    bucket = lake.create_bucket(there)
    s3 = there.client("s3")
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-central-1"
    s3.delete_bucket(Bucket=bucket)


def test_a_delivery_stream_waits_for_its_role_to_be_known(
    local: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On AWS, a new policy takes seconds to apply; here it is written only after a refusal."""
    kinesis, iam, stream = local.client("kinesis"), local.client("iam"), "lake-source-later"
    stream_arn = deployment.create_stream(kinesis, stream)
    bucket = lake.create_bucket(local)
    trust = json.dumps(deployment.trust_policy("firehose.amazonaws.com"))
    role_arn = iam.create_role(RoleName="later", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    refusals = []

    def wait(what: str, condition: Callable[[], bool]) -> None:
        if not condition():
            refusals.append(what)
            iam.put_role_policy(RoleName="later", PolicyName="p", PolicyDocument=policy)
        wait_until(what, condition)

    monkeypatch.setattr(lake, "wait_until", wait)
    destination = {"BucketARN": f"arn:aws:s3:::{bucket}", "RoleARN": role_arn}
    lake.create_delivery_stream(local, stream_arn, role_arn, destination)
    assert refusals == [f"role {role_arn} to be known to Firehose"]
    local.client("firehose").delete_delivery_stream(DeliveryStreamName=lake.DELIVERY_STREAM)
    local.client("s3").delete_bucket(Bucket=bucket)
    kinesis.delete_stream(StreamName=stream)


def test_an_empty_lake_has_no_flights(tmp_path: Path) -> None:
    with lake.connect(tmp_path) as database:
        assert lake.count(database) == (0, 0)
