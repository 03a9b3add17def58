"""The parameters of a template: the given values, checked against their declarations."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from workbook.localaws.stacks.errors import invalid, unsupported
from workbook.localaws.stacks.values import as_text

SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
DYNAMIC = re.compile(r"\{\{resolve:([^}]+)\}\}")
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
        return  # such constraints concern the name in SSM and the type of its value
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
    look_up: Callable[[str], Awaitable[str]],
) -> dict[str, Any]:
    """Return the value of ``Ref`` for each parameter: a string or a list of strings.

    Args:
        template: the template with the Parameters section.
        values: the values, as returned by ``given``.
        look_up: returns the value of a parameter in SSM.

    Raises:
        ApiError: SSM has no such parameter.
    """
    found: dict[str, Any] = {}
    for key, parameter in (template.get("Parameters") or {}).items():
        kind, value = parameter.get("Type", "String"), values[key]
        if in_ssm := SSM_VALUE.fullmatch(kind):
            value, kind = await look_up(value), in_ssm[1]
        listed = kind == "CommaDelimitedList" or kind.startswith("List<")
        found[key] = [item.strip() for item in value.split(",")] if listed else value
    return found


def shown(template: Mapping[str, Any], values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return parameters as DescribeStacks does: with secret values hidden."""
    declared = template.get("Parameters") or {}
    return [
        {
            "ParameterKey": key,
            "ParameterValue": HIDDEN if as_text(declared[key].get("NoEcho")) == "true" else value,
        }
        for key, value in values.items()
    ]


def check_dynamic(reference: str) -> None:
    """Check that a dynamic reference, such as ``ssm:/name``, is supported.

    Raises:
        ApiError: it is not supported.
    """
    if reference.split(":")[0] not in ("ssm", "ssm-secure", "secretsmanager"):
        raise unsupported(f"the dynamic reference {{{{resolve:{reference}}}}}")
