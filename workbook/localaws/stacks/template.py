"""Templates: parse JSON or YAML, and check it before any resource is created."""

import json
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from workbook.localaws.stacks.errors import invalid, unsupported

MAX_BODY_BYTES = 51_200
MAX_URL_BYTES = 1_048_576
MAX_RESOURCES = 500
SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
}
ATTRIBUTES = {
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
}
OF_PARAMETERS = {
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
}
VERSION = "2010-09-09"
POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate"),
    "UpdateReplacePolicy": ("Delete", "Retain"),
}
PSEUDO_PARAMETERS = {
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
}
IN_SUB = re.compile(r"\$\{(!?)\s*([^}!]*?)\s*\}")


def parse(text: str) -> dict[str, Any]:
    """Return a template as values, with the short forms of YAML (``!Ref``) written out.

    Raises:
        ApiError: it is neither JSON nor YAML, or not a template.
    """
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            found = _parse_yaml(text)
    else:
        found = _parse_yaml(text)
    if not isinstance(found, dict):
        raise invalid("Template format error: unsupported structure.")
    return found


def _parse_yaml(text: str) -> Any:
    import yaml  # late: few processes read a template

    loader: Any = type("Loader", (yaml.SafeLoader,), {})
    # Dates are strings, as in CloudFormation.
    loader.yaml_implicit_resolvers = {
        first: [one for one in resolvers if not one[0].endswith("timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def short(reader: Any, tag: str, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode):
            value: Any = reader.construct_scalar(node)
            if tag == "GetAtt":
                value = value.split(".", 1)
        elif isinstance(node, yaml.SequenceNode):
            value = reader.construct_sequence(node, deep=True)
        else:
            value = reader.construct_mapping(node, deep=True)
        return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}

    loader.add_multi_constructor("!", short)
    try:
        return yaml.load(text, loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise invalid(f"Template format error: YAML not well-formed.{place} {problem}") from None


def check(template: Mapping[str, Any]) -> None:
    """Check a template that has no transforms left.

    Raises:
        ApiError: the template is not valid; the message is CloudFormation's.
    """
    unknown = [name for name in template if name not in SECTIONS]
    if unknown:
        raise invalid(f"Invalid template property or properties [{', '.join(map(str, unknown))}]")
    if template.get("AWSTemplateFormatVersion", VERSION) != VERSION:
        raise invalid(
            "Template format error: unsupported value for AWSTemplateFormatVersion. No such "
            "version."
        )
    if template.get("Hooks"):
        raise unsupported("the section Hooks of a template")
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise invalid("Template format error: At least one Resources member must be defined.")
    if len(resources) > MAX_RESOURCES:
        raise invalid(
            f"Template format error: Number of resources, {len(resources)}, is greater than "
            f"maximum allowed, {MAX_RESOURCES}"
        )
    for name, resource in resources.items():
        if not re.fullmatch("[A-Za-z0-9]+", str(name)):
            raise invalid(f"Template format error: Resource name {name} is non alphanumeric.")
        if not isinstance(resource, dict):
            raise invalid("Template format error: Every Resources member must be an object.")
        if not isinstance(resource.get("Type"), str):
            raise invalid(
                f"Template format error: [/Resources/{name}] Every Resources object must contain "
                "a Type member."
            )
        wrong = [one for one in resource if one not in ATTRIBUTES]
        if wrong:
            raise invalid(
                f"Invalid template resource property '{wrong[0]}' (/Resources/{name}/{wrong[0]})"
            )
        if "CreationPolicy" in resource:
            raise unsupported(f"CreationPolicy (resource {name})")
        if "CodeDeployLambdaAliasUpdate" in (resource.get("UpdatePolicy") or {}):
            raise unsupported(f"UpdatePolicy with CodeDeployLambdaAliasUpdate (resource {name})")
        for attribute, policies in POLICIES.items():
            policy = resource.get(attribute, "Delete")
            if policy == "Snapshot":  # no supported type can have one
                raise unsupported(f"{attribute} Snapshot (resource {name})")
            if isinstance(policy, str) and policy not in policies:
                raise invalid(
                    f"Template format error: Unrecognized {attribute} {policy} for resource {name}"
                )
    _check_declarations(template)
    for name, output in (template.get("Outputs") or {}).items():
        if any(one in resources for _, one in references(output.get("Export"))):
            raise invalid(
                f"Template format error: Output {name} is malformed. The Name field of Export "
                "must not depend on any resources, imported values, or Fn::GetAZs."
            )
    _check_references(template)


def _check_declarations(template: Mapping[str, Any]) -> None:
    """Check descriptions, parameters, mappings and outputs [SEEN; names of outputs ?]."""
    if not isinstance(template.get("Description", ""), str):
        raise invalid("Template format error: The Description must be a string.")
    for name, parameter in (template.get("Parameters") or {}).items():
        if not re.fullmatch("[A-Za-z0-9]+", str(name)):
            raise invalid(f"Template format error: Parameter name {name} is non alphanumeric.")
        if not isinstance(parameter, dict) or "Type" not in parameter:
            raise invalid(
                "Template format error: Every Parameters object must contain a Type member."
            )
        for key in parameter:
            if key not in OF_PARAMETERS:
                raise invalid(f"Invalid template parameter property '{key}'")
        if name in template["Resources"]:
            raise invalid(f"Template format error: {name} is both a parameter and a resource.")
    for mapping in (template.get("Mappings") or {}).values():
        for key in mapping.values() if isinstance(mapping, dict) else (None,):
            if not isinstance(key, dict):
                raise invalid("Template format error: Every Mappings attribute must be an object.")
            if any(isinstance(one, dict) for one in key.values()):
                raise invalid(
                    "Template format error: Every Mappings attribute must be a String or a List."
                )
    for name, output in (template.get("Outputs") or {}).items():
        if not re.fullmatch("[A-Za-z0-9]+", str(name)):
            raise invalid(f"Template format error: Output name {name} is non alphanumeric.")
        if not isinstance(output, dict) or "Value" not in output:
            raise invalid("Template format error: Every Outputs member must contain a Value object")
    conditions = template.get("Conditions") or {}
    after = {
        name: {other for kind, other in references(one) if kind == "condition"}
        for name, one in conditions.items()
    }
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        circle = sorted(set(error.args[1]))
        raise invalid(
            f"Template error: Found circular condition dependency between {' and '.join(circle)}"
        ) from None


def _check_references(template: Mapping[str, Any]) -> None:
    parameters = set(template.get("Parameters") or {}) | PSEUDO_PARAMETERS
    resources = set(template["Resources"])
    conditions = set(template.get("Conditions") or {})
    for section in ("Resources", "Outputs", "Conditions", "Rules"):
        known = parameters if section in ("Conditions", "Rules") else parameters | resources
        missing = []
        for kind, name in references(template.get(section) or {}):
            if kind == "ref" and name not in known:
                missing.append(name)
            if kind == "getatt" and name not in resources:
                raise invalid(
                    f"Template error: instance of Fn::GetAtt references undefined resource {name}"
                )
            if kind == "condition" and name not in conditions:
                raise invalid(
                    f"Template format error: Unresolved condition dependency {name} in the "
                    f"{section} block of the template"
                )
        if missing:
            raise invalid(
                f"Template format error: Unresolved resource dependencies "
                f"[{', '.join(dict.fromkeys(missing))}] in the {section} block of the template"
            )
    for resource in template["Resources"].values():
        for other in depends_on(resource):
            if other not in resources:
                raise invalid(
                    f"Template format error: Unresolved resource dependencies [{other}] in the "
                    "Resources block of the template"
                )
        condition = resource.get("Condition")
        if condition is not None and condition not in conditions:
            raise invalid(
                f"Template format error: Unresolved condition dependency {condition} in the "
                "Resources block of the template"
            )
    try:
        TopologicalSorter(dependencies(template["Resources"])).prepare()
    except CycleError as error:
        circle = sorted(set(error.args[1]))
        raise invalid(f"Circular dependency between resources: [{', '.join(circle)}]") from None


def depends_on(resource: Mapping[str, Any]) -> list[str]:
    """Return the resources named in a resource's DependsOn."""
    named = resource.get("DependsOn") or []
    return [named] if isinstance(named, str) else list(named)


def dependencies(resources: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return, for each resource, those that must exist before it is created."""
    found: dict[str, set[str]] = {}
    for name, resource in resources.items():
        named = {one for kind, one in references(resource) if kind in ("ref", "getatt")}
        found[name] = (named | set(depends_on(resource))) & resources.keys()
    return found


def references(value: Any) -> Iterator[tuple[str, str]]:
    """Yield each reference in a value: its kind (``ref``, ``getatt`` or ``condition``) and name."""
    if isinstance(value, list):
        for one in value:
            yield from references(one)
    if not isinstance(value, dict):
        return
    if len(value) == 1:
        ((name, inner),) = value.items()
        match name, inner:
            case "Ref", str():
                yield "ref", inner
                return
            case "Fn::GetAtt", str():
                yield "getatt", inner.split(".", 1)[0]
                return
            case "Fn::GetAtt", [str() as resource, *_]:
                yield "getatt", resource
                yield from references(inner[1:])
                return
            case "Condition", str():
                yield "condition", inner
                return
            case "Fn::If", [str() as condition, *branches]:
                yield "condition", condition
                yield from references(branches)
                return
            case "Fn::Sub", str() | [str(), dict()]:
                text, own = (inner, {}) if isinstance(inner, str) else inner
                yield from references(list(own.values()))
                for literal, named in IN_SUB.findall(text):
                    if not literal and named and named not in own:
                        resource, _, attribute = named.partition(".")
                        yield ("getatt" if attribute else "ref"), resource
                return
    for one in value.values():
        yield from references(one)
