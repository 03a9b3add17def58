"""The streams of one region, found by name or ARN."""

from dataclasses import dataclass, field
from typing import Any

from workbook.localaws.http import ACCOUNT_ID
from workbook.localaws.kinesis.errors import KinesisError, in_use, invalid, not_found
from workbook.localaws.kinesis.stream import Stream


def no_stream(name: str) -> KinesisError:
    """AWS's answer for a stream that does not exist [OBS]."""
    return not_found(f"Stream {name} under account {ACCOUNT_ID} not found.")


@dataclass(slots=True)
class Region:
    """One region of the account."""

    name: str
    streams: dict[str, Stream] = field(default_factory=dict)

    def stream_arn(self, name: str) -> str:
        """The ARN of the stream of that name."""
        return f"arn:aws:kinesis:{self.name}:{ACCOUNT_ID}:stream/{name}"

    def find(self, name: str, now: float) -> Stream | None:
        """The stream of that name, whatever its state, or None."""
        stream = self.streams.get(name)
        if stream is not None and stream.gone_at is not None and stream.gone_at <= now:
            del self.streams[name]
            return None
        return stream

    def stream(self, parameters: dict[str, Any], now: float) -> Stream:
        """The stream that a call's StreamName or StreamARN names.

        Raises:
            KinesisError: it names none, or there is none.
        """
        name = parameters.get("StreamName")
        arn = parameters.get("StreamARN")
        if arn is not None:
            of_arn = arn.partition(":stream/")[2]
            if name is not None and name != of_arn:
                raise invalid("StreamARN and StreamName must identify the same stream.")
            name = of_arn
        if name is None:
            raise invalid("Either StreamName or StreamARN must be specified.")
        stream = self.find(name, now)
        if stream is None or (arn is not None and arn != stream.arn):
            raise no_stream(name)
        return stream

    def active(self, parameters: dict[str, Any], now: float) -> Stream:
        """``stream``, if its settings can be changed now.

        Raises:
            KinesisError: as ``stream``, or it is not ACTIVE.
        """
        stream = self.stream(parameters, now)
        status = stream.status(now)
        if status != "ACTIVE":
            raise in_use(
                f"Stream {stream.name} under account {ACCOUNT_ID} not ACTIVE, "
                f"instead in state {status}"
            )
        return stream

    def data_stream(self, parameters: dict[str, Any], now: float) -> Stream:
        """``stream``, if its records can be written and read now.

        Raises:
            KinesisError: as ``stream``; a stream CREATING or DELETING is not found either [KL].
        """
        stream = self.stream(parameters, now)
        if stream.status(now) in ("CREATING", "DELETING"):
            raise no_stream(stream.name)
        return stream
