"""Deploy the function in visible steps, and delete everything again.

    create_stream -> create_queue -> create_role -> package -> create_function -> create_mapping
    -> clean_up

Each step returns when what it created is ready for use. On AWS that takes a while.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from workbook.target import Aws
from workbook.waiting import NotReadyError, wait_until

INPUT_STREAM = "flights"
OUTPUT_STREAM = "processed_stream"
FUNCTION = "process-flights"
ROLE = "process-flights-role"
FAILURE_QUEUE = "process-flights-failures"
HANDLER_FILE = Path(__file__).parents[1] / "handler.py"
HANDLER = "handler.lambda_handler"
RUNTIME = "python3.14"  # until 2029-06-30 [DG:lambda-python]
POLICY = "least-privilege"
LOG_DAYS = 7
QUEUE_SECONDS = 14 * 24 * 3600  # for which a message is kept, the maximum [BC]

FORGIVEN = (  # errors of a deletion that is done, or must be repeated
    "ResourceNotFoundException",
    "ResourceInUseException",
    "ResourceConflictException",  # a function is still Pending
    "DeleteConflict",  # a role's policies are deleted, but not yet everywhere in IAM
    "NoSuchEntity",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",  # the same in the older protocol
)
TAKEN = (  # errors of a creation whose name is in use
    "ResourceInUseException",
    "ResourceConflictException",
    "ResourceAlreadyExistsException",
    "EntityAlreadyExists",
)
ROLE_UNKNOWN = (  # parts of Lambda's messages about a role or policy that has not reached it yet
    "cannot be assumed by Lambda",
    "execution role does not have permissions",
    "ensure the role can perform",
)
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest in a zip; makes zips reproducible

MAPPING = {  # the default settings of a mapping; they give up no record
    "StartingPosition": "TRIM_HORIZON",  # LATEST would miss records sent while it is created
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 1,
    "MaximumRetryAttempts": -1,  # retry until the record expires; see `on_failure`
    "MaximumRecordAgeInSeconds": -1,  # a limit would also give up records that merely waited
    "BisectBatchOnFunctionError": True,  # a failed batch is halved, down to the bad record
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}
RETRIES = 3  # of a record that fails alone, if it is then reported to a queue


class LeftOverError(RuntimeError):
    """Something still exists after clean-up and may cost money; the message names it."""


class NoRoleError(LookupError):
    """The role that a call needs does not exist; the message names it and what to run again."""


def create_stream(kinesis: Any, name: str, shards: int = 1) -> str:
    """Create a provisioned stream, and return its ARN once it is ACTIVE.

    Raises:
        NotReadyError: it did not become ACTIVE, or a limit (on shards, say) did not allow it.
    """
    arn = ""

    def created() -> bool:
        with _name_may_be_taken(f"Stream {name}"):
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


@contextmanager
def _name_may_be_taken(what: str) -> Iterator[None]:
    """Add a note to AWS's error if what is created exists: why that may be, and what to do."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in TAKEN:
            error.add_note(
                f"{what} exists. If this cell has run before, go on with the next one. If it is "
                "left from an earlier attempt, delete it with the clean-up at the end of the "
                "notebook, and run this cell again."
            )
        raise


def create_queue(sqs: Any, name: str = FAILURE_QUEUE) -> tuple[str, str]:
    """Create a queue for reports of what a mapping gives up, and return its URL and its ARN.

    Raises:
        NotReadyError: SQS was still deleting a queue of this name after five minutes.
    """
    url = ""

    def created() -> bool:
        nonlocal url
        attributes = {"MessageRetentionPeriod": str(QUEUE_SECONDS)}
        try:
            url = str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])
        except sqs.exceptions.QueueDeletedRecently:  # SQS keeps a name for 60 seconds [BC]
            return False
        return True

    wait_until(f"a deleted queue {name} to be gone", created)
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, str(answer["Attributes"]["QueueArn"])


def create_table(dynamodb: Any, name: str, key: str) -> str:
    """Create an on-demand table whose partition key is a string; return its ARN once it is ACTIVE.

    Args:
        dynamodb: a boto3 client.
        name: the table's name.
        key: the name of the key.

    Raises:
        NotReadyError: it did not become ACTIVE.
    """
    with _name_may_be_taken(f"Table {name}"):
        table = dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )["TableDescription"]
    wait_until(
        f"table {name}",
        lambda: dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE",
    )
    return str(table["TableArn"])


def policy(
    input_arn: str, output_arn: str, function: str = FUNCTION, *, queue_arn: str | None = None
) -> dict[str, Any]:
    """Return a policy with what the function needs to read, write and log, and nothing more.

    Each action is needed: without it a mapping is refused, or output or logs are missing. AWS's
    guide also lists DescribeStreamSummary and ListShards for reading [DG:with-kinesis]; mappings do
    without them, like those of Chalice's projects on AWS [SEEN].

    Args:
        input_arn: the stream that the function's mapping reads.
        output_arn: the stream to which the function writes.
        function: the function's name, which is part of its log group's.
        queue_arn: the queue to which the mapping reports failures, if any.
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


def trust_policy(service: str = "lambda.amazonaws.com") -> dict[str, Any]:
    """Return a policy that lets a service assume the role; by default, Lambda."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def create_role(iam: Any, document: dict[str, Any], name: str = ROLE) -> str:
    """Create the function's execution role, and return its ARN.

    Args:
        iam: a boto3 client.
        document: the permissions; see ``policy``.
        name: the role's name.
    """
    trust = json.dumps(trust_policy())
    with _name_may_be_taken(f"Role {name}"):
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName=name, PolicyName=POLICY, PolicyDocument=json.dumps(document))
    return str(role["Role"]["Arn"])


def create_log_group(logs: Any, function: str = FUNCTION) -> str:
    """Create the function's log group, which keeps logs for a week, and return its name.

    The function's role is not allowed to create it.
    """
    name = f"/aws/lambda/{function}"
    with _name_may_be_taken(f"Log group {name}"):
        logs.create_log_group(logGroupName=name)
    logs.put_retention_policy(logGroupName=name, retentionInDays=LOG_DAYS)
    return name


def package(*paths: Path) -> bytes:
    """Return a zip with these files at its root; without files, with the handler.

    The same files always give the same bytes.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        for path in paths or (HANDLER_FILE,):
            entry = zipfile.ZipInfo(path.name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on any system,
            entry.external_attr = 0o644 << 16  # so that Lambda may read it
            writer.writestr(entry, path.read_bytes())
    return archive.getvalue()


def check_role(aws: Aws, role_arn: str) -> None:
    """Check that a role exists, before a call that it is not known for is retried.

    A service refuses a role that is new in the same words as one that has been deleted.

    Raises:
        NoRoleError: it does not exist.
    """
    iam, name = aws.client("iam"), role_arn.rpartition("/")[2]
    try:
        iam.get_role(RoleName=name)
    except iam.exceptions.NoSuchEntityException:
        raise NoRoleError(
            f"The role {name} does not exist. If clean-up has deleted it, run the cell that "
            "creates the role again, and the cells below it."
        ) from None


def create_function(
    aws: Aws, role_arn: str, code: bytes, name: str = FUNCTION, **settings: Any
) -> str:
    """Create the function, and return its ARN once it is Active.

    On AWS a new role takes seconds to be known everywhere; until then creation is retried.

    Args:
        aws: the AWS to create it in.
        role_arn: the function's execution role.
        code: the package; see ``package``.
        name: the function's name.
        settings: further arguments of ``CreateFunction``, such as ``MemorySize=512``.

    Raises:
        NoRoleError: the role does not exist.
        NotReadyError: Lambda still did not know the role, or the function was not Active, after
            five minutes.
    """
    lambda_ = aws.client("lambda")
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

    with _name_may_be_taken(f"Function {name}"):
        _once_role_is_known(aws, lambda_.create_function, request, role_arn)
    wait_until(f"function {name}", lambda: configuration()["State"] == "Active")
    return str(configuration()["FunctionArn"])


def _once_role_is_known(
    aws: Aws, create: Callable[..., Any], request: dict[str, Any], role_arn: str
) -> Any:
    """Make a call that needs a role, and retry it until Lambda knows the role and its policy."""
    lambda_ = aws.client("lambda")
    answer: Any = None
    refusal = ""

    def created() -> bool:
        nonlocal answer, refusal
        try:
            answer = create(**request)
        except lambda_.exceptions.InvalidParameterValueException as error:
            refusal = str(error)
            if not any(text in refusal for text in ROLE_UNKNOWN):
                raise
            check_role(aws, role_arn)
            return False
        return True

    try:
        wait_until(f"role {role_arn} to be known to Lambda", created)
    except NotReadyError as error:
        raise NotReadyError(f"{error}: {refusal}") from None
    return answer


def on_failure(queue_arn: str) -> dict[str, Any]:
    """Return settings with which a mapping gives up records that keep failing, and reports them.

    A record that fails alone is retried ``RETRIES`` times; then a message in the queue says where
    it is in the stream. Good records are given up too if an outage, such as one of the output
    stream, outlasts the retries. More retries survive a longer outage, but let a bad record block
    its shard for longer. Without a queue such a loss would go unnoticed, so ``MAPPING`` never gives
    up.
    """
    return {
        "MaximumRetryAttempts": RETRIES,
        "DestinationConfig": {"OnFailure": {"Destination": queue_arn}},
    }


def create_mapping(
    aws: Aws,
    stream_arn: str,
    function: str = FUNCTION,
    *,
    queue_arn: str | None = None,
    **settings: Any,
) -> str:
    """Create an event source mapping, and return its UUID once it is Enabled.

    On AWS a new role's policy takes seconds to be known everywhere; until then creation is retried.

    Args:
        aws: the AWS to create it in.
        stream_arn: the stream that Lambda polls.
        function: the function that it invokes.
        queue_arn: the queue to which it reports records that it gives up; see ``on_failure``.
            Without one it gives up nothing: a record that cannot be processed blocks its shard
            until it expires.
        settings: further arguments of ``CreateEventSourceMapping``, such as ``BatchSize=1000``;
            they override ``MAPPING`` and ``on_failure``.

    Raises:
        NoRoleError: the function's role does not exist.
        NotReadyError: Lambda still did not know the role's policy, or the mapping was not Enabled,
            after five minutes.
    """
    lambda_ = aws.client("lambda")
    reporting = on_failure(queue_arn) if queue_arn else {}
    names = {"EventSourceArn": stream_arn, "FunctionName": function}
    request = {**names, **MAPPING, **reporting, **settings}
    role_arn = lambda_.get_function_configuration(FunctionName=function)["Role"]
    create = lambda_.create_event_source_mapping
    with _name_may_be_taken(f"A mapping from this stream to {function}"):
        answer = _once_role_is_known(aws, create, request, role_arn)
    uuid = str(answer["UUID"])

    def state() -> Any:
        return lambda_.get_event_source_mapping(UUID=uuid)["State"]

    wait_until(f"mapping {uuid}", lambda: state() == "Enabled")
    return uuid


def deploy(aws: Aws, *, shards: int = 1, output_shards: int = 1, **settings: Any) -> str:
    """Run all steps, for lessons that start with a pipeline; return the mapping's UUID.

    Args:
        aws: the AWS to deploy to.
        shards: the number of shards of the input stream.
        output_shards: the number of shards of the output stream.
        settings: settings of the mapping; see ``create_mapping``.

    Raises:
        BaseException: an error or an interruption ended it; a note on it contains the call that
            deletes what was created.
    """
    try:
        return _deploy(aws, shards, output_shards, **settings)
    except BaseException as error:
        error.add_note(
            "This call did not complete the pipeline. Parts may be there, from it or an earlier "
            "run, and may cost money. deployment.clean_up(aws) deletes them. Then deploy again."
        )
        raise


def _deploy(aws: Aws, shards: int, output_shards: int, **settings: Any) -> str:
    kinesis = aws.client("kinesis")
    input_arn = create_stream(kinesis, INPUT_STREAM, shards)
    output_arn = create_stream(kinesis, OUTPUT_STREAM, output_shards)
    _, queue_arn = create_queue(aws.client("sqs"))
    role_arn = create_role(aws.client("iam"), policy(input_arn, output_arn, queue_arn=queue_arn))
    create_log_group(aws.client("logs"))
    create_function(aws, role_arn, package())
    return create_mapping(aws, input_arn, queue_arn=queue_arn, **settings)


def delete_streams(kinesis: Any, *names: str) -> None:
    """Delete streams with their consumers, and return once they are gone.

    A stream that does not exist is left out, and one that is being created or changed is deleted
    afterwards. So a notebook may call this whatever has run before.

    Raises:
        NotReadyError: they were still there after five minutes.
    """

    def gone() -> bool:
        _delete_streams(kinesis, names)
        return not _streams_left(kinesis, names)

    wait_until(f"{', '.join(names)} to be gone", gone)


def _delete_streams(kinesis: Any, names: Iterable[str]) -> None:
    """Delete streams, with one call for each: AWS allows only five calls a second."""
    for name in names:
        found = _forgiving(kinesis.describe_stream_summary, StreamName=name)
        if found and found["StreamDescriptionSummary"]["StreamStatus"] != "DELETING":
            _forgiving(kinesis.delete_stream, StreamName=name, EnforceConsumerDeletion=True)


def _streams_left(kinesis: Any, names: Iterable[str]) -> list[str]:
    return [name for name in names if _forgiving(kinesis.describe_stream_summary, StreamName=name)]


def clean_up(
    aws: Aws,
    *,
    function: str = FUNCTION,
    role: str = ROLE,
    streams: tuple[str, ...] = (INPUT_STREAM, OUTPUT_STREAM),
    queues: tuple[str, ...] | None = None,
    tables: tuple[str, ...] = (),
) -> None:
    """Delete the pipeline, or what exists of it, and check that nothing is left.

    Args:
        aws: the AWS that it is in.
        function: the function's name; its mappings and its log group are deleted too.
        role: the function's role.
        streams: names of streams; their consumers are deleted too.
        queues: names of SQS queues; if left out, the function's queue for failures.
        tables: names of DynamoDB tables.

    Raises:
        LeftOverError: something still exists after five minutes; the message names it.
        BaseException: an error or an interruption ended clean-up; a note on it lists what may be
            left, and the call that deletes it.
    """
    if queues is None:
        queues = (f"{function}-failures",)
    try:
        _delete_all(aws, function, role, streams, queues, tables)
    except LeftOverError:
        raise
    except BaseException as error:
        names = f"function={function!r}, role={role!r}, streams={streams!r}, queues={queues!r}"
        names += f", tables={tables!r}" if tables else ""
        error.add_note(
            "Clean-up did not finish. Some of these may be left, with the function's mappings and "
            f"its log group, and may cost money: {names}. To delete them: "
            f"deployment.clean_up(aws, {names})"
        )
        raise


def _delete_all(
    aws: Aws,
    function: str,
    role: str,
    streams: tuple[str, ...],
    queues: tuple[str, ...],
    tables: tuple[str, ...],
) -> None:
    kinesis, lambda_, iam, logs = map(aws.client, ("kinesis", "lambda", "iam", "logs"))
    sqs = aws.client("sqs")
    log_group = f"/aws/lambda/{function}"

    def delete() -> None:
        for mapping in _mappings(lambda_, function):
            _forgiving(lambda_.delete_event_source_mapping, UUID=mapping["UUID"])
        _forgiving(lambda_.delete_function, FunctionName=function)
        _delete_role(iam, role)
        _delete_streams(kinesis, streams)
        _forgiving(logs.delete_log_group, logGroupName=log_group)
        for queue in queues:
            url = _forgiving(sqs.get_queue_url, QueueName=queue)
            if url:
                _forgiving(sqs.delete_queue, QueueUrl=url["QueueUrl"])
        for table in tables:
            _forgiving(aws.client("dynamodb").delete_table, TableName=table)

    def left() -> list[str]:
        things = [f"event source mapping {m['UUID']}" for m in _mappings(lambda_, function)]
        if _forgiving(lambda_.get_function_configuration, FunctionName=function):
            things.append(f"function {function}")
        if _forgiving(iam.get_role, RoleName=role):
            things.append(f"role {role}")
        things += [f"stream {stream}" for stream in _streams_left(kinesis, streams)]
        groups = logs.describe_log_groups(logGroupNamePrefix=log_group)["logGroups"]
        if any(group["logGroupName"] == log_group for group in groups):
            things.append(f"log group {log_group}")
        for queue in queues:
            if _forgiving(sqs.get_queue_url, QueueName=queue):
                things.append(f"queue {queue}")
        for table in tables:
            if _forgiving(aws.client("dynamodb").describe_table, TableName=table):
                things.append(f"table {table}")
        return things

    def gone() -> bool:
        delete()  # again each time: what is being created cannot be deleted yet
        return not left()

    try:
        wait_until("everything to be gone", gone)
    except NotReadyError as error:
        raise LeftOverError(f"still there after clean-up: {', '.join(left())}") from error


def _mappings(lambda_: Any, function: str) -> list[Any]:
    pages = lambda_.get_paginator("list_event_source_mappings").paginate(FunctionName=function)
    return [mapping for page in pages for mapping in page["EventSourceMappings"]]


def _delete_role(iam: Any, name: str) -> None:
    """Delete a role; IAM requires its policies to be deleted first."""
    inline = _forgiving(iam.list_role_policies, RoleName=name)
    for policy_name in inline["PolicyNames"] if inline else ():
        _forgiving(iam.delete_role_policy, RoleName=name, PolicyName=policy_name)
    attached = _forgiving(iam.list_attached_role_policies, RoleName=name)
    for each in attached["AttachedPolicies"] if attached else ():
        _forgiving(iam.detach_role_policy, RoleName=name, PolicyArn=each["PolicyArn"])
    _forgiving(iam.delete_role, RoleName=name)


def _forgiving(call: Callable[..., Any], **request: Any) -> Any:
    """Make a call; return None if its resource does not exist or is being changed."""
    try:
        return call(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] in FORGIVEN:
            return None
        raise
