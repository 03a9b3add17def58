"""The streams of one region, found by name or ARN."""

from dataclasses import dataclass, field
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.partitions import partition
from workbook.localaws.kinesis.consumer import Consumer
from workbook.localaws.kinesis.errors import in_use, invalid, no_consumer, no_stream
from workbook.localaws.kinesis.limits import Bucket
from workbook.localaws.kinesis.stream import Stream

Parameters = dict[str, Any]


def not_active(stream: Stream, consumer: Consumer) -> ApiError:
    """Return the error for a consumer that is CREATING or DELETING [SEEN]."""
    return in_use(
        f"Consumer {consumer.name} with creation timestamp {int(consumer.created)} under stream: "
        f"{stream.name} , account {ACCOUNT_ID} is not in ACTIVE status."
    )


@dataclass(slots=True)
class Region:
    """One region of the account."""

    name: str
    streams: dict[str, Stream] = field(default_factory=dict)
    rates: dict[str, Bucket] = field(default_factory=dict)  # of calls, by operation
    commitment: str = "DISABLED"  # whether the account has On-demand Advantage

    def stream_arn(self, name: str) -> str:
        """Return the ARN of the stream with this name."""
        return f"arn:{partition(self.name)}:kinesis:{self.name}:{ACCOUNT_ID}:stream/{name}"

    def find(self, name: str, now: float) -> Stream | None:
        """Return the stream with this name in any state, or None."""
        stream = self.streams.get(name)
        if stream is not None and stream.gone_at is not None and stream.gone_at <= now:
            del self.streams[name]
            return None
        return stream

    def all(self, now: float) -> list[Stream]:
        """Return every stream, by name."""
        found = (self.find(name, now) for name in sorted(self.streams))
        return [stream for stream in found if stream is not None]

    def stream(self, parameters: Parameters, now: float) -> Stream:
        """Return the stream that a call's StreamName or StreamARN (or both) names.

        Raises:
            ApiError: they name no stream, two streams, or one that does not exist.
        """
        name = parameters.get("StreamName")
        arn = parameters.get("StreamARN")
        if arn is not None:
            of_arn = arn.partition(":stream/")[2]
            if name is not None and name != of_arn:
                raise invalid(
                    f"StreamARN and StreamName do not match. StreamARN {arn} and "
                    f"StreamName {name} must identify the same stream."
                )
            name = of_arn
        if name is None:
            raise invalid("Either StreamName or StreamARN must be specified.")
        stream = self.find(name, now)
        if stream is None or (arn is not None and arn != stream.arn):
            raise no_stream(name)
        return stream

    def active(self, parameters: Parameters, now: float) -> Stream:
        """Return the stream that a call names, if it can be changed now.

        Raises:
            ApiError: as ``stream``; or the stream is not ACTIVE.
        """
        stream = self.stream(parameters, now)
        status = stream.status(now)
        if status != "ACTIVE":
            raise in_use(
                f"Stream {stream.name} under account {ACCOUNT_ID} not ACTIVE, "
                f"instead in state {status}"
            )
        return stream

    def usable(self, parameters: Parameters, now: float) -> Stream:
        """Return the stream that a call names, if it can be written to and read now.

        Raises:
            ApiError: as ``stream``; a stream that is CREATING or DELETING counts as not found [KL].
        """
        stream = self.stream(parameters, now)
        if stream.status(now) in ("CREATING", "DELETING"):
            raise no_stream(stream.name)
        return stream

    def consumer(self, arn: str, now: float) -> tuple[Stream, Consumer]:
        """Return the consumer with this ARN, and its stream.

        Raises:
            ApiError: it does not exist.
        """
        path, _, name_and_second = arn.partition("/consumer/")
        stream = self.find(path.partition(":stream/")[2], now)
        name = name_and_second.partition(":")[0]
        consumer = self.consumers(stream, now).get(name) if stream is not None else None
        if stream is None or consumer is None or consumer.arn != arn:
            raise no_consumer(arn)
        return stream, consumer

    @staticmethod
    def consumers(stream: Stream, now: float) -> dict[str, Consumer]:
        """Return a stream's consumers by name, without deleted ones."""
        for consumer in list(stream.consumers.values()):
            if consumer.gone_at is not None and consumer.gone_at <= now:
                del stream.consumers[consumer.name]
        return stream.consumers
