"""The lines that Lambda itself writes into a function's log [OBS], and what is said of failures."""

import hashlib
import math
from dataclasses import dataclass

INIT_LIMIT_SECONDS = 10.0
MAX_RESPONSE_BYTES = 6_291_556  # 6 MiB + 100
TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an invocation or an initialisation ended without a reply.

    ``status`` and ``error_type`` are what REPORT says of it.
    """

    status: str
    error_type: str | None


TIMEOUT = Failure("timeout", None)


def init_start(version: str, region: str) -> str:
    """INIT_START with the interpreter that really runs: ``3.11.7`` shows as python:3.11.v7."""
    major, minor, micro = version.split(".", 2)
    label = f"python:{major}.{minor}.v{micro}"
    return _init_start(label, region)


def init_start_provided(runtime: str, region: str) -> str:
    """INIT_START of a function that brings its own bootstrap."""
    return _init_start(runtime.replace("provided.", "provided:") + ".v1", region)


def _init_start(label: str, region: str) -> str:
    arn = runtime_arn(label, region)
    return f"INIT_START Runtime Version: {label}\tRuntime Version ARN: {arn}\n"


def runtime_arn(label: str, region: str) -> str:
    """A runtime version's ARN; ends in a digest, as AWS's do."""
    return f"arn:aws:lambda:{region}::runtime:{hashlib.sha256(label.encode()).hexdigest()}"


def init_report(milliseconds: float, phase: str, failure: Failure) -> str:
    """INIT_REPORT of an initialisation that failed; ``phase`` is ``init`` or ``invoke``."""
    return f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}{_status(failure)}\n"


def start(request_id: str, version: str) -> str:
    """START, the first line of an invocation."""
    return f"START RequestId: {request_id} Version: {version}\n"


def end(request_id: str) -> str:
    """END, after the last line that the function wrote."""
    return f"END RequestId: {request_id}\n"


def report(
    request_id: str,
    milliseconds: float,
    memory: int,
    memory_used: int,
    init_milliseconds: float | None,
    failure: Failure | None,
) -> str:
    """REPORT; initialisation is billed since 2025-08-01 [OBS].

    Args:
        request_id: the invocation's.
        milliseconds: from the event's delivery to the reply.
        memory: the function's, in MB.
        memory_used: the most that the process used, in MB.
        init_milliseconds: of a cold start, else None.
        failure: None after a reply, an error of the handler included.
    """
    billed = math.ceil(round(milliseconds + (init_milliseconds or 0.0), 2))
    line = (
        f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
        f"Billed Duration: {billed} ms\tMemory Size: {memory} MB\t"
        f"Max Memory Used: {min(memory_used, memory)} MB\t"
    )
    if init_milliseconds is not None:
        line += f"Init Duration: {init_milliseconds:.2f} ms\t"
    return line + (_status(failure).lstrip("\t") if failure else "") + "\n"


def _status(failure: Failure) -> str:
    status = f"\tStatus: {failure.status}"
    return status + (f"\tError Type: {failure.error_type}" if failure.error_type else "")


def timed_out(request_id: str, seconds: float) -> dict[str, str]:
    """The reply to an invocation that took too long [OBS]."""
    return {
        "errorType": "Sandbox.Timedout",
        "errorMessage": (
            f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
        ),
    }


def exited(request_id: str, status: int) -> dict[str, str]:
    """The reply when the process ended; ``status`` below 0 is the signal that ended it."""
    if status == 0:
        reason = "Runtime exited without providing a reason"
    elif status > 0:
        reason = f"Runtime exited with error: exit status {status}"
    else:
        names = {9: "killed", 11: "segmentation fault", 6: "aborted", 15: "terminated"}
        reason = f"Runtime exited with error: signal: {names.get(-status, -status)}"
    return {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: {reason}",
    }


def cannot_start(request_id: str, program: str, problem: OSError) -> dict[str, str]:
    """The reply when ``bootstrap`` is missing or cannot be executed on this machine."""
    if isinstance(problem, FileNotFoundError):
        reason = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    else:
        reason = f"fork/exec {program}: {(problem.strerror or str(problem)).lower()}"
    return {
        "errorType": "Runtime.InvalidEntrypoint",
        "errorMessage": f"RequestId: {request_id} Error: {reason}",
    }


TOO_LARGE = {
    "errorType": "Function.ResponseSizeTooLarge",
    "errorMessage": (
        f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
    ),
}


def tail(lines: list[str]) -> bytes:
    """The end of an invocation's log, as ``LogType=Tail`` gives it: at most 4 KB."""
    return "".join(lines).encode()[-TAIL_BYTES:]
