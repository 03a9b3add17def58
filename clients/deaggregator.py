"""A Lambda function that takes aggregated records apart with aws_kinesis_agg."""

import base64
from typing import Any

from aws_kinesis_agg.deaggregator import iter_deaggregate_records


def lambda_handler(event: dict[str, Any], context: Any) -> None:
    """Print each user record, which CloudWatch Logs then shows."""
    for record in iter_deaggregate_records(event["Records"]):
        data = base64.b64decode(record["kinesis"]["data"]).decode()
        print("saw", record["kinesis"]["partitionKey"], data)
