"""Deploy the function in visible steps, and take everything away again.

    create_stream -> create_role -> package -> create_function -> create_mapping -> clean_up

Each step waits until what it made is ready for use, on AWS too, where that takes a while.
"""

import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from workbook.target import Aws

INPUT_STREAM = "flights"
OUTPUT_STREAM = "processed_stream"
FUNCTION = "process-flights"
ROLE = "process-flights-role"
HANDLER_FILE = Path(__file__).parents[1] / "handler.py"
HANDLER = "handler.lambda_handler"
RUNTIME = "python3.14"  # until 2029-06-30 [DG:lambda-python]
POLICY = "least-privilege"
LOG_DAYS = 7

DEADLINE_SECONDS = 300.0  # longer than any step takes on AWS; locally each takes moments
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds between two looks
FORGIVEN = (
    "ResourceNotFoundException",
    "ResourceInUseException",
    "ResourceConflictException",  # the same, of a function that is still Pending
    "DeleteConflict",  # of a role: IAM has not heard everywhere that its policies are gone
    "NoSuchEntity",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",  # the same, in the older protocol
)
ROLE_UNKNOWN = (  # what Lambda says of a role, or of its policy, that it does not know yet
    "cannot be assumed by Lambda",
    "execution role does not have permissions",
    "ensure the role can perform",
)
TOO_OFTEN = ("LimitExceededException", "TooManyRequestsException")  # asked of Kinesis, of Lambda
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: same file in, same bytes out

MAPPING = {  # what a mapping of ours is unless said otherwise
    "StartingPosition": "TRIM_HORIZON",  # LATEST would miss what is sent while it is created
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 1,
    "MaximumRetryAttempts": 3,
    "MaximumRecordAgeInSeconds": 3600,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}


class NotReadyError(TimeoutError):
    """What was waited for did not come about."""


class LeftOverError(RuntimeError):
    """Clean-up ended and something is still there, and may cost money; the message names it."""


def wait_until(what: str, condition: Callable[[], bool]) -> None:
    """Look again and again, ever less often, until ``condition`` holds.

    While AWS refuses its calls because there were too many (five CreateStream a second, say), it
    does not hold.

    Raises:
        NotReadyError: it did not within five minutes; names ``what`` was waited for.
    """
    pause = FIRST_PAUSE
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not _holds(condition):
        if time.monotonic() > deadline:
            raise NotReadyError(f"after {DEADLINE_SECONDS:.0f} s still waiting for {what}")
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE)


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except ClientError as error:
        if error.response["Error"]["Code"] in TOO_OFTEN:
            return False
        raise


def create_stream(kinesis: Any, name: str, shards: int = 1) -> str:
    """Create a provisioned stream; gives its ARN once it is ACTIVE.

    Raises:
        NotReadyError: it did not become so, or a limit (on shards, say) did not allow it.
    """
    arn = ""

    def created() -> bool:
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        return True

    def active() -> bool:
        nonlocal arn
        summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        arn = str(summary["StreamARN"])
        return bool(summary["StreamStatus"] == "ACTIVE")

    wait_until(f"the limits to allow stream {name}", created)
    wait_until(f"stream {name}", active)
    return arn


def create_queue(sqs: Any, name: str) -> tuple[str, str]:
    """Create a queue for what a mapping gives up on; gives its URL and its ARN."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(url), str(answer["Attributes"]["QueueArn"])


def policy(
    input_arn: str, output_arn: str, function: str = FUNCTION, *, queue_arn: str | None = None
) -> dict[str, Any]:
    """Return what the function may do, and nothing more: read, write, log.

    Each action is needed: without it a mapping is refused, or output or a log is missing.  AWS's
    guide lists DescribeStreamSummary and ListShards for reading too [DG:with-kinesis]; mappings do
    without them, as those of Chalice's projects on AWS [SEEN].

    Args:
        input_arn: of the stream that its mapping reads.
        output_arn: of the stream that it writes to.
        function: its name, which its log group has too.
        queue_arn: of the queue that its mapping reports failures to, if there is one.
    """
    _, partition, _, region, account, _ = input_arn.split(":", 5)
    log_group = f"arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{function}"
    read = ["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator"]
    allowed: dict[str, tuple[Any, str]] = {
        "ReadInput": (read, input_arn),
        "WriteOutput": ("kinesis:PutRecords", output_arn),
        "WriteLogs": (["logs:CreateLogStream", "logs:PutLogEvents"], f"{log_group}:*"),
    }
    if queue_arn is not None:
        allowed["ReportFailures"] = ("sqs:SendMessage", queue_arn)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
            for sid, (actions, resource) in allowed.items()
        ],
    }


def trust_policy() -> dict[str, Any]:
    """Who may take the role on: the Lambda service."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def create_role(iam: Any, document: dict[str, Any], name: str = ROLE) -> str:
    """Create a role that lets Lambda do what ``document`` says (see ``policy``); gives its ARN."""
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust_policy()))
    iam.put_role_policy(RoleName=name, PolicyName=POLICY, PolicyDocument=json.dumps(document))
    return str(role["Role"]["Arn"])


def create_log_group(logs: Any, function: str = FUNCTION) -> str:
    """Create the function's log group, which its role may not, and keep its logs for a week."""
    name = f"/aws/lambda/{function}"
    logs.create_log_group(logGroupName=name)
    logs.put_retention_policy(logGroupName=name, retentionInDays=LOG_DAYS)
    return name


def package(*paths: Path) -> bytes:
    """A zip with these files at its root (left out, the handler): same files, same bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        for path in paths or (HANDLER_FILE,):
            entry = zipfile.ZipInfo(path.name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is made,
            entry.external_attr = 0o644 << 16  # so that Lambda may read it
            writer.writestr(entry, path.read_bytes())
    return archive.getvalue()


def create_function(
    lambda_: Any, role_arn: str, code: bytes, name: str = FUNCTION, **settings: Any
) -> str:
    """Create the function; gives its ARN once it is Active.

    On AWS a new role takes seconds to be known everywhere; until then creation is tried again.

    Args:
        lambda_: a boto3 client.
        role_arn: of its execution role.
        code: the zip.
        name: of the function.
        settings: what ``CreateFunction`` takes and ours differs in, such as ``MemorySize=512``.

    Raises:
        NotReadyError: the role stayed unknown, or the function did not become Active.
    """
    request = {
        "FunctionName": name,
        "Role": role_arn,
        "Code": {"ZipFile": code},
        "Runtime": RUNTIME,
        "Handler": HANDLER,
        "Timeout": 60,
        "MemorySize": 256,
        "Environment": {"Variables": {"OUTPUT_STREAM": OUTPUT_STREAM}},
        **settings,
    }

    def configuration() -> Any:
        return lambda_.get_function_configuration(FunctionName=name)

    _once_role_is_known(lambda_, lambda_.create_function, request, f"role {role_arn}")
    wait_until(f"function {name}", lambda: configuration()["State"] == "Active")
    return str(configuration()["FunctionArn"])


def _once_role_is_known(
    lambda_: Any, create: Callable[..., Any], request: dict[str, Any], role: str
) -> Any:
    """Make a call that needs a role, again until Lambda knows the role and what it may do."""
    answer: Any = None
    refusal = ""

    def created() -> bool:
        nonlocal answer, refusal
        try:
            answer = create(**request)
        except lambda_.exceptions.InvalidParameterValueException as error:
            refusal = str(error)
            if any(text in refusal for text in ROLE_UNKNOWN):
                return False
            raise
        return True

    try:
        wait_until(f"{role} to be known to Lambda", created)
    except NotReadyError as error:
        raise NotReadyError(f"{error}: {refusal}") from None
    return answer


def create_mapping(lambda_: Any, stream_arn: str, function: str = FUNCTION, **settings: Any) -> str:
    """Let Lambda poll the stream for the function; gives the mapping's UUID once it is Enabled.

    On AWS a new role's policy takes seconds to be known everywhere; until then it is tried again.

    Args:
        lambda_: a boto3 client.
        stream_arn: of the stream to read.
        function: to invoke.
        settings: what differs from ``MAPPING``, such as ``BatchSize=1000``.

    Raises:
        NotReadyError: the role stayed without its rights, or the mapping did not become Enabled.
    """
    request = {"EventSourceArn": stream_arn, "FunctionName": function, **MAPPING, **settings}
    create = lambda_.create_event_source_mapping
    answer = _once_role_is_known(lambda_, create, request, f"the role of {function}")
    uuid = str(answer["UUID"])

    def state() -> Any:
        return lambda_.get_event_source_mapping(UUID=uuid)["State"]

    wait_until(f"mapping {uuid}", lambda: state() == "Enabled")
    return uuid


def deploy(aws: Aws, *, shards: int = 1, output_shards: int = 1, **settings: Any) -> str:
    """All steps at once, for lessons that start from a pipeline; gives the mapping's UUID.

    Args:
        aws: where to.
        shards: of the input stream.
        output_shards: of the output stream.
        settings: of the mapping; see ``create_mapping``.
    """
    kinesis, lambda_ = aws.client("kinesis"), aws.client("lambda")
    input_arn = create_stream(kinesis, INPUT_STREAM, shards)
    output_arn = create_stream(kinesis, OUTPUT_STREAM, output_shards)
    role_arn = create_role(aws.client("iam"), policy(input_arn, output_arn))
    create_log_group(aws.client("logs"))
    create_function(lambda_, role_arn, package())
    return create_mapping(lambda_, input_arn, **settings)


def clean_up(
    aws: Aws,
    *,
    function: str = FUNCTION,
    role: str = ROLE,
    streams: tuple[str, ...] = (INPUT_STREAM, OUTPUT_STREAM),
    queues: tuple[str, ...] = (),
) -> None:
    """Delete the pipeline, whatever of it there is, and see that nothing is left.

    Args:
        aws: where from.
        function: with its mappings and its log group.
        role: the function's.
        streams: with their consumers.
        queues: names of SQS queues.

    Raises:
        LeftOverError: something is still there after five minutes; it is named.
    """
    kinesis, lambda_, iam, logs = map(aws.client, ("kinesis", "lambda", "iam", "logs"))
    sqs = aws.client("sqs")
    log_group = f"/aws/lambda/{function}"

    def delete() -> None:
        for mapping in _mappings(lambda_, function):
            _forgiving(lambda_.delete_event_source_mapping, UUID=mapping["UUID"])
        _forgiving(lambda_.delete_function, FunctionName=function)
        _delete_role(iam, role)
        for stream in streams:
            _forgiving(kinesis.delete_stream, StreamName=stream, EnforceConsumerDeletion=True)
        _forgiving(logs.delete_log_group, logGroupName=log_group)
        for queue in queues:
            url = _forgiving(sqs.get_queue_url, QueueName=queue)
            if url:
                _forgiving(sqs.delete_queue, QueueUrl=url["QueueUrl"])

    def left() -> list[str]:
        things = [f"event source mapping {m['UUID']}" for m in _mappings(lambda_, function)]
        if _forgiving(lambda_.get_function_configuration, FunctionName=function):
            things.append(f"function {function}")
        if _forgiving(iam.get_role, RoleName=role):
            things.append(f"role {role}")
        for stream in streams:
            if _forgiving(kinesis.describe_stream_summary, StreamName=stream):
                things.append(f"stream {stream}")
        groups = logs.describe_log_groups(logGroupNamePrefix=log_group)["logGroups"]
        if any(group["logGroupName"] == log_group for group in groups):
            things.append(f"log group {log_group}")
        for queue in queues:
            if _forgiving(sqs.get_queue_url, QueueName=queue):
                things.append(f"queue {queue}")
        return things

    def gone() -> bool:
        delete()  # again each time: what is still being made can not be deleted yet
        return not left()

    try:
        wait_until("everything to be gone", gone)
    except NotReadyError as error:
        raise LeftOverError(f"still there after clean-up: {', '.join(left())}") from error


def _mappings(lambda_: Any, function: str) -> list[Any]:
    pages = lambda_.get_paginator("list_event_source_mappings").paginate(FunctionName=function)
    return [mapping for page in pages for mapping in page["EventSourceMappings"]]


def _delete_role(iam: Any, name: str) -> None:
    """A role goes only after its policies."""
    inline = _forgiving(iam.list_role_policies, RoleName=name)
    for policy_name in inline["PolicyNames"] if inline else ():
        _forgiving(iam.delete_role_policy, RoleName=name, PolicyName=policy_name)
    attached = _forgiving(iam.list_attached_role_policies, RoleName=name)
    for each in attached["AttachedPolicies"] if attached else ():
        _forgiving(iam.detach_role_policy, RoleName=name, PolicyArn=each["PolicyArn"])
    _forgiving(iam.delete_role, RoleName=name)


def _forgiving(call: Callable[..., Any], **request: Any) -> Any:
    """Make a call; None when what it is about is not there, or is just being made or deleted."""
    try:
        return call(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] in FORGIVEN:
            return None
        raise
