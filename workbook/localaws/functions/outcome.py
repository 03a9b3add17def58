"""Outcomes of invocations and initialisations, and the documents returned to callers [OBS]."""

import json
from dataclasses import dataclass

from workbook.localaws.interfaces import Invocation

UNHANDLED = "Unhandled"  # the only function error that AWS still uses
MAX_RESPONSE_BYTES = 6_291_556  # 6 MiB + 100


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a process ended without a response, as shown in REPORT."""

    status: str
    error_type: str | None = None


TIMEOUT = Failure("timeout")
OUT_OF_MEMORY = Failure("error", "Runtime.OutOfMemory")
STOPPED = Failure("error")


@dataclass(frozen=True, slots=True)
class Outcome(Invocation):
    """How an invocation ended, with details for its log and for callers over HTTP.

    Args:
        failure: None if the handler returned or raised an exception.
        milliseconds: the duration in milliseconds.
        log: the invocation's log lines, from START to REPORT.
    """

    failure: Failure | None = None
    milliseconds: float = 0.0
    log: tuple[str, ...] = ()


def replied(request_id: str, version: str, payload: bytes) -> Outcome:
    """Return the outcome of a handler that returned."""
    return Outcome(request_id, payload, None, version)


def failed(
    request_id: str, version: str, document: bytes, failure: Failure | None = None
) -> Outcome:
    """Return the outcome of a handler that raised an exception, or of a process that ended."""
    return Outcome(request_id, document, UNHANDLED, version, failure)


def timed_out(request_id: str, seconds: float) -> bytes:
    """Return the document for a timeout [OBS]."""
    return _document("Sandbox.Timedout", request_id, f"Task timed out after {seconds:.2f} seconds")


EXIT_ERROR = "Runtime.ExitError"


def exited(request_id: str, status: int) -> bytes:
    """Return the document for a process that ended; a negative ``status`` is a signal's number."""
    if status == 0:
        reason = "Runtime exited without providing a reason"
    elif status > 0:
        reason = f"Runtime exited with error: exit status {status}"
    else:
        names = {9: "killed", 11: "segmentation fault", 6: "aborted", 15: "terminated"}
        reason = f"Runtime exited with error: signal: {names.get(-status, -status)}"
    return _document(EXIT_ERROR, request_id, reason)


INVALID_ENTRYPOINT = "Runtime.InvalidEntrypoint"


def cannot_start(request_id: str, program: str, problem: OSError) -> bytes:
    """Return the document for a ``bootstrap`` that is missing or cannot be executed here."""
    if isinstance(problem, FileNotFoundError):
        # Lambda's message, with the folders of Lambda's environment instead of this machine's.
        reason = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    else:
        reason = f"fork/exec {program}: {(problem.strerror or str(problem)).lower()}"
    return _document(INVALID_ENTRYPOINT, request_id, reason)


TOO_LARGE = {
    "errorType": "Function.ResponseSizeTooLarge",
    "errorMessage": (
        f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
    ),
}


def _document(error_type: str, request_id: str, reason: str) -> bytes:
    message = f"RequestId: {request_id} Error: {reason}"
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()
