"""The context of delivery streams in the local AWS, and a record in transit."""

from dataclasses import dataclass

from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import Calls, ExecutionRoles, FunctionTarget, Record, Streams
from workbook.localaws.metrics import Metrics

SERVICE = "firehose.amazonaws.com"  # which roles must trust
NOT_ASSUMED = "Firehose is unable to assume role {}. Please check the role provided."  # [SEEN]
SESSION = "AWSFirehoseToS3"  # the name under which roles act [SEEN]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The parts of the local AWS that every delivery stream needs."""

    clock: Clock
    streams: Streams
    functions: FunctionTarget
    calls: Calls
    roles: ExecutionRoles
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Item:
    """A record on its way to the bucket.

    Args:
        data: as it is now.
        arrived: in seconds since the epoch.
        shard_id: of the stream that it came from; empty for a direct put.
        record: as the stream has it; None for a direct put.
        place: its index in a record that the KPL aggregated, else 0.
    """

    data: bytes
    arrived: float
    shard_id: str = ""
    record: Record | None = None
    place: int = 0
