"""AWS::Lambda::EventSourceMapping in moto's CloudFormation, on moto's thread.

A stack's mapping of a stream is ``mapping``'s; those of other event sources are moto's own.
"""

from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import orjson
from moto.awslambda.models import EventSourceMapping

from workbook.localaws.api.model import lambda_
from workbook.localaws.mapping.arns import is_kinesis, mapping_arn
from workbook.localaws.mapping.settings import FIELDS, Settings
from workbook.localaws.moto.cloudformation import Resource, refusals, system_tags, tags
from workbook.localaws.moto.mappings import StreamMappings
from workbook.localaws.moto.worker import Worker

T = TypeVar("T")
VALUES = {*FIELDS, "StartingPositionTimestamp"}  # what is no text
REPLACED_BY = ("EventSourceArn", "StartingPosition", "StartingPositionTimestamp")


class MappingResource(Resource):
    """A mapping as a resource of a stack.

    moto asks the class itself to make one, so ``mapping_resource`` makes a class that knows where
    mappings are kept and how to get there from moto's thread.

    Args:
        uuid: the mapping.
        region: where it is.
        properties: what the template says of it.
        tags: ``aws:cloudformation:...``, kept when it is replaced.
    """

    TYPE = "AWS::Lambda::EventSourceMapping"
    ATTRIBUTES = ("Id", "EventSourceMappingArn")
    mappings: StreamMappings
    worker: Worker

    def __init__(
        self, uuid: str, region: str, properties: Mapping[str, Any], tags: Mapping[str, str]
    ) -> None:
        self.uuid = uuid
        self.region = region
        self.properties = dict(properties)
        self.tags = dict(tags)

    @property
    def physical_resource_id(self) -> str:
        """What ``Ref`` gives."""
        return self.uuid

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return what ``Fn::GetAtt`` gives."""
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
    ) -> "MappingResource | EventSourceMapping":
        """Create a mapping, which is Enabled before the stack goes on [OBS]."""
        properties = cloudformation_json["Properties"]
        if not is_kinesis(properties.get("EventSourceArn")):
            return EventSourceMapping.create_from_cloudformation_json(
                resource_name, cloudformation_json, account_id, region_name, **kwargs
            )
        return cls._create(properties, region_name, system_tags(kwargs))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "MappingResource | EventSourceMapping":
        """Update a mapping; replace it if its source or its starting position changes [CFNL]."""
        if not isinstance(original_resource, cls):
            return EventSourceMapping.update_from_cloudformation_json(
                original_resource, new_resource_name, cloudformation_json, account_id, region_name
            )
        new = cloudformation_json["Properties"]
        old = original_resource
        if any(new.get(name) != old.properties.get(name) for name in REPLACED_BY):
            replacement = cls._create(new, region_name, old.tags)
            old.delete(account_id, region_name)
            return replacement
        cls._on_loop(cls._update(old.uuid, _parameters(new, old.tags)))
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
        """Delete a mapping of moto's own; the others have ``delete``."""
        EventSourceMapping.delete_from_cloudformation_json(
            resource_name, cloudformation_json, account_id, region_name
        )

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete it and wait until it is gone, if it has not been deleted by hand."""
        self._on_loop(self._delete(self.uuid))

    @classmethod
    def _create(
        cls, properties: Mapping[str, Any], region: str, tags: Mapping[str, str]
    ) -> "MappingResource":
        uuid = cls._on_loop(cls._create_settled(_parameters(properties, tags), region))
        return cls(uuid, region, properties, tags)

    @classmethod
    def _on_loop(cls, coroutine: Coroutine[Any, Any, T]) -> T:
        with refusals():
            return cls.worker.on_loop(coroutine)

    # --- on the loop

    @classmethod
    async def _create_settled(cls, parameters: dict[str, Any], region: str) -> str:
        read = lambda_().read("CreateEventSourceMapping", parameters)
        mapping = cls.mappings.create(read, region)
        await mapping.settled()
        return mapping.uuid

    @classmethod
    async def _update(cls, uuid: str, parameters: dict[str, Any]) -> None:
        """Update; a property that the template no longer has is at its default again."""
        read = lambda_().read("UpdateEventSourceMapping", {**parameters, "UUID": uuid})
        mapping = cls.mappings.update(uuid, read, Settings())
        mapping.tags = parameters["Tags"]
        await mapping.settled()

    @classmethod
    async def _delete(cls, uuid: str) -> None:
        if cls.mappings.has(uuid):
            await cls.mappings.delete(uuid).settled()


def mapping_resource(mappings: StreamMappings, worker: Worker) -> type[MappingResource]:
    """Return the class of mappings that stacks make."""

    class Bound(MappingResource):
        pass

    Bound.mappings, Bound.worker = mappings, worker
    return Bound


def _parameters(properties: Mapping[str, Any], more_tags: Mapping[str, str]) -> dict[str, Any]:
    """Return a template's properties as the API's parameters [CFNL].

    Numbers and flags may be strings in a template.
    """
    parameters = dict(properties)
    parameters["KMSKeyArn"] = parameters.pop("KmsKeyArn", None)
    for name in VALUES & parameters.keys():
        if isinstance(parameters[name], str):
            with suppress(orjson.JSONDecodeError):  # what is no value is refused as any is
                parameters[name] = orjson.loads(parameters[name])
    return {**parameters, "Tags": {**tags(properties), **more_tags}}
