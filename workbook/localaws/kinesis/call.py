"""A call of the API, as every operation takes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbook.localaws.kinesis.iterators import IteratorSeal
from workbook.localaws.kinesis.region import Region


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Args:
        region: the streams it is about.
        parameters: as sent.
        now: the time of the call, in seconds since the epoch.
        transition: how long streams and consumers are created, changed and deleted, in seconds.
        seal: makes and opens shard iterators.
    """

    region: Region
    parameters: dict[str, Any]
    now: float
    transition: float
    seal: IteratorSeal


Operation = Callable[[Call], dict[str, Any] | None]
