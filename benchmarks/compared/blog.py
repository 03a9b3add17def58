"""The function as in blog posts: decode, change, write, without checking input or output."""

import base64
import json
from typing import Any

import handler


def lambda_handler(event: dict[str, Any], context: Any) -> None:
    """Write each record of the batch, with the fields that are easy to compute."""
    records: list[Any] = []
    for record in event["Records"]:
        data = json.loads(base64.b64decode(record["kinesis"]["data"]))
        data["route"] = f"{data['origin']}-{data['dest']}"
        data["delay_class"] = handler.delay_class(data["dep_delay"])
        key = record["kinesis"]["partitionKey"]
        records.append({"Data": json.dumps(data), "PartitionKey": key})
    for start in range(0, len(records), 500):
        handler.KINESIS.put_records(
            StreamName=handler.OUTPUT_STREAM, Records=records[start : start + 500]
        )
