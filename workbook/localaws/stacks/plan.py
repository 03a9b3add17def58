"""The changes to a stack: its resources compared with a template's."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.partitions import dns_suffix, partition
from workbook.localaws.stacks import dynamic
from workbook.localaws.stacks.change import Change
from workbook.localaws.stacks.errors import invalid
from workbook.localaws.stacks.stack import Definition, Resource, Stack
from workbook.localaws.stacks.supported import kind_of
from workbook.localaws.stacks.values import Scope, as_text, unknown


def scope(stack: Stack, definition: Definition, imports: Mapping[str, str]) -> Scope:
    """Return the values of names in a stack's template, for resources that exist."""
    resources = stack.resources

    def check(name: str) -> None:
        condition = definition.resources.get(name, {}).get("Condition")
        if condition is not None and not names.condition(condition):
            raise invalid(
                f"Template format error: Unresolved resource dependencies [{name}] in the "
                "Resources block of the template"
            )

    def ref(name: str) -> Any:
        check(name)
        found = resources.get(name)
        return found.physical_id if found and found.made else unknown(name)

    def get_att(name: str, attribute: str) -> Any:
        check(name)
        found = resources.get(name)
        if found is None or found.made is None:
            return unknown(f"{name}.{attribute}")
        kind = kind_of(found.type, name)
        value = kind.attribute(found.made, attribute)
        if value is None:
            if found.type.startswith(("Custom::", "AWS::CloudFormation::CustomResource")):
                raise invalid(
                    f"CustomResource attribute error: Vendor response doesn't contain {attribute} "
                    "attribute in object"
                )
            raise invalid(
                f"Template error: resource {name} does not support attribute type {attribute} in "
                "Fn::GetAtt"
            )
        return value

    names = Scope(
        parameters={**definition.parameters, **pseudo_parameters(stack)},
        mappings=definition.template.get("Mappings") or {},
        conditions=definition.template.get("Conditions") or {},
        imports=imports,
        ref=ref,
        get_att=get_att,
        extended="AWS::LanguageExtensions" in definition.transforms,
    )
    return names


def pseudo_parameters(stack: Stack) -> dict[str, Any]:
    """Return the pseudo parameters, which every template has."""
    account = stack.id.split(":")[4]
    return {
        "AWS::AccountId": account,
        "AWS::NotificationARNs": [],
        "AWS::Partition": partition(stack.region),
        "AWS::Region": stack.region,
        "AWS::StackId": stack.id,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": dns_suffix(stack.region),
    }


def wanted(definition: Definition, names: Scope) -> dict[str, Mapping[str, Any]]:
    """Return the resources of a template whose conditions hold."""
    return {
        name: resource
        for name, resource in definition.resources.items()
        if "Condition" not in resource or names.condition(resource["Condition"])
    }


def worked_out(logical_id: str, definition: Definition, names: Scope) -> Resource:
    """Return a resource of a template with its properties evaluated."""
    resource = definition.resources[logical_id]
    return Resource(
        logical_id,
        resource["Type"],
        dynamic.replaced(names.value(resource.get("Properties") or {}), definition.stored),
        {
            key: str(names.value(resource[key]))
            for key in ("DeletionPolicy", "UpdateReplacePolicy")
            if key in resource
        },
        names.value(resource.get("Metadata")),
    )


def change(present: Resource | None, new: Resource, retagged: bool) -> Change | None:
    """Return the change from the present resource to the new one; None if there is none."""
    if present is None or present.made is None:
        return Change("Add", new.logical_id, new.type, after=new.properties)
    if present.type != new.type:
        raise invalid(
            "Update of resource type is not permitted. The new template modifies resource type of "
            f"the following resources: [{new.logical_id}]"
        )
    old = present.properties
    names = sorted(
        name for name in {**old, **new.properties} if old.get(name) != new.properties.get(name)
    )
    if retagged and "Tags" not in names and "Tags" in kind_of(new.type, "").PROPERTIES:
        names.append("Tags")
    replaced = kind_of(new.type, new.logical_id).replaced(old, new.properties)
    metadata = present.metadata != new.metadata
    if not names and not metadata:
        return None
    return Change(
        "Modify",
        new.logical_id,
        new.type,
        present.physical_id,
        tuple(names),
        tuple(replaced),
        metadata,
        old,
        new.properties,
    )


def changes(stack: Stack, definition: Definition, imports: Mapping[str, str]) -> list[Change]:
    """Return all changes to a stack's resources."""
    names = scope(stack, definition, imports)
    kept = wanted(definition, names)
    retagged = stack.definition is not None and stack.definition.tags != definition.tags
    found = []
    for logical_id in kept:
        one = change(
            stack.resources.get(logical_id), worked_out(logical_id, definition, names), retagged
        )
        if one is not None:
            found.append(one)
    for logical_id, present in stack.resources.items():
        if logical_id not in kept:
            found.append(
                Change(
                    "Remove",
                    logical_id,
                    present.type,
                    present.physical_id,
                    before=present.properties,
                )
            )
    return found


def outputs(stack: Stack, definition: Definition, names: Scope) -> list[dict[str, str]]:
    """Return a template's outputs as shown by DescribeStacks."""
    found = []
    for key, output in (definition.template.get("Outputs") or {}).items():
        if "Condition" in output and not names.condition(output["Condition"]):
            continue
        value = names.value(output["Value"])
        if isinstance(value, dict | list):
            more = " and not a List" if isinstance(value, list) else ""
            raise invalid(
                "Template format error: The Value field of every Outputs member must evaluate to a "
                f"String{more}."
            )
        described = {"OutputKey": key, "OutputValue": as_text(value)}
        if output.get("Description"):
            described["Description"] = output["Description"]
        if output.get("Export"):
            described["ExportName"] = as_text(names.value(output["Export"]["Name"]))
        found.append(described)
    return found
