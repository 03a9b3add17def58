"""The targets of EventBridge's rules: what they accept, and how events get there; on moto's thread.

Streams, functions, queues and log groups are ours; buses and archives are moto's.
"""

import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from moto.core.exceptions import JsonRESTError, ServiceException
from moto.logs.models import logs_backends
from moto.sqs.models import sqs_backends

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.function_arn import service_of
from workbook.localaws.integrations import events
from workbook.localaws.integrations.stream_writes import GIVE_UP_SECONDS, THROTTLED, Loss, Write
from workbook.localaws.interfaces import Document
from workbook.localaws.moto import functions, kinesis

OURS, MOTOS = ("kinesis", "lambda", "logs", "sqs"), ("events",)
RECEIVERS = ("event-bus/", "archive/")  # of EventBridge
MOST_RETRIES = 185  # [BC]
SETTINGS = {  # that have an effect here
    *("Id", "Arn", "RoleArn", "Input", "InputPath", "InputTransformer"),
    *("KinesisParameters", "SqsParameters", "DeadLetterConfig", "RetryPolicy"),
}
INPUTS = ("Input", "InputPath", "InputTransformer")
LIMITS = {"age": "MaximumEventAgeInSeconds", "retries": "MaximumRetryAttempts"}  # [D23]
GONE = re.compile("NotFound|NoSuch|DoesNotExist|NonExistent")  # in names of errors
ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+")
Bury = Callable[[str, Document], None]  # sends a document to a dead-letter queue
log = logging.getLogger(__name__)


def check(target: Mapping[str, Any], region: str) -> None:
    """Check that a target can receive events.

    Args:
        target: the target, as given to ``PutTargets``.
        region: the rule's region.

    Raises:
        JsonRESTError: AWS refuses it [OBS, SEEN], or it would have no effect in the local AWS.
    """
    arn, identity = target["Arn"], target["Id"]
    if len([one for one in INPUTS if one in target]) > 1:
        raise _invalid(
            "Only one of Input, InputPath, or InputTransformer must be provided for target "
            f"{identity}."
        )
    service = service_of(arn) if ARN.fullmatch(arn) else ""  # moto refuses what is no ARN
    if service == "kinesis" and not target.get("RoleArn"):
        raise _invalid(f"RoleArn is required for target {arn}.")
    if service and service not in (*OURS, *MOTOS):
        raise _invalid(
            f"The local AWS does not deliver events to {service} (target {identity}); it delivers "
            f"to {', '.join(sorted((*OURS, *MOTOS)))}."
        )
    if service in MOTOS and not arn.split(":", 5)[5].startswith(RECEIVERS):
        raise _invalid(
            f"The local AWS does not deliver events to {arn} (target {identity}); of EventBridge, "
            "it delivers to buses and archives."
        )
    for name in sorted(target.keys() - SETTINGS):
        raise _invalid(f"The local AWS does not support {name} (target {identity}).")
    for name in INPUTS if ":event-bus/" in arn else ():
        if name in target:
            raise _invalid(f"The local AWS does not support {name} for a bus (target {identity}).")
    if "KinesisParameters" in target and service != "kinesis":
        raise _invalid(f"Parameter(s) KinesisParameters not supported for target: {identity}.")
    _check_input(target)
    _check_dead_letters(target, region)


def _check_input(target: Mapping[str, Any]) -> None:
    """Check what a target is to receive of an event."""
    identity = target["Id"]
    try:
        json.loads(target.get("Input", "null"))
    except ValueError:
        raise _invalid(f"JSON syntax error in input for target {identity}") from None
    given = target.get("InputTransformer") or {}
    paths = given.get("InputPathsMap") or {}
    for path in (target.get("InputPath") or "$", *paths.values()):
        if not events.is_path(path):
            raise _invalid(f"InputPath for target {identity} is invalid.")
    template = given.get("InputTemplate") or ""
    for name in events.PLACEHOLDER.findall(template):
        if name not in paths and name not in events.PREDEFINED:
            raise _invalid(
                f"InputTemplate for target {identity} contains invalid placeholder {name}."
            )
        if name == events.WHOLE and not template.lstrip().startswith("{"):
            raise _invalid(
                f"InputTemplate for target {identity} contains placeholder {name} valid only for "
                "JSON template."
            )


def _check_dead_letters(target: Mapping[str, Any], region: str) -> None:
    """Check a target's dead-letter queue: a standard queue of the rule's region [SEEN]."""
    arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if arn is None:
        return
    service = service_of(arn)
    if service != "sqs":
        raise _invalid(f"{service} is not supported as a dead letter resource")
    if arn.endswith(".fifo"):
        raise _invalid("SQS FIFO is not supported by Dead Letter Queues")
    if arn.split(":")[3] != region:
        raise _invalid(f"The dead-letter queue {arn} is not in the region of the rule, {region}.")


def _invalid(message: str) -> JsonRESTError:
    return JsonRESTError("ValidationException", message)


def deliver(
    region: str,
    rule_arn: str,
    target: Mapping[str, Any],
    found: Mapping[str, Any],
    now: float,
    bury: Bury,
) -> None:
    """Deliver an event to a stream, function, queue or log group.

    A target that is gone does not fail the call that sends the event: the event goes to the
    target's dead-letter queue, if it has one, and is lost otherwise.

    Args:
        region: the rule's region.
        rule_arn: the rule's ARN.
        target: the target.
        found: the event, as targets receive it.
        now: the time, in seconds since the epoch.
        bury: sends a document to a dead-letter queue.
    """
    lost = partial(_lose, rule_arn, target, found, bury)
    try:
        content = events.target_input(target, found, rule_arn)
        _send(region, rule_arn, target, content, found, now, lost)
    except events.UndeliverableError as problem:
        log.warning("%s delivers nothing to target %s: %s", rule_arn, target["Id"], problem)
    except JsonRESTError as refusal:
        lost(Loss(refusal.error_type, str(refusal.message)))
    except ServiceException as refusal:  # of a queue
        lost(Loss(refusal.code, refusal.message))


def _send(
    region: str,
    rule_arn: str,
    target: Mapping[str, Any],
    content: bytes,
    found: Mapping[str, Any],
    now: float,
    lost: Callable[[Loss], None],
) -> None:
    arn = target["Arn"]
    name = arn.split(":", 5)[5]
    match service_of(arn):
        case "lambda":
            functions.invoke_event(region, arn, content)
        case "kinesis":
            policy = target.get("RetryPolicy") or {}
            write = Write(
                f"the rule {rule_arn}",
                arn,
                events.partition_key(target, found),
                content,
                seconds=policy.get("MaximumEventAgeInSeconds", GIVE_UP_SECONDS),
                retries=policy.get("MaximumRetryAttempts", MOST_RETRIES),
                lost=lost,
            )
            kinesis.backend(region).send(write)
        case "sqs":
            group = (target.get("SqsParameters") or {}).get("MessageGroupId")
            sqs_backends[ACCOUNT_ID][region].send_message(
                queue_name=name, message_body=content.decode(), group_id=group
            )
        case _:
            group_name = name.removeprefix("log-group:").removesuffix(":*")
            log_group = logs_backends[ACCOUNT_ID][region].groups.get(group_name)
            if log_group is None:
                raise JsonRESTError("ResourceNotFoundException", f"There is no {group_name}.")
            stream = str(uuid.uuid4())
            log_group.create_log_stream(stream)
            event = {"timestamp": int(now * 1000), "message": content.decode()}
            log_group.put_log_events(stream, [event])


def _lose(
    rule_arn: str, target: Mapping[str, Any], found: Mapping[str, Any], bury: Bury, loss: Loss
) -> None:
    """Send an event to the dead-letter queue, with why it could not be delivered [D23]."""
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if queue is None:
        log.warning("an event of %s for %s is lost: %s", rule_arn, target["Arn"], loss.message)
        return
    attributes = {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": _code(loss),
        "ERROR_MESSAGE": loss.message,
        "RETRY_ATTEMPTS": str(loss.retries),
    }
    if loss.limit is not None:
        attributes["EXHAUSTED_RETRY_CONDITION"] = LIMITS[loss.limit]
    body = json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()
    told = tuple((name, "String", value) for name, value in attributes.items())
    bury(queue, Document(body, attributes=told))


def _code(loss: Loss) -> str:
    """Return EventBridge's code for an error [?]."""
    if loss.code in THROTTLED:
        return "THROTTLING"
    return "NO_RESOURCE" if GONE.search(loss.code) else "SDK_CLIENT_ERROR"
