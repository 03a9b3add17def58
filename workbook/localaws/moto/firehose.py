"""moto's Firehose, which refuses what would never be delivered."""

from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.firehose import models

from workbook.localaws.moto.takeover import take_over

FROM_STREAM = "KinesisStreamAsSource"
REFUSAL = (
    "The local AWS does not deliver from a Kinesis stream through Firehose: a delivery stream of "
    f"type {FROM_STREAM} would never write anything. Here you can use DirectPut, and put records "
    "from a function."
)


class FirehoseBackend(models.FirehoseBackend):
    """moto's backend, for direct puts only."""

    @property
    def _url_module(self) -> Any:
        from moto.firehose import urls  # moto derives it from the class' module

        return urls

    def create_delivery_stream(self, *args: Any, **kwargs: Any) -> str:
        """CreateDeliveryStream."""
        kind = kwargs.get("delivery_stream_type") or (args[2] if len(args) > 2 else None)
        if kind == FROM_STREAM:
            raise JsonRESTError("InvalidArgumentException", REFUSAL)
        return super().create_delivery_stream(*args, **kwargs)


def install() -> None:
    """Make moto's backends these; on its thread, before the first delivery stream is made."""
    take_over(models.firehose_backends, FirehoseBackend)
