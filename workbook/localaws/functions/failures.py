"""Why an invocation ended without a reply, and what its caller is told [OBS]."""

from dataclasses import dataclass

MAX_RESPONSE_BYTES = 6_291_556  # 6 MiB + 100


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an invocation or an initialisation ended without a reply.

    ``status`` and ``error_type`` are what REPORT says of it.
    """

    status: str
    error_type: str | None


TIMEOUT = Failure("timeout", None)


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
        # Lambda's words, and the folders in Lambda's environment: none of this machine.
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
