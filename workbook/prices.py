"""What things cost on AWS, and a bill made of them.

Prices of us-east-1 in USD, without any free tier, as checked on ``CHECKED``: of Kinesis from AWS's
price list; of Lambda (x86, first tier), enhanced fan-out and CloudWatch from several notes that
agree.
"""

import pandas as pd

CHECKED = "2026-11-22"
SHARD_HOUR = 0.015
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
