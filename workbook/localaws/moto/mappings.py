"""Event source mappings of queues and tables, which moto stores."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.mapping.errors import invalid, not_found
from workbook.localaws.moto.worker import Worker


class MotoMappings:
    """The mappings of queues and tables, which moto stores; an ``interfaces.OtherMappings``.

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
    from moto.awslambda.models import lambda_backends  # late: it takes a second to import
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
    except ValueError as refused:  # moto's error for a batch size
        raise invalid(str(refused.args[-1])) from None
