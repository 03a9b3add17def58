"""A stack: its intended state, its present state, and its events."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.partitions import partition
from workbook.localaws.stacks.change import Change
from workbook.localaws.stacks.kind import Made

STACK = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Definition:
    """The intended state of a stack.

    Args:
        body: the template as sent.
        original: the template as values, before its transforms are applied.
        template: the template after its transforms.
        texts: the parameters as given.
        parameters: the value of ``Ref`` for each parameter.
        tags: the stack's tags.
        transforms: the names of the template's transforms.
        stored: the values of the parameter store that its dynamic references stand for.
    """

    body: str
    original: Mapping[str, Any]
    template: Mapping[str, Any]
    texts: Mapping[str, str]
    parameters: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    transforms: tuple[str, ...] = ()
    stored: Mapping[str, str] = field(default_factory=dict)

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the template's resources."""
        found: Mapping[str, Mapping[str, Any]] = self.template["Resources"]
        return found


@dataclass(frozen=True)
class Resource:
    """A resource of a stack.

    Args:
        logical_id: its name in the template.
        type: such as ``AWS::SQS::Queue``.
        properties: the template's properties, evaluated.
        policies: its DeletionPolicy and UpdateReplacePolicy.
        metadata: the template's Metadata.
        made: the created resource; None if it does not exist.
        status, reason, at: its state, the reason, and the time of the last change.
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
        """Return the value of ``Ref``; empty if the resource does not exist."""
        return self.made.physical_id if self.made else ""


@dataclass(frozen=True)
class Event:
    """A change of state of a stack or resource."""

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
    """Changes to a stack that have not been executed yet."""

    id: str
    name: str
    kind: str
    definition: Definition | None
    changes: list[Change]
    created: float
    description: str = ""
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    execution: str = "AVAILABLE"
    asked: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Stack:
    """A stack in one region."""

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
    tokens: dict[str, str] = field(default_factory=dict)  # of requests, with their operations

    @property
    def exports(self) -> dict[str, str]:
        """Return the stack's exports by name."""
        return {
            one["ExportName"]: one["OutputValue"] for one in self.outputs if "ExportName" in one
        }

    @property
    def in_progress(self) -> bool:
        """Return whether an operation on the stack is in progress."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    def note(self, status: str, reason: str, at: float, token: str = "") -> None:
        """Change the stack's state, and record an event of the request with this token."""
        self.status, self.reason = status, reason
        self.events.append(Event(self.name, self.id, STACK, status, reason, at, token=token))


def new_arn(region: str, path: str) -> str:
    """Return a new ARN for something in CloudFormation, such as ``stack/NAME``."""
    service = f"arn:{partition(region)}:cloudformation:{region}:{ACCOUNT_ID}"
    return f"{service}:{path}/{uuid.uuid4()}"
