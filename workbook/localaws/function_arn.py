"""The ARNs of functions and layers, and how callers name a function: by all or part of its ARN."""

import re
from dataclasses import dataclass

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.partitions import partition


def service_of(arn: str) -> str:
    """Return the service that an ARN is of, such as ``lambda``; empty if it is no ARN."""
    match arn.split(":"):
        case ["arn", _, service, _, _, *_]:
            return service
    return ""


def function_arn(region: str, name: str, qualifier: str | None = None) -> str:
    """Return the ARN of a function, or of a version or alias of it."""
    arn = f"arn:{partition(region)}:lambda:{region}:{ACCOUNT_ID}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


@dataclass(frozen=True, slots=True)
class Reference:
    """A function as a caller names it; ``qualifier`` is a version or alias, or None."""

    region: str
    name: str
    qualifier: str | None

    @property
    def arn(self) -> str:
        """The ARN with the qualifier that was used, none when there was none [OBS]."""
        return function_arn(self.region, self.name, self.qualifier)


# A function's name, or all or part of its ARN before it, and a qualifier behind it [BC].
_NAMED = re.compile(
    r"(arn:(?P<partition>aws[a-zA-Z-]*):lambda:)?((?P<region>[a-z]{2,5}(-[a-z]+)+-[0-9]):)?((?P<account>[0-9]{12}):)?"
    r"(function:)?(?P<name>[^:]+)(:(?P<qualifier>[^:]+))?"
)


def parse_reference(name_or_arn: str, region: str, qualifier: str | None = None) -> Reference:
    """Return what the Lambda API means by a ``FunctionName`` [BC].

    Args:
        name_or_arn: ``name``, ``name:qualifier``, ``account:function:name``, a full ARN and so on.
        region: where to look, unless the ARN says it.
        qualifier: the ``Qualifier`` of the request; one in ``name_or_arn`` goes first.
    """
    found = _NAMED.fullmatch(name_or_arn)
    if found is None:  # no function's name is like that
        return Reference(region, name_or_arn, qualifier)
    return Reference(found["region"] or region, found["name"], found["qualifier"] or qualifier)


def whereabouts(name_or_arn: str) -> tuple[str | None, str | None]:
    """Return the region and the account that a ``FunctionName`` says; None for what it leaves out.

    Args:
        name_or_arn: as ``parse_reference`` takes it.
    """
    found = _NAMED.fullmatch(name_or_arn)
    return (found["region"], found["account"]) if found else (None, None)


def is_of_its_region(name_or_arn: str) -> bool:
    """Return whether the partition and the region of an ARN go together; of a name they do.

    Args:
        name_or_arn: as ``parse_reference`` takes it.
    """
    found = _NAMED.fullmatch(name_or_arn)
    if found is None or None in (found["partition"], found["region"]):
        return True
    return found["partition"] == partition(found["region"])


@dataclass(frozen=True, slots=True)
class LayerReference:
    """A version of a layer; ``arn`` is the layer's, without the version."""

    arn: str
    region: str
    name: str
    version: int


def parse_layer_version_arn(arn: str) -> LayerReference | None:
    """Return what a layer version's ARN names; None when it is no such ARN."""
    match arn.split(":"):
        case ["arn", _, "lambda", region, _, "layer", name, version] if version.isdecimal():
            return LayerReference(arn.rpartition(":")[0], region, name, int(version))
    return None
