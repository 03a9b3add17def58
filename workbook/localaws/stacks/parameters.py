"""The parameters of a template: the given values, checked against their declarations."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from workbook.localaws.stacks import dynamic
from workbook.localaws.stacks.errors import invalid
from workbook.localaws.stacks.values import as_text

SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
HIDDEN = "****"


def given(
    template: Mapping[str, Any],
    asked: list[Mapping[str, Any]],
    previous: Mapping[str, str],
) -> dict[str, str]:
    """Return each parameter of a template as a string.

    Args:
        template: the template with the Parameters section.
        asked: the request's ``ParameterKey`` with ``ParameterValue`` or ``UsePreviousValue``.
        previous: the stack's present values.

    Raises:
        ApiError: a parameter is unknown or has no value, or its value is not allowed.
    """
    declared: Mapping[str, Any] = template.get("Parameters") or {}
    values: dict[str, str] = {}
    unknown = []
    for one in asked:
        key = one.get("ParameterKey", "")
        if key not in declared:
            unknown.append(key)
        elif one.get("UsePreviousValue"):
            if key not in previous:
                raise invalid(
                    f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as "
                    "true for a parameter key not in the previous template"
                )
            values[key] = previous[key]
        elif "ParameterValue" in one:
            values[key] = one["ParameterValue"]
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    for key, parameter in declared.items():
        if key not in values and "Default" in parameter:
            values[key] = as_text(parameter["Default"])
            dynamic.check_default(key, values[key])
    missing = [key for key in declared if key not in values]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for key, parameter in declared.items():
        _check(key, parameter, values[key])
    return values


def _check(key: str, parameter: Mapping[str, Any], value: str) -> None:
    kind = parameter.get("Type", "String")
    known = r"String|Number|CommaDelimitedList|List<.+>|AWS::(EC2|Route53|SSM|S3|Lambda)::.+"
    if not re.fullmatch(known, str(kind)):
        raise invalid(f"Template format error: Unrecognized parameter type: {kind}")
    description = parameter.get("ConstraintDescription")

    def refuse(text: str) -> None:
        if description:
            text = f"Parameter {key} failed to satisfy constraint: {description}"
        raise invalid(text)

    if SSM_VALUE.fullmatch(kind):
        kind = "String"  # the constraints are on the name in the parameter store [SEEN]
    items = value.split(",") if "List" in kind else [value]
    allowed = parameter.get("AllowedValues")
    if allowed is not None and not all(item in map(as_text, allowed) for item in items):
        refuse(
            f"Parameter '{key}' must be one of AllowedValues"
            if "List" not in kind
            else f"Parameter '{key}' must be a list of AllowedValues"
        )
    if kind in ("Number", "List<Number>"):
        for item in items:
            try:
                number = float(item)
            except ValueError:
                refuse(f"Parameter '{key}' must be a number")
                return
            if "MinValue" in parameter and number < float(parameter["MinValue"]):
                refuse(f"Parameter '{key}' must be a number not less than {parameter['MinValue']}")
            if "MaxValue" in parameter and number > float(parameter["MaxValue"]):
                refuse(
                    f"Parameter '{key}' must be a number not greater than {parameter['MaxValue']}"
                )
        return
    if "MinLength" in parameter and len(value) < int(parameter["MinLength"]):
        refuse(f"Parameter '{key}' must contain at least {parameter['MinLength']} characters")
    if "MaxLength" in parameter and len(value) > int(parameter["MaxLength"]):
        refuse(f"Parameter '{key}' must contain at most {parameter['MaxLength']} characters")
    pattern = parameter.get("AllowedPattern")
    if pattern and not all(re.fullmatch(pattern, item) for item in items):
        refuse(f"Parameter '{key}' must match pattern {pattern}")


async def resolved(
    template: Mapping[str, Any],
    values: Mapping[str, str],
    look_up: Callable[[str], Awaitable[Mapping[str, Any]]],
) -> dict[str, Any]:
    """Return the value of ``Ref`` for each parameter: a string or a list of strings.

    Args:
        template: the template with the Parameters section.
        values: the values, as returned by ``given``.
        look_up: returns a parameter of the parameter store.

    Raises:
        ApiError: the parameter store has no such parameter, or it has another type [SEEN].
    """
    found: dict[str, Any] = {}
    for key, parameter in (template.get("Parameters") or {}).items():
        kind, value = parameter.get("Type", "String"), values[key]
        in_store = SSM_VALUE.fullmatch(kind)
        listed = _is_list(in_store[1] if in_store else kind)
        if in_store:
            stored = await look_up(value)
            if stored["Type"] == "SecureString":
                raise invalid(
                    f"Parameters [{value}] referenced by template have types not supported by "
                    "CloudFormation."
                )
            if listed != (stored["Type"] == "StringList"):
                raise invalid(
                    f"Types for SSM parameters [{value}] defined in CFN template and SSM are "
                    "incompatible"
                )
            value = stored["Value"]
        found[key] = [item.strip() for item in value.split(",")] if listed else value
    return found


def _is_list(kind: str) -> bool:
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def shown(
    template: Mapping[str, Any], values: Mapping[str, str], resolved: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Return parameters as DescribeStacks does: with secret values hidden.

    Args:
        template: the template with the Parameters section.
        values: the values, as returned by ``given``.
        resolved: those of ``Ref``, as returned by ``resolved``.
    """
    declared = template.get("Parameters") or {}
    described = []
    for key, value in values.items():
        hidden = as_text(declared[key].get("NoEcho")) == "true"
        one = {"ParameterKey": key, "ParameterValue": HIDDEN if hidden else value}
        if SSM_VALUE.fullmatch(declared[key].get("Type", "String")):
            one["ResolvedValue"] = HIDDEN if hidden else as_text(resolved[key])
        described.append(one)
    return described
