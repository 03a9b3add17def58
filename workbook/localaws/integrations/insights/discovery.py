"""Fields that Insights discovers in a log event [CWL:CWL_AnalyzeLogData-discoverable-fields]."""

import json
import re
from collections.abc import Iterator
from typing import Any

DECODER = json.JSONDecoder()
KIND = re.compile(r"(?P<type>START|END|REPORT) RequestId: (?P<request>[0-9a-f-]{36})")
REPORTED = {
    "@duration": (re.compile(r"\tDuration: ([\d.]+) ms"), 1.0),
    "@billedDuration": (re.compile(r"\tBilled Duration: ([\d.]+) ms"), 1.0),
    "@initDuration": (re.compile(r"\tInit Duration: ([\d.]+) ms"), 1.0),
    "@memorySize": (re.compile(r"\tMemory Size: (\d+) MB"), 1e6),  # in bytes
    "@maxMemoryUsed": (re.compile(r"\tMax Memory Used: (\d+) MB"), 1e6),
}
LAMBDAS = frozenset({"@type", "@requestId", *REPORTED})


def of_lambda(message: str) -> dict[str, Any]:
    """Return the fields of a line that Lambda writes; of any other line, none."""
    found = KIND.match(message)
    if found is None:
        return {}
    fields: dict[str, Any] = {"@type": found["type"], "@requestId": found["request"]}
    for name, (pattern, unit) in REPORTED.items():
        if figure := pattern.search(message):
            fields[name] = float(figure[1]) * unit
    return fields


def of_json(message: str) -> dict[str, Any]:
    """Return the fields of the first JSON object in a message, by dotted path."""
    at = message.find("{")
    if at < 0:
        return {}
    try:
        document, _ = DECODER.raw_decode(message, at)
    except (ValueError, RecursionError):
        return {}
    return dict(_flat("", document))


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    members = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else None
    )
    if members is None:
        if value is not None:
            yield path, value
        return
    for name, member in members:
        yield from _flat(f"{path}.{name}" if path else str(name), member)
