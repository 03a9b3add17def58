"""moto's Kinesis with our streams.

moto's other services (CloudFormation, log subscriptions) use Kinesis through its backend, on moto's
thread. This backend gives them our streams; every change is one of our operations, run on the event
loop. Their records are written there too, without waiting.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from moto.core.exceptions import JsonRESTError
from moto.kinesis import urls
from moto.kinesis.models import KinesisBackend, kinesis_backends

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.integrations.stream_writes import Write

# Runs an operation (region, name, parameters as sent) and waits for its response.
Perform = Callable[[str, str, dict[str, Any]], dict[str, Any]]
# Writes a record soon, and does not wait for it.
Send = Callable[[Write], None]


class Stream(NamedTuple):
    """A stream, as moto's other services see it."""

    stream_name: str
    arn: str


class Backend(KinesisBackend):
    """moto's backend for a region, over our streams."""

    perform: Perform  # set by ``install``
    send: Send  # set by ``install``

    @property
    def _url_module(self) -> Any:
        return urls  # moto derives it from the class' module

    def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Return our response to an operation, omitting parameters that are None.

        Raises:
            ApiError: a refusal.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        return self.perform(self.region_name, operation, given)

    def ask_for_moto(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Return our response to an operation, as ``ask`` does.

        Raises:
            JsonRESTError: a refusal, in moto's form.
        """
        try:
            return self.ask(operation, **parameters)
        except ApiError as error:
            raise JsonRESTError(error.code, error.message) from None

    @property
    def streams(self) -> dict[str, Any]:
        """Return every stream by name."""
        summaries = self.ask_for_moto("ListStreams")["StreamSummaries"]
        return {one["StreamName"]: Stream(one["StreamName"], one["StreamARN"]) for one in summaries}

    @streams.setter
    def streams(self, empty: dict[str, Any]) -> None:
        """Ignore moto's assignment of an empty dictionary: we start with no streams either."""

    def describe_stream(self, stream_arn: str | None, stream_name: str | None) -> Any:
        """Return the stream with an ARN or a name."""
        answer = self.ask_for_moto(
            "DescribeStreamSummary", StreamARN=stream_arn, StreamName=stream_name
        )
        summary = answer["StreamDescriptionSummary"]
        return Stream(summary["StreamName"], summary["StreamARN"])

    def reset(self) -> None:
        """Delete every stream, when moto resets all services."""
        for name in self.streams:
            self.ask_for_moto("DeleteStream", StreamName=name, EnforceConsumerDeletion=True)
        super().reset()


def backend(region: str) -> Backend:
    """Return the backend of a region."""
    return cast(Backend, kinesis_backends[ACCOUNT_ID][region])


def install(perform: Perform, send: Send) -> None:
    """Replace moto's backend with ours, before anything uses it."""
    given = {"perform": staticmethod(perform), "send": staticmethod(send)}
    kinesis_backends.backend = type("Backend", (Backend,), given)
