"""The handler under observation, beside the function that is tried; it is ``workbook_probe`` there.

It logs the records of a batch before the function is called, and the outcome afterwards, in the
form of the laboratory's probe.  Standard library only.

Environment variable: WORKBOOK_HANDLER, the function's own ``module.function``.
"""

import base64
import importlib
import json
import os
import zlib

TYPE_CHECKING = False  # as in typing, which takes a while to import
if TYPE_CHECKING:
    from typing import Any

module, _, name = os.environ["WORKBOOK_HANDLER"].rpartition(".")
function = getattr(importlib.import_module(module.replace("/", ".")), name)


def handler(event: "dict[str, Any]", context: "Any") -> "Any":
    """Call the function, and log the records before and the outcome after."""
    records = event.get("Records") or [] if isinstance(event, dict) else []
    if not records or "kinesis" not in records[0]:
        return function(event, context)
    numbers = "\n".join(record["kinesis"]["sequenceNumber"] for record in records)
    say(
        "begin",
        request_id=context.aws_request_id,
        shard_id=records[0]["eventID"].partition(":")[0],
        records=len(records),
        last_arrival=records[-1]["kinesis"]["approximateArrivalTimestamp"],
        sequence_numbers=base64.b64encode(zlib.compress(numbers.encode(), 1)).decode(),
    )
    answer = function(event, context)
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    reported = [one.get("itemIdentifier") for one in failures or [] if isinstance(one, dict)]
    known = sorted(int(str(one)) for one in reported if str(one).isdigit())
    say(
        "end",
        request_id=context.aws_request_id,
        failed_from=known[0] if known else None,
        reports=failures is not None,
    )
    return answer


def say(probe: str, **facts: "Any") -> None:
    """Log a line, and flush it, since what follows may kill the process."""
    print(json.dumps({"probe": probe, **facts}), flush=True)
