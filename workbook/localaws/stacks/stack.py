"""A stack: its intended state, its present state, and its events."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.partitions import partition
from workbook.localaws.stacks.kind import Made

STACK = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Definition:
    """What a stack is to be.

    Args:
        body: the template as sent.
        original: the template, as values, before its transforms.
        template: after them.
        texts: the parameters as given.
        parameters: what ``Ref`` of each gives.
        tags: the stack's.
        transforms: the names of the template's transforms.
    """

    body: str
    original: Mapping[str, Any]
    template: Mapping[str, Any]
    texts: Mapping[str, str]
    parameters: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    transforms: tuple[str, ...] = ()

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """The template's resources."""
        found: Mapping[str, Mapping[str, Any]] = self.template["Resources"]
        return found


@dataclass(frozen=True)
class Resource:
    """A resource of a stack.

    Args:
        logical_id: its name in the template.
        type: such as ``AWS::SQS::Queue``.
        properties: as the template has them, worked out.
        policies: its DeletionPolicy and UpdateReplacePolicy.
        metadata: the template's.
        made: what there is of it; None while it is not there.
        status, reason, at: its state, why, and since when.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    policies: Mapping[str, str] = field(default_factory=dict)
    metadata: Any = None
    made: Made | None = None
    status: str = ""
    reason: str = ""
    at: float = 0.0

    @property
    def physical_id(self) -> str:
        """What ``Ref`` gives; empty while it is not there."""
        return self.made.physical_id if self.made else ""


@dataclass(frozen=True)
class Event:
    """What happened to a stack or a resource of it."""

    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    at: float
    properties: str = ""
    token: str = ""
    identity: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class ChangeSet:
    """Changes that wait to be carried out."""

    id: str
    name: str
    kind: str
    definition: Definition | None
    changes: list[dict[str, Any]]
    created: float
    description: str = ""
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    execution: str = "AVAILABLE"
    asked: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Stack:
    """A stack of one region."""

    id: str
    name: str
    region: str
    created: float
    asked: Mapping[str, Any] = field(default_factory=dict)
    definition: Definition | None = None
    status: str = ""
    reason: str = ""
    updated: float | None = None
    deleted: float | None = None
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: list[dict[str, str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    protected: bool = False

    @property
    def exports(self) -> dict[str, str]:
        """What it exports, by name."""
        return {
            one["ExportName"]: one["OutputValue"] for one in self.outputs if "ExportName" in one
        }

    @property
    def in_progress(self) -> bool:
        """Whether something is being done to it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    def note(self, status: str, reason: str, at: float) -> None:
        """Take on a state, and note it as an event."""
        self.status, self.reason = status, reason
        self.events.append(Event(self.name, self.id, STACK, status, reason, at))


def new_arn(region: str, path: str) -> str:
    """Return the ARN of something new of CloudFormation, such as ``stack/NAME``."""
    service = f"arn:{partition(region)}:cloudformation:{region}:{ACCOUNT_ID}"
    return f"{service}:{path}/{uuid.uuid4()}"
