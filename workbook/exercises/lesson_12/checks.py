"""Judge the exercises of notebook 12: lines of a log record, a change, a table of its changes."""

import gzip
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from workbook.exercises import trials
from workbook.exercises.values import items, shown, table

Image = dict[str, dict[str, str]]

# --- 1

CONTROL = "CONTROL_MESSAGE"


def _record(kind: str, *lines: str) -> bytes:
    """The data of a record, as a subscription filter writes it."""
    is_control = kind == CONTROL
    document = {
        "messageType": kind,
        "owner": "CloudwatchLogs" if is_control else "123456789012",
        "logGroup": "" if is_control else "/aws/lambda/lesson-12-desk",
        "logStream": "" if is_control else "one",
        "subscriptionFilters": [] if is_control else ["late"],
        "logEvents": [
            {
                "id": "" if is_control else f"{n:056d}",
                "timestamp": 1_767_225_600_000 + n,
                "message": line,
            }
            for n, line in enumerate(lines, 1)
        ],
    }
    return gzip.compress(json.dumps(document).encode())


def messages(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with one line, with several, with plain text, and with a test."""
    for lines in (['{"dep_delay": 66}\n'], ["b 1\n", "a 2\n", "a 2\n"], ["REPORT", '{"x": 1}']):
        found = _lines(answer, _record("DATA_MESSAGE", *lines))
        if found == lines or found == [line.strip() for line in lines]:
            continue
        told = f"For a record with the lines {shown(lines)}, your function returns {shown(found)}."
        if found and all(isinstance(line, Mapping) for line in found):
            if all("message" in line for line in found):
                return f"{told} Take the `message` of each log event."
            return f"{told} Return each line as the string that it is."
        if found == lines[::-1]:
            return f"{told} Keep the order of the log events."
        if len(found) < len(lines):
            return f"{told} Some lines are missing: a line need not be JSON, and two may be alike."
        return told
    test = "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."
    control = _record(CONTROL, test)
    if trials.run(answer, control) is None:
        return "For a control message, your function returns nothing. Return an empty list."
    found = _lines(answer, control)
    if found:
        return f"For a control message, your function returns {shown(found)}. It has no log line."
    return None


def _lines(answer: Any, data: bytes) -> list[Any]:
    return items(trials.call(answer, data), "The result")


# --- 2


def _change(name: str, moment: int, old: Image | None, new: Image | None) -> dict[str, Any]:
    """The parsed record of a change, as DynamoDB writes it."""
    image = new or old or {}
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": 1_767_225_600_000_000 + moment,
        "Keys": {"plane": image["plane"]},
        **({"NewImage": new} if new else {}),
        **({"OldImage": old} if old else {}),
        "SizeBytes": 40,
        "ApproximateCreationDateTimePrecision": "MICROSECOND",
    }
    return {
        "awsRegion": "us-east-1",
        "eventID": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {moment}")),
        "eventName": name,
        "userIdentity": None,
        "recordFormat": "application/json",
        "tableName": "lesson-12-planes",
        "dynamodb": change,
        "eventSource": "aws:dynamodb",
    }


def _image(dest: str, delay: str | None = None, plane: str = "N14228") -> Image:
    return {
        "plane": {"S": plane},
        "dest": {"S": dest},
        **({} if delay is None else {"delay": {"N": delay}}),
    }


def changed(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with changes of each kind, and of one attribute after the other."""
    cases: list[tuple[str, Image | None, Image | None, set[str], str]] = [
        (
            "MODIFY",
            _image("IAH", "2"),
            _image("MIA", "2"),
            {"dest"},
            "Only `dest` has another value.",
        ),
        ("MODIFY", _image("IAH", "2"), _image("MIA", "9"), {"dest", "delay"}, "Two have another."),
        (
            "MODIFY",
            _image("IAH", "9"),
            {**_image("IAH"), "delay": {"S": "9"}},
            {"delay"},
            "`delay` was a number, and is a string now.",
        ),
        ("MODIFY", _image("IAH"), _image("IAH", "9"), {"delay"}, "`delay` was not there before."),
        ("MODIFY", _image("IAH", "9"), _image("IAH"), {"delay"}, "`delay` is not there any more."),
        ("INSERT", None, _image("IAH", "2"), {"plane", "dest", "delay"}, "All are new."),
        ("REMOVE", _image("IAH", "2"), None, {"plane", "dest", "delay"}, "All are gone."),
    ]
    for name, old, new, right, why in cases:
        found = items(trials.call(answer, _change(name, 1, old, new)), "The result")
        if set(map(str, found)) != right:
            images = f"old image {shown(old)}, new image {shown(new)}"
            return f"For a `{name}` ({images}), your function returns {shown(found)}. {why}"
    return None


# --- 3

_OUT = _change("INSERT", 1, None, _image("IAH"))
_BACK = _change("MODIFY", 2, _image("IAH"), _image("MIA"))
_GONE = _change("REMOVE", 3, _image("MIA"), None)
_NEW = _change("INSERT", 4, None, _image("BOS"))
_ON = _change("MODIFY", 5, _image("BOS"), _image("DEN"))  # its id sorts before that of `_NEW`
_OTHER = _change("INSERT", 2, None, _image("LAX", plane="N24211"))


def latest(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with changes in order, out of order, twice, and with a removed item."""
    cases: list[tuple[Sequence[dict[str, Any]], dict[str, str], str]] = [
        ([_OUT, _OTHER], {"N14228": "IAH", "N24211": "LAX"}, "two planes"),
        ([_OUT, _BACK], {"N14228": "MIA"}, "a plane that went to IAH, then to MIA"),
        ([_BACK, _OUT, _OTHER], {"N14228": "MIA", "N24211": "LAX"}, "the later one arrived first"),
        ([_OUT, _BACK, _OUT], {"N14228": "MIA"}, "the first change arrived twice"),
        ([_NEW, _ON], {"N14228": "DEN"}, "a plane that went to BOS, then to DEN"),
        ([_OUT, _BACK, _GONE, _OTHER], {"N24211": "LAX"}, "a plane was removed last"),
        ([_GONE, _OUT, _BACK], {}, "a plane was removed last, but that arrived first"),
        ([_OUT, _BACK, _GONE, _NEW], {"N14228": "BOS"}, "a plane was removed, and came back"),
    ]
    for changes, right, what in cases:
        found = table(trials.call(answer, list(changes)), "The result")
        if found != right:
            return (
                f"{what[0].upper()}{what[1:]}: your function returns {shown(found)}; the table "
                f"says {shown(right)}."
            )
    return None
