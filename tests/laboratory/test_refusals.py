"""What AWS would refuse is refused before anything is created; all else AWS accepts.

The requests are those of ``lab.run`` on AWS: boto3 checks and encodes them, and none is sent.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook import laboratory as lab
from workbook.laboratory import limits
from workbook.localaws.api import model
from workbook.localaws.functions import checks
from workbook.localaws.mapping.settings import Settings, read_settings
from workbook.target import Aws

ARN = "arn:aws:{}:us-east-1:123456789012:{}"
ANSWERS: dict[str, Any] = {
    "CreateStream": {},
    "DescribeStreamSummary": {
        "StreamDescriptionSummary": {
            "StreamARN": ARN.format("kinesis", "stream/lab"),
            "StreamStatus": "ACTIVE",
        }
    },
    "CreateTable": {"TableDescription": {"TableArn": ARN.format("dynamodb", "table/lab")}},
    "DescribeTable": {"Table": {"TableStatus": "ACTIVE"}},
    "CreateQueue": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/lab"},
    "GetQueueAttributes": {"Attributes": {"QueueArn": ARN.format("sqs", "lab")}},
    "CreateRole": {"Role": {"Arn": "arn:aws:iam::123456789012:role/lab"}},
    "GetFunctionConfiguration": {
        "State": "Active",
        "FunctionArn": ARN.format("lambda", "function:lab"),
        "Role": "arn:aws:iam::123456789012:role/lab",
    },
    "CreateEventSourceMapping": {"UUID": "0" * 36},
    "GetEventSourceMapping": {"State": "Enabled"},
}
ODD = st.sampled_from(
    [
        *(-2, -1, 0, 1, 7, 59, 60, 128, 300, 301, 900, 901, 10_000, 10_001, 604_801, 0.5, 1.5),
        *(math.nan, math.inf, -math.inf, True, None, "x", "report", "LATEST"),
        *([], [limits.REPORTS], ["X"]),
    ]
)
FIELDS = [
    *("shards", "batch_millis", "record_millis", "bad_records", "transient", "crash", "hang"),
    *("slow", "slow_millis", "downstream", "memory", "timeout", "concurrency", "patience"),
]
NAMES = st.sampled_from(
    ["A", "AB", "A-B", "1A", "AWS_REGION", "OUTPUT_STREAM", "X_1", "\u00c4B", ""]
)
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from([1, None, "x" * 5_000]))


class Recorder:
    """An AWS that only records requests: boto3 creates them, and none is sent."""

    def __init__(self) -> None:
        self.bodies: dict[str, Any] = {}
        session = boto3.Session("test", "test", region_name="us-east-1")
        session.events.register("before-call", self._answer)
        self.aws = Aws("aws", session, None)

    def _answer(self, model: Any, params: Any, **_: Any) -> Any:
        if model.name in ("CreateFunction", "CreateEventSourceMapping"):
            self.bodies[model.name] = json.loads(params["body"])
        return _Sent, ANSWERS.get(model.name, {})


class _Sent:
    status_code = 200


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "app.py"
    path.write_text("def handler(event, context): pass\n")
    return path


def made(make: Callable[[], Any]) -> Any:
    """Return what ``make`` returns, or the message with which it is refused."""
    try:
        return make()
    except ValueError as refusal:
        return str(refusal)


def deployed(recorder: Recorder, experiment: lab.Experiment) -> tuple[Any, Any]:
    """Return the requests for the function and for its mapping, as AWS's API reads them."""
    lab.Pipeline("lab-x", recorder.aws).deploy(experiment)
    function = model.lambda_().read("CreateFunction", recorder.bodies["CreateFunction"])
    checks.check_variables(function["Environment"]["Variables"])
    mapping = model.lambda_().read(
        "CreateEventSourceMapping", recorder.bodies["CreateEventSourceMapping"]
    )
    read_settings(mapping, Settings())
    return function, mapping


@settings(max_examples=150)
@given(
    fields=st.dictionaries(st.sampled_from(FIELDS), ODD, max_size=2),
    mapping=st.dictionaries(st.sampled_from([*limits.MAPPING, "Nothing"]), ODD, max_size=2),
)
def test_settings_are_refused_by_name_or_are_requests_that_aws_takes(
    recorder: Recorder, fields: dict[str, Any], mapping: dict[str, Any]
) -> None:
    experiment = made(lambda: lab.Experiment(mapping=mapping, **fields))
    if isinstance(experiment, str):
        assert any(name in experiment for name in (*fields, *mapping))
    else:
        deployed(recorder, experiment)


@settings(max_examples=50)
@given(variables=st.dictionaries(NAMES, TEXTS, max_size=3))
def test_variables_are_refused_by_name_or_are_those_that_lambda_takes(
    recorder: Recorder, app: Path, variables: dict[str, Any]
) -> None:
    function = made(lambda: lab.Function(app, environment=variables))
    if isinstance(function, str):
        assert function.startswith("environment")
        return
    records = lab.Records([{"n": 1}])
    sent, _ = deployed(recorder, lab.Experiment(function=function, workload=records))
    assert variables.items() <= sent["Environment"]["Variables"].items()
    assert sent["Handler"] == "lab_probe.lambda_handler"
