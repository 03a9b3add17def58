"""What the runtime must know of a function, as a value: equal configurations run alike."""

from dataclasses import dataclass, field

from workbook.localaws.http import ACCOUNT_ID

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


def function_arn(region: str, name: str, qualifier: str | None = None) -> str:
    """The ARN of a function, or of a version or alias of it."""
    arn = f"arn:aws:lambda:{region}:{ACCOUNT_ID}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


@dataclass(frozen=True, slots=True)
class Reference:
    """A function as a caller names it; ``qualifier`` is a version or alias, or None."""

    region: str
    name: str
    qualifier: str | None

    @property
    def arn(self) -> str:
        """The ARN with the qualifier that was used, none when there was none [OBS]."""
        return function_arn(self.region, self.name, self.qualifier)


def parse_reference(name_or_arn: str, region: str, qualifier: str | None = None) -> Reference:
    """Read what the Lambda API takes for ``FunctionName`` [BC].

    Args:
        name_or_arn: ``name``, ``name:qualifier``, ``account:function:name`` or a full ARN.
        region: where to look, unless the ARN says it.
        qualifier: the ``Qualifier`` of the request; one in ``name_or_arn`` goes first.
    """
    parts = name_or_arn.split(":")
    if parts[0] == "arn" and len(parts) >= 7:
        region, parts = parts[3] or region, parts[6:]
    elif len(parts) >= 3 and parts[1] == "function":
        parts = parts[2:]
    return Reference(region, parts[0], parts[1] if len(parts) > 1 else qualifier)
