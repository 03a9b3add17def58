"""The context in which a mapping's pollers work: the mapping, and the rest of the local AWS."""

from collections.abc import Callable
from dataclasses import dataclass

from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import Destinations, ExecutionRoles, FunctionTarget, Streams
from workbook.localaws.mapping.settings import Settings
from workbook.localaws.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The parts of the local AWS that every mapping needs."""

    clock: Clock
    streams: Streams
    functions: FunctionTarget
    destinations: Destinations
    metrics: Metrics
    roles: ExecutionRoles


@dataclass(frozen=True, slots=True)
class PollingContext:
    """A mapping as it is between two changes of it.

    Args:
        uuid: the mapping's.
        source_arn: a stream, or a consumer of one.
        function_arn: what to invoke.
        session: the name under which Lambda acts as the function's role.
        settings: batches, windows, retries and the rest.
        dependencies: the rest of the local AWS.
        report: takes the outcome of the latest work, the mapping's LastProcessingResult.
        report_fault: takes an error that should not have been raised, so a fault of the local
            AWS; the caller tries again.
    """

    uuid: str
    source_arn: str
    function_arn: str
    session: str
    settings: Settings
    dependencies: Dependencies
    report: Callable[[str], None]
    report_fault: Callable[[Exception], None]

    @property
    def region(self) -> str:
        """The region of the function."""
        return self.function_arn.split(":")[3]

    @property
    def function_name(self) -> str:
        """The function's name, without a qualifier."""
        return self.function_arn.split(":")[6]

    @property
    def stream_arn(self) -> str:
        """The stream's ARN, also when the source is a consumer of it."""
        return self.source_arn.partition("/consumer/")[0]

    @property
    def is_pushed(self) -> bool:
        """Whether the source is an enhanced fan-out consumer, to which AWS pushes records."""
        return "/consumer/" in self.source_arn

    def measure(self, name: str, value: float, unit: str = "Count") -> None:
        """Put a data point of one of the function's metrics."""
        self.dependencies.metrics.put(
            self.region, "AWS/Lambda", name, value, unit, FunctionName=self.function_name
        )

    def count(self, name: str, events: int) -> None:
        """Put a data point of the EventCount group, if the mapping asks for it."""
        if self.settings.counts_events:
            self.dependencies.metrics.put(
                self.region,
                "AWS/Lambda",
                name,
                events,
                "Count",
                EventSourceMappingUUID=self.uuid,
            )
