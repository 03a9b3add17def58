"""The pipeline's policy is sufficient and minimal: without any of its actions, something fails."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from workbook import deployment
from workbook.events import flight_event, kinesis_event
from workbook.target import Aws
from workbook.waiting import wait_until

REFUSED, NO_OUTPUT, NO_LOG = "the mapping is refused", "nothing is written", "nothing is logged"
MISSING = {  # by the action that is removed
    "kinesis:DescribeStream": {REFUSED},
    "kinesis:GetRecords": {REFUSED},
    "kinesis:GetShardIterator": {REFUSED},
    "kinesis:PutRecords": {NO_OUTPUT},
    "logs:CreateLogStream": {NO_LOG},
    "logs:PutLogEvents": {NO_LOG},
    "sqs:SendMessage": {REFUSED},
}


class Pipeline:
    """A pipeline with its own names, whose role's policy can be replaced."""

    def __init__(self, aws: Aws) -> None:
        self._name = f"p-{uuid.uuid4().hex[:8]}"
        self._lambda, self._logs = aws.client("lambda"), aws.client("logs")
        self._iam, kinesis, sqs = aws.client("iam"), aws.client("kinesis"), aws.client("sqs")
        self._input = deployment.create_stream(kinesis, f"{self._name}-in")
        output = deployment.create_stream(kinesis, f"{self._name}-out")
        _, self._queue = deployment.create_queue(sqs, self._name)
        self.policy = deployment.policy(self._input, output, self._name, queue_arn=self._queue)
        role = deployment.create_role(self._iam, self.policy, self._name)
        deployment.create_log_group(self._logs, self._name)
        deployment.create_function(
            aws,
            role,
            deployment.package(),
            self._name,
            Environment={"Variables": {"OUTPUT_STREAM": f"{self._name}-out"}},
        )

    def allow(self, policy: dict[str, Any]) -> None:
        self._iam.put_role_policy(
            RoleName=self._name, PolicyName=deployment.POLICY, PolicyDocument=json.dumps(policy)
        )

    def missing(self) -> set[str]:
        """Return which parts of the pipeline's work fail under the present policy."""
        before = self._lines()
        seen = {
            REFUSED: self._can_be_mapped(),
            NO_OUTPUT: self._writes(),
            NO_LOG: self._lines() > before,
        }
        return {what for what, is_there in seen.items() if not is_there}

    def _can_be_mapped(self) -> bool:
        failures = {"OnFailure": {"Destination": self._queue}}
        try:
            mapping = self._lambda.create_event_source_mapping(
                EventSourceArn=self._input,
                FunctionName=self._name,
                StartingPosition="TRIM_HORIZON",
                DestinationConfig=failures,
            )
        except self._lambda.exceptions.InvalidParameterValueException:
            return False
        identity, get = mapping["UUID"], self._lambda.get_event_source_mapping
        wait_until("the mapping", lambda: get(UUID=identity)["State"] == "Enabled")
        self._lambda.delete_event_source_mapping(UUID=identity)

        def is_gone() -> bool:
            try:
                return not get(UUID=identity)
            except self._lambda.exceptions.ResourceNotFoundException:
                return True

        wait_until("the mapping to be gone", is_gone)
        return True

    def _writes(self) -> bool:
        """Return whether a new environment of the function writes a flight to the output stream."""
        present = self._lambda.get_function_configuration(FunctionName=self._name)
        variables = present["Environment"]["Variables"] | {"ROUND": uuid.uuid4().hex}
        self._lambda.update_function_configuration(
            FunctionName=self._name, Environment={"Variables": variables}
        )
        self._lambda.get_waiter("function_updated_v2").wait(
            FunctionName=self._name, WaiterConfig={"Delay": 1}
        )
        event = json.dumps(kinesis_event([flight_event()]))
        answer = self._lambda.invoke(FunctionName=self._name, Payload=event)
        failures = json.loads(answer["Payload"].read()).get("batchItemFailures")
        return "FunctionError" not in answer and failures == []

    def _lines(self) -> int:
        group = f"/aws/lambda/{self._name}"
        try:
            return len(self._logs.filter_log_events(logGroupName=group)["events"])
        except ClientError:
            return 0


@pytest.fixture(scope="module")
def pipeline(local: Aws) -> Pipeline:
    return Pipeline(local)


def actions(policy: dict[str, Any]) -> set[str]:
    """Every action that a policy allows."""
    return {action for one in policy["Statement"] for action in listed(one["Action"])}


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    """Return a policy without one of its actions."""
    left = [
        {**one, "Action": [name for name in listed(one["Action"]) if name != action]}
        for one in policy["Statement"]
    ]
    return {**policy, "Statement": [one for one in left if one["Action"]]}


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_the_policy_is_sufficient(pipeline: Pipeline) -> None:
    pipeline.allow(pipeline.policy)
    assert pipeline.missing() == set()


def test_every_action_of_the_policy_is_tried(pipeline: Pipeline) -> None:
    assert actions(pipeline.policy) == MISSING.keys()


@pytest.mark.parametrize("action", sorted(MISSING))
def test_without_an_action_something_is_missing(pipeline: Pipeline, action: str) -> None:
    pipeline.allow(without(pipeline.policy, action))
    assert pipeline.missing() == MISSING[action]
