"""The probe in the observed function: it calls the handler, and fails on request.

It logs the records of an invocation before it calls the handler, and the outcome afterwards. The
experiment reads nothing but the log, so it works on AWS too.

The environment variable WORKBOOK_PROBE contains its settings as JSON, with times in real seconds:
`handler`, the `module.function` to call; `batch_seconds` and `record_seconds`, the time to spend on
each batch and on each of its records before calling the handler, as on a call to another service;
`raises`, whether a record that the handler reports fails the whole batch; the shares of invocations
that are `transient`, `crash`, `hang` or `slow`, with `hang_seconds` and `slow_seconds`;
`downstream`, how many records a second the other service accepts, and `downstream_table`, the
DynamoDB table that stands for that service. All but `handler` are optional.
"""

import base64
import importlib
import json
import os
import random
import time
import zlib
from typing import Any

NONE: dict[str, Any] = {
    "batch_seconds": 0,
    "record_seconds": 0,
    "raises": False,
    "downstream": None,
    **dict.fromkeys(("transient", "crash", "hang", "slow"), 0),
}
SETTINGS = {**NONE, **json.loads(os.environ["WORKBOOK_PROBE"])}
module, _, name = SETTINGS["handler"].rpartition(".")
call = getattr(importlib.import_module(module.replace("/", ".")), name)
MAX_DIGITS = 129  # of a sequence number [BC]
SHOWN = 200  # characters to log of a reply that Lambda cannot read
if SETTINGS["downstream"] is not None:
    import boto3  # importing it takes a while, and lengthens the cold start

    dynamodb = boto3.client("dynamodb")


class BatchFailed(RuntimeError):
    """The handler reported a record, and the settings make that fail the whole batch."""


class TransientError(RuntimeError):
    """The invocation failed at random; the next attempt may succeed."""


class DownstreamThrottled(RuntimeError):
    """The other service does not accept as many records a second."""


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    """Call the handler, and log the records before and the outcome after.

    Raises:
        BatchFailed: the handler reported a record, and that fails the batch.
        TransientError: at random.
        DownstreamThrottled: there were too many records in a short time.
        Exception: any exception that the handler raises.
    """
    records = event.get("Records") or [] if isinstance(event, dict) else []
    if not records and isinstance(event, dict) and event.get("isFinalInvokeForWindow"):
        answer = call(event, context)
        say("closed", shard_id=event["shardId"], window=event["window"]["start"])
        return answer
    if not records or "kinesis" not in records[0]:
        return call(event, context)  # not a batch of Kinesis
    sequence_numbers = [record["kinesis"]["sequenceNumber"] for record in records]
    numbers = "\n".join(sequence_numbers)
    shard_id = records[0]["eventID"].partition(":")[0]
    # Sequence numbers have 56 digits, most of them equal. Compressed, they fit into one log line.
    packed = base64.b64encode(zlib.compress(numbers.encode(), 1)).decode()
    say(
        "begin",
        request_id=context.aws_request_id,
        shard_id=shard_id,
        records=len(records),
        last_arrival=records[-1]["kinesis"]["approximateArrivalTimestamp"],
        sequence_numbers=packed,
        window=event["window"]["start"] if "window" in event else None,
    )
    fail(len(records))
    time.sleep(SETTINGS["batch_seconds"] + SETTINGS["record_seconds"] * len(records))
    answer = call(event, context)
    try:
        reply = json.loads(json.dumps(answer, default=plain))
    except (TypeError, ValueError):
        return answer  # Lambda fails the invocation, because this cannot be sent
    if "window" in event:
        if not isinstance(reply, dict) or "state" not in reply:
            return answer  # it fails the batch of a tumbling window [DG:services-kinesis-windows]
        del reply["state"]
    places = read(reply, sequence_numbers)
    if by_chance("crash"):
        os._exit(1)
    if places and SETTINGS["raises"]:
        raise BatchFailed(f"record {sequence_numbers[min(places)]} cannot be processed")
    say(
        "end",
        request_id=context.aws_request_id,
        failed_from=sequence_numbers[min(places)] if places else None,
        reported=len(places or ()),
        unreadable=None if places is not None else repr(answer)[:SHOWN],
    )
    return answer


def plain(value: Any) -> float:
    """Return a decimal as a number, as Lambda's runtime does."""
    if type(value).__name__ == "Decimal":
        return float(value)
    raise TypeError


def read(reply: Any, sequence_numbers: list[str]) -> set[int] | None:
    """Return the positions of the records that a reply reports as failed.

    Returns:
        None if Lambda cannot read the reply, which fails the whole batch of a mapping that asks for
        partial batch responses [DG:services-kinesis-batchfailurereporting, OBS].
    """
    if reply in (None, "", [], {}):
        return set()
    if not isinstance(reply, dict) or "batchItemFailures" not in reply:
        return None
    failures = reply["batchItemFailures"]
    if failures is None:
        return set()
    if not isinstance(failures, list):
        return None
    known = {int(number): place for place, number in enumerate(sequence_numbers)}
    places = set()
    for failure in failures:
        number = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(number, str) or not number.isdecimal() or len(number) > MAX_DIGITS:
            return None
        if int(number) not in known:
            return None
        places.add(known[int(number)])
    return places


def fail(records: int) -> None:
    """Fail or wait before the work begins, as the settings say."""
    if by_chance("transient"):
        raise TransientError("by chance")
    if by_chance("hang"):
        time.sleep(SETTINGS["hang_seconds"])  # until the timeout ends the process
    if by_chance("slow"):
        time.sleep(SETTINGS["slow_seconds"])  # the simulated delay
    if SETTINGS["downstream"] is not None:
        call_downstream(records)


def call_downstream(records: int) -> None:
    """Pass records to the other service, which then accepts no more until it has had time for them.

    The service is an item of a table with the time at which it is free. A conditional write lets
    one of several execution environments have it, as a rate limit of AWS does.
    """
    now = time.time()
    try:
        dynamodb.update_item(
            TableName=SETTINGS["downstream_table"],
            Key={"service": {"S": "downstream"}},
            UpdateExpression="SET free_at = :then",
            ConditionExpression="attribute_not_exists(free_at) OR free_at <= :now",
            ExpressionAttributeValues={
                ":now": {"N": f"{now:.6f}"},
                ":then": {"N": f"{now + records / SETTINGS['downstream']:.6f}"},
            },
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        message = f"{records} records; the service accepts {SETTINGS['downstream']:g} a second"
        raise DownstreamThrottled(message) from None


def by_chance(kind: str) -> bool:
    """Return whether this invocation is one of a kind, chosen at random."""
    share: float = SETTINGS[kind]
    return random.random() < share


def say(probe: str, **facts: Any) -> None:
    """Log a line and flush it, because what follows may kill the process."""
    print(json.dumps({"probe": probe, **facts}), flush=True)
