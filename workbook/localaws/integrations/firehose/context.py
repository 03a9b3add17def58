"""What delivery streams use of the local AWS, and a record in transit."""

from dataclasses import dataclass

from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import Calls, ExecutionRoles, FunctionTarget, Record, Streams
from workbook.localaws.metrics import Metrics

SERVICE = "firehose.amazonaws.com"  # roles must trust it
NOT_ASSUMED = "Firehose is unable to assume role {}. Please check the role provided."  # [SEEN]
SESSION = "AWSFirehoseToS3"  # the session name of assumed roles [SEEN]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The parts of the local AWS that every delivery stream needs.

    With ``has_quotas``, direct puts have the quotas of AWS.
    """

    clock: Clock
    streams: Streams
    functions: FunctionTarget
    calls: Calls
    roles: ExecutionRoles
    metrics: Metrics
    has_quotas: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """A record on its way to the bucket.

    Args:
        data: its present data.
        arrived: when it arrived, in seconds since the epoch.
        shard_id: the shard that it was read from; empty for a direct put.
        record: the stream's record; None for a direct put.
        place: its index within a record that the KPL aggregated, otherwise 0.
    """

    data: bytes
    arrived: float
    shard_id: str = ""
    record: Record | None = None
    place: int = 0
