"""A function's configuration as values; functions with equal values run alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbook.localaws.function_arn import function_arn

LATEST = "$LATEST"
DEFAULT_STORAGE = 512  # MB of /tmp [DG:gettingstarted-limits]
MAX_RETRIES = 2  # of an asynchronous invocation; also the default [DG:invocation-async]
MAX_EVENT_AGE_SECONDS = 21_600


@dataclass(frozen=True, slots=True)
class FunctionVersion:
    """A version of a function, with everything needed to run it.

    ``version`` is ``$LATEST`` or a number; ``memory`` and ``storage`` (of ``/tmp``) are in MB,
    ``timeout`` in seconds. Comparisons ignore the zips of code and layers: ``code_sha256`` and
    ``layers`` represent them. ``logging`` is the LoggingConfig, ``dead_letters`` the ARN of a
    dead-letter queue or None.
    """

    region: str
    name: str
    version: str
    role: str
    runtime: str
    handler: str
    timeout: int
    memory: int
    variables: tuple[tuple[str, str], ...]
    code_sha256: str
    layers: tuple[str, ...]
    logging: tuple[tuple[str, str], ...]
    code: bytes = field(compare=False, repr=False)
    layer_code: tuple[bytes, ...] = field(compare=False, repr=False)
    storage: int = DEFAULT_STORAGE
    dead_letters: str | None = None

    @property
    def log_group(self) -> str:
        """Return the log group that it writes to."""
        return dict(self.logging)["LogGroup"]

    @property
    def logs_json(self) -> bool:
        """Return whether its log is in JSON."""
        return dict(self.logging)["LogFormat"] == "JSON"

    @property
    def arn(self) -> str:
        """Return the function's ARN, without a qualifier."""
        return function_arn(self.region, self.name)


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a version; it may route a share of invocations, from 0 to 1, to other versions."""

    version: str
    weights: tuple[tuple[str, float], ...] = ()

    def leads_to(self) -> list[str]:
        """Return every version to which an invocation may be routed."""
        return [self.version, *(version for version, _ in self.weights)]

    def choose(self, choice: float) -> str:
        """Return the version for ``choice``, a random number from 0 to below 1 [OBS]."""
        for version, weight in self.weights:
            choice -= weight
            if choice < 0:
                return version
        return self.version


@dataclass(frozen=True, slots=True)
class EventInvokeConfig:
    """A function's settings for asynchronous invocations; destinations are ARNs or None."""

    retries: int = MAX_RETRIES
    max_age: int = MAX_EVENT_AGE_SECONDS
    on_success: str | None = None
    on_failure: str | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its versions by number and ``$LATEST``, and settings for all of them.

    ``reserved`` is the reserved concurrency, or None. ``events`` are the settings of asynchronous
    invocations, by the qualifier that is invoked.
    """

    versions: Mapping[str, FunctionVersion]
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    reserved: int | None = None
    events: Mapping[str, EventInvokeConfig] = field(default_factory=dict)

    def events_of(self, qualifier: str | None) -> EventInvokeConfig:
        """Return the settings of asynchronous invocations of a version or alias, or ``$LATEST``."""
        return self.events.get(qualifier or LATEST, EventInvokeConfig())
