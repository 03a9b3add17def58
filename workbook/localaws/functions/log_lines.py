"""The lines that Lambda itself writes into a function's log [OBS], as text or as JSON."""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from workbook.localaws.functions.outcome import Failure

TAIL_BYTES = 4096


def runtime_arn(label: str, region: str) -> str:
    """A runtime version's ARN; ends in a digest, as AWS's do."""
    return f"arn:aws:lambda:{region}::runtime:{hashlib.sha256(label.encode()).hexdigest()}"


def billed(milliseconds: float, init_milliseconds: float | None) -> int:
    """What is paid for; initialisation counts since 2025-08-01 [OBS]."""
    return math.ceil(round(milliseconds + (init_milliseconds or 0.0), 2))


class TextLines:
    """Lines in Lambda's text format; each method gives one, or an empty string for none."""

    def init_start(self, label: str, arn: str) -> str:
        """The process starts."""
        return f"INIT_START Runtime Version: {label}\tRuntime Version ARN: {arn}\n"

    def init_report(self, milliseconds: float, phase: str, failure: Failure) -> str:
        """It could not start; ``phase`` is ``init`` or ``invoke``."""
        return (
            f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}\t"
            f"{_status(failure)}\n"
        )

    def start(self, request_id: str, version: str) -> str:
        """The first line of an invocation."""
        return f"START RequestId: {request_id} Version: {version}\n"

    def end(self, request_id: str) -> str:
        """After the last line that the function wrote."""
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
        """What the invocation took.

        Args:
            request_id: the invocation's.
            milliseconds: from the event's delivery to the reply.
            memory: the function's, in MB.
            memory_used: the most that the process used, in MB.
            init_milliseconds: of a cold start, else None.
            failure: None after a reply, an error of the handler included.
        """
        line = (
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {billed(milliseconds, init_milliseconds)} ms\t"
            f"Memory Size: {memory} MB\tMax Memory Used: {min(memory_used, memory)} MB\t"
        )
        if init_milliseconds is not None:
            line += f"Init Duration: {init_milliseconds:.2f} ms\t"
        return line + (_status(failure) if failure else "") + "\n"


def _status(failure: Failure) -> str:
    status = f"Status: {failure.status}"
    return status + (f"\tError Type: {failure.error_type}" if failure.error_type else "")


class JsonLines(TextLines):
    """Lines in Lambda's JSON format [DG:monitoring-cloudwatchlogs-advanced].

    Args:
        now: gives the time, in seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def init_start(self, label: str, arn: str) -> str:
        """As text has it."""
        return self._line(
            "initStart",
            initializationType="on-demand",
            phase="init",
            runtimeVersion=label,
            runtimeVersionArn=arn,
        )

    def init_report(self, milliseconds: float, phase: str, failure: Failure) -> str:
        """As text has it."""
        return self._line(
            "initReport",
            initializationType="on-demand",
            phase=phase,
            metrics={"durationMs": round(milliseconds, 3)},
            **_outcome(failure),
        )

    def start(self, request_id: str, version: str) -> str:
        """As text has it."""
        return self._line("start", requestId=request_id, version=version)

    def end(self, request_id: str) -> str:
        """The JSON format has no such line."""
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
        """As text has it."""
        metrics: dict[str, float] = {
            "durationMs": round(milliseconds, 3),
            "billedDurationMs": billed(milliseconds, init_milliseconds),
            "memorySizeMB": memory,
            "maxMemoryUsedMB": min(memory_used, memory),
        }
        if init_milliseconds is not None:
            metrics["initDurationMs"] = round(init_milliseconds, 3)
        outcome = _outcome(failure) if failure else {"status": "success"}
        return self._line("report", requestId=request_id, metrics=metrics, **outcome)

    def _line(self, kind: str, **record: Any) -> str:
        moment = datetime.fromtimestamp(self._now(), UTC)
        time = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
        line = {"time": time, "type": f"platform.{kind}", "record": record}
        return json.dumps(line, separators=(",", ":")) + "\n"


def _outcome(failure: Failure) -> dict[str, str]:
    outcome = {"status": failure.status}
    return {**outcome, "errorType": failure.error_type} if failure.error_type else outcome


def tail(lines: Sequence[str]) -> bytes:
    """The end of an invocation's log, as ``LogType=Tail`` gives it: at most 4 KB."""
    return "".join(lines).encode()[-TAIL_BYTES:]
