"""The function with Powertools' batch processor, with and without its parser; the same work."""

from typing import Annotated, Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from aws_lambda_powertools.utilities.parser import BaseModel, Field
from aws_lambda_powertools.utilities.parser.models import (
    KinesisDataStreamRecord,
    KinesisDataStreamRecordPayload,
)
from aws_lambda_powertools.utilities.parser.types import Json

import handler


class Flight(BaseModel, extra="allow", strict=True):
    """The handler's checks of a flight, as types and ranges."""

    year: int = Field(ge=1, le=9999)
    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    hour: int = Field(ge=0, le=23)
    minute: int = Field(ge=0, le=59)
    flight: int = Field(ge=1, le=9999)
    dep_time: Annotated[float | None, Field(ge=0, le=2400)]
    dep_delay: Annotated[float | None, Field(ge=-1440, le=14400)]
    carrier: str = Field(pattern="^[A-Z0-9]{2}$")
    origin: str = Field(pattern="^[A-Z]{3}$")
    dest: str = Field(pattern="^[A-Z]{3}$")
    time_hour: str


class Payload(KinesisDataStreamRecordPayload):
    """The part of a record with its data."""

    data: Json[Flight]


class Record(KinesisDataStreamRecord):
    """A record that contains a flight."""

    kinesis: Payload


plain = BatchProcessor(event_type=EventType.KinesisDataStreams)
parsing = BatchProcessor(event_type=EventType.KinesisDataStreams, model=Record)
outputs: list[Any] = []


def take(record: KinesisStreamRecord) -> None:
    """Enrich a record that the handler's function checks."""
    keep(record.kinesis.data_as_json(), record.kinesis.partition_key, handler.process_data)


def take_parsed(record: Record) -> None:
    """Enrich a record that pydantic has checked."""
    keep(record.kinesis.data.model_dump(), record.kinesis.partitionKey, enriched)


def enriched(data: dict[str, Any]) -> dict[str, Any]:
    """Return a flight with the handler's additional fields, without its checks."""
    day, delay = f"{data['year']:04}-{data['month']:02}-{data['day']:02}", data["dep_delay"]
    return {
        **data,
        "event_id": f"{day}/{data['carrier']}/{data['flight']}/{data['origin']}",
        "event_time": f"{data['time_hour'][:13]}:{data['minute']:02}:00Z",
        "delay_class": handler.delay_class(delay),
        "late": delay is not None and delay > handler.LATE_ABOVE,
        "route": f"{data['origin']}-{data['dest']}",
        "local_hour": data["hour"],
        "source_shard_id": None,
        "source_sequence_number": None,
    }


def keep(data: dict[str, Any], key: str, enrich: Any) -> None:
    """Enrich a flight and keep it for the call at the end."""
    outputs.append({"Data": handler.encode(enrich(data)), "PartitionKey": key})


def write() -> None:
    """Send the flights that were kept."""
    for start in range(0, len(outputs), 500):
        handler.KINESIS.put_records(
            StreamName=handler.OUTPUT_STREAM, Records=outputs[start : start + 500]
        )
    outputs.clear()


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    """Process a batch; the handler's own function validates."""
    answer = process_partial_response(
        event=event, record_handler=take, processor=plain, context=context
    )
    write()
    return answer


def parsing_handler(event: dict[str, Any], context: Any) -> Any:
    """Process a batch; pydantic validates."""
    answer = process_partial_response(
        event=event, record_handler=take_parsed, processor=parsing, context=context
    )
    write()
    return answer
