"""A Lambda function with Powertools' logger, metrics, parser and idempotency, as its pages show."""

import os
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser import BaseModel, event_parser
from aws_lambda_powertools.utilities.parser.models import KinesisDataStreamModel

logger = Logger(service="orders")
metrics = Metrics(namespace="orders", service="orders")
config = IdempotencyConfig()


class Order(BaseModel):
    """The data of a record."""

    number: int


@idempotent_function(  # type: ignore[untyped-decorator]
    data_keyword_argument="order",
    config=config,
    persistence_store=DynamoDBPersistenceLayer(table_name=os.environ["TABLE"]),
)
def book(order: dict[str, Any]) -> int:
    """Log and count an order, once."""
    logger.info("booked", extra={"number": order["number"]})
    metrics.add_metric(name="Booked", unit=MetricUnit.Count, value=1)
    return int(order["number"])


@metrics.log_metrics
@event_parser(model=KinesisDataStreamModel)
def lambda_handler(event: KinesisDataStreamModel, context: Any) -> None:
    """Book each record's order."""
    config.register_lambda_context(context)
    for record in event.Records:
        order = Order.model_validate_json(bytes(record.kinesis.data))  # type: ignore[arg-type]
        book(order=order.model_dump())
