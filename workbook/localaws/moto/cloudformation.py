"""What resources of ours have in common as moto's CloudFormation sees them.

moto's CloudFormation takes seconds to import, so it and what imports this module come in with the
first stack: see ``install``.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import get_model_list, get_model_map
from moto.core.common_models import CloudFormationModel

from workbook.localaws.api.errors import ApiError

SYSTEM_TAG = "aws:"  # how the names of tags begin that AWS itself sets


class Resource(CloudFormationModel):
    """A resource of a stack; it is there as soon as it was created.

    A kind of resource has its type, the property that names it (none, if empty) and what
    ``Fn::GetAtt`` knows of it.
    """

    TYPE = ""
    NAME_PROPERTY = ""
    ATTRIBUTES: tuple[str, ...] = ()

    @classmethod
    def cloudformation_type(cls) -> str:
        """Return the resource's type."""
        return cls.TYPE

    @classmethod
    def cloudformation_name_type(cls) -> str:
        """Return the property that names it."""
        return cls.NAME_PROPERTY

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Return whether ``Fn::GetAtt`` knows the attribute."""
        return attr in cls.ATTRIBUTES

    def is_created(self) -> bool:
        """Return that it is: creating it waits."""
        return True


def register(*resources: type[CloudFormationModel]) -> None:
    """Have stacks make these resources, in the place of moto's of their types if it has them."""
    for resource in resources:
        get_model_list().append(resource)
        get_model_map()[resource.cloudformation_type()] = resource


@contextmanager
def refusals() -> Iterator[None]:
    """Raise refusals as moto's stacks tell them, in the API's own words."""
    try:
        yield
    except ApiError as error:
        raise ValidationError(message=error.message) from None


def tags(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return a template's tags by key."""
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}


def system_tags(context: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that CloudFormation itself puts on a resource that it creates [OBS]."""
    if "StackId" not in context:
        return {}
    return {
        "aws:cloudformation:logical-id": context["LogicalId"],
        "aws:cloudformation:stack-id": context["StackId"],
        "aws:cloudformation:stack-name": context["StackId"].split("/")[1],
    }


def number(value: Any) -> Any:
    """Return a number of a template, which may be a string; what is none is left to be refused."""
    with suppress(ValueError):
        return int(value) if isinstance(value, str) else value
    return value
