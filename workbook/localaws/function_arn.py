"""How callers name a Lambda function: by name, part of an ARN or all of it; and its ARN."""

from dataclasses import dataclass

from workbook.localaws.api.http import ACCOUNT_ID


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
