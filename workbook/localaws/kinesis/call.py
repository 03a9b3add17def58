"""The argument of every operation: one call and the state that it works on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.kinesis.errors import over_limit
from workbook.localaws.kinesis.iterators import Seal
from workbook.localaws.kinesis.limits import Bucket
from workbook.localaws.kinesis.metering import Meter
from workbook.localaws.kinesis.region import Region
from workbook.localaws.kinesis.stream import Stream


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Args:
        region: the streams of the region that is called.
        parameters: the call's parameters, read by ``api.model``.
        now: the time of the call, in seconds since the epoch.
        transition: seconds for which a stream or consumer is CREATING, UPDATING or DELETING.
        seal: makes and opens shard iterators and page tokens.
        meter: takes CloudWatch metrics.
        limits: whether to enforce throughput limits.
    """

    region: Region
    parameters: dict[str, Any]
    now: float
    transition: float
    seal: Seal
    meter: Meter
    limits: bool

    def stream(self) -> Stream:
        """Return the stream that the call names."""
        return self.region.stream(self.parameters, self.now)

    def active_stream(self) -> Stream:
        """Return the stream that the call changes; it must be ACTIVE."""
        return self.region.active(self.parameters, self.now)

    def usable_stream(self) -> Stream:
        """Return the stream that the call writes to or reads from."""
        return self.region.usable(self.parameters, self.now)

    def begin_update(self, stream: Stream) -> None:
        """Put a stream into UPDATING for a short while; it stays usable."""
        stream.updating_until = self.now + self.transition

    def end_dry_run(self) -> None:
        """End a dry run after all checks have passed.

        Raises:
            ApiError: the call is a dry run.
        """
        if self.parameters.get("DryRun"):
            raise ApiError(
                "DryRunOperationException",
                "The request was rejected because the DryRun parameter was specified.",
            )

    def limit_rate(self, operation: str, per_second: float) -> None:
        """Count the call against the account's rate limit for the operation [SEEN].

        Raises:
            ApiError: the rate limit is exceeded.
        """
        if not self.limits:
            return
        bucket = self.region.rates.setdefault(operation, Bucket(per_second))
        if not bucket.has(1, self.now):
            name = self.parameters.get("StreamName")
            of_stream = f"stream {name} under " if name is not None else ""
            raise over_limit(f"Rate exceeded for {of_stream}account {ACCOUNT_ID}.")
        bucket.take(1)


Operation = Callable[[Call], dict[str, Any] | None]
