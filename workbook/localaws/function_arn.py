"""The ARNs of functions and layers, and the other forms in which callers name a function."""

import re
from dataclasses import dataclass

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.partitions import partition


def service_of(arn: str) -> str:
    """Return the service in an ARN, such as ``lambda``; empty if it is not an ARN."""
    match arn.split(":"):
        case ["arn", _, service, _, _, *_]:
            return service
    return ""


def function_arn(region: str, name: str, qualifier: str | None = None) -> str:
    """Return the ARN of a function, or of one of its versions or aliases."""
    arn = f"arn:{partition(region)}:lambda:{region}:{ACCOUNT_ID}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def is_public_layer(arn: str) -> bool:
    """Return whether the ARN of a layer version belongs to another account."""
    return arn.split(":")[4] != ACCOUNT_ID


@dataclass(frozen=True, slots=True)
class Reference:
    """A function as named by a caller; ``qualifier`` is a version or alias, or None."""

    region: str
    name: str
    qualifier: str | None

    @property
    def arn(self) -> str:
        """Return the ARN with the caller's qualifier, if there was one [OBS]."""
        return function_arn(self.region, self.name, self.qualifier)


# A function's name, optionally with parts of its ARN before it and a qualifier after it [BC].
_NAMED = re.compile(
    r"(arn:(?P<partition>aws[a-zA-Z-]*):lambda:)?((?P<region>[a-z]{2,5}(-[a-z]+)+-[0-9]):)?((?P<account>[0-9]{12}):)?"
    r"(function:)?(?P<name>[^:]+)(:(?P<qualifier>[^:]+))?"
)


def parse_reference(name_or_arn: str, region: str, qualifier: str | None = None) -> Reference:
    """Return the function that a ``FunctionName`` of the Lambda API refers to [BC].

    Args:
        name_or_arn: ``name``, ``name:qualifier``, ``account:function:name``, a full ARN and so on.
        region: the region, unless it is in an ARN.
        qualifier: the request's ``Qualifier``; one in ``name_or_arn`` takes precedence.
    """
    found = _NAMED.fullmatch(name_or_arn)
    if found is None:  # not a valid function name
        return Reference(region, name_or_arn, qualifier)
    return Reference(found["region"] or region, found["name"], found["qualifier"] or qualifier)


def whereabouts(name_or_arn: str) -> tuple[str | None, str | None]:
    """Return the region and the account in a ``FunctionName``; None for a part that it lacks.

    Args:
        name_or_arn: in any form that ``parse_reference`` accepts.
    """
    found = _NAMED.fullmatch(name_or_arn)
    return (found["region"], found["account"]) if found else (None, None)


def is_of_its_region(name_or_arn: str) -> bool:
    """Return whether an ARN's partition and region belong together; true for a name.

    Args:
        name_or_arn: in any form that ``parse_reference`` accepts.
    """
    found = _NAMED.fullmatch(name_or_arn)
    if found is None or None in (found["partition"], found["region"]):
        return True
    return found["partition"] == partition(found["region"])


def is_in_reach(name_or_arn: str, region: str) -> bool:
    """Return whether a function is in a region of this account, and its ARN in its partition.

    Args:
        name_or_arn: in any form that ``parse_reference`` accepts.
        region: the region.
    """
    its_region, account = whereabouts(name_or_arn)
    is_here = its_region in (None, region) and account in (None, ACCOUNT_ID)
    return is_here and is_of_its_region(name_or_arn)


@dataclass(frozen=True, slots=True)
class LayerReference:
    """A version of a layer; ``arn`` is the layer's, without the version."""

    arn: str
    region: str
    name: str
    version: int


def parse_layer_version_arn(arn: str) -> LayerReference | None:
    """Return the layer version of an ARN; None if it is not such an ARN."""
    match arn.split(":"):
        case ["arn", _, "lambda", region, _, "layer", name, version] if version.isdecimal():
            return LayerReference(arn.rpartition(":")[0], region, name, int(version))
    return None
