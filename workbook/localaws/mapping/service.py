"""Event source mappings: the service that ``server`` hands requests to."""

from workbook.localaws.clock import Clock
from workbook.localaws.doors import FunctionTarget, Streams
from workbook.localaws.http import Request, Response
from workbook.localaws.metrics import Metrics
from workbook.localaws.services import Services


class MappingService:
    """Placeholder until the poller lands."""

    def __init__(
        self,
        endpoint_url: str,
        clock: Clock,
        services: Services,
        metrics: Metrics,
        streams: Streams,
        functions: FunctionTarget,
    ) -> None: ...

    async def respond(self, request: Request) -> Response | None:
        return None

    async def close(self) -> None: ...
