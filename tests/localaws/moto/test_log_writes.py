"""PutLogEvents: which events are accepted, by which clock."""

import time
import uuid
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import refused
from workbook import target
from workbook.localaws.moto.log_writes import accepted
from workbook.target import Aws
from workbook.waiting import wait_until

HOUR, DAY = 3_600_000, 86_400_000
NOW = 1_700_000_000_000


def make(aws: Aws) -> dict[str, str]:
    """Create a log group and a log stream; return their names as parameters."""
    name = f"g-{uuid.uuid4().hex[:8]}"
    place = {"logGroupName": name, "logStreamName": "s"}
    aws.client("logs").create_log_group(logGroupName=name)
    aws.client("logs").create_log_stream(**place)
    return place


def event(timestamp: float, message: str = "m") -> dict[str, Any]:
    return {"timestamp": int(timestamp), "message": message}


@pytest.mark.parametrize(
    ("ages", "retention", "kept", "rejected"),
    [
        ([5, 0], None, [5, 0], {}),
        ([15 * DAY, 15 * DAY, 0], None, [0], {"tooOldLogEventEndIndex": 2}),
        ([2 * DAY, 0], 1, [0], {"expiredLogEventEndIndex": 1}),
        ([0, -3 * HOUR], None, [0], {"tooNewLogEventStartIndex": 1}),
        (
            [15 * DAY, 2 * DAY, 0, -3 * HOUR],
            1,
            [0],
            {
                "tooOldLogEventEndIndex": 1,
                "expiredLogEventEndIndex": 2,
                "tooNewLogEventStartIndex": 3,
            },
        ),
        ([-3 * HOUR], None, [], {"tooNewLogEventStartIndex": 0}),
    ],
)
def test_log_events_that_are_too_old_or_too_new_are_rejected(
    ages: list[int], retention: int | None, kept: list[int], rejected: dict[str, int]
) -> None:
    """[BC] 14 days or the group's retention, and two hours."""
    found, told = accepted([NOW - age for age in ages], NOW, retention)
    assert (ages[found], told) == (kept, rejected)


def test_a_batch_of_log_events_has_a_size_and_an_order(local: Aws) -> None:
    """[BC, OBS, SEEN]"""
    place, now = make(local), local.now() * 1000
    put = local.client("logs").put_log_events

    def message(*events: dict[str, Any]) -> str:
        return str(refused(put, **place, logEvents=list(events))["Error"]["Message"])

    assert message(event(now, "x" * 1_048_551)) == (
        "Log event too large: 1048577 bytes exceeds limit of 1048576"
    )
    assert message(*[event(now, "x" * 600_000)] * 2) == (
        "Upload too large: 1200052 bytes exceeds limit of 1048576"
    )
    assert message(event(now), event(now - 1)) == (
        "Log events in a single PutLogEvents request must be in chronological order."
    )
    assert "24 hours" in message(event(now - 2 * DAY), event(now))
    put(**place, logEvents=[event(now, "x" * 1_048_550)])


def test_log_events_are_accepted_by_the_clock_of_the_local_aws() -> None:
    """In time-lapse, its present is soon hours ahead of the computer's."""
    with target.connect(target.LOCAL, speed=10_000) as aws:
        place, logs = make(aws), aws.client("logs")
        wait_until("the clocks to differ", lambda: aws.now() - time.time() > 3 * 3600)
        answer = logs.put_log_events(**place, logEvents=[event(aws.now() * 1000)])
        assert "rejectedLogEventsInfo" not in answer
        assert len(logs.get_log_events(**place)["events"]) == 1
