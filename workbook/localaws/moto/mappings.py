"""Event source mappings: those of queues and tables, which moto keeps, and what it needs of those
of streams."""

from collections.abc import Mapping
from typing import Any, Protocol

from workbook.localaws.api.http import ACCOUNT_ID
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

    async def find(
        self, region: str, source_arn: str | None, function: str | None
    ) -> list[dict[str, Any]]:
        """Return the mappings of a region; see ``interfaces.OtherMappings``."""
        return await self._worker.call(_find, region, source_arn or "", function or "")

    async def has(self, region: str, uuid: str) -> bool:
        """Return whether moto has a mapping with this UUID."""
        return await self._worker.call(_has, region, uuid)


def _find(region: str, source_arn: str, function: str) -> list[dict[str, Any]]:
    from moto.awslambda.models import lambda_backends  # late: it takes a second

    found = lambda_backends[ACCOUNT_ID][region].list_event_source_mappings(source_arn, function)
    return [mapping.get_configuration() for mapping in found]


def _has(region: str, uuid: str) -> bool:
    from moto.awslambda.models import lambda_backends

    return lambda_backends[ACCOUNT_ID][region].get_event_source_mapping(uuid) is not None
