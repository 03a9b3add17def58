"""The input of an EventBridge target: the event, or a part or transformation of it."""

import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

ORDER = (  # of an event's keys [OBS]
    *("version", "id", "detail-type", "source", "account", "time", "region", "resources"),
    "detail",
)
PLACEHOLDER = re.compile(r"<([^<>\s]+)>")
QUOTE = re.compile(r'(?<!\\)"')
STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
PATH = re.compile(r"\$(\.[^.\['\"]+|\[(\d+|\*)\])*")
PREDEFINED = (
    "aws.events.event",
    "aws.events.event.ingestion-time",
    "aws.events.event.json",
    "aws.events.rule-arn",
    "aws.events.rule-name",
)
WHOLE = "aws.events.event.json"


class UndeliverableError(ValueError):
    """An event whose transformation cannot be delivered."""


def event(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as its targets receive it: in AWS's order, with its time as a string [OBS].

    Args:
        found: the event in moto's form, with its time in seconds since the epoch.
    """
    told = {name: found[name] for name in ORDER if name in found}
    return {**told, "time": instant(told["time"])} if "time" in told else told


def instant(time: float | str) -> str:
    """Return a time as events have it, in whole seconds; a string is one already [OBS]."""
    if isinstance(time, str):
        return time
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%SZ}"


def scheduled(account: str, region: str, rule_arn: str, moment: float) -> dict[str, Any]:
    """Return a schedule's event, in moto's form [OBS].

    Args:
        account: the rule's account.
        region: the rule's region.
        rule_arn: the rule's ARN.
        moment: the time for which the rule fires, in seconds since the epoch.
    """
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": int(moment),
        "region": region,
        "resources": [rule_arn],
        "detail": {},
    }


def target_input(target: Mapping[str, Any], found: Mapping[str, Any], rule_arn: str) -> bytes:
    """Return the part of an event that a target receives, as JSON.

    Args:
        target: the target, as given to ``PutTargets``.
        found: the event, as targets receive it.
        rule_arn: the ARN of the rule that matches.

    Raises:
        UndeliverableError: its transformation would not be JSON.
    """
    if "Input" in target:
        return str(target["Input"]).encode()
    if "InputTransformer" in target:
        given = target["InputTransformer"]
        return transformed(
            given["InputTemplate"], given.get("InputPathsMap") or {}, found, rule_arn
        )
    value = at_path(found, target["InputPath"]) if "InputPath" in target else found
    return _json(value).encode()


def transformed(
    template: str, paths: Mapping[str, str], found: Mapping[str, Any], rule_arn: str
) -> bytes:
    """Return a template with its placeholders filled [OBS].

    A placeholder is replaced with its value as JSON; within a string, with its text, without
    quotes. An object or a list cannot be in a string of a JSON template.

    Args:
        template: such as ``{"tail": <plane>}``.
        paths: the path in the event of each placeholder's value.
        found: the event, as targets receive it.
        rule_arn: the ARN of the rule that matches.

    Raises:
        UndeliverableError: the result would not be JSON.
    """
    without_detail = {name: value for name, value in found.items() if name != "detail"}
    without_detail["detailType"] = without_detail.pop("detail-type", None)
    values = {name: at_path(found, path) for name, path in paths.items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": found.get("time"),
        "aws.events.event": without_detail,
        "aws.events.event.json": found,
    }

    def fill(placeholder: re.Match[str]) -> str:
        value = values.get(placeholder[1])
        before = template[: placeholder.start()]
        if len(QUOTE.findall(before)) % 2 == 0:
            return '""' if value is None else _json(value)
        if isinstance(value, Mapping | list) and template.lstrip().startswith(("{", "[")):
            raise UndeliverableError(f"<{placeholder[1]}> is an object or a list in a string")
        text = "" if value is None else value if isinstance(value, str) else _json(value)
        return text.replace('"', "")

    return PLACEHOLDER.sub(fill, template).encode()


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def partition_key(target: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Return an event's partition key in a stream; its id, if the target has no path [BC]."""
    path = (target.get("KinesisParameters") or {}).get("PartitionKeyPath")
    value = at_path(found, path) if path else None
    return str(found["id"] if value is None else value)


def at_path(document: Any, path: str) -> Any:
    """Return the value at a path such as ``$.detail.legs[0].plane``; None if there is none."""
    for name, index in STEP.findall(path.removeprefix("$")):
        if index:
            is_there = isinstance(document, list) and int(index) < len(document)
            document = document[int(index)] if is_there else None
        else:
            document = document.get(name) if isinstance(document, Mapping) else None
    return document


def is_path(text: str) -> bool:
    """Return whether EventBridge accepts a path: it starts at ``$``, without quotes [SEEN]."""
    return PATH.fullmatch(text) is not None
