"""AWS's checks of a function's role: that Lambda may assume it, read, report and log with it."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.functions.lambda_functions import create, invoke, refused, settle
from tests.localaws.mapping.aws import World, until
from tests.localaws.permissions.aws import TRUST, Role, allow, trusting
from workbook.target import Aws

REGION, ACCOUNT = "us-east-1", "123456789012"
CODE = "def handler(event, context):\n    print('hello')\n    return 1\n"
READS = ["kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords"]
LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
OTHERS = trusting("ec2.amazonaws.com")
NOT_ASSUMABLE = "The role defined for the function cannot be assumed by Lambda."


@pytest.fixture
def world(local: Aws) -> World:
    return World(local)


def error(call: Callable[..., Any], **arguments: Any) -> tuple[str, str, int]:
    """Return the code, the message and the status of a call that fails."""
    response = refused(call, **arguments)
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return response["Error"]["Code"], response["Error"]["Message"], status


def lines(aws: Aws, name: str) -> list[str] | None:
    """Return a function's log; None if it has no log group."""
    try:
        found = aws.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")
    except ClientError:
        return None
    return [event["message"] for event in found["events"]]


# --- assuming the role


@pytest.mark.parametrize("trust", [OTHERS, {}], ids=["of another service", "of nobody"])
def test_a_role_that_does_not_trust_lambda_is_refused(local: Aws, trust: Any) -> None:
    """[SEEN] 400, at CreateFunction and at UpdateFunctionConfiguration."""
    other = Role(local, trust=trust)
    expected = ("InvalidParameterValueException", NOT_ASSUMABLE, 400)
    assert error(create, aws=local, code=CODE, Role=other.arn) == expected
    name = create(local, CODE, Role=Role(local).arn)
    settle(local, name)
    update = local.client("lambda").update_function_configuration
    assert error(update, FunctionName=name, Role=other.arn) == expected


def test_a_role_that_stops_trusting_lambda_serves_until_the_next_cold_start(local: Aws) -> None:
    """The running environment keeps its credentials; a new one gets none."""
    role = Role(local)
    name = create(local, CODE, Role=role.arn)
    assert invoke(local, name)[1] == 1
    role.trust(OTHERS)
    assert invoke(local, name)[1] == 1
    client = local.client("lambda")
    settle(local, name)
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"AA": "1"}})
    denied = error(client.invoke, FunctionName=name)
    assert denied == ("AccessDeniedException", NOT_ASSUMABLE, 403)
    role.trust(TRUST)
    assert invoke(local, name)[1] == 1


# --- the mapping's reads


@pytest.mark.parametrize("action", READS)
def test_a_mapping_is_refused_if_the_role_may_not_read(world: World, action: str) -> None:
    """[SEEN] 400, with one message for all that may be missing."""
    stream = world.stream()
    allowed = [one for one in READS if one != action]
    name = create(world.aws, CODE, Role=Role(world.aws, allow(allowed, stream)).arn)
    make = world.functions.create_event_source_mapping
    mapping = {"EventSourceArn": stream, "FunctionName": name, "StartingPosition": "LATEST"}
    assert error(make, **mapping) == (
        "InvalidParameterValueException",
        f"Cannot access stream {stream}. Please ensure the role can perform the GetRecords, "
        "GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream in "
        "IAM.",
        400,
    )


def test_a_lost_permission_is_shown_until_it_is_back(world: World) -> None:
    """[SEEN] The mapping stays Enabled; nothing is lost."""
    stream, role = world.stream(), Role(world.aws)
    role.allow(allow(READS, stream))
    name = create(world.aws, CODE, Role=role.arn)
    uuid_ = world.functions.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=name, StartingPosition="TRIM_HORIZON"
    )["UUID"]

    def shown() -> dict[str, Any]:
        return dict(world.functions.get_event_source_mapping(UUID=uuid_))

    until(lambda: shown()["State"] == "Enabled")
    role.allow(allow(READS[:2], stream))
    until(lambda: shown()["LastProcessingResult"].startswith("PROBLEM: User:"))
    result = shown()["LastProcessingResult"]
    start = f"PROBLEM: User: arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/awslambda_"
    assert result.startswith(start)
    assert result.endswith(
        f" is not authorized to perform: kinesis:GetRecords on resource: {stream} because no "
        "identity-based policy allows the kinesis:GetRecords action"
    )
    assert shown()["State"] == "Enabled"
    world.put(stream, 1)
    role.allow(allow(READS, stream))
    until(lambda: shown()["LastProcessingResult"] == "OK")
    role.trust(OTHERS)
    until(lambda: shown()["LastProcessingResult"].startswith("PROBLEM: Lambda failed to assume"))
    world.functions.delete_event_source_mapping(UUID=uuid_)


def test_a_consumers_mapping_needs_permission_to_subscribe(world: World) -> None:
    """[SEEN]"""
    stream = world.stream()
    consumer = world.kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="c")
    arn = consumer["Consumer"]["ConsumerARN"]
    until(
        lambda: (
            world.kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"][
                "ConsumerStatus"
            ]
            == "ACTIVE"
        )
    )
    summary = ["kinesis:DescribeStreamSummary", *READS[1:]]
    role = Role(world.aws, allow(summary, stream))
    name = create(world.aws, CODE, Role=role.arn)
    make = world.functions.create_event_source_mapping
    mapping = {"EventSourceArn": arn, "FunctionName": name, "StartingPosition": "LATEST"}
    assert error(make, **mapping)[1].startswith(f"Cannot access stream {arn}. ")
    role.allow(allow(summary, stream), allow("kinesis:SubscribeToShard", arn))
    uuid_ = make(**mapping)["UUID"]
    until(lambda: world.functions.get_event_source_mapping(UUID=uuid_)["State"] == "Enabled")
    world.functions.delete_event_source_mapping(UUID=uuid_)


# --- where failures go


@pytest.mark.parametrize(
    ("destination", "action", "called"),
    [
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "sqs:SendMessage", "SendMessage on SQS"),
        (f"arn:aws:sns:{REGION}:{ACCOUNT}:t", "sns:Publish", "Publish on SNS"),
        ("arn:aws:s3:::some-bucket", "s3:PutObject", "PutObject on S3"),
    ],
)
def test_a_mappings_destination_that_the_role_may_not_use_is_refused(
    world: World, destination: str, action: str, called: str
) -> None:
    """[SEEN; S3 ?] At Create and at Update."""
    stream, role = world.stream(), Role(world.aws)
    role.allow(allow(READS, stream))
    name = create(world.aws, CODE, Role=role.arn)
    make = world.functions.create_event_source_mapping
    mapping = {"EventSourceArn": stream, "FunctionName": name, "StartingPosition": "LATEST"}
    failures = {"DestinationConfig": {"OnFailure": {"Destination": destination}}}
    expected = (
        "InvalidParameterValueException",
        f"The provided execution role does not have permissions to call {called}",
        400,
    )
    assert error(make, **mapping, **failures) == expected
    uuid_ = make(**mapping)["UUID"]
    until(lambda: world.functions.get_event_source_mapping(UUID=uuid_)["State"] == "Enabled")
    update = world.functions.update_event_source_mapping
    assert error(update, UUID=uuid_, **failures) == expected
    resource = f"{destination}/*" if action.startswith("s3") else destination
    role.allow(allow(READS, stream), allow(action, resource))
    update(UUID=uuid_, **failures)
    until(lambda: world.functions.get_event_source_mapping(UUID=uuid_)["State"] == "Enabled")
    world.functions.delete_event_source_mapping(UUID=uuid_)


@pytest.mark.parametrize("kind", ["OnSuccess", "OnFailure"])
def test_a_destination_of_asynchronous_invocations_that_the_role_may_not_use_is_refused(
    local: Aws, kind: str
) -> None:
    """[SEEN]"""
    role = Role(local)
    name = create(local, CODE, Role=role.arn)
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    put = local.client("lambda").put_function_event_invoke_config
    config = {"FunctionName": name, "DestinationConfig": {kind: {"Destination": queue}}}
    message = (
        f"The function's execution role does not have permissions to call SendMessage on {queue}"
    )
    assert error(put, **config) == ("InvalidParameterValueException", message, 400)
    role.allow(allow("sqs:SendMessage", queue))
    put(**config)


def test_a_result_that_may_not_be_delivered_is_counted(world: World) -> None:
    """[DG:monitoring-metrics-types] The permission was lost after the settings were made."""
    url, queue = world.queue()
    role = Role(world.aws)
    role.allow(allow("sqs:SendMessage", queue))
    name = create(world.aws, CODE, Role=role.arn)
    world.functions.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": queue}}
    )
    role.allow()
    world.functions.invoke(FunctionName=name, InvocationType="Event", Payload=b"1")
    count = "DestinationDeliveryFailures", {"Name": "FunctionName", "Value": name}, "Sum"
    assert world.metric(*count) == 1
    assert "Messages" not in world.sqs.receive_message(QueueUrl=url)


def test_a_dead_letter_queue_that_the_role_may_not_use_is_refused(local: Aws) -> None:
    """[SEEN]"""
    role, queue = Role(local), f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    letters = {"DeadLetterConfig": {"TargetArn": queue}}
    expected = "The provided execution role does not have permissions to call SendMessage on SQS"
    assert error(create, aws=local, code=CODE, Role=role.arn, **letters)[1] == expected
    role.allow(allow("sqs:SendMessage", queue))
    create(local, CODE, Role=role.arn, **letters)


# --- the log


def test_without_permission_to_log_the_invocation_succeeds_and_nothing_is_logged(
    local: Aws,
) -> None:
    """[?] LogResult still has the lines."""
    name = create(local, CODE, Role=Role(local, allow("s3:GetObject", "*")).arn)
    answer, result = invoke(local, name, LogType="Tail")
    assert (result, "FunctionError" in answer) == (1, False)
    assert answer["LogResult"]
    assert lines(local, name) is None


@pytest.mark.parametrize("action", LOGS)
def test_each_permission_for_the_log_is_needed(local: Aws, action: str) -> None:
    allowed = [one for one in LOGS if one != action]
    role = Role(local, allow(allowed, "*"))
    name = create(local, CODE, Role=role.arn)
    invoke(local, name)
    assert not lines(local, name)
    role.allow(allow(LOGS, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{name}:*"))
    invoke(local, name)
    assert "hello\n" in (lines(local, name) or [])


def test_output_without_permission_is_not_logged_when_permission_is_back(local: Aws) -> None:
    role = Role(local, allow(LOGS, "*"))
    name = create(local, "def handler(event, context): print(event)", Role=role.arn)
    for event, rights in (("before", LOGS[:2]), ("between", LOGS), ("after", LOGS)):
        invoke(local, name, event)
        role.allow(allow(rights, "*"))
    printed = [
        line for line in lines(local, name) or [] if line in ("before\n", "between\n", "after\n")
    ]
    assert printed == ["before\n", "after\n"]


def test_an_existing_log_group_needs_no_permission_to_create_it(local: Aws) -> None:
    role = Role(local, allow(LOGS[1:], "*"))
    name = create(local, CODE, Role=role.arn)
    local.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
    invoke(local, name)
    assert "hello\n" in (lines(local, name) or [])


def test_a_role_without_any_policy_can_still_log(local: Aws) -> None:
    """Unlike AWS; fidelity.md says why."""
    name = create(local, CODE, Role=Role(local).arn)
    invoke(local, name)
    assert "hello\n" in (lines(local, name) or [])


def test_a_function_name_of_one_letter_gets_a_longer_session_name(local: Aws) -> None:
    """[OBS] ``x@lambda_function``"""
    code = (
        "import boto3\ndef handler(event, context):\n"
        "    return boto3.client('sts').get_caller_identity()['Arn']\n"
    )
    letter = next(one for one in "abcdefghij" if not _exists(local, one))
    role = Role(local)
    create(local, code, FunctionName=letter, Role=role.arn, Timeout=30)
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/{letter}@lambda_function"
    assert invoke(local, letter)[1] == arn


def _exists(aws: Aws, name: str) -> bool:
    functions = aws.client("lambda").list_functions()["Functions"]
    return name in {function["FunctionName"] for function in functions}


def test_a_function_has_temporary_credentials(local: Aws) -> None:
    """[?] In STS' format; the user's own are never passed on."""
    code = (
        "import os\ndef handler(event, context):\n"
        "    return [os.environ[f'AWS_{name}'] for name in"
        " ('ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN')]\n"
    )
    key, secret, token = invoke(local, create(local, code))[1]
    assert key.startswith("ASIA")
    assert len(secret) == 40
    assert len(token) > 100
