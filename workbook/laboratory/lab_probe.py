"""The probe in the observed function: it calls the handler, and fails on request.

It logs the records of an invocation before the handler is called, and the outcome afterwards. The
experiment knows nothing but the log, so that it works on AWS too.

The environment variable PROBE has its settings as JSON, with times in real seconds: `handler`, the
`module.function` to call; `batch_seconds` and `record_seconds`, the time to spend on each batch and
on each of its records before the handler is called, as on a call to another service; `raises`,
whether a record that the handler reports fails the whole batch; the shares of invocations that are
`transient`, `crash`, `hang` or `slow`, with `hang_seconds` and `slow_seconds`; `downstream`, the
records a second that the other service takes.
"""

import base64
import importlib
import json
import os
import random
import time
import zlib
from typing import Any

SETTINGS = json.loads(os.environ["PROBE"])
module, _, name = SETTINGS["handler"].rpartition(".")
call = getattr(importlib.import_module(module), name)
free_at = 0.0  # when the other service takes records again


class BatchFailed(RuntimeError):
    """The handler reported a record, and that is to fail the whole batch."""


class TransientError(RuntimeError):
    """The invocation fails by chance; the next try may succeed."""


class DownstreamThrottled(RuntimeError):
    """The other service does not take so many records a second."""


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    """Call the handler, and log the records before and the outcome after.

    Raises:
        BatchFailed: the handler reported a record, and that fails the batch.
        TransientError: by chance.
        DownstreamThrottled: there were too many records in a short time.
        Exception: what the handler raises.
    """
    records = event["Records"]
    numbers = "\n".join(record["kinesis"]["sequenceNumber"] for record in records)
    shard_id = records[0]["eventID"].partition(":")[0]
    # Sequence numbers have 56 digits, most of them equal. Packed they fit into one log line.
    packed = base64.b64encode(zlib.compress(numbers.encode(), 1)).decode()
    say(
        "begin",
        request_id=context.aws_request_id,
        shard_id=shard_id,
        records=len(records),
        last_arrival=records[-1]["kinesis"]["approximateArrivalTimestamp"],
        sequence_numbers=packed,
    )
    fail(len(records))
    time.sleep(SETTINGS["batch_seconds"] + SETTINGS["record_seconds"] * len(records))
    answer = call(event, context)
    failures = answer.get("batchItemFailures") or [] if isinstance(answer, dict) else []
    failed_from = [failure["itemIdentifier"] for failure in failures]
    if by_chance("crash"):
        os._exit(1)
    if failed_from and SETTINGS["raises"]:
        raise BatchFailed(f"record {failed_from[0]} cannot be processed")
    say(
        "end",
        request_id=context.aws_request_id,
        failed_from=min(failed_from, key=int) if failed_from else None,
    )
    return answer


def fail(records: int) -> None:
    """Fail or be slow before the work begins, as the settings say."""
    global free_at
    if by_chance("transient"):
        raise TransientError("by chance")
    if by_chance("hang"):
        time.sleep(SETTINGS["hang_seconds"])  # until the timeout ends the process
    if by_chance("slow"):
        time.sleep(SETTINGS["slow_seconds"])  # the simulated delay
    if SETTINGS["downstream"] is not None:
        now = time.monotonic()
        if now < free_at:
            raise DownstreamThrottled(f"{records} records, {free_at - now:.3f} s too early")
        free_at = now + records / SETTINGS["downstream"]


def by_chance(kind: str) -> bool:
    """Return whether this invocation is one of a kind."""
    share: float = SETTINGS[kind]
    return random.random() < share


def say(probe: str, **facts: Any) -> None:
    """Log a line, and flush it, since what follows may kill the process."""
    print(json.dumps({"probe": probe, **facts}), flush=True)
