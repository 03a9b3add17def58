"""The handler alone, on one core, with a Kinesis client whose calls cost nothing."""

import base64
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from typing import Any

from benchmarks.measure import Aim, Contest, Result, Sizes
from workbook import events, flights, target

BATCHES = (100, 1_000, 10_000)
FLOOR = "base64 and json of the same records"
FLOOR_SHARE = 0.65
POWERTOOLS = "Powertools, BatchProcessor"


class TakesAll:
    """A Kinesis client that accepts everything and costs nothing."""

    def put_records(self, Records: list[Any], **_: Any) -> dict[str, Any]:
        """Accept all records."""
        return {"FailedRecordCount": 0, "Records": [{}] * len(Records)}


def measure(sizes: Sizes) -> Iterator[Result]:
    """Compare handlers by processor time, which other programs do not affect."""
    os.environ["OUTPUT_STREAM"] = "nowhere"
    os.environ.setdefault("AWS_DEFAULT_REGION", target.REGION)
    import handler  # late: it needs the environment variable
    from benchmarks.compared import blog, powertools

    vars(handler)["KINESIS"] = TakesAll()
    for size in BATCHES:
        sent = list(flights.events(flights.load(size)))
        event = events.kinesis_event(sent, partition_keys=[flights.event_id(e) for e in sent])
        timed = partial(rate, event, -(-sizes.core // size))
        yield Contest(
            "Handler alone",
            f"batches of {size:,}, on one core",
            "records/s",
            partial(timed, handler.lambda_handler),
            {
                "function as in blog posts, which checks nothing": partial(
                    timed, blog.lambda_handler
                ),
                POWERTOOLS: partial(timed, powertools.lambda_handler),
                f"{POWERTOOLS} and parser": partial(timed, powertools.parsing_handler),
            },
            (FLOOR, partial(timed, floor)),
            (Aim(FLOOR_SHARE, FLOOR),),
        ).run(sizes.rounds)


def floor(event: dict[str, Any], context: object) -> None:
    """Decode and encode each record, and nothing else."""
    for record in event["Records"]:
        data = json.loads(base64.b64decode(record["kinesis"]["data"]))
        json.dumps(data).encode()


def rate(event: dict[str, Any], times: int, function: Callable[..., Any]) -> float:
    """Return records per second of processor time."""
    began = time.process_time()
    with redirect_stdout(io.StringIO()):
        for _ in range(times):
            function(event, events.LambdaContext())
    return times * len(event["Records"]) / (time.process_time() - began)
