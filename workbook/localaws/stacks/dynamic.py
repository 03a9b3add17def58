"""Dynamic references: ``{{resolve:service:...}}``, values of the parameter store and of secrets.

The parameter store is read whenever a stack is created or updated, and a new value changes the
resources that have it. A secret is read only when its resource is created or changed. The rules and
messages were observed on AWS [SEEN: a log of live tests].
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.interfaces import Calls
from workbook.localaws.stacks.errors import invalid, unsupported
from workbook.localaws.stacks.values import as_text

REFERENCE = re.compile(r"\{\{resolve:([^}]+)\}\}")
IN_STORE = re.compile(r"(?P<name>[a-zA-Z0-9_./-]+)(:(?P<version>\d+))?")


def check(kind: str, properties: Any) -> None:
    """Check the dynamic references in the properties of a resource.

    Args:
        kind: the resource type.
        properties: its properties, evaluated as far as possible.

    Raises:
        ApiError: a reference is malformed, or AWS or the local AWS does not support it.
    """
    for path, reference in _found(properties, f"{kind}/Properties"):
        service, _, rest = reference.partition(":")
        match service:
            case "ssm" | "ssm-secure":
                if IN_STORE.fullmatch(rest) is None:
                    raise invalid(
                        "Incorrect format is used in the following SSM reference: "
                        f"[{{{{resolve:{reference}}}}}]"
                    )
                if service == "ssm-secure":  # no supported property can have one [D23]
                    raise invalid(f"SSM Secure reference is not supported in: [{path}]")
            case "secretsmanager":
                pass
            case _:
                raise unsupported(f"the dynamic reference {{{{resolve:{reference}}}}}")


def check_default(key: str, value: str) -> None:
    """Check the dynamic references in the default of a parameter of a template.

    Raises:
        ApiError: a reference to the parameter store has no version.
    """
    for reference in REFERENCE.findall(value):
        if reference.startswith("ssm:") and ":" not in reference.removeprefix("ssm:"):
            raise invalid(
                f"Template error: parameter {key} should not contain ssm versionless resolver"
            )


def _found(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the content of each dynamic reference in a value."""
    match value:
        case dict():
            for name, one in value.items():
                yield from _found(one, f"{path}/{name}")
        case list():
            for one in value:
                yield from _found(one, path)
        case str():
            for reference in REFERENCE.findall(value):
                yield path, reference


async def in_store(calls: Calls, region: str, value: Any) -> dict[str, str]:
    """Return the values of all references to the parameter store in a value.

    Args:
        calls: the services' APIs.
        region: the stack's region.
        value: any part of a template, evaluated.

    Returns:
        Each reference, such as ``ssm:/name:1``, with the value that it stands for.

    Raises:
        ApiError: the parameter store has no such parameter, or it is a SecureString.
    """
    found: dict[str, str] = {}
    for _, reference in _found(value, ""):
        name = reference.removeprefix("ssm:")
        if name == reference or reference in found:
            continue
        parameter = await parameter_of(calls, region, name)
        if parameter["Type"] == "SecureString":
            plain = name.partition(":")[0]
            raise invalid(f"Non-secure ssm prefix was used for secure parameter {plain}")
        found[reference] = parameter["Value"]
    return found


async def parameter_of(calls: Calls, region: str, name: str) -> Mapping[str, Any]:
    """Return a parameter of the parameter store: its ``Type`` and ``Value``.

    Args:
        calls: the services' APIs.
        region: the parameter's region.
        name: its name; ``NAME:VERSION`` for a version.

    Raises:
        ApiError: it does not exist.
    """
    try:
        answer = await calls.call("ssm", "GetParameter", region, {"Name": name})
    except ApiError:
        raise invalid(
            f"Unable to fetch parameters [{name}] from parameter store for this account."
        ) from None
    parameter: Mapping[str, Any] = answer["Parameter"]
    return parameter


def replaced(value: Any, found: Mapping[str, str]) -> Any:
    """Return a value with the references in ``found`` replaced."""
    match value:
        case dict():
            return {name: replaced(one, found) for name, one in value.items()}
        case list():
            return [replaced(one, found) for one in value]
        case str() if "{{resolve:" in value:
            return REFERENCE.sub(lambda one: found.get(one[1], one[0]), value)
    return value


async def resolved(calls: Calls, region: str, value: Any) -> Any:
    """Return properties of a resource with all of their references replaced.

    Args:
        calls: the services' APIs.
        region: the stack's region.
        value: the properties, as ``check`` accepts them.

    Raises:
        ApiError: a secret or a parameter does not exist, or a secret lacks the key.
    """
    found = await in_store(calls, region, value)
    for _, reference in _found(value, ""):
        service, _, rest = reference.partition(":")
        if service == "secretsmanager":
            found[reference] = await _secret(calls, region, rest)
    return replaced(value, found)


async def _secret(calls: Calls, region: str, reference: str) -> str:
    """Return the value of ``ID:SecretString:KEY:STAGE:VERSION``, of which the ID may be an ARN."""
    parts = reference.split(":")
    length = 7 if parts[0] == "arn" else 1
    name, more = ":".join(parts[:length]), [*parts[length:], "", "", "", ""]
    key, stage, version = more[1:4]
    asked = {"SecretId": name, "VersionStage": stage, "VersionId": version}
    answer = await calls.call(
        "secretsmanager",
        "GetSecretValue",
        region,
        {label: one for label, one in asked.items() if one},
    )
    text = str(answer["SecretString"])
    if not key:
        return text
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        raise invalid("Could not parse SecretString JSON") from None
    if not isinstance(content, dict) or key not in content:
        raise invalid("Could not find a value associated with JSONKey in SecretString")
    return as_text(content[key])
