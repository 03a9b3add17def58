"""EventBridge: what rules, targets and events are refused, and where events go."""

import json
import time
import uuid
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import create, refused
from workbook import deployment, target
from workbook.target import Aws
from workbook.waiting import wait_until

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
ROLE = "arn:aws:iam::123456789012:role/r"


class Bus:
    """A rule on the default bus for events of one source, with its queues."""

    def __init__(self, aws: Aws) -> None:
        self.aws, self.events, self.sqs = aws, aws.client("events"), aws.client("sqs")
        self.name = f"r-{uuid.uuid4().hex[:8]}"
        arn = self.events.put_rule(
            Name=self.name, EventPattern=json.dumps({"source": [self.name]})
        )["RuleArn"]
        self.rule_arn = str(arn)

    def queue(self, name: str) -> tuple[str, str]:
        """Create a queue; return its URL and its ARN."""
        return deployment.create_queue(self.sqs, f"{self.name}-{name}")

    def aim(self, *targets: dict[str, Any]) -> None:
        self.events.put_targets(Rule=self.name, Targets=list(targets))

    def send(self, detail: str = "{}") -> None:
        entry = {"Source": self.name, "DetailType": "d", "Detail": detail}
        assert self.events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    def messages(self, url: str, count: int) -> list[Any]:
        """Return a queue's messages once there are enough."""
        found: list[Any] = []
        deadline = time.monotonic() + 60
        while len(found) < count:
            assert time.monotonic() < deadline, found
            answer = self.sqs.receive_message(
                QueueUrl=url, WaitTimeSeconds=5, MessageAttributeNames=["All"]
            )
            found += answer.get("Messages", [])
        return found


@pytest.fixture
def bus(local: Aws) -> Bus:
    return Bus(local)


def attributes(message: Any) -> dict[str, str]:
    return {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Input": "{"}, "JSON syntax error in input for target 1"),
        ({"InputPath": "detail"}, "InputPath for target 1 is invalid."),
        ({"InputPath": "$.detail['a']"}, "InputPath for target 1 is invalid."),
        (
            {"InputTransformer": {"InputPathsMap": {"a": "b"}, "InputTemplate": "<a>"}},
            "InputPath for target 1 is invalid.",
        ),
        (
            {"InputTransformer": {"InputTemplate": '"<a>"'}},
            "InputTemplate for target 1 contains invalid placeholder a.",
        ),
        (
            {"InputTransformer": {"InputTemplate": '"<aws.events.event.json>"'}},
            "InputTemplate for target 1 contains placeholder aws.events.event.json valid only for "
            "JSON template.",
        ),
        (
            {"Arn": QUEUE, "KinesisParameters": {"PartitionKeyPath": "$.id"}},
            "Parameter(s) KinesisParameters not supported for target: 1.",
        ),
        (
            {"DeadLetterConfig": {"Arn": "arn:aws:sns:us-east-1:123456789012:t"}},
            "sns is not supported as a dead letter resource",
        ),
        (
            {"DeadLetterConfig": {"Arn": f"{QUEUE}.fifo"}},
            "SQS FIFO is not supported by Dead Letter Queues",
        ),
        (
            {"Arn": "arn:aws:events:us-east-1:123456789012:event-bus/b", "Input": "{}"},
            "The local AWS does not support Input for a bus (target 1).",
        ),
        (
            {"Arn": "arn:aws:events:us-east-1:123456789012:api-destination/a/b"},
            "The local AWS does not deliver events to arn:aws:events:us-east-1:123456789012:"
            "api-destination/a/b (target 1); of EventBridge, it delivers to buses and archives.",
        ),
        (
            {"HttpParameters": {}},
            "The local AWS does not support HttpParameters (target 1).",
        ),
    ],
)
def test_a_target_that_gets_nothing_is_refused(
    bus: Bus, given: dict[str, Any], message: str
) -> None:
    """[OBS, SEEN]"""
    wanted = {"Id": "1", "Arn": STREAM, "RoleArn": ROLE, **given}
    error = refused(bus.events.put_targets, Rule=bus.name, Targets=[wanted])
    assert error["Error"] == {"Code": "ValidationException", "Message": message}


def test_a_rule_has_five_targets_at_most(bus: Bus) -> None:
    """[OBS]"""
    bus.aim(*({"Id": str(number), "Arn": QUEUE} for number in range(5)))
    bus.aim({"Id": "4", "Arn": QUEUE})  # replaces one
    sixth = [{"Id": "5", "Arn": QUEUE}]
    error = refused(bus.events.put_targets, Rule=bus.name, Targets=sixth)
    assert error["Error"]["Code"] == "LimitExceededException"


def test_an_invalid_rule_is_refused(bus: Bus) -> None:
    """[BC, SEEN]"""
    pattern = '{"a": [{"like": "x"}]}'
    error = refused(bus.events.put_rule, Name=bus.name, EventPattern=pattern)
    assert error["Error"] == {
        "Code": "InvalidEventPatternException",
        "Message": "Event pattern is not valid. Reason: Unrecognized match type like",
    }
    error = refused(bus.events.put_rule, Name="a b", EventPattern='{"source": ["x"]}')
    assert "Value 'a b' at 'name' failed to satisfy constraint" in error["Error"]["Message"]


def test_test_event_pattern_returns_whether_an_event_matches(local: Aws) -> None:
    """[BC]"""
    test = local.client("events").test_event_pattern
    event = json.dumps({"source": "x", "detail": {"a": 1}})
    assert test(EventPattern='{"detail": {"a": [1]}}', Event=event)["Result"] is True
    assert test(EventPattern='{"detail": {"a": [2]}}', Event=event)["Result"] is False


def test_entries_that_no_bus_accepts(bus: Bus) -> None:
    """[OBS, SEEN] A source of AWS's is refused; an event for a missing bus is dropped."""
    entry = {"Source": bus.name, "DetailType": "d", "Detail": "{}"}
    answer = bus.events.put_events(
        Entries=[{**entry, "Source": "aws.s3"}, {**entry, "EventBusName": "none"}]
    )
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    assert answer["Entries"][1]["EventId"]
    large = {**entry, "Detail": json.dumps({"a": "x" * 262_144})}
    error = refused(bus.events.put_events, Entries=[large])
    assert error["Error"]["Message"] == (
        "Total size of the entries in the request is over the limit."
    )


def test_a_queue_and_a_log_group_get_what_their_target_says(bus: Bus) -> None:
    """[BC]"""
    (url, arn), logs = bus.queue("parts"), bus.aws.client("logs")
    group = f"/aws/events/{bus.name}"
    logs.create_log_group(logGroupName=group)
    group_arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}"
    bus.aim(
        {"Id": "queue", "Arn": arn, "InputPath": "$.detail.plane"},
        {"Id": "log", "Arn": group_arn, "Input": '{"fixed": 1}'},
    )
    bus.send('{"plane": "N1"}')
    assert [one["Body"] for one in bus.messages(url, 1)] == ['"N1"']
    told = logs.filter_log_events(logGroupName=group)["events"]
    assert [one["message"] for one in told] == ['{"fixed": 1}']
    bus.events.disable_rule(Name=bus.name)
    bus.send()
    assert len(logs.filter_log_events(logGroupName=group)["events"]) == 1


def test_an_event_for_a_target_that_is_gone_goes_to_its_dead_letter_queue(bus: Bus) -> None:
    """[D23] At once, with the reason; the other targets get the event."""
    (dead, dead_arn), (good, good_arn) = bus.queue("dead"), bus.queue("good")
    function = create(bus.aws, "def handler(event, context): pass")
    client, kinesis = bus.aws.client("lambda"), bus.aws.client("kinesis")
    function_arn = client.get_function_configuration(FunctionName=function)["FunctionArn"]
    gone = [function_arn, deployment.create_stream(kinesis, bus.name), f"{good_arn}-none"]
    letters = {"DeadLetterConfig": {"Arn": dead_arn}}
    bus.aim(
        *({"Id": arn[-8:], "Arn": arn, "RoleArn": ROLE, **letters} for arn in gone),
        {"Id": "good", "Arn": good_arn},
        {"Id": "lost", "Arn": f"{good_arn}-lost"},
    )
    client.delete_function(FunctionName=function)
    kinesis.delete_stream(StreamName=bus.name)
    bus.send('{"plane": "N1"}')
    (delivered,) = bus.messages(good, 1)
    found = bus.messages(dead, 3)
    assert {one["Body"] for one in found} == {delivered["Body"]}
    reasons = [attributes(one) for one in found]
    assert sorted(one["TARGET_ARN"] for one in reasons) == sorted(gone)
    for one in reasons:
        assert (one["RULE_ARN"], one["RETRY_ATTEMPTS"]) == (bus.rule_arn, "0")
        assert one["ERROR_MESSAGE"]


def test_an_event_that_stays_throttled_goes_to_the_dead_letter_queue(bus: Bus) -> None:
    """[BC, D23] After as many retries as the target's policy says; 2 MB are too much at once."""
    dead, dead_arn = bus.queue("dead")
    arn = deployment.create_stream(bus.aws.client("kinesis"), bus.name)
    policy = {"MaximumRetryAttempts": 1}
    letters = {"DeadLetterConfig": {"Arn": dead_arn}}
    bus.aim({"Id": "1", "Arn": arn, "RoleArn": ROLE, "RetryPolicy": policy, **letters})
    for _ in range(8):
        bus.send(json.dumps({"text": "x" * 250_000}))
    (first, *_) = bus.messages(dead, 1)
    reason = attributes(first)
    assert reason["ERROR_CODE"] == "THROTTLING"
    assert reason["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert reason["RETRY_ATTEMPTS"] == "1"


def test_events_have_the_time_of_the_local_aws() -> None:
    """In time-lapse, its present is soon ahead of the computer's."""
    with target.connect(target.LOCAL, speed=1_000) as aws:
        bus = Bus(aws)
        url, arn = bus.queue("timed")
        bus.aim({"Id": "1", "Arn": arn, "InputPath": "$.time"})
        wait_until("the clocks to differ", lambda: aws.now() - time.time() > 600)
        before = time.gmtime(aws.now())
        bus.send()
        (message,) = bus.messages(url, 1)
        assert json.loads(message["Body"]) >= time.strftime("%Y-%m-%dT%H:%M:%SZ", before)
