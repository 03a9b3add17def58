"""What things cost on AWS, and a bill made of them.

Prices of us-east-1 in USD, without any free tier, as checked on ``CHECKED``: of Kinesis from AWS's
price list; of Lambda (x86, first tier), enhanced fan-out and CloudWatch from several notes that
agree.
"""

import pandas as pd

CHECKED = "2026-11-22"
REGION = "us-east-1"
SHARD_HOUR = 0.015
LONGER_SHARD_HOUR = 0.020  # more, for keeping records for 2 to 7 days
PUT_UNIT = 0.014e-6  # 25 KB of a record, or what there is of it
PUT_UNIT_BYTES = 25 * 1024
REQUEST = 0.20e-6
GB_SECOND = 0.0000166667
CONSUMER_SHARD_HOUR = 0.015  # enhanced fan-out, for each consumer and shard
CONSUMER_GB = 0.013  # read by such a consumer
ON_DEMAND_STREAM_HOUR = 0.040
ON_DEMAND_GB_IN = 0.080
ON_DEMAND_GB_OUT = 0.040
METRIC_MONTH = 0.30  # of CloudWatch beyond the basic ones, by the hour
METRIC_QUERY = 0.01e-3  # a metric that GetMetricData is asked for


def bill(
    *, shard_hours: float = 0, put_units: float = 0, requests: float = 0, gb_seconds: float = 0
) -> "pd.Series[float]":
    """The items of a bill in USD, named as AWS names them.

    Args:
        shard_hours: of provisioned streams, used or not.
        put_units: of 25 KB, counted record by record.
        requests: invocations of the function.
        gb_seconds: billed time of the function by its memory.
    """
    return pd.Series(
        {
            "shard hours": shard_hours * SHARD_HOUR,
            "PUT payload units": put_units * PUT_UNIT,
            "Lambda requests": requests * REQUEST,
            "Lambda GB-seconds": gb_seconds * GB_SECOND,
        },
        name="USD",
    )


LIMITS = {
    "Kinesis": {
        "write to a shard": "1 MB/s and 1,000 records/s",
        "read from a shard": "2 MB/s and 5 GetRecords/s, all consumers together",
        "one GetRecords": "10,000 records, 10 MB",
        "one PutRecords": "500 records, 10 MiB with the keys",
        "one record": "1 MiB with its key; can be raised to 10 MiB",
        "partition key": "1 to 256 characters",
        "iterator": "5 minutes",
        "retention": "24 hours; can be raised to 8,760 (a year)",
    },
}


def limits(service: str) -> pd.DataFrame:
    """Return AWS's limits on a service, as checked on ``CHECKED``."""
    return pd.Series(LIMITS[service], name=f"limit ({CHECKED})").to_frame()
