"""The CloudFormation template: the same pipeline, made and removed as one stack."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_all

from workbook import target
from workbook.events import flight_event

ROOT = Path(__file__).parents[1]
SECONDS = 60  # until which all flights must be through


def test_the_template_passes_cfn_lint() -> None:
    matches = lint_all((ROOT / "template.yaml").read_text("utf-8"))
    assert [match for match in matches if match.rule.severity != "informational"] == []


@pytest.fixture(scope="module")
def stack() -> Iterator[tuple[target.Aws, dict[str, str]]]:
    """A stack of its own on a local AWS of its own, and its outputs."""
    with target.connect("local") as aws:
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.write(ROOT / "handler.py", "handler.py")
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="packages")
        s3.put_object(Bucket="packages", Key="handler.zip", Body=package.getvalue())
        cloudformation = aws.client("cloudformation")
        cloudformation.create_stack(
            StackName="pipeline",
            TemplateBody=(ROOT / "template.yaml").read_text("utf-8"),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": "CodeBucket", "ParameterValue": "packages"},
                {"ParameterKey": "CodeKey", "ParameterValue": "handler.zip"},
            ],
        )
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName="pipeline", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        outputs = cloudformation.describe_stacks(StackName="pipeline")["Stacks"][0]["Outputs"]
        yield aws, {output["OutputKey"]: output["OutputValue"] for output in outputs}


def test_the_stacks_mapping_is_enabled_with_the_templates_settings(
    stack: tuple[target.Aws, dict[str, str]],
) -> None:
    aws, outputs = stack
    mapping = aws.client("lambda").get_event_source_mapping(UUID=outputs["MappingId"])
    assert mapping["State"] == "Enabled"
    assert mapping["EventSourceArn"] == outputs["InputStreamArn"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == 3
    assert mapping["MaximumRecordAgeInSeconds"] == -1
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"]


def test_flights_go_through_the_stack(stack: tuple[target.Aws, dict[str, str]]) -> None:
    aws, outputs = stack
    kinesis = aws.client("kinesis")
    numbers = [1, 2, 3]
    kinesis.put_records(
        StreamARN=outputs["InputStreamArn"],
        Records=[
            {"Data": json.dumps(flight_event(flight=number)).encode(), "PartitionKey": "N14228"}
            for number in numbers
        ],
    )
    assert [json.loads(record["Data"])["flight"] for record in read(kinesis, 3)] == numbers


def read(kinesis: Any, count: int) -> list[dict[str, Any]]:
    """The first ``count`` records of the output stream's one shard."""
    iterator = kinesis.get_shard_iterator(
        StreamName="processed_stream",
        ShardId="shardId-000000000000",
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]
    records: list[dict[str, Any]] = []
    deadline = time.monotonic() + SECONDS
    while len(records) < count:
        assert time.monotonic() < deadline, f"only {len(records)} of {count} came out"
        answer = kinesis.get_records(ShardIterator=iterator)
        iterator = answer["NextShardIterator"]
        records += answer["Records"]
        if not answer["Records"]:
            time.sleep(0.3)  # AWS allows five reads a second
    return records


def test_deleting_the_stack_leaves_nothing(stack: tuple[target.Aws, dict[str, str]]) -> None:
    aws, _ = stack
    cloudformation = aws.client("cloudformation")
    cloudformation.delete_stack(StackName="pipeline")
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName="pipeline", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    for stream in ("flights", "processed_stream"):
        aws.client("kinesis").get_waiter("stream_not_exists").wait(
            StreamName=stream, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
    functions = aws.client("lambda")
    assert functions.list_functions()["Functions"] == []
    assert functions.list_event_source_mappings()["EventSourceMappings"] == []
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
    assert aws.client("logs").describe_log_groups()["logGroups"] == []
