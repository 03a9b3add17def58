"""A Lambda function with Powertools' batch processor; a record with the text "poison" fails."""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord

processor = BatchProcessor(event_type=EventType.KinesisDataStreams)


def handle_record(record: KinesisStreamRecord) -> None:
    """Print the record, which CloudWatch Logs then shows."""
    text = record.kinesis.data_as_text()
    print("saw", text)
    if text == "poison":
        raise ValueError("poison")


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    """Return a partial batch response."""
    return process_partial_response(
        event=event, record_handler=handle_record, processor=processor, context=context
    )
