"""What a mapping's pollers work with: from where to where, under which settings, and by what."""

from collections.abc import Callable
from dataclasses import dataclass

from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import FunctionTarget, Streams
from workbook.localaws.mapping.destinations import Destinations
from workbook.localaws.mapping.settings import Settings
from workbook.localaws.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Tools:
    """The parts of the local AWS that every mapping uses."""

    clock: Clock
    streams: Streams
    functions: FunctionTarget
    destinations: Destinations
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Route:
    """One mapping between two changes of it.

    ``report`` takes the outcome of the latest work: the mapping's LastProcessingResult.
    """

    mapping: str
    source_arn: str
    function_arn: str
    settings: Settings
    tools: Tools
    report: Callable[[str], None]

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
        """Whether the source is an enhanced fan-out consumer, which gets records pushed."""
        return "/consumer/" in self.source_arn

    def measure(self, name: str, value: float, unit: str = "Count") -> None:
        """A data point of the function's."""
        self.tools.metrics.put(
            self.region, "AWS/Lambda", name, value, unit, FunctionName=self.function_name
        )

    def count(self, name: str, events: int) -> None:
        """A data point of the mapping's EventCount group, which it has to ask for."""
        if self.settings.counts_events:
            self.tools.metrics.put(
                self.region,
                "AWS/Lambda",
                name,
                events,
                "Count",
                EventSourceMappingUUID=self.mapping,
            )
