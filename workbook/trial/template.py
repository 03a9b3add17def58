"""Deploy a template, with your code in the function under trial."""

import json
import uuid
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from workbook import deployment
from workbook.code import ARCHITECTURE, Code, runtime, zip_place
from workbook.errors import UsageError
from workbook.laboratory import pipeline
from workbook.localaws.api.errors import ApiError
from workbook.localaws.stacks import template as templates
from workbook.target import Aws
from workbook.trial.place import Output, Place, probed
from workbook.waiting import wait_until

BUCKET, STACK, QUEUE = "try-packages", "try", "try-failures"
CODE = ("CodeUri", "ContentUri", "Code", "Content")
OUTPUTS = {
    "AWS::Kinesis::Stream": "stream",
    "AWS::SQS::Queue": "queue",
    "AWS::DynamoDB::Table": "table",
    "AWS::S3::Bucket": "bucket",
}
FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")


def deploy(aws: Aws, path: Path, code: Code) -> Place:
    """Create everything in a template, with the given code in its function.

    Args:
        aws: the AWS to create it in.
        path: the template's path; the code of other functions is searched for beside it.
        code: the code of the function that a stream invokes.

    Raises:
        UsageError: the template cannot be read, CloudFormation refuses it, or its function has
            another runtime or architecture than the compiled code of the requirements.
    """
    try:
        body = templates.parse(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"--template {path}: there is no such file") from None
    except OSError as problem:
        raise UsageError(f"--template {path}: it cannot be read ({problem.strerror})") from None
    except (ApiError, UnicodeDecodeError) as problem:
        raise UsageError(f"--template {path}: {problem}") from None
    if not isinstance(body.get("Resources"), dict):
        raise UsageError(f"--template {path}: it has no Resources")
    _store_code(aws, path.parent, body)
    stacks = aws.client("cloudformation")
    try:
        stacks.create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(body),
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            ClientRequestToken=str(uuid.uuid4()),  # boto3 may repeat the request
        )
        wait_until("the stack", lambda: not _state(stacks).endswith("IN_PROGRESS"))
    except ClientError as refused:
        raise UsageError(f"--template {path}: {refused.response['Error']['Message']}") from None
    if _state(stacks) != "CREATE_COMPLETE":
        events = stacks.describe_stack_events(StackName=STACK)["StackEvents"]
        failed = [one for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
        reason = failed[-1]["ResourceStatusReason"] if failed else _state(stacks)
        raise UsageError(f"--template {path}: {reason}")
    return _watched(aws, path, stacks, code)


def _state(stacks: Any) -> str:
    return str(stacks.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])


def _store_code(aws: Aws, folder: Path, body: dict[str, Any]) -> None:
    """Upload local code to a bucket, as ``sam package`` does, and refer to it in the template."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    shared = (body.get("Globals") or {}).get("Function") or {}
    owners = [shared, *((one.get("Properties") or {}) for one in body["Resources"].values())]
    for number, properties in enumerate(owners):
        for name in CODE:
            place = properties.get(name)
            if not isinstance(place, str) or "://" in place:
                continue
            if not (folder / place).exists():
                raise UsageError(f"--template: {name} {place} is not beside the template")
            s3.put_object(Bucket=BUCKET, Key=str(number), Body=zip_place(folder / place))
            serverless = name in ("CodeUri", "ContentUri")
            properties[name] = (
                f"s3://{BUCKET}/{number}"
                if serverless
                else {"S3Bucket": BUCKET, "S3Key": str(number)}
            )


def _watched(aws: Aws, path: Path, stacks: Any, code: Code) -> Place:
    """Put the probe and the given code into the function that a stream invokes."""
    lambda_ = aws.client("lambda")
    mappings = [
        one
        for one in lambda_.list_event_source_mappings()["EventSourceMappings"]
        if ":kinesis:" in one.get("EventSourceArn", "")
    ]
    if len(mappings) != 1:
        raise UsageError(
            f"--template {path}: it has {len(mappings)} mappings from a Kinesis stream to a "
            "function; there must be one"
        )
    (mapping,) = mappings
    function = mapping["FunctionArn"].split(":")[6]
    present = lambda_.get_function_configuration(FunctionName=function)
    if code.is_compiled:
        _check_compiled(path, present)
    variables = (present.get("Environment") or {}).get("Variables") or {}
    waiter = lambda_.get_waiter("function_updated_v2")
    fast = {"Delay": 1}
    waiter.wait(FunctionName=function, WaiterConfig=fast)
    lambda_.update_function_code(FunctionName=function, ZipFile=pipeline.with_probe(code))
    waiter.wait(FunctionName=function, WaiterConfig=fast)
    log_group = present["LoggingConfig"]["LogGroup"]
    lambda_.update_function_configuration(
        FunctionName=function,
        LoggingConfig={"LogFormat": "Text", "LogGroup": log_group},  # which the logbook reads
        **probed(code, variables),
    )
    waiter.wait(FunctionName=function, WaiterConfig=fast)
    stream = mapping["EventSourceArn"].rpartition("/")[2]
    resources = stacks.describe_stack_resources(StackName=STACK)["StackResources"]
    role = present["Role"].rpartition("/")[2]
    queue, url, note = _failures(aws, mapping, role)
    outputs = [_output(one) for one in resources if one["ResourceType"] in OUTPUTS]
    buffered = [
        one["LogicalResourceId"]
        for one in resources
        if one["ResourceType"] == "AWS::KinesisFirehose::DeliveryStream"
    ]
    if buffered:
        note = "\n".join(
            [
                *filter(None, [note]),
                f"What {', '.join(buffered)} still buffered at the end is missing from its bucket.",
            ]
        )
    kept = [one for one in outputs if one.name not in (stream, queue)]
    return Place(stream, function, mapping["UUID"], url, log_group, kept, note)


def _output(resource: Any) -> Output:
    name = resource["PhysicalResourceId"].rpartition("/")[2]
    logical = resource["LogicalResourceId"]
    chosen = name.lower().startswith(f"{STACK}-{logical}-".lower())
    return Output(OUTPUTS[resource["ResourceType"]], name, "", logical if chosen else "")


def _check_compiled(path: Path, present: Any) -> None:
    """Check that a function can import the compiled code of the requirements.

    Raises:
        UsageError: it has another runtime or architecture.
    """
    but = f"but the function of --template {path} has"
    if present["Runtime"] != runtime():
        raise UsageError(
            f"--requirements: they contain compiled code for {runtime()}, {but} the runtime "
            f"{present['Runtime']}: run the workbook on that Python, or change the template to "
            f"{runtime()}"
        )
    if present["Architectures"] != [ARCHITECTURE]:
        raise UsageError(
            f"--requirements: they contain compiled code for {ARCHITECTURE}, {but} the "
            f"architecture {present['Architectures'][0]}: change the template to {ARCHITECTURE}"
        )


def _failures(aws: Aws, mapping: Any, role: str) -> tuple[str, str, str]:
    """Return the queue for what the mapping gives up: its name, its URL, and a note.

    If the mapping has no destination, or one that is not a queue, create a queue for the trial.
    """
    sqs = aws.client("sqs")
    told = (mapping.get("DestinationConfig") or {}).get("OnFailure", {}).get("Destination", "")
    if ":sqs:" in told:
        queue = told.rpartition(":")[2]
        return queue, sqs.get_queue_url(QueueName=queue)["QueueUrl"], ""
    url, arn = deployment.create_queue(sqs, QUEUE)
    allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    aws.client("iam").put_role_policy(
        RoleName=role,
        PolicyName=QUEUE,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    lambda_, uuid = aws.client("lambda"), mapping["UUID"]
    lambda_.update_event_source_mapping(
        UUID=uuid, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    wait_until(
        f"mapping {uuid}",
        lambda: lambda_.get_event_source_mapping(UUID=uuid)["State"] == mapping["State"],
    )
    note = (
        f"{told} gets no reports of what is given up; a queue created for the trial does"
        if told
        else ""
    )
    return QUEUE, url, note
