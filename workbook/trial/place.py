"""The surroundings of the function: what it reads, what it writes to, its role."""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from workbook import deployment
from workbook.code import Code, runtime
from workbook.errors import UsageError
from workbook.laboratory import limits, pipeline
from workbook.target import Aws

MAX_SHARDS = 20_000  # the quota of an account in the region [KD:service-sizes-and-limits]
SETTINGS = (  # of mappings that read Kinesis [BC]
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "FilterCriteria",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "StartingPosition",
    "StartingPositionTimestamp",
    "TumblingWindowInSeconds",
)
WRITES = {  # the actions that a function needs to write
    "stream": ["kinesis:PutRecord", "kinesis:PutRecords"],
    "queue": ["sqs:SendMessage", "sqs:GetQueueUrl"],
    "table": [
        *("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
        *("dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:BatchGetItem"),
        *("dynamodb:ConditionCheckItem", "dynamodb:Query", "dynamodb:Scan"),
        "dynamodb:DescribeTable",
    ],
    "bucket": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"],
}


def probed(code: Code, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of a function that the laboratory's probe calls.

    Args:
        code: the function's code.
        variables: its environment variables.
    """
    settings = {pipeline.SETTINGS: json.dumps({"handler": code.handler})}
    return {
        "Handler": pipeline.PROBE_HANDLER,
        "Environment": {"Variables": {**variables, **settings}},
    }


@dataclass(frozen=True)
class Output:
    """Something that the function writes to.

    Args:
        kind: ``stream``, ``queue``, ``table`` or ``bucket``.
        name: the output's name.
        arn: the ARN that the role may write to.
        logical: its name in the template, if CloudFormation chose the output's name.
    """

    kind: str
    name: str
    arn: str
    logical: str = ""

    @property
    def shown(self) -> str:
        """Return the name for the report, which is the same in each trial."""
        return self.logical or self.name


@dataclass
class Place:
    """The resources of a trial.

    Args:
        stream: the name of the stream that the function reads.
        function: the function's name.
        mapping: the UUID of its event source mapping.
        failures: the URL of the queue for records that the mapping gives up.
        log_group: the function's log group.
        outputs: what it writes to.
        note: how the resources differ from what was asked for.
    """

    stream: str
    function: str
    mapping: str
    failures: str
    log_group: str
    outputs: list[Output] = field(default_factory=list)
    note: str = ""


def make_outputs(
    aws: Aws,
    streams: Sequence[str],
    queues: Sequence[str],
    tables: Sequence[str],
    buckets: Sequence[str],
) -> list[Output]:
    """Create what the function writes to.

    Args:
        aws: the AWS to create it in.
        streams: names of streams.
        queues: names of queues.
        tables: names of tables as ``NAME:KEY``; the key is a string.
        buckets: names of buckets.

    Raises:
        UsageError: AWS refuses a name.
    """
    makers: dict[str, tuple[Sequence[str], Callable[[Aws, str], str]]] = {
        "stream": (streams, _create_stream),
        "queue": (queues, _create_queue),
        "table": (tables, _create_table),
        "bucket": (buckets, _create_bucket),
    }
    made = []
    for kind, (names, make_one) in makers.items():
        for name in names:
            try:
                arn = make_one(aws, name)
            except (ClientError, ParamValidationError) as refused:
                raise UsageError(f"--{kind} {name}: {refused}") from None
            made.append(Output(kind, name.partition(":")[0], arn))
    return made


def check_outputs(
    streams: Sequence[str], queues: Sequence[str], tables: Sequence[str], buckets: Sequence[str]
) -> None:
    """Check names before anything starts; the arguments are those of ``make_outputs``.

    Raises:
        UsageError: a name is given twice, or a table has no key; the message names it.
    """
    for kind, names in (
        ("stream", streams),
        ("queue", queues),
        ("table", tables),
        ("bucket", buckets),
    ):
        if isinstance(names, str):
            raise UsageError(f"{kind}s must be a list of names, such as [{names!r}]")
        for number, name in enumerate(names):
            if name in names[:number]:
                raise UsageError(f"--{kind} {name}: it is given twice")
    for given in tables:
        if not all(given.partition(":")):
            raise UsageError(f"--table {given}: must be NAME:KEY, such as planes:tailnum")


def _create_stream(aws: Aws, name: str) -> str:
    return deployment.create_stream(aws.client("kinesis"), name)


def _create_queue(aws: Aws, name: str) -> str:
    return deployment.create_queue(aws.client("sqs"), name)[1]


def _create_bucket(aws: Aws, name: str) -> str:
    aws.client("s3").create_bucket(Bucket=name)
    return f"arn:aws:s3:::{name}/*"


def _create_table(aws: Aws, given: str) -> str:
    name, _, key = given.partition(":")
    return deployment.create_table(aws.client("dynamodb"), name, key)


def make(
    aws: Aws,
    code: Code,
    outputs: list[Output],
    *,
    shards: int,
    variables: Mapping[str, str],
    mapping: Mapping[str, Any],
) -> Place:
    """Create a stream, the function that reads it, and its mapping.

    Args:
        aws: the AWS to create them in.
        code: the function's code.
        outputs: the outputs that its role may write to.
        shards: the number of shards of the stream.
        variables: the function's environment variables.
        mapping: settings that override the defaults, which retry a record three times.

    Raises:
        UsageError: AWS refuses the function or the mapping.
    """
    mark = uuid.uuid4().hex[:8]
    stream, function = f"try-{mark}", f"try-{mark}"
    stream_arn = deployment.create_stream(aws.client("kinesis"), stream, shards)
    url, queue_arn = deployment.create_queue(aws.client("sqs"), f"try-{mark}-failures")
    policy = deployment.policy(stream_arn, stream_arn, function, queue_arn=queue_arn)
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] != "WriteOutput"]
    policy["Statement"] += [
        {"Effect": "Allow", "Action": WRITES[output.kind], "Resource": output.arn}
        for output in outputs
    ]
    role = deployment.create_role(aws.client("iam"), policy, f"try-{mark}")
    log_group = deployment.create_log_group(aws.client("logs"), function)
    settings = {"Runtime": runtime(), **probed(code, variables)}
    try:
        deployment.create_function(aws, role, pipeline.with_probe(code), function, **settings)
    except (ClientError, ParamValidationError) as refused:
        about = "--env" if "nvironment" in str(refused) else "FILE"
        raise UsageError(f"{about}: AWS refused it: {refused}") from None
    try:
        created = deployment.create_mapping(
            aws, stream_arn, function, queue_arn=queue_arn, **mapping
        )
    except (ClientError, ParamValidationError) as refused:
        raise UsageError(f"--mapping: AWS refused it: {refused}") from None
    return Place(stream, function, created, url, log_group, outputs)


def settings_of(given: Sequence[str]) -> dict[str, Any]:
    """Return the settings of a mapping from ``NAME=VALUE`` arguments; values may be JSON.

    Raises:
        UsageError: a setting is unknown, is given twice, or has a value that it cannot have.
    """
    if isinstance(given, str):
        raise UsageError(f"mapping must be a list of NAME=VALUE, such as [{given!r}]")
    found: dict[str, Any] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or name not in SETTINGS:
            raise UsageError(
                f"--mapping {one}: must be NAME=VALUE, with NAME one of {', '.join(SETTINGS)}"
            )
        if name in found:
            raise UsageError(f"--mapping {one}: {name} is given twice")
        found[name] = _value(name, text)
        wanted, is_good = limits.MAPPING.get(name, ("", None))
        if is_good and name != "StartingPosition" and not is_good(found[name]):
            raise UsageError(f"--mapping {one}: {name} must be {wanted}")
    return found


def _value(name: str, text: str) -> Any:
    """Return the value of a setting, which may be JSON, Python's True, or a list of one word."""
    try:
        return json.loads(text.lower() if text in ("True", "False") else text)
    except ValueError:
        return [text] if name == "FunctionResponseTypes" else text
