"""The lines that Lambda itself writes to a function's log [OBS], as text or as JSON."""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from workbook.localaws.api.partitions import partition
from workbook.localaws.clock import instant
from workbook.localaws.functions.outcome import Failure

TAIL_BYTES = 4096


def runtime_arn(label: str, region: str) -> str:
    """Return a runtime version's ARN, which ends in a digest as AWS's do."""
    digest = hashlib.sha256(label.encode()).hexdigest()
    return f"arn:{partition(region)}:lambda:{region}::runtime:{digest}"


def billed(milliseconds: float, init_milliseconds: float | None) -> int:
    """Return the billed duration in ms; it includes initialisation since 2025-08-01 [OBS].

    Args:
        milliseconds: the duration as the log shows it.
        init_milliseconds: the duration of initialisation in a cold start; otherwise None.
    """
    return math.ceil(round(milliseconds + (init_milliseconds or 0.0), 3))


class TextLines:
    """Lines in Lambda's text format; each method returns a line, or an empty string for none."""

    def init_start(self, label: str, arn: str) -> str:
        """Return the line written before a process starts."""
        return f"INIT_START Runtime Version: {label}\tRuntime Version ARN: {arn}\n"

    def init_report(self, milliseconds: float, phase: str, failure: Failure) -> str:
        """Return the line for a failed start; ``phase`` is ``init`` or ``invoke``."""
        return (
            f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}\t"
            f"{_status(failure)}\n"
        )

    def start(self, request_id: str, version: str) -> str:
        """Return the first line of an invocation."""
        return f"START RequestId: {request_id} Version: {version}\n"

    def end(self, request_id: str) -> str:
        """Return the line that follows the function's own lines."""
        return f"END RequestId: {request_id}\n"

    def report(
        self,
        request_id: str,
        milliseconds: float,
        memory: int,
        memory_used: int,
        init_milliseconds: float | None,
        failure: Failure | None,
    ) -> str:
        """Return the line with an invocation's duration and memory.

        Args:
            request_id: the invocation's.
            milliseconds: from the event's delivery to the response.
            memory: the function's memory, in MB.
            memory_used: the peak memory of the process, in MB.
            init_milliseconds: the duration of initialisation in a cold start; otherwise None.
            failure: None if the function responded, even with an error of the handler.
        """
        duration, init = _rounded(milliseconds, init_milliseconds, 2)
        line = (
            f"REPORT RequestId: {request_id}\tDuration: {duration:.2f} ms\t"
            f"Billed Duration: {billed(duration, init)} ms\t"
            f"Memory Size: {memory} MB\tMax Memory Used: {min(memory_used, memory)} MB\t"
        )
        if init is not None:
            line += f"Init Duration: {init:.2f} ms\t"
        return line + (_status(failure) if failure else "") + "\n"


def _rounded(
    milliseconds: float, init_milliseconds: float | None, digits: int
) -> tuple[float, float | None]:
    """Return duration and initialisation rounded as in the log."""
    init = None if init_milliseconds is None else round(init_milliseconds, digits)
    return round(milliseconds, digits), init


def _status(failure: Failure) -> str:
    status = f"Status: {failure.status}"
    return status + (f"\tError Type: {failure.error_type}" if failure.error_type else "")


class JsonLines(TextLines):
    """Lines in Lambda's JSON format [DG:monitoring-cloudwatchlogs-advanced].

    Args:
        now: returns the time, in seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def init_start(self, label: str, arn: str) -> str:
        """Return ``platform.initStart``."""
        return self._line(
            "initStart",
            initializationType="on-demand",
            phase="init",
            runtimeVersion=label,
            runtimeVersionArn=arn,
        )

    def init_report(self, milliseconds: float, phase: str, failure: Failure) -> str:
        """Return ``platform.initReport``."""
        return self._line(
            "initReport",
            initializationType="on-demand",
            phase=phase,
            metrics={"durationMs": round(milliseconds, 3)},
            **_outcome(failure),
        )

    def start(self, request_id: str, version: str) -> str:
        """Return ``platform.start``."""
        return self._line("start", requestId=request_id, version=version)

    def end(self, request_id: str) -> str:
        """Return an empty string: the JSON format has no such line."""
        return ""

    def report(
        self,
        request_id: str,
        milliseconds: float,
        memory: int,
        memory_used: int,
        init_milliseconds: float | None,
        failure: Failure | None,
    ) -> str:
        """Return ``platform.report``."""
        duration, init = _rounded(milliseconds, init_milliseconds, 3)
        metrics: dict[str, float] = {
            "durationMs": duration,
            "billedDurationMs": billed(duration, init),
            "memorySizeMB": memory,
            "maxMemoryUsedMB": min(memory_used, memory),
        }
        if init is not None:
            metrics["initDurationMs"] = init
        outcome = _outcome(failure) if failure else {"status": "success"}
        return self._line("report", requestId=request_id, metrics=metrics, **outcome)

    def _line(self, kind: str, **record: Any) -> str:
        line = {"time": instant(self._now()), "type": f"platform.{kind}", "record": record}
        return json.dumps(line, separators=(",", ":")) + "\n"


def _outcome(failure: Failure) -> dict[str, str]:
    outcome = {"status": failure.status}
    return {**outcome, "errorType": failure.error_type} if failure.error_type else outcome


def last(lines: list[str]) -> list[str]:
    """Return the lines that ``tail`` may include."""
    kept = 0
    for number in range(len(lines) - 1, -1, -1):
        kept += len(lines[number])
        if kept >= TAIL_BYTES:
            return lines[number:]
    return lines


def tail(lines: Sequence[str]) -> bytes:
    """Return the end of an invocation's log for ``LogType=Tail``: at most 4 KB."""
    return "".join(lines).encode()[-TAIL_BYTES:]
