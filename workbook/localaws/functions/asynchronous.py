"""Asynchronous invocations: the wait between tries, when to give up, and what is then recorded.

Pure: ``service`` runs the tries and ``destinations`` sends the records.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from workbook.localaws.function_arn import Reference
from workbook.localaws.functions.configuration import LATEST

MAX_BYTES = 1_048_576
RETRY_WAITS = (60.0, 120.0)  # seconds before the second and the third try [DG:invocation-async]
MAX_RETRIES = len(RETRY_WAITS)
MAX_AGE_SECONDS = 21_600
THROTTLE_WAIT, MAX_THROTTLE_WAIT = 1.0, 300.0

SUCCESS = "Success"
RETRIES_EXHAUSTED = "RetriesExhausted"
EVENT_AGE_EXCEEDED = "EventAgeExceeded"
ZERO_RESERVED = "ZeroReservedConcurrency"


@dataclass(frozen=True, slots=True)
class Policy:
    """A function's settings of asynchronous invocations; destinations are ARNs or None."""

    retries: int
    max_age: int
    on_success: str | None
    on_failure: str | None


def policy(config: dict[str, Any]) -> Policy:
    """Read an EventInvokeConfig, with AWS's defaults."""
    destinations = config.get("DestinationConfig") or {}
    return Policy(
        config.get("MaximumRetryAttempts", MAX_RETRIES),
        config.get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS),
        (destinations.get("OnSuccess") or {}).get("Destination"),
        (destinations.get("OnFailure") or {}).get("Destination"),
    )


def after_error(policy: Policy, tries: int, age: float) -> float | str:
    """What follows a try that failed: seconds to wait for the next, or the condition of the end.

    Args:
        policy: the function's.
        tries: how many there were.
        age: seconds since the event was accepted.
    """
    if tries > policy.retries:
        return RETRIES_EXHAUSTED
    wait = RETRY_WAITS[tries - 1]
    return wait if age + wait <= policy.max_age else EVENT_AGE_EXCEEDED


def after_throttle(policy: Policy, throttles: int, age: float) -> float | str:
    """What follows a throttled try, which uses up no retry; as ``after_error``."""
    wait: float = min(MAX_THROTTLE_WAIT, THROTTLE_WAIT * 2 ** (throttles - 1))
    return wait if age + wait <= policy.max_age else EVENT_AGE_EXCEEDED


def record(
    reference: Reference,
    request_id: str,
    now: float,
    condition: str,
    tries: int,
    request: bytes,
    response: bytes | None,
    function_error: str | None,
) -> dict[str, Any]:
    """What a destination gets [DG:invocation-async-retain-records].

    Args:
        reference: the function that was called.
        request_id: the same for all tries.
        now: seconds since the epoch.
        condition: why it ended.
        tries: how often the function ran.
        request: the event.
        response: the last reply or error; None when it never ran.
        function_error: ``Unhandled`` or None.
    """
    moment = datetime.fromtimestamp(now, UTC)
    qualifier = reference.qualifier or LATEST
    document: dict[str, Any] = {
        "version": "1.0",
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "requestContext": {
            "requestId": request_id,
            "functionArn": Reference(reference.region, reference.name, qualifier).arn,
            "condition": condition,
            "approximateInvokeCount": tries,
        },
        "requestPayload": orjson.loads(request),
    }
    if response is not None:
        document["responseContext"] = {"statusCode": 200, "executedVersion": qualifier}
        if function_error:
            document["responseContext"]["functionError"] = function_error
        document["responsePayload"] = orjson.loads(response)
    return document
