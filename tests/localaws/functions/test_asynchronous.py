"""Asynchronous invocations: attempts, ages, destinations."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.functions.lambda_functions import create, log_lines, settle
from workbook import target
from workbook.localaws.functions.asynchronous import (
    EVENT_AGE_EXCEEDED,
    RETRIES_EXHAUSTED,
    after_error,
    after_throttle,
)
from workbook.localaws.functions.configuration import MAX_EVENT_AGE_SECONDS, EventInvokeConfig
from workbook.target import Aws

FAILS = "def handler(event, context):\n    raise ValueError(context.aws_request_id)\n"


@given(retries=st.integers(0, 2), max_age=st.integers(60, MAX_EVENT_AGE_SECONDS))
def test_errors_are_retried_after_1_and_2_minutes(retries: int, max_age: int) -> None:
    """3 attempts by default [OBS]; the pauses are those of [DG:invocation-async]."""
    config = EventInvokeConfig(retries, max_age)
    age, tries, step = 0.0, 1, after_error(config, 1, 0.0)
    while not isinstance(step, str):
        age, tries = age + step, tries + 1
        assert age <= max_age
        step = after_error(config, tries, age)
    assert tries <= retries + 1
    if step == RETRIES_EXHAUSTED:
        assert tries == retries + 1
    else:
        assert step == EVENT_AGE_EXCEEDED


@given(max_age=st.integers(60, MAX_EVENT_AGE_SECONDS))
def test_throttles_use_up_time_but_no_retry(max_age: int) -> None:
    config = EventInvokeConfig(0, max_age)
    age, throttles = 0.0, 1
    step = after_throttle(config, 1, 0.0)
    while not isinstance(step, str):
        assert 1 <= step <= 300
        age, throttles = age + step, throttles + 1
        step = after_throttle(config, throttles, age)
    assert step == EVENT_AGE_EXCEEDED
    assert age <= max_age


@pytest.fixture(scope="module")
def fast() -> Iterator[Aws]:
    """A local AWS whose clock runs 600 times as fast."""
    with target.connect(target.LOCAL, speed=600) as aws:
        yield aws


def queue(aws: Aws) -> tuple[str, str]:
    """A queue's URL and ARN."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def receive(aws: Aws, url: str) -> dict[str, Any]:
    """Wait for the next message of a queue, and return its body."""
    return dict(json.loads(message_of(aws, url)["Body"]))


def message_of(aws: Aws, url: str) -> dict[str, Any]:
    """Wait for the next message of a queue, and return it with its attributes."""
    sqs = aws.client("sqs")
    pause = threading.Event()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
        for message in found.get("Messages", []):
            return dict(message)
        pause.wait(0.05)
    raise AssertionError("no message came")


def topic(aws: Aws) -> tuple[str, str]:
    """The URL of a queue that subscribes to a topic, and the topic's ARN."""
    url, arn = queue(aws)
    sns = aws.client("sns")
    topic_arn = sns.create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
    return url, topic_arn


def bus(aws: Aws) -> tuple[str, str]:
    """The URL of a queue that a rule sends all events of a bus to, and the bus's ARN."""
    url, arn = queue(aws)
    events, name = aws.client("events"), f"b-{uuid.uuid4().hex[:8]}"
    bus_arn = events.create_event_bus(Name=name)["EventBusArn"]
    rule = {"EventBusName": name, "EventPattern": '{"source": ["lambda"]}'}
    events.put_rule(Name=name, **rule)
    events.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "q", "Arn": arn}])
    return url, bus_arn


def set_up(aws: Aws, code: str, condition: str, **config: Any) -> tuple[str, str]:
    """Create a function with a destination; return its name and the queue's URL."""
    url, arn = queue(aws)
    name = create(aws, code)
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={condition: {"Destination": arn}}, **config
    )
    return name, url


def send(aws: Aws, name: str, event: Any) -> str:
    """Invoke asynchronously; return the request id."""
    response = aws.client("lambda").invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(event)
    )
    assert response["StatusCode"] == 202
    assert response["Payload"].read() == b""
    assert "ExecutedVersion" not in response  # [OBS]
    return str(response["ResponseMetadata"]["RequestId"])


def test_three_attempts_have_the_same_request_id_before_the_destination(fast: Aws) -> None:
    """[OBS] RetriesExhausted."""
    name, url = set_up(fast, FAILS, "OnFailure")
    request_id = send(fast, name, {"a": 1})
    record = receive(fast, url)
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"arn:aws:lambda:us-east-1:{fast.account_id}:function:{name}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["version"] == "1.0"
    assert record["requestPayload"] == {"a": 1}
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == request_id
    starts = [line for line in log_lines(fast, name) if line.startswith("START")]
    assert starts == [f"START RequestId: {request_id} Version: $LATEST\n"] * 3


def test_a_success_goes_to_its_destination(fast: Aws) -> None:
    name, url = set_up(fast, "def handler(event, context): return event", "OnSuccess")
    send(fast, name, [1])
    record = receive(fast, url)
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responsePayload"] == [1]
    assert "functionError" not in record["responseContext"]


def test_an_alias_has_its_own_destination(fast: Aws) -> None:
    """[BC] The record names the alias, and the version that ran."""
    name, plain = set_up(fast, "def handler(event, context): return 1", "OnSuccess")
    settle(fast, name)
    client, (url, arn) = fast.client("lambda"), queue(fast)
    version = client.publish_version(FunctionName=name)["Version"]
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    client.put_function_event_invoke_config(
        FunctionName=name, Qualifier="live", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    send(fast, f"{name}:live", 1)
    record = receive(fast, url)
    assert record["requestContext"]["functionArn"].endswith(f"{name}:live")
    assert record["responseContext"]["executedVersion"] == version
    assert "Messages" not in fast.client("sqs").receive_message(QueueUrl=plain)


def test_without_retries_there_is_one_attempt(fast: Aws) -> None:
    name, url = set_up(fast, FAILS, "OnFailure", MaximumRetryAttempts=0)
    send(fast, name, 1)
    assert receive(fast, url)["requestContext"]["approximateInvokeCount"] == 1


def test_an_event_that_is_too_old_is_given_up(fast: Aws) -> None:
    """[OBS] EventAgeExceeded: the second retry would come after 180 s."""
    name, url = set_up(fast, FAILS, "OnFailure", MaximumEventAgeInSeconds=120)
    send(fast, name, 1)
    context = receive(fast, url)["requestContext"]
    assert context["condition"] == "EventAgeExceeded"
    assert 1 <= context["approximateInvokeCount"] <= 2


def test_with_a_reserve_of_zero_nothing_runs(fast: Aws) -> None:
    """[OBS] ZeroReservedConcurrency with count 0."""
    name, url = set_up(fast, FAILS, "OnFailure")
    client = fast.client("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    send(fast, name, 1)
    record = receive(fast, url)
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responsePayload" not in record


def test_a_topic_gets_the_record_as_its_message(fast: Aws) -> None:
    """[DG:invocation-async-retain-records]"""
    url, arn = topic(fast)
    name = create(fast, FAILS)
    fast.client("lambda").put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    send(fast, name, {"a": 1})
    record = json.loads(receive(fast, url)["Message"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestPayload"] == {"a": 1}


@pytest.mark.parametrize("result", ["Success", "Failure"])
def test_an_event_bus_gets_the_record_as_the_detail(fast: Aws, result: str) -> None:
    """[OBS] Source, detail-type and resources too."""
    url, arn = bus(fast)
    name = create(fast, FAILS if result == "Failure" else "def handler(event, context): return 1")
    fast.client("lambda").put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={f"On{result}": {"Destination": arn}},
    )
    request_id = send(fast, name, {"a": 1})
    event = receive(fast, url)
    assert event["source"] == "lambda"
    assert event["detail-type"] == f"Lambda Function Invocation Result - {result}"
    function = f"arn:aws:lambda:us-east-1:{fast.account_id}:function:{name}:$LATEST"
    assert event["resources"] == [arn, function]
    assert event["detail"]["requestContext"]["requestId"] == request_id


def test_a_dead_letter_queue_gets_the_event_and_attributes(fast: Aws) -> None:
    """[DG:invocation-async-retain-records]"""
    url, arn = queue(fast)
    name = create(fast, FAILS, DeadLetterConfig={"TargetArn": arn})
    request_id = send(fast, name, {"a": 1})
    message = message_of(fast, url)
    assert json.loads(message["Body"]) == {"a": 1}
    told = {label: value["StringValue"] for label, value in message["MessageAttributes"].items()}
    assert told == {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": request_id}
    starts = [line for line in log_lines(fast, name) if line.startswith("START")]
    assert len(starts) == 3


def test_a_topic_can_receive_dead_letters(fast: Aws) -> None:
    """[DG:invocation-async-retain-records]"""
    url, arn = topic(fast)
    name = create(fast, FAILS, DeadLetterConfig={"TargetArn": arn})
    request_id = send(fast, name, {"a": 1})
    message = receive(fast, url)
    assert json.loads(message["Message"]) == {"a": 1}
    assert message["MessageAttributes"]["RequestID"] == {"Type": "String", "Value": request_id}


@pytest.mark.parametrize("service", ["kinesis", "lambda", "s3", "events"])
def test_dead_letters_go_only_to_queues_and_topics(fast: Aws, service: str) -> None:
    """[BC]"""
    arn = f"arn:aws:{service}:us-east-1:{fast.account_id}:thing"
    client = fast.client("lambda")
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="queue"):
        create(fast, FAILS, DeadLetterConfig={"TargetArn": arn})


def test_a_function_can_be_the_destination(fast: Aws) -> None:
    url, _ = queue(fast)
    code = f"""
import boto3, json
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl={url!r}, MessageBody=json.dumps(event))
"""
    second = create(fast, code, Timeout=30)
    first = create(fast, "def handler(event, context): return 'first'")
    arn = f"arn:aws:lambda:us-east-1:{fast.account_id}:function:{second}"
    fast.client("lambda").put_function_event_invoke_config(
        FunctionName=first, DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    send(fast, first, None)
    assert receive(fast, url)["responsePayload"] == "first"


def test_sns_can_invoke_a_function_that_calls_aws(fast: Aws) -> None:
    """moto's thread does not wait for the function, which needs that thread."""
    url, _ = queue(fast)
    code = f"""
import boto3, json
def handler(event, context):
    body = json.dumps(event["Records"][0]["Sns"])
    boto3.client("sqs").send_message(QueueUrl={url!r}, MessageBody=body)
"""
    name = create(fast, code, Timeout=30)
    sns = fast.client("sns")
    topic = sns.create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    arn = f"arn:aws:lambda:us-east-1:{fast.account_id}:function:{name}"
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="hello")
    assert receive(fast, url)["Message"] == "hello"
