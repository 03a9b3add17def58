"""Rules of asynchronous invocations: pauses, when to give up, and what to record.

These are pure functions: ``event_queue`` makes the attempts and sends the records.
"""

from typing import Any

import orjson

from workbook.localaws.clock import instant
from workbook.localaws.function_arn import Reference
from workbook.localaws.functions.configuration import LATEST, EventInvokeConfig
from workbook.localaws.functions.outcome import Outcome
from workbook.localaws.interfaces import Document

MAX_BYTES = 1_048_576
MAX_ERROR_CHARACTERS = 1_024  # of the error message in a dead-letter queue
RETRY_WAITS = (60.0, 120.0)  # seconds before the second and third attempts [DG:invocation-async]
THROTTLE_WAIT, MAX_THROTTLE_WAIT = 1.0, 300.0

SUCCESS = "Success"
RETRIES_EXHAUSTED = "RetriesExhausted"
EVENT_AGE_EXCEEDED = "EventAgeExceeded"
ZERO_RESERVED = "ZeroReservedConcurrency"


def after_error(config: EventInvokeConfig, tries: int, age: float) -> float | str:
    """Return the seconds to wait before the next attempt, or the condition that ends the event.

    Args:
        config: the function's settings.
        tries: the number of failed attempts.
        age: the time in seconds since the event was accepted.
    """
    if tries > config.retries:
        return RETRIES_EXHAUSTED
    wait = RETRY_WAITS[tries - 1]
    return wait if age + wait <= config.max_age else EVENT_AGE_EXCEEDED


def after_throttle(config: EventInvokeConfig, throttles: int, age: float) -> float | str:
    """Return the same as ``after_error``, for a throttled attempt, which uses up no retry."""
    wait: float = min(MAX_THROTTLE_WAIT, THROTTLE_WAIT * 2 ** (throttles - 1))
    return wait if age + wait <= config.max_age else EVENT_AGE_EXCEEDED


def record(
    reference: Reference,
    request_id: str,
    now: float,
    condition: str,
    tries: int,
    request: bytes,
    outcome: Outcome | None,
) -> dict[str, Any]:
    """Return the record for a destination [DG:invocation-async-retain-records].

    Args:
        reference: the function that was invoked.
        request_id: the same for all attempts.
        now: the time, in seconds since the epoch.
        condition: why the invocation ended.
        tries: how often the function ran.
        request: the event.
        outcome: of the last attempt; None if the function never ran.
    """
    qualifier = reference.qualifier or LATEST
    document: dict[str, Any] = {
        "version": "1.0",
        "timestamp": instant(now),
        "requestContext": {
            "requestId": request_id,
            "functionArn": Reference(reference.region, reference.name, qualifier).arn,
            "condition": condition,
            "approximateInvokeCount": tries,
        },
        "requestPayload": _as_json(request),
    }
    if outcome is not None:
        document["responseContext"] = {
            "statusCode": 200,
            "executedVersion": outcome.executed_version,
        }
        if outcome.function_error is not None:
            document["responseContext"]["functionError"] = outcome.function_error
        document["responsePayload"] = _as_json(outcome.payload)
    return document


def dead_letter(request_id: str, request: bytes, outcome: Outcome | None) -> Document:
    """Return the dead-letter message: the event, with the reason for giving it up in attributes.

    For an event that never ran, the reason is that of a throttled invocation (our choice)
    [DG:invocation-async-retain-records].

    Args:
        request_id: the same for all attempts.
        request: the event.
        outcome: of the last attempt; None if the function never ran.
    """
    code, message = "429", "Rate Exceeded."
    if outcome is not None:
        code, body = "200", _as_json(outcome.payload)
        found = body.get("errorMessage") if isinstance(body, dict) else None
        message = str(found)[:MAX_ERROR_CHARACTERS] if found else outcome.function_error or ""
    return Document(
        request,
        attributes=(
            ("RequestID", "String", request_id),
            ("ErrorCode", "Number", code),
            ("ErrorMessage", "String", message),
        ),
    )


def _as_json(payload: bytes) -> Any:
    """Return a payload as the record contains it; if it is not JSON, as a string (our choice)."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload.decode(errors="replace")
