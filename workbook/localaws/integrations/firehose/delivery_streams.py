"""All delivery streams; the Firehose API creates, feeds, updates and deletes them here."""

from collections.abc import Sequence

from workbook.localaws.api.errors import ApiError
from workbook.localaws.integrations.firehose import schemas
from workbook.localaws.integrations.firehose.context import NOT_ASSUMED, SERVICE, Dependencies
from workbook.localaws.integrations.firehose.delivery_stream import DeliveryStream
from workbook.localaws.integrations.firehose.reading import Reader, denial
from workbook.localaws.integrations.firehose.settings import Settings, invalid
from workbook.localaws.interfaces import SourceGoneError


class DeliveryStreams:
    """The delivery streams of the local AWS; call every method on the event loop.

    Args:
        dependencies: the rest of the local AWS.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._running: dict[str, DeliveryStream] = {}

    async def create(
        self, arn: str, settings: Settings, source: tuple[str, str] | None = None
    ) -> float:
        """Start a delivery stream; return the time from which its source is read.

        Args:
            arn: the delivery stream's ARN.
            settings: how it delivers.
            source: the ARN of a Kinesis stream, and the role that reads it; None for direct puts.

        Raises:
            ApiError: a role cannot be assumed or lacks permission, or the stream does not exist.
        """
        self._check_roles(settings, arn)
        start = self._dependencies.clock.now()
        reader = None
        if source is not None:
            stream_arn, role_arn = source
            self._check_role(role_arn)
            try:
                self._dependencies.streams.source(stream_arn)
            except SourceGoneError:
                name = stream_arn.rpartition("/")[2]
                raise ApiError(
                    "ResourceNotFoundException",
                    f"Stream {name} under account {stream_arn.split(':')[4]} not found.",
                ) from None
            denied = denial(self._dependencies, role_arn, stream_arn)
            if denied is not None:
                raise ApiError("AccessDeniedException", denied)
            reader = Reader(self._dependencies, stream_arn, role_arn, start)
        stream = self._running[arn] = DeliveryStream(self._dependencies, arn, settings, reader)
        stream.start()
        return start

    async def put(self, arn: str, records: Sequence[bytes], *, is_client: bool) -> int:
        """Accept direct puts; return how many, from the first on.

        Args:
            arn: the delivery stream's ARN.
            records: the data of each record.
            is_client: whether a client puts them, to whom the quotas apply. Other services retry
                what is throttled, so theirs are accepted.

        Raises:
            ApiError: the delivery stream accepts no direct puts, or not as many.
        """
        has_quotas = is_client and self._dependencies.has_quotas
        return self._running[arn].put(records, has_quotas=has_quotas)

    async def update(self, arn: str, settings: Settings, version: str) -> None:
        """Change a delivery stream's settings, which also apply to what is buffered [SEEN].

        Raises:
            ApiError: a role cannot be assumed, or may not read the schema.
        """
        self._check_roles(settings, arn)
        self._running[arn].change(settings, version)

    async def delete(self, arn: str) -> None:
        """Stop a delivery stream."""
        stream = self._running.pop(arn, None)
        if stream is not None:
            await stream.close()

    async def close(self) -> None:
        """Stop all delivery streams."""
        for arn in list(self._running):
            await self.delete(arn)

    def _check_roles(self, settings: Settings, arn: str) -> None:
        self._check_role(settings.role_arn)
        if settings.transformation is not None:
            self._check_role(settings.transformation.role_arn)
        if settings.conversion is not None:
            schemas.check_role(self._dependencies, settings.conversion, arn.split(":")[3])

    def _check_role(self, role_arn: str) -> None:
        if not self._dependencies.roles.can_be_assumed(role_arn, SERVICE):
            raise invalid(NOT_ASSUMED.format(role_arn))
