"""The input of an EventBridge target: the event, or a part or transformation of it."""

import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

ORDER = (  # of an event's members [OBS]
    *("version", "id", "detail-type", "source", "account", "time", "region", "resources"),
    "detail",
)
PLACEHOLDER = re.compile(r"<([^<>\s]+)>")
QUOTE = re.compile(r'(?<!\\)"')


def event(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as targets get it: in AWS's order, with its time as text [OBS].

    Args:
        found: as moto has it, with its time in seconds since the epoch.
    """
    told = {name: found[name] for name in ORDER if name in found}
    if isinstance(told.get("time"), int | float):
        seconds = datetime.fromtimestamp(told["time"], UTC)
        told["time"] = f"{seconds:%Y-%m-%dT%H:%M:%SZ}"
    return told


def scheduled(account: str, region: str, rule_arn: str, moment: float) -> dict[str, Any]:
    """Return the event of a schedule, as moto has events [OBS].

    Args:
        account: of the rule.
        region: of the rule.
        rule_arn: of the rule.
        moment: for which it fires, in seconds since the epoch.
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
    """Return what a target gets of an event, as JSON.

    Args:
        target: as ``PutTargets`` has it.
        found: the event, as targets get it.
        rule_arn: of the rule that matches.
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

    A placeholder is the JSON of its value; within a string it is its text, without inner quotes.

    Args:
        template: such as ``{"tail": <plane>}``.
        paths: where each placeholder's value is in the event.
        found: the event, as targets get it.
        rule_arn: of the rule that matches.
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
        text = "" if value is None else value if isinstance(value, str) else _json(value)
        return text.replace('"', "")

    return PLACEHOLDER.sub(fill, template).encode()


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def partition_key(target: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Return the partition key of an event for a stream; without a path, the event's id [BC]."""
    path = (target.get("KinesisParameters") or {}).get("PartitionKeyPath")
    value = at_path(found, path) if path else None
    return str(found["id"] if value is None else value)


def at_path(document: Any, path: str) -> Any:
    """Return what a path such as ``$.detail.plane`` names; None if it is not there."""
    for name in path.removeprefix("$").strip(".").split(".") if path != "$" else ():
        if not isinstance(document, Mapping) or name not in document:
            return None
        document = document[name]
    return document
