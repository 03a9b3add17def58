"""Event source mappings in moto, the one place here that touches it: on its thread throughout.

In CloudFormation, AWS::Lambda::EventSourceMapping is ours; mappings of other event sources than
streams are moto's.
"""

from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import orjson
from moto.awslambda.models import EventSourceMapping, lambda_backends
from moto.core.common_models import CloudFormationModel

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.mapping.constraints import FLAGS, RANGES
from workbook.localaws.mapping.event_source_mapping import mapping_arn
from workbook.localaws.mapping.registry import Registry, is_kinesis
from workbook.localaws.mapping.settings import Settings
from workbook.localaws.moto.worker import Worker

T = TypeVar("T")
TYPE = "AWS::Lambda::EventSourceMapping"
VALUES = {*FLAGS, *RANGES, "StartingPositionTimestamp"}
REPLACED_BY = ("EventSourceArn", "StartingPosition", "StartingPositionTimestamp")


class Resource(CloudFormationModel):
    """A mapping as a resource of a stack.

    Args:
        uuid: the mapping.
        region: where it is.
        properties: what the template says of it.
        system_tags: ``aws:cloudformation:...``, kept when it is replaced.
    """

    registry: Registry
    services: Worker

    def __init__(
        self,
        uuid: str,
        region: str,
        properties: Mapping[str, Any],
        system_tags: Mapping[str, str],
    ) -> None:
        self.uuid = uuid
        self.region = region
        self.properties = dict(properties)
        self.system_tags = dict(system_tags)

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives."""
        return self.uuid

    @staticmethod
    def cloudformation_name_type() -> str:
        """A mapping has no name of its own."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """The resource's type."""
        return TYPE

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """What Fn::GetAtt knows."""
        return attr in ("Id", "EventSourceMappingArn")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """What Fn::GetAtt gives."""
        if attribute_name == "Id":
            return self.uuid
        return mapping_arn(self.region, self.uuid)

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> "Resource | EventSourceMapping":
        """Create; the mapping is Enabled before the stack goes on [OBS]."""
        properties = cloudformation_json["Properties"]
        if not is_kinesis(properties.get("EventSourceArn")):
            return EventSourceMapping.create_from_cloudformation_json(
                resource_name, cloudformation_json, account_id, region_name, **kwargs
            )
        stack_id = kwargs["StackId"]
        system_tags = {
            "aws:cloudformation:logical-id": kwargs["LogicalId"],
            "aws:cloudformation:stack-id": stack_id,
            "aws:cloudformation:stack-name": stack_id.split("/")[1],
        }
        return cls._create(properties, region_name, system_tags)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "Resource | EventSourceMapping":
        """Update, or replace where the source or the starting position changes [CFNL]."""
        if not isinstance(original_resource, cls):
            return EventSourceMapping.update_from_cloudformation_json(
                original_resource, new_resource_name, cloudformation_json, account_id, region_name
            )
        new = cloudformation_json["Properties"]
        old = original_resource
        if any(new.get(name) != old.properties.get(name) for name in REPLACED_BY):
            replacement = cls._create(new, region_name, old.system_tags)
            old.delete(account_id, region_name)
            return replacement
        cls._on_loop(cls._update(old.uuid, _parameters(new, old.system_tags)))
        old.properties = dict(new)
        return old

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        """Delete one of moto's; ours have ``delete``."""
        EventSourceMapping.delete_from_cloudformation_json(
            resource_name, cloudformation_json, account_id, region_name
        )

    def is_created(self) -> bool:
        """It is: creating waits."""
        return True

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete, and wait until it is gone; one that was deleted by hand is gone already."""
        self._on_loop(self._delete(self.uuid))

    @classmethod
    def _create(
        cls, properties: Mapping[str, Any], region: str, system_tags: Mapping[str, str]
    ) -> "Resource":
        uuid = cls._on_loop(cls._create_settled(_parameters(properties, system_tags), region))
        return cls(uuid, region, properties, system_tags)

    @classmethod
    def _on_loop(cls, coroutine: Coroutine[Any, Any, T]) -> T:
        """What the coroutine gives; its refusals as moto's CloudFormation tells them."""
        try:
            return cls.services.on_loop(coroutine)
        except ApiError as error:
            from moto.cloudformation.exceptions import ValidationError  # late: brings all of moto

            raise ValidationError(message=error.message) from None

    # --- on the loop

    @classmethod
    async def _create_settled(cls, parameters: dict[str, Any], region: str) -> str:
        mapping = cls.registry.create(parameters, region)
        await mapping.settled()
        return mapping.uuid

    @classmethod
    async def _update(cls, uuid: str, parameters: dict[str, Any]) -> None:
        """A property that the template no longer has is at its default again."""
        mapping = cls.registry.update(uuid, parameters, Settings())
        mapping.tags = parameters["Tags"]
        await mapping.settled()

    @classmethod
    async def _delete(cls, uuid: str) -> None:
        if cls.registry.has(uuid):
            await cls.registry.delete(uuid).settled()


def install(registry: Registry, services: Worker) -> None:
    """Make CloudFormation's mappings ours; on moto's thread."""
    from moto.cloudformation.parsing import get_model_map  # takes seconds, and is seldom needed

    Resource.registry, Resource.services = registry, services
    get_model_map()[TYPE] = Resource


def other_mappings(
    region: str, source_arn: str | None, function_name: str | None
) -> list[dict[str, Any]]:
    """moto's mappings, of other event sources than streams; on moto's thread."""
    found = lambda_backends[ACCOUNT_ID][region].list_event_source_mappings(
        source_arn or "", function_name or ""
    )
    return [mapping.get_configuration() for mapping in found]


def has_other(region: str, uuid: str) -> bool:
    """Whether moto has a mapping with this UUID; on moto's thread."""
    return lambda_backends[ACCOUNT_ID][region].get_event_source_mapping(uuid) is not None


def _parameters(properties: Mapping[str, Any], system_tags: Mapping[str, str]) -> dict[str, Any]:
    """A template's properties as parameters of the API [CFNL]: numbers and flags may be strings."""
    parameters = dict(properties)
    parameters["KMSKeyArn"] = parameters.pop("KmsKeyArn", None)
    for name in VALUES & parameters.keys():
        if isinstance(parameters[name], str):
            with suppress(orjson.JSONDecodeError):  # what is no value is refused as any is
                parameters[name] = orjson.loads(parameters[name])
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}
    return {**parameters, "Tags": {**tags, **system_tags}}
