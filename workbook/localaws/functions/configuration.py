"""What the runtime must know of a function, as a value: equal configurations run alike."""

from dataclasses import dataclass, field

from workbook.localaws.function_arn import function_arn

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class FunctionVersion:
    """One version of a function.

    ``version`` is ``$LATEST`` or a number; ``memory`` is in MB, ``timeout`` in seconds.  The zips
    of code and layers do not count in comparisons: ``code_sha256`` and ``layers`` stand for them.
    ``logging`` is the LoggingConfig.
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

    @property
    def log_group(self) -> str:
        """The log group that it writes to."""
        return dict(self.logging)["LogGroup"]

    @property
    def logs_json(self) -> bool:
        """Whether its log is in JSON."""
        return dict(self.logging)["LogFormat"] == "JSON"

    @property
    def arn(self) -> str:
        """The function's ARN, without a qualifier."""
        return function_arn(self.region, self.name)
