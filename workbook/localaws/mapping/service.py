"""Event source mappings: the service that ``server`` hands requests to."""

from typing import Any

from workbook.localaws.api import rest_json
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import FunctionTarget, Streams
from workbook.localaws.mapping import api
from workbook.localaws.mapping.destinations import Destinations
from workbook.localaws.mapping.errors import not_found
from workbook.localaws.mapping.registry import Registry
from workbook.localaws.mapping.route import Tools
from workbook.localaws.metrics import Metrics
from workbook.localaws.moto.worker import Worker


class MappingService:
    """All event source mappings of streams, and the API over them.

    Mappings of other event sources are moto's.

    Args:
        endpoint_url: where on-failure destinations are.
        clock: the time of polls, windows, ages and retries.
        services: moto.
        metrics: takes IteratorAge and the EventCount group.
        streams: the door to streams.
        functions: the door to functions.
    """

    def __init__(
        self,
        endpoint_url: str,
        clock: Clock,
        services: Worker,
        metrics: Metrics,
        streams: Streams,
        functions: FunctionTarget,
    ) -> None:
        self._services = services
        self._registry = Registry(
            Tools(clock, streams, functions, Destinations(endpoint_url), metrics)
        )
        services.before_cloudformation(self._show_to_cloudformation)

    def _show_to_cloudformation(self) -> None:
        """On moto's thread: let CloudFormation make mappings here."""
        from workbook.localaws.moto import mappings as backend

        backend.install(self._registry, self._services)

    async def respond(self, request: Request) -> Response | None:
        """Answer a request of the event source mapping API; None for any other."""
        try:
            return await self._route(request)
        except ApiError as error:
            return rest_json.error(error)

    async def close(self) -> None:
        """Stop polling."""
        await self._registry.close()

    async def _route(self, request: Request) -> Response | None:
        match request.method, request.segments:
            case "POST", ["2015-03-31", "event-source-mappings"]:
                asked = api.parameters(request)
                source = asked.get("EventSourceArn")
                if isinstance(source, str) and source.split(":")[2:3] in (["sqs"], ["dynamodb"]):
                    self._registry.check_other(asked, request.region)
                    return None
                return api.create(self._registry, request)
            case "GET", ["2015-03-31", "event-source-mappings"]:
                others = await self._services.call(_others, request)
                return api.list_page(self._registry, request, others)
            case method, ["2015-03-31", "event-source-mappings", identity]:
                return await self._one(method, identity, request)
            case _, ["2017-03-31", "tags", *arn] if ":event-source-mapping:" in "/".join(arn):
                return api.tags(self._registry, "/".join(arn), request)
        return None

    async def _one(self, method: str, identity: str, request: Request) -> Response | None:
        """A call about one mapping: ours, else one of moto's."""
        if self._registry.has(identity):
            match method:
                case "GET":
                    return api.get(self._registry, identity)
                case "PUT":
                    return api.update(self._registry, identity, request)
                case "DELETE":
                    return api.delete(self._registry, identity)
        if not await self._services.call(_has_other, request.region, identity):
            raise not_found()
        return None


def _others(request: Request) -> list[dict[str, Any]]:
    """The mappings of other event sources, on moto's thread."""
    from workbook.localaws.moto import mappings as backend

    asked = request.parameters
    return backend.other_mappings(
        request.region, asked.get("EventSourceArn"), asked.get("FunctionName")
    )


def _has_other(region: str, uuid: str) -> bool:
    """Whether a mapping of another event source has this UUID, on moto's thread."""
    from workbook.localaws.moto import mappings as backend

    return backend.has_other(region, uuid)
