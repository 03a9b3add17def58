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
    """A version of a mapping, which is replaced when the mapping is updated.

    Args:
        uuid: the mapping's.
        source_arn: a stream, or a consumer of one.
        function_arn: the function to invoke.
        session: the session name under which Lambda assumes the function's role.
        settings: batches, windows, retries and all others.
        dependencies: the rest of the local AWS.
        report: sets the mapping's LastProcessingResult after an attempt.
        report_fault: reports an unexpected error, that is, a fault of the local AWS; the caller
            tries again.
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
        """Return the function's region."""
        return self.function_arn.split(":")[3]

    @property
    def function_name(self) -> str:
        """Return the function's name, without a qualifier."""
        return self.function_arn.split(":")[6]

    @property
    def stream_arn(self) -> str:
        """Return the stream's ARN, even if the source is a consumer of it."""
        return self.source_arn.partition("/consumer/")[0]

    @property
    def is_pushed(self) -> bool:
        """Return whether the source is an enhanced fan-out consumer: AWS pushes its records."""
        return "/consumer/" in self.source_arn

    def measure(self, name: str, value: float, unit: str = "Count") -> None:
        """Record a data point of one of the function's metrics."""
        self.dependencies.metrics.put(
            self.region, "AWS/Lambda", name, value, unit, FunctionName=self.function_name
        )

    def count(self, name: str, events: int) -> None:
        """Record a data point of the EventCount group, if the mapping has it enabled."""
        if self.settings.counts_events:
            self.dependencies.metrics.put(
                self.region,
                "AWS/Lambda",
                name,
                events,
                "Count",
                EventSourceMappingUUID=self.uuid,
            )
