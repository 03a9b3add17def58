"""Small experiments, hand-made results, and what must hold after each."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from workbook import laboratory as lab
from workbook.laboratory.logbook import COLUMNS, Invocation
from workbook.laboratory.result import failures_table
from workbook.target import Aws

SHARD = "shardId-000000000000"
FIRST = 10**55  # a sequence number; the following ones are consecutive


def experiment(**settings: Any) -> lab.Experiment:
    """A small burst, with the shortest windows and retries.

    Patience is by a clock that runs 100 times as fast: a slow machine needs a lot of it.
    """
    base = lab.Experiment(
        workload=lab.Workload(records=60, rate=math.inf),
        mapping={"MaximumBatchingWindowInSeconds": 0, "MaximumRetryAttempts": 1},
        patience=18_000.0,
    )
    return base.vary(**settings)


def assert_nothing_is_left(aws: Aws) -> None:
    assert not [n for n in aws.client("kinesis").list_streams()["StreamNames"] if "lab-" in n]
    functions = aws.client("lambda").list_functions()["Functions"]
    assert not [f for f in functions if f["FunctionName"].startswith("lab-")]
    assert not [r for r in aws.client("iam").list_roles()["Roles"] if "lab-" in r["RoleName"]]
    assert not aws.client("sqs").list_queues(QueueNamePrefix="lab-").get("QueueUrls")
    tables = aws.client("dynamodb").list_tables()["TableNames"]
    assert not [name for name in tables if name.startswith("lab-")]
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/lab-")
    assert not groups["logGroups"]


# --- hand-made parts of a result


def moment(seconds: float) -> pd.Timestamp:
    return pd.Timestamp("2026-01-01T00:00:00Z") + pd.Timedelta(seconds=seconds)


def stream(*numbers: int, places: Sequence[int] | None = None) -> pd.DataFrame:
    """A stream with these records, one a second; ``places`` are their sequence numbers' ends."""
    return pd.DataFrame(
        {
            "n": pd.array(numbers, "Int64"),
            "sent_at": pd.array([moment(0).timestamp()] * len(numbers), "Float64"),
            "shard_id": SHARD,
            "sequence_number": [str(FIRST + place) for place in places or numbers],
            "partition_key": "key",
            "arrival_time": [moment(at) for at in range(len(numbers))],
        }
    )


def invocation(request_id: str, *places: int, answered: bool = False) -> Invocation:
    """An invocation with the records at these places, ten seconds after the start."""
    started = int(moment(10).timestamp() * 1000)
    report = {"Duration": "1.0", "Billed Duration": "1", "Memory Size": "256"}
    numbers = [FIRST + place for place in places]
    return Invocation(
        request_id, "e", SHARD, numbers, 0.0, started, started + 1, report, None, answered
    )


def failure(first: int, last: int, records: int, at: float = 20.0) -> dict[str, Any]:
    """The document of a batch that was given up, from its first to its last place."""
    return {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 1},
        "timestamp": moment(at).isoformat(),
        "KinesisBatchInfo": {
            "shardId": SHARD,
            "batchSize": records,
            "startSequenceNumber": str(FIRST + first),
            "endSequenceNumber": str(FIRST + last),
        },
    }


def empty_result(experiment: lab.Experiment) -> lab.Result:
    """The result of an experiment in which one record was sent and nothing else happened."""
    records = pd.DataFrame(
        {
            "sent": [moment(0)],
            "written": pd.Series([pd.NaT], dtype="datetime64[us, UTC]"),
            "latency_ms": [math.nan],
            "fate": ["pending"],
            "poison": [False],
            "copies": [0],
        }
    )
    invocations = pd.DataFrame({name: [] for name in COLUMNS}).astype(
        {**COLUMNS, "started": "datetime64[us, UTC]", "ended": "datetime64[us, UTC]"}
    )
    return lab.Result(experiment.as_dict(), invocations, records, failures_table([]))
