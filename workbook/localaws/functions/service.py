"""Lambda functions: the service that ``server`` hands requests to."""

from workbook.localaws.clock import Clock
from workbook.localaws.doors import FunctionGoneError, Invocation
from workbook.localaws.http import Request, Response
from workbook.localaws.metrics import Metrics
from workbook.localaws.services import Services


class FunctionService:
    """Placeholder until the runtime lands."""

    def __init__(
        self, endpoint_url: str, clock: Clock, services: Services, metrics: Metrics
    ) -> None: ...

    async def respond(self, request: Request) -> Response | None:
        return None

    def resolve(self, name_or_arn: str, region: str) -> str:
        raise FunctionGoneError(name_or_arn)

    def role(self, function_arn: str) -> str:
        raise FunctionGoneError(function_arn)

    async def invoke(self, function_arn: str, event: bytes) -> Invocation:
        raise FunctionGoneError(function_arn)

    async def close(self) -> None: ...
