"""The CloudFormation template: the same pipeline, created and deleted as one stack."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbook import target
from workbook.events import flight_event
from workbook.waiting import wait_until

ROOT = Path(__file__).parents[1]
SECONDS = 60  # within which all flights must be processed


def test_the_template_passes_cfn_lint() -> None:
    from cfnlint.api import lint_all  # slow: import it only here

    matches = lint_all((ROOT / "template.yaml").read_text("utf-8"))
    assert [match for match in matches if match.rule.severity != "informational"] == []


@pytest.fixture(scope="module")
def stack() -> Iterator[tuple[target.Aws, dict[str, str]]]:
    """A stack on a new local AWS in time-lapse, and its outputs."""
    with target.connect("local", speed=20) as aws:
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

        def created() -> bool:
            return bool(described(aws)[0]["StackStatus"] == "CREATE_COMPLETE")

        wait_until("the stack", created)
        outputs = described(aws)[0]["Outputs"]
        yield aws, {output["OutputKey"]: output["OutputValue"] for output in outputs}


def described(aws: target.Aws) -> list[dict[str, Any]]:
    """The stack, if it exists."""
    client = aws.client("cloudformation")
    try:
        stacks: list[dict[str, Any]] = client.describe_stacks(StackName="pipeline")["Stacks"]
    except client.exceptions.ClientError:
        return []
    return [stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]


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


def test_flights_go_through_the_stack_and_only_bad_records_to_its_queue(
    stack: tuple[target.Aws, dict[str, str]],
) -> None:
    aws, outputs = stack
    kinesis, sqs = aws.client("kinesis"), aws.client("sqs")
    payloads = [
        b"not JSON" if number in (1, 4, 5) else json.dumps(flight_event(flight=number)).encode()
        for number in range(1, 9)
    ]
    answer = kinesis.put_records(
        StreamARN=outputs["InputStreamArn"],
        Records=[{"Data": data, "PartitionKey": "N14228"} for data in payloads],
    )
    assert [json.loads(record["Data"])["flight"] for record in read(kinesis, 5)] == [2, 3, 6, 7, 8]
    given_up: list[str] = []

    def reported() -> bool:
        found = sqs.receive_message(QueueUrl=outputs["FailureQueueUrl"], MaxNumberOfMessages=10)
        for message in found.get("Messages", []):
            batch = json.loads(message["Body"])["KinesisBatchInfo"]
            assert batch["batchSize"] == 1
            given_up.append(batch["startSequenceNumber"])
        return len(given_up) == 3

    wait_until("three messages in the queue", reported)
    sent = [entry["SequenceNumber"] for entry in answer["Records"]]
    assert sorted(given_up) == [sent[0], sent[3], sent[4]]


def read(kinesis: Any, count: int) -> list[dict[str, Any]]:
    """Return the first ``count`` records of the output stream's only shard."""
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
            time.sleep(0.3 / 20)  # AWS allows five reads a second, by its clock
    return records


def test_deleting_the_stack_leaves_nothing(stack: tuple[target.Aws, dict[str, str]]) -> None:
    aws, _ = stack
    aws.client("cloudformation").delete_stack(StackName="pipeline")
    wait_until("the stack to go", lambda: not described(aws))
    wait_until("its streams to go", lambda: not aws.client("kinesis").list_streams()["StreamNames"])
    functions = aws.client("lambda")
    assert functions.list_functions()["Functions"] == []
    assert functions.list_event_source_mappings()["EventSourceMappings"] == []
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
    assert aws.client("logs").describe_log_groups()["logGroups"] == []
