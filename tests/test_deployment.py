"""Deployment: each step leaves its resource ready, and clean-up leaves nothing."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from workbook import deployment, flights, reader, target, waiting
from workbook.events import flight_event
from workbook.target import Aws

INPUT = "arn:aws:kinesis:eu-west-1:111122223333:stream/in"
OUTPUT = "arn:aws:kinesis:eu-west-1:111122223333:stream/out"


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """A local AWS in time-lapse, where waiting for streams and retries is short."""
    with target.connect(target.LOCAL, speed=50) as aws:
        yield aws


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "aws" in request.fixturenames:
        deployment.clean_up(request.getfixturevalue("aws"))


def test_the_policy_allows_reading_writing_and_logging_on_named_resources_only() -> None:
    """Least privilege [DG:with-kinesis]: no wildcard in actions or resources."""
    statements = {s["Sid"]: s for s in deployment.policy(INPUT, OUTPUT, "f")["Statement"]}
    assert statements["ReadInput"]["Resource"] == INPUT
    assert set(statements["ReadInput"]["Action"]) == {
        "kinesis:DescribeStream",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
    }
    assert statements["WriteOutput"]["Resource"] == OUTPUT
    assert statements["WriteOutput"]["Action"] == "kinesis:PutRecords"
    assert statements["WriteLogs"]["Resource"] == (
        "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f:*"
    )
    assert "*" not in json.dumps([s["Action"] for s in statements.values()])


def test_the_package_is_the_handler_byte_for_byte_and_always_the_same(tmp_path: Path) -> None:
    code = deployment.package()
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        assert archive.namelist() == ["handler.py"]
        assert archive.read("handler.py") == deployment.HANDLER_FILE.read_bytes()
        assert archive.infolist()[0].external_attr >> 16 == 0o644
    later = tmp_path / "handler.py"
    later.write_bytes(deployment.HANDLER_FILE.read_bytes())
    os.utime(later, (0, 10**9))
    assert deployment.package(later) == code


def test_every_step_returns_when_its_resource_is_ready(aws: Aws) -> None:
    uuid = deployment.deploy(aws, shards=2, BatchSize=7)
    kinesis, lambda_ = aws.client("kinesis"), aws.client("lambda")
    for name, shards in (("flights", 2), ("processed_stream", 1)):
        summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        assert summary["StreamStatus"] == "ACTIVE"
        assert summary["OpenShardCount"] == shards
    function = lambda_.get_function_configuration(FunctionName="process-flights")
    assert function["State"] == "Active"
    assert function["Environment"]["Variables"] == {"OUTPUT_STREAM": "processed_stream"}
    mapping = lambda_.get_event_source_mapping(UUID=uuid)
    assert mapping["State"] == "Enabled"
    assert mapping["BatchSize"] == 7
    _, queue_arn = deployment.create_queue(aws.client("sqs"))  # creates an existing queue
    settings = {**deployment.MAPPING, **deployment.on_failure(queue_arn), "BatchSize": 7}
    assert {name: mapping[name] for name in settings} == settings
    role = aws.client("iam").get_role_policy(
        RoleName="process-flights-role", PolicyName=deployment.POLICY
    )
    assert role["PolicyDocument"]["Statement"]
    (group,) = aws.client("logs").describe_log_groups(
        logGroupNamePrefix="/aws/lambda/process-flights"
    )["logGroups"]
    assert group["retentionInDays"] == 7
    with pytest.raises(ClientError) as refused:
        deployment.deploy(aws)
    assert "deployment.clean_up(aws) deletes them" in refused.value.__notes__[-1]


def test_a_mapping_without_a_queue_gives_up_nothing(aws: Aws) -> None:
    """-1 means: until the record expires, however old it is [BC]."""
    lambda_ = aws.client("lambda")
    deployment.deploy(aws)
    (first,) = lambda_.list_event_source_mappings()["EventSourceMappings"]
    lambda_.delete_event_source_mapping(UUID=first["UUID"])
    waiting.wait_until(
        "the mapping to be gone",
        lambda: not lambda_.list_event_source_mappings()["EventSourceMappings"],
    )
    uuid = deployment.create_mapping(aws, first["EventSourceArn"])
    mapping = lambda_.get_event_source_mapping(UUID=uuid)
    assert mapping["MaximumRetryAttempts"] == mapping["MaximumRecordAgeInSeconds"] == -1
    assert mapping["DestinationConfig"] == {"OnFailure": {}}


POISON = {0, 1, 7, 40, 63, 64, 99, 250, 299}  # first, last, neighbours, ends of batches


def test_the_default_pipeline_gives_up_only_bad_records(aws: Aws) -> None:
    """Bad records go to the queue, each alone; every other record is in the output, once."""
    deployment.deploy(aws)
    kinesis, sqs = aws.client("kinesis"), aws.client("sqs")
    queue = sqs.get_queue_url(QueueName=deployment.FAILURE_QUEUE)["QueueUrl"]
    records = [
        {
            "Data": b"not JSON" if n in POISON else flights.encode(flight_event(flight=n + 1)),
            "PartitionKey": "N14228",
        }
        for n in range(300)
    ]
    sent = kinesis.put_records(StreamName=deployment.INPUT_STREAM, Records=records)["Records"]
    given_up: list[str] = []

    def done() -> bool:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            batch = json.loads(message["Body"])["KinesisBatchInfo"]
            assert batch["startSequenceNumber"] == batch["endSequenceNumber"]
            given_up.append(batch["startSequenceNumber"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return len(given_up) == len(POISON)

    waiting.wait_until("the bad records to be in the queue", done)
    assert set(given_up) == {sent[n]["SequenceNumber"] for n in POISON}
    output = reader.read_stream(aws, deployment.OUTPUT_STREAM, progress=False)
    assert sorted(output["flight"] - 1) == sorted(set(range(300)) - POISON)


def test_calls_that_are_throttled_are_retried(aws: Aws) -> None:
    """AWS allows five CreateStream and DeleteStream a second, 20 DescribeStreamSummary [BC, KD]."""
    calls = ("create_stream", "describe_stream_summary", "delete_stream")
    busy = Busy(aws, refusals=dict.fromkeys(calls, 2))
    arn = deployment.create_stream(busy.client("kinesis"), "flights")
    assert arn.endswith(":stream/flights")
    deployment.clean_up(cast(Aws, busy))
    assert busy.refusals == dict.fromkeys(calls, 0)
    assert aws.client("kinesis").list_streams()["StreamNames"] == []


class Busy:
    """An AWS whose limits for some calls of Kinesis are used up for a while."""

    def __init__(self, aws: Aws, refusals: dict[str, int]) -> None:
        self.aws = aws
        self.refusals = refusals

    def client(self, service: str) -> Any:
        client = self.aws.client(service)
        if service == "kinesis":
            for name in self.refusals:
                setattr(client, name, self._refusing(client, name, getattr(client, name)))
        return client

    def _refusing(self, client: Any, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def refuse_or_call(**request: Any) -> Any:
            if not self.refusals[name]:
                return call(**request)
            self.refusals[name] -= 1
            error = {"Error": {"Code": "LimitExceededException", "Message": "Rate exceeded"}}
            raise client.exceptions.LimitExceededException(error, name)

        return refuse_or_call


def test_clean_up_leaves_nothing_and_can_be_called_at_any_stage(aws: Aws) -> None:
    deployment.clean_up(aws)  # nothing exists yet
    kinesis, iam = aws.client("kinesis"), aws.client("iam")
    kinesis.create_stream(StreamName="flights", ShardCount=1)  # not waited for: still CREATING
    deployment.create_role(iam, deployment.policy(INPUT, OUTPUT))
    deployment.clean_up(aws)
    deployment.deploy(aws)
    deployment.clean_up(aws)
    deployment.clean_up(aws)
    assert kinesis.list_streams()["StreamNames"] == []
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == []
    assert aws.client("logs").describe_log_groups()["logGroups"] == []
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []


def test_clean_up_names_what_it_could_not_delete(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment.create_stream(aws.client("kinesis"), "flights")
    monkeypatch.setattr(waiting, "DEADLINE_SECONDS", 0)
    with pytest.raises(deployment.LeftOverError, match="stream flights"):
        deployment.clean_up(cast(Aws, Stubborn(aws)))


class Stubborn:
    """An AWS that does not delete streams."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    def client(self, service: str) -> Any:
        client = self.aws.client(service)
        return Keeping(client) if service == "kinesis" else client


class Keeping:
    """A client of Kinesis whose streams are never deleted."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def delete_stream(self, **request: Any) -> None:
        """Do nothing."""


class Queues:
    """An SQS in which a queue of this name was just deleted."""

    class exceptions:
        class QueueDeletedRecently(Exception):
            pass

    tries = 0

    def create_queue(self, **request: Any) -> dict[str, Any]:
        self.tries += 1
        if self.tries < 3:
            raise self.exceptions.QueueDeletedRecently
        return {"QueueUrl": "url"}

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:
        return {"Attributes": {"QueueArn": "arn"}}


def test_creating_a_queue_waits_until_a_deleted_one_is_gone() -> None:
    """SQS accepts its name again only after 60 seconds [BC]; a lesson may be repeated at once."""
    assert deployment.create_queue(Queues()) == ("url", "arn")


def services(lambda_: "Lambda") -> Aws:
    return cast(Aws, Services(lambda_))


class Services:
    """An AWS with this Lambda, in which every role exists."""

    def __init__(self, lambda_: "Lambda") -> None:
        self.lambda_ = lambda_

    def client(self, service: str) -> Any:
        return self.lambda_ if service == "lambda" else Roles()


class Roles:
    """An IAM that has every role."""

    class exceptions:
        class NoSuchEntityException(Exception):
            pass

    def get_role(self, RoleName: str) -> None:
        """Find it."""


class Lambda:
    """A Lambda that knows a new role, or its permissions, only at the third attempt."""

    class exceptions:
        class InvalidParameterValueException(Exception):
            pass

    def __init__(self, message: str) -> None:
        self.message = message
        self.tries = 0

    def create_function(self, **request: Any) -> None:
        self.tries += 1
        if self.tries < 3:
            raise self.exceptions.InvalidParameterValueException(self.message)

    def create_event_source_mapping(self, **request: Any) -> dict[str, Any]:
        self.create_function()
        return {"UUID": "u"}

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:
        return {"State": "Active", "FunctionArn": "arn:f", "Role": "arn:role/r"}

    def get_event_source_mapping(self, UUID: str) -> dict[str, Any]:
        return {"State": "Enabled"}


def test_creation_waits_until_the_role_is_known() -> None:
    client = Lambda("The role defined for the function cannot be assumed by Lambda.")
    assert deployment.create_function(services(client), "arn:role/r", b"") == "arn:f"
    assert client.tries == 3


@pytest.mark.parametrize(
    "message",
    [
        "Cannot access stream arn:s. Please ensure the role can perform the GetRecords, "
        "GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream",
        "The provided execution role does not have permissions to call SendMessage on SQS",
    ],
)
def test_a_mapping_waits_until_the_roles_permissions_are_known(message: str) -> None:
    client = Lambda(message)
    assert deployment.create_mapping(services(client), "arn:s") == "u"
    assert client.tries == 3


def test_permissions_that_stay_unknown_are_reported_in_lambdas_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "DEADLINE_SECONDS", 0.0)
    client = Lambda("Please ensure the role can perform GetRecords")
    with pytest.raises(waiting.NotReadyError, match=r"role arn:role/r.*can perform GetRecords"):
        deployment.create_mapping(services(client), "arn:s", "f")


def test_any_other_refusal_is_raised_at_once() -> None:
    client = Lambda("Unzipped size must be smaller than 262144000 bytes")
    with pytest.raises(client.exceptions.InvalidParameterValueException):
        deployment.create_function(services(client), "arn:role", b"")
    assert client.tries == 1


def test_a_role_that_is_gone_is_reported_at_once_and_not_waited_for(aws: Aws) -> None:
    """As when a cell that creates a function runs again after clean-up."""
    kinesis, iam = aws.client("kinesis"), aws.client("iam")
    arn = deployment.create_stream(kinesis, deployment.INPUT_STREAM)
    role_arn = deployment.create_role(iam, deployment.policy(arn, arn))
    deployment.create_function(aws, role_arn, deployment.package())
    iam.delete_role_policy(RoleName=deployment.ROLE, PolicyName=deployment.POLICY)
    iam.delete_role(RoleName=deployment.ROLE)
    gone = "role process-flights-role does not exist.*run the cell that creates the role again"
    with pytest.raises(deployment.NoRoleError, match=gone):
        deployment.create_function(aws, role_arn, deployment.package(), "another")
    with pytest.raises(deployment.NoRoleError, match=gone):
        deployment.create_mapping(aws, arn)


def test_streams_are_deleted_whatever_they_are_doing(aws: Aws) -> None:
    """AWS refuses to delete a stream that is not ACTIVE, or that has consumers."""
    kinesis = aws.client("kinesis")
    arn = deployment.create_stream(kinesis, "read")
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")
    kinesis.create_stream(StreamName="new", ShardCount=1)  # not waited for: still CREATING
    deployment.delete_streams(kinesis, "read", "new", "never-there")
    assert kinesis.list_streams()["StreamNames"] == []


def test_an_error_about_a_name_in_use_says_what_to_do(aws: Aws) -> None:
    """As when a cell that creates something runs twice."""
    deployment.deploy(aws)
    kinesis = aws.client("kinesis")
    described = kinesis.describe_stream_summary(StreamName=deployment.INPUT_STREAM)
    stream_arn = described["StreamDescriptionSummary"]["StreamARN"]
    role_arn = aws.client("iam").get_role(RoleName=deployment.ROLE)["Role"]["Arn"]
    policy = deployment.policy(INPUT, OUTPUT)
    again: dict[str, Callable[[], object]] = {
        "Stream flights": lambda: deployment.create_stream(kinesis, deployment.INPUT_STREAM),
        "Role process-flights-role": lambda: deployment.create_role(aws.client("iam"), policy),
        "Log group /aws/lambda/process-flights": lambda: deployment.create_log_group(
            aws.client("logs")
        ),
        "Function process-flights": lambda: deployment.create_function(
            aws, role_arn, deployment.package()
        ),
        "A mapping from this stream to process-flights": lambda: deployment.create_mapping(
            aws, stream_arn
        ),
    }
    for what, create in again.items():
        with pytest.raises(ClientError) as caught:
            create()
        (note,) = caught.value.__notes__
        assert note.startswith(f"{what} exists. If this cell has run before, go on with the next")
