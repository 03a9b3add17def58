"""A function that prints its records."""

import base64
import os
from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, list[str]]:
    """Print each record's text after the greeting."""
    for record in event["Records"]:
        print(os.environ["GREETING"], base64.b64decode(record["kinesis"]["data"]).decode())
    return {"batchItemFailures": []}
