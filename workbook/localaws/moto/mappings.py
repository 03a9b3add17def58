"""Event source mappings: those of queues and tables, which moto keeps, and what it needs of those
of streams."""

from collections.abc import Mapping
from typing import Any, Protocol

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.mapping.errors import invalid, not_found
from workbook.localaws.mapping.settings import Settings
from workbook.localaws.moto.worker import Worker


class StreamMapping(Protocol):
    """A mapping of a stream; on the loop."""

    uuid: str
    tags: dict[str, str]

    async def settled(self) -> None:
        """Wait until the latest change is over."""
        ...


class StreamMappings(Protocol):
    """The mappings of streams, which are called on the loop; see ``mapping.registry``."""

    def has(self, identity: str) -> bool:
        """Return whether there is a mapping with this UUID."""
        ...

    def create(self, parameters: Mapping[str, Any], region: str) -> StreamMapping:
        """Return a new mapping."""
        ...

    def update(
        self, identity: str, parameters: Mapping[str, Any], present: Settings | None = None
    ) -> StreamMapping:
        """Change a mapping and return it."""
        ...

    def delete(self, identity: str) -> StreamMapping:
        """Begin to delete a mapping, and return it."""
        ...


class MotoMappings:
    """The mappings of queues and tables, which moto keeps; an ``interfaces.OtherMappings``.

    Args:
        worker: moto's thread.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def call(
        self, operation: str, region: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Carry out an operation; see ``interfaces.OtherMappings``."""
        return await self._worker.call(_perform, operation, region, parameters)


def _perform(operation: str, region: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    from moto.awslambda.models import lambda_backends  # late: it takes a second
    from moto.core.exceptions import JsonRESTError

    backend = lambda_backends[ACCOUNT_ID][region]
    if operation == "ListEventSourceMappings":
        found = backend.list_event_source_mappings("", "")
        return {"EventSourceMappings": [one.get_configuration() for one in found]}
    try:
        if operation == "CreateEventSourceMapping":
            return backend.create_event_source_mapping(dict(parameters)).get_configuration()
        uuid = parameters["UUID"]
        mapping = backend.get_event_source_mapping(uuid)
        if mapping is None:
            raise not_found()
        if operation == "DeleteEventSourceMapping":
            backend.delete_event_source_mapping(uuid)
            return {**mapping.get_configuration(), "State": "Deleting"}
        if operation == "UpdateEventSourceMapping":
            backend.update_event_source_mapping(uuid, dict(parameters))
        return mapping.get_configuration()
    except JsonRESTError as refused:
        raise ApiError(str(refused.error_type), str(refused.message)) from None
    except ValueError as refused:  # so moto refuses a batch size
        raise invalid(str(refused.args[-1])) from None
