"""moto's CloudWatch Logs, with filter patterns as AWS has them."""

from moto.core.exceptions import JsonRESTError
from moto.logs import models

from workbook.localaws.log_patterns import InvalidPatternError, compile_pattern


class EventFilter:
    """A test of messages, as moto asks for it."""

    def __init__(self, pattern: str | None) -> None:
        try:
            self.matches = compile_pattern(pattern or "")
        except InvalidPatternError as problem:
            raise JsonRESTError("InvalidParameterException", str(problem)) from None


def install() -> None:
    """Make moto filter log events as AWS does; on its thread."""
    models.EventMessageFilter = EventFilter  # type: ignore[attr-defined,assignment]
