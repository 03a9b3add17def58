"""A change of a resource, as change sets show it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbook.localaws.stacks.values import as_text


@dataclass(frozen=True)
class Change:
    """A change of a resource.

    Args:
        action: Add, Modify or Remove.
        logical_id, type, physical_id: the resource; the last is empty for a new one.
        changed: the names of the properties that change.
        replaced_by: those of them that require a new resource.
        metadata: whether its metadata changes.
        before, after: all of its properties; empty if it does not exist then.
    """

    action: str
    logical_id: str
    type: str
    physical_id: str = ""
    changed: tuple[str, ...] = ()
    replaced_by: tuple[str, ...] = ()
    metadata: bool = False
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    def described(self, *, with_values: bool = False) -> dict[str, Any]:
        """Return the change as shown by DescribeChangeSet [OBS].

        Args:
            with_values: whether to show the values of properties (IncludePropertyValues) [BC].
        """
        described_change: dict[str, Any] = {
            "Action": self.action,
            "LogicalResourceId": self.logical_id,
            "ResourceType": self.type,
            "Scope": [],
            "Details": [],
        }
        if self.physical_id:
            described_change["PhysicalResourceId"] = self.physical_id
        if self.action == "Modify":
            described_change["Replacement"] = "True" if self.replaced_by else "False"
            described_change["Scope"] = ["Properties"] * bool(self.changed) + [
                "Metadata"
            ] * self.metadata
            described_change["Details"] = [
                {
                    "Target": {
                        "Attribute": "Properties",
                        "Name": name,
                        "RequiresRecreation": "Always" if name in self.replaced_by else "Never",
                        **(self._values(name) if with_values else {}),
                    },
                    "Evaluation": "Static",
                    "ChangeSource": "DirectModification",
                }
                for name in self.changed
            ]
            if self.replaced_by:
                described_change["PolicyAction"] = "ReplaceAndDelete"
        if self.action == "Remove":
            described_change["PolicyAction"] = "Delete"
        if with_values:
            for key, properties in (("BeforeContext", self.before), ("AfterContext", self.after)):
                if properties or self.action == "Modify":
                    described_change[key] = json.dumps({"Properties": properties}, default=str)
        return {"Type": "Resource", "ResourceChange": described_change}

    def _values(self, name: str) -> dict[str, str]:
        """Return the values of a property, and how it changes."""
        kind = "Modify" if name in self.before and name in self.after else "Add"
        values = {
            "Path": f"/Properties/{name}",
            "AttributeChangeType": "Remove" if name not in self.after else kind,
        }
        for key, properties in (("BeforeValue", self.before), ("AfterValue", self.after)):
            if name in properties:
                values[key] = as_text(properties[name])
        return values
