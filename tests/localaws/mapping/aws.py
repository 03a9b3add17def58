"""Streams, functions, queues and mappings in a local AWS, created through boto3 only."""

import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from botocore.exceptions import ClientError

from tests.localaws.functions.lambda_functions import create
from workbook import target

T = TypeVar("T")
DEADLINE = 60  # seconds, for steps that take one or two on an idle machine
PRINTING = "import json\ndef handler(event, context):\n    print(json.dumps(event))\n"
FAILING = PRINTING + "    raise ValueError('boom')\n"


def until(condition: Callable[[], T | None]) -> T:
    """Call ``condition`` until it returns a value; fail after the deadline."""
    end = time.monotonic() + DEADLINE
    while True:
        if answer := condition():
            return answer
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


class World:
    """Resources for tests in a local AWS; every name is new.

    Args:
        aws: the local AWS.
    """

    def __init__(self, aws: target.Aws) -> None:
        self.aws = aws
        self.kinesis = aws.client("kinesis")
        self.functions = aws.client("lambda")
        self.sqs = aws.client("sqs")
        self.logs = aws.client("logs")
        self._names = (f"n{uuid.uuid4().hex[:8]}-{count}" for count in itertools.count())

    def name(self) -> str:
        """Return a name that nothing has."""
        return next(self._names)

    def function(self, code: str = PRINTING, **settings: Any) -> str:
        """Create a function, and return its name."""
        name = create(self.aws, code, Runtime="python3.13", **settings)
        until(lambda: self._is_active(name))
        return name

    def _is_active(self, function: str) -> bool:
        shown = self.functions.get_function_configuration(FunctionName=function)
        return bool(shown["State"] == "Active")

    def stream(self, shards: int = 1) -> str:
        """Create a stream, and return its ARN."""
        name = self.name()
        self.kinesis.create_stream(StreamName=name, ShardCount=shards)
        return until(lambda: self._active(name))

    def _active(self, name: str) -> str | None:
        summary = self.kinesis.describe_stream_summary(StreamName=name)
        found = summary["StreamDescriptionSummary"]
        return str(found["StreamARN"]) if found["StreamStatus"] == "ACTIVE" else None

    def put(self, stream_arn: str, *data: Any, key: str = "k") -> list[str]:
        """Put records, one after the other; return their sequence numbers."""
        return [
            self.kinesis.put_record(
                StreamARN=stream_arn, Data=json.dumps(one).encode(), PartitionKey=key
            )["SequenceNumber"]
            for one in data
        ]

    def queue(self) -> tuple[str, str]:
        """Create a queue, and return its URL and ARN."""
        url = self.sqs.create_queue(QueueName=self.name())["QueueUrl"]
        names = ["QueueArn"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return url, found["Attributes"]["QueueArn"]

    def message(self, queue_url: str) -> Any:
        """Wait for the next message of a queue, and return it parsed."""

        def body() -> Any:
            found = self.sqs.receive_message(QueueUrl=queue_url).get("Messages", [])
            for message in found:
                self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                return json.loads(message["Body"])
            return None

        return until(body)

    def create(self, stream_arn: str, function: str, **settings: Any) -> dict[str, Any]:
        """Create a mapping, by default from TRIM_HORIZON, and return the response."""
        settings = {"StartingPosition": "TRIM_HORIZON", **settings}
        return self.answer(
            self.functions.create_event_source_mapping(
                EventSourceArn=stream_arn, FunctionName=function, **settings
            )
        )

    def answer(self, response: dict[str, Any]) -> dict[str, Any]:
        """Return a response without boto3's additions."""
        return {key: value for key, value in response.items() if key != "ResponseMetadata"}

    def get(self, mapping: str) -> dict[str, Any]:
        """Return a mapping's present state."""
        return self.answer(self.functions.get_event_source_mapping(UUID=mapping))

    def in_state(self, mapping: str, state: str) -> dict[str, Any]:
        """Wait until a mapping is in a state, and return it."""

        def found() -> dict[str, Any] | None:
            shown = self.get(mapping)
            return shown if shown["State"] == state else None

        return until(found)

    @contextmanager
    def mapping(self, stream_arn: str, function: str, **settings: Any) -> Iterator[str]:
        """Create a mapping, enabled or as the settings say; delete it at the end."""
        made = self.create(stream_arn, function, **settings)["UUID"]
        self.in_state(made, "Enabled" if settings.get("Enabled", True) else "Disabled")
        try:
            yield made
        finally:
            until(lambda: self.get(made)["State"] in ("Enabled", "Disabled"))
            self.functions.delete_event_source_mapping(UUID=made)

    def printed(self, function: str) -> list[Any]:
        """Return what the function has printed as JSON lines, in order per log stream."""
        group = f"/aws/lambda/{function}"
        found: list[Any] = []
        try:
            streams = self.logs.describe_log_streams(logGroupName=group)["logStreams"]
        except self.logs.exceptions.ResourceNotFoundException:
            return []
        for stream in streams:
            events = self.logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
            lines = [event["message"] for event in events]
            found += [json.loads(line) for line in lines if line.startswith("{")]
        return found

    def metric(self, name: str, dimension: dict[str, str], statistic: str) -> float:
        """Return a metric's value over all time, once there is one."""
        cloudwatch = self.aws.client("cloudwatch")

        def found() -> list[float]:
            now = datetime.now(UTC)
            points = cloudwatch.get_metric_statistics(
                Namespace="AWS/Lambda",
                MetricName=name,
                Dimensions=[dimension],
                StartTime=now - timedelta(days=1),
                EndTime=now + timedelta(days=4),
                Period=5 * 86_400,
                Statistics=[statistic],
            )["Datapoints"]
            return [point[statistic] for point in points]

        return sum(until(found))

    def events(self, function: str, count: int) -> list[Any]:
        """Return the events that the function was invoked with, once there are enough."""

        def found() -> list[Any] | None:
            printed = self.printed(function)
            return printed if len(printed) >= count else None

        return until(found)


def error(call: Any, **parameters: Any) -> dict[str, Any]:
    """Return the error of a call: code, message, status and other members of the body."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    return {
        "code": answer["Error"]["Code"],
        "message": answer["Error"]["Message"],
        "status": answer["ResponseMetadata"]["HTTPStatusCode"],
        "type": answer.get("Type"),
        "Message": answer.get("Message"),
        "header": answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-errortype"],
    }


def refused(code: str, message: str) -> dict[str, Any]:
    """Return what ``error`` returns for a 400 of Lambda, with Type or without."""
    return {
        "code": code,
        "message": message,
        "status": 400,
        "type": None if code == "ValidationException" else "User",
        "Message": None,
        "header": code,
    }
