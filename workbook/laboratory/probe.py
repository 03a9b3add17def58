"""The handler under observation, which runs in an experiment's function beside handler.py.

It logs the records of an invocation before the handler is called, and the outcome afterwards. The
experiment knows nothing but the log, so that it works on AWS too.

Environment variables: BATCH_SECONDS and RECORD_SECONDS, the real time to spend on each batch and on
each of its records before the handler is called, as on a call to another service; BAD_RECORDS, how
to treat a record that the handler reports: `report` passes the report on, `raise` fails the batch.
"""

import base64
import json
import os
import time
import zlib
from typing import Any

import handler

BATCH_SECONDS = float(os.environ["BATCH_SECONDS"])
RECORD_SECONDS = float(os.environ["RECORD_SECONDS"])
RAISES = os.environ["BAD_RECORDS"] == "raise"


class BatchFailed(RuntimeError):
    """The handler reported a record, and BAD_RECORDS is `raise`."""


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Call the handler, and log the records before and the outcome after.

    Raises:
        BatchFailed: the handler reported a record, and BAD_RECORDS is `raise`.
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
    time.sleep(BATCH_SECONDS + RECORD_SECONDS * len(records))  # the simulated call
    answer = handler.lambda_handler(event, context)
    failed_from = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    if failed_from and RAISES:
        raise BatchFailed(f"record {failed_from[0]} cannot be processed")
    say(
        "end",
        request_id=context.aws_request_id,
        failed_from=failed_from[0] if failed_from else None,
    )
    return answer


def say(probe: str, **facts: Any) -> None:
    """Log a line, and flush it, since what follows may kill the process."""
    print(json.dumps({"probe": probe, **facts}), flush=True)
