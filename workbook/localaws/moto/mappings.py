"""Event source mappings of queues and tables, which moto keeps."""

from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.moto.worker import Worker


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
