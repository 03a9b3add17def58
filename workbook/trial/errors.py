"""The first error of a function, and the record that it failed on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbook.laboratory.logbook import REPORT, START, Invocation
from workbook.laboratory.pipeline import PROBE

NO_STATE = "The function's reply has no state, which a tumbling window needs."
STATUS = "Status: "  # in the REPORT line of an invocation that Lambda ended
TIMEOUT = re.compile(r"Duration: (\S+) ms.*Status: timeout")

# Frames of the probe, and of its import of your module, each with its line of code.
HIDDEN = re.compile(
    rf' *File "/var/task/{PROBE.name}".*\n(?: {{4,}}.*\n?)*'
    r'| *File "[^"]*/importlib/__init__\.py".*\n(?: {4,}.*\n?)*'
    r'| *File "<frozen importlib\._[^"]*".*\n(?: {4,}.*\n?)*'
)


@dataclass(frozen=True)
class FirstError:
    """The first error of the function.

    Args:
        text: its traceback, or the log's message about it.
        record: the only record of the smallest batch with this error, or the first of several;
            empty if the function was never called.
        records: the number of records in that batch; if it is 1, the function fails on that record
            alone.
    """

    text: str
    record: str
    records: int


@dataclass(frozen=True)
class Log:
    """A function's log, searched for errors.

    Args:
        lines: the lines in order of time, without the probe's.
        errors: the error of each invocation, by request id.
        reports: the REPORT line of each invocation, by request id.
        loading: the error of the first attempt to load the function, if it failed.
    """

    lines: list[str]
    errors: dict[str, str]
    reports: dict[str, str]
    loading: str

    @property
    def failed(self) -> set[str]:
        """Return the request ids of invocations that ended with an error, where Lambda logs it."""
        return {one for one, line in self.reports.items() if one in self.errors or STATUS in line}

    @classmethod
    def of(cls, events: Sequence[Mapping[str, Any]]) -> "Log":
        """Return the log made of events from CloudWatch Logs."""
        lines: list[str] = []
        errors: dict[str, str] = {}
        reports: dict[str, str] = {}
        loading = ""
        current: dict[str, str] = {}  # the current invocation in each log stream
        for event in events:
            stream, line = event["logStreamName"], event["message"]
            if found := START.match(line):
                current[stream] = found[1]
            elif found := REPORT.match(line):
                reports[found[1]] = line
                current.pop(stream, None)
            elif line.startswith("[ERROR]"):
                if stream in current:
                    errors.setdefault(current[stream], line)
                loading = loading or ("" if stream in current else line)
            mine, _, _ = line.partition('{"probe": ')
            if mine:
                lines.append(mine)
        return cls(lines, errors, reports, loading)


def first(
    log: Log,
    invocations: Sequence[Invocation],
    data: Mapping[int, bytes],
    module: str,
    reports_failures: bool,
) -> FirstError | None:
    """Return the first error; None if there was none.

    Args:
        log: the function's log.
        invocations: the invocations, in order of their start.
        data: the data of each record, by sequence number.
        module: the function's module, which messages name instead of the probe.
        reports_failures: whether the mapping respects partial batch responses.
    """
    failed = [one for one in invocations if one.outcome(reports_failures) != "ok"]
    if not failed:
        if invocations or not log.loading:
            return None
        return FirstError(_clean(log.loading, module), "", 0)

    def kind(one: Invocation) -> str:
        """Return what errors of the same kind share: the outcome, and the type of the exception."""
        head = log.errors.get(one.request_id, "").partition("\n")[0]
        return f"{one.outcome(reports_failures)} {' '.join(head.split(' ')[:2])}"

    leader = failed[0]
    of_kind = [
        one
        for one in failed
        if kind(one) == kind(leader) and set(one.sequence_numbers) <= set(leader.sequence_numbers)
    ]
    smallest = min(of_kind, key=lambda one: len(one.sequence_numbers))
    partial = leader.outcome(reports_failures) == "partial"
    number = (leader.failed_from if partial else None) or smallest.sequence_numbers[0]
    return FirstError(
        _clean(_text(log, leader, reports_failures), module),
        data[number].decode("utf-8", "replace"),
        1 if partial else len(smallest.sequence_numbers),
    )


def _text(log: Log, one: Invocation, reports_failures: bool) -> str:
    if one.outcome(reports_failures) == "partial":
        return f"The function reported record {one.failed_from}."
    if one.answered:
        return (
            f"The function returned {one.unreadable}, which is not a partial batch response for "
            "records of its batch."
        )
    report = log.reports.get(one.request_id, "")
    if found := TIMEOUT.search(report):
        seconds = float(found[1]) / 1000
        return f"The function did not end within its timeout of {seconds:g} s.\n{report}"
    return log.errors.get(one.request_id) or (report if STATUS in report else NO_STATE)


def _clean(text: str, module: str) -> str:
    """Return an error as it would read without the probe."""
    shown = text.replace("\xa0", " ").replace(f"'{PROBE.stem}'", f"'{module}'")
    return HIDDEN.sub("", shown)
