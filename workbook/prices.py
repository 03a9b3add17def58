"""Prices and limits of AWS in one dated table, and a bill computed from the prices.

Prices are those of ``REGION`` in USD, without any free tier. Each constant has a row in ``table()``
with its unit, its meaning and its source.
"""

from typing import Literal, NamedTuple

import pandas as pd

CHECKED = "2026-11-22"
REGION = "us-east-1"
MIB = 1024 * 1024

# --- prices

SHARD_HOUR = 0.015
PUT_UNIT = 0.014e-6
LONGER_SHARD_HOUR = 0.020
LONG_TERM_GB_MONTH = 0.023
LONG_TERM_GB_OUT = 0.021
CONSUMER_SHARD_HOUR = 0.015
CONSUMER_GB = 0.013
ON_DEMAND_STREAM_HOUR = 0.040
ON_DEMAND_GB_IN = 0.080
ON_DEMAND_GB_OUT = 0.040
ON_DEMAND_LONGER_GB_MONTH = 0.10
ON_DEMAND_LONG_TERM_GB_MONTH = 0.023
REQUEST = 0.20e-6
GB_SECOND = 0.0000166667
ARM_GB_SECOND = 0.0000133334
LOG_GB = 0.50
LOG_GB_MONTH = 0.03
ALARM_MONTH = 0.10
METRIC_MONTH = 0.30
METRIC_QUERY = 0.01e-3
QUEUE_REQUEST = 0.40e-6
FIFO_REQUEST = 0.50e-6
TOPIC_REQUEST = 0.50e-6
TABLE_WRITE = 0.625e-6
TABLE_READ = 0.125e-6
TABLE_CHANGE = 0.10e-6
BUS_EVENT = 1.00e-6
PIPE_REQUEST = 0.40e-6
FIREHOSE_GB = 0.029
FIREHOSE_CONVERSION_GB = 0.018
FIREHOSE_PARTITIONING_GB = 0.020
FIREHOSE_PARTITIONING_OBJECT = 0.005e-3
FIREHOSE_JQ_HOUR = 0.07
S3_PUT = 0.005e-3
S3_GET = 0.0004e-3
S3_GB_MONTH = 0.023
ATHENA_TB = 5.0

# --- limits

SHARD_RECORDS_IN = 1_000
SHARD_BYTES_IN = MIB
SHARD_BYTES_OUT = 2 * MIB
SHARD_READS = 5
READ_RECORDS = 10_000
READ_BYTES = 10 * MIB
CALL_RECORDS = 500
CALL_BYTES = 10 * MIB
RECORD_BYTES = MIB
LARGEST_RECORD_BYTES = 10 * MIB
KEY_CHARACTERS = 256
RETENTION_HOURS = 24
LONGEST_RETENTION_HOURS = 8_760
ITERATOR_SECONDS = 300
CONSUMERS = 20
ON_DEMAND_BYTES_IN = 4 * MIB
SHARD_COUNT_UPDATES = 10
BATCH_RECORDS = 10_000
BATCH_WINDOW_SECONDS = 300
BATCHES_PER_SHARD = 10
RETRIES = 10_000
RECORD_AGE_SECONDS = 604_800
TUMBLING_WINDOW_SECONDS = 900
FILTERS = 5
PAYLOAD_BYTES = 6 * MIB
TIMEOUT_SECONDS = 900
MEMORY_MB = 10_240
CONCURRENCY = 1_000
PACKAGE_MB = 50
UNPACKED_MB = 250
VARIABLES_BYTES = 4_096
FIREHOSE_RECORD_STEP = 5 * 1024
FIREHOSE_INTERVAL_SECONDS = 900
ATHENA_LEAST_MB = 10


class Source(NamedTuple):
    """The origin of figures: AWS's page with the present figure, and where ours were read."""

    kind: Literal["price", "limit"]
    service: Literal[
        "Kinesis",
        "Lambda",
        "CloudWatch",
        "SQS",
        "SNS",
        "DynamoDB",
        "EventBridge",
        "Firehose",
        "S3",
        "Athena",
    ]
    page: str
    read_in: str


class Row(NamedTuple):
    """A row of the table: the constant's name, its unit and its meaning.

    The table shows the constant times ``per``, for prices that are small fractions of a cent.
    """

    name: str
    unit: str
    about: str
    per: int = 1


MILLION = 1_000_000
PRICE_LIST = "AWS's price list of 13 August 2026"
NOTES = "notes of 2026 that agree"
GUIDE = "that page and botocore 1.44"
KINESIS = "https://aws.amazon.com/kinesis/data-streams/pricing/"
STREAMS_GUIDE = "https://docs.aws.amazon.com/streams/latest/dev/"
LAMBDA_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg/"
DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
FIREHOSE = "https://aws.amazon.com/firehose/pricing/"
FIREHOSE_GUIDE = "https://docs.aws.amazon.com/firehose/latest/dev/"
ATHENA = "https://aws.amazon.com/athena/pricing/"
LATER_NOTE = "one note, read on 27 November 2026"
LATER_NOTES = "notes that agree, one with the rates of the price list; read on 27 November 2026"

ROWS: dict[Source, list[Row]] = {
    Source("price", "Kinesis", KINESIS, PRICE_LIST): [
        Row("SHARD_HOUR", "USD / shard hour", "a provisioned shard, used or not"),
        Row("PUT_UNIT", "USD / million", "writing, in units of 25 KB of each record", MILLION),
        Row("LONGER_SHARD_HOUR", "USD / shard hour", "added for records kept 24 h to 7 days"),
        Row("LONG_TERM_GB_MONTH", "USD / GB month", "records kept over 7 days"),
        Row("LONG_TERM_GB_OUT", "USD / GB", "reading records that are over 7 days old"),
        Row("ON_DEMAND_STREAM_HOUR", "USD / hour", "an on-demand stream (Standard)"),
        Row("ON_DEMAND_GB_IN", "USD / GB", "writing to it, in units of 1 KB of each record"),
        Row("ON_DEMAND_GB_OUT", "USD / GB", "reading from it"),
        Row("ON_DEMAND_LONGER_GB_MONTH", "USD / GB month", "its records kept 24 h to 7 days"),
        Row("ON_DEMAND_LONG_TERM_GB_MONTH", "USD / GB month", "its records kept over 7 days"),
    ],
    Source("price", "Kinesis", KINESIS, NOTES): [
        Row("CONSUMER_SHARD_HOUR", "USD / shard hour", "each enhanced fan-out consumer"),
        Row("CONSUMER_GB", "USD / GB", "reading by enhanced fan-out"),
    ],
    Source("price", "Lambda", "https://aws.amazon.com/lambda/pricing/", NOTES): [
        Row("REQUEST", "USD / million", "invocations", MILLION),
        Row("GB_SECOND", "USD / million GB seconds", "billed duration by memory, x86", MILLION),
        Row("ARM_GB_SECOND", "USD / million GB seconds", "the same on arm64", MILLION),
    ],
    Source("price", "CloudWatch", "https://aws.amazon.com/cloudwatch/pricing/", NOTES): [
        Row("LOG_GB", "USD / GB", "log lines written"),
        Row("LOG_GB_MONTH", "USD / GB month", "log lines kept"),
        Row("ALARM_MONTH", "USD / month", "an alarm on one metric"),
        Row("METRIC_MONTH", "USD / month", "a metric beyond the basic ones, by the hour"),
        Row("METRIC_QUERY", "USD / thousand", "metrics that GetMetricData is asked for", 1_000),
    ],
    Source("price", "SQS", "https://aws.amazon.com/sqs/pricing/", NOTES): [
        Row("QUEUE_REQUEST", "USD / million", "calls, of up to 64 KB each", MILLION),
        Row("FIFO_REQUEST", "USD / million", "the same for a FIFO queue", MILLION),
    ],
    Source("price", "SNS", "https://aws.amazon.com/sns/pricing/", NOTES): [
        Row("TOPIC_REQUEST", "USD / million", "publishing calls, of up to 64 KB each", MILLION),
    ],
    Source("price", "DynamoDB", DYNAMODB, NOTES): [
        Row("TABLE_WRITE", "USD / million", "writing items, in units of 1 KB, on demand", MILLION),
        Row("TABLE_READ", "USD / million", "reading items, in units of 4 KB, on demand", MILLION),
    ],
    Source("price", "DynamoDB", DYNAMODB, "a note without a date"): [
        Row("TABLE_CHANGE", "USD / million", "changes sent to a stream, in KB", MILLION),
    ],
    Source("price", "EventBridge", "https://aws.amazon.com/eventbridge/pricing/", NOTES): [
        Row("BUS_EVENT", "USD / million", "events that you put on a bus, in 64 KB", MILLION),
        Row("PIPE_REQUEST", "USD / million", "events in a pipe, in 64 KB", MILLION),
    ],
    Source("price", "Firehose", FIREHOSE, "AWS's price list of 29 July 2026"): [
        Row("FIREHOSE_GB", "USD / GB", "taken in, each record in steps of 5 KB"),
    ],
    Source("price", "Firehose", FIREHOSE, LATER_NOTES): [
        Row("FIREHOSE_CONVERSION_GB", "USD / GB", "conversion to Parquet, in the same steps"),
        Row("FIREHOSE_PARTITIONING_GB", "USD / GB", "dynamic partitioning"),
        Row("FIREHOSE_PARTITIONING_OBJECT", "USD / thousand", "objects of partitions", 1_000),
        Row("FIREHOSE_JQ_HOUR", "USD / hour", "finding partition keys with jq, while it works"),
    ],
    Source("price", "S3", "https://aws.amazon.com/s3/pricing/", NOTES): [
        Row("S3_PUT", "USD / thousand", "PUT, COPY, POST and LIST requests", 1_000),
        Row("S3_GET", "USD / thousand", "GET requests", 1_000),
        Row("S3_GB_MONTH", "USD / GB month", "kept in S3 Standard"),
    ],
    Source("price", "Athena", ATHENA, NOTES): [
        Row("ATHENA_TB", "USD / TB", "read from S3 by queries"),
    ],
    Source("limit", "Kinesis", f"{STREAMS_GUIDE}service-sizes-and-limits.html", GUIDE): [
        Row("SHARD_RECORDS_IN", "records / second", "written to a shard"),
        Row("SHARD_BYTES_IN", "bytes / second", "written to a shard, partition keys included"),
        Row("SHARD_BYTES_OUT", "bytes / second", "read from a shard, by all its readers together"),
        Row("SHARD_READS", "calls / second", "GetRecords on a shard, by all its readers together"),
        Row("READ_RECORDS", "records", "in the answer to one GetRecords call"),
        Row("READ_BYTES", "bytes", "in the answer to one GetRecords call"),
        Row("CALL_RECORDS", "records", "in one PutRecords call"),
        Row("CALL_BYTES", "bytes", "in one PutRecords call, partition keys included"),
        Row("RECORD_BYTES", "bytes", "in a record and its partition key, unless raised"),
        Row("LARGEST_RECORD_BYTES", "bytes", "to which MaxRecordSizeInKiB may raise that"),
        Row("KEY_CHARACTERS", "characters", "in a partition key"),
        Row("RETENTION_HOURS", "hours", "that a stream keeps records, unless raised"),
        Row("LONGEST_RETENTION_HOURS", "hours", "to which the retention may be raised"),
        Row("ITERATOR_SECONDS", "seconds", "after which a shard iterator expires"),
        Row("CONSUMERS", "consumers", "with enhanced fan-out, on a stream"),
        Row("ON_DEMAND_BYTES_IN", "bytes / second", "that a new on-demand stream takes"),
        Row("SHARD_COUNT_UPDATES", "calls / 24 hours", "UpdateShardCount on a stream"),
    ],
    Source("limit", "Lambda", f"{LAMBDA_GUIDE}services-kinesis-parameters.html", GUIDE): [
        Row("BATCH_RECORDS", "records", "BatchSize"),
        Row("BATCH_WINDOW_SECONDS", "seconds", "MaximumBatchingWindowInSeconds"),
        Row("BATCHES_PER_SHARD", "batches", "ParallelizationFactor: of a shard at once"),
        Row("RETRIES", "retries", "MaximumRetryAttempts, or -1 for no limit"),
        Row("RECORD_AGE_SECONDS", "seconds", "MaximumRecordAgeInSeconds, or -1 for no limit"),
        Row("TUMBLING_WINDOW_SECONDS", "seconds", "TumblingWindowInSeconds"),
        Row("FILTERS", "filters", "in FilterCriteria, unless raised"),
    ],
    Source("limit", "Lambda", f"{LAMBDA_GUIDE}gettingstarted-limits.html", GUIDE): [
        Row("PAYLOAD_BYTES", "bytes", "in an event, or in an answer"),
        Row("TIMEOUT_SECONDS", "seconds", "that a function may run"),
        Row("MEMORY_MB", "MB", "of memory"),
        Row("CONCURRENCY", "invocations", "at once in a region, unless raised; new accounts less"),
        Row("PACKAGE_MB", "MB", "in a zip that is uploaded directly"),
        Row("UNPACKED_MB", "MB", "in a package and its layers, unpacked"),
        Row("VARIABLES_BYTES", "bytes", "in all environment variables"),
    ],
    Source("limit", "Firehose", FIREHOSE, LATER_NOTE): [
        Row("FIREHOSE_RECORD_STEP", "bytes", "to a multiple of which a record is rounded up"),
    ],
    Source("limit", "Firehose", f"{FIREHOSE_GUIDE}buffering-hints.html", "botocore 1.44"): [
        Row("FIREHOSE_INTERVAL_SECONDS", "seconds", "that records may wait in a buffer"),
    ],
    Source("limit", "Athena", ATHENA, LATER_NOTE): [
        Row("ATHENA_LEAST_MB", "MB", "that each query pays for"),
    ],
}


def table() -> pd.DataFrame:
    """Return all prices and limits as of ``CHECKED``.

    Returns:
        One row for each, by the name of its constant in this module: ``kind`` (``price`` or
        ``limit``), ``service``, ``value``, ``unit``, ``about``, ``page`` (AWS's, with today's
        figure) and ``read_in`` (our source).
    """
    rows = [
        (row.name, source.kind, source.service, _value(row), *row[1:3], *source[2:])
        for source, group in ROWS.items()
        for row in group
    ]
    columns = ["name", "kind", "service", "value", "unit", "about", "page", "read_in"]
    # As objects, so that limits remain integers beside prices.
    return pd.DataFrame(rows, columns=columns, dtype=object).set_index("name")


def limits(service: str) -> pd.DataFrame:
    """Return a service's limits for display: ``limit`` and ``unit``, by what they limit."""
    return _shown("limit", service)


def costs(service: str) -> pd.DataFrame:
    """Return a service's prices for display: ``price`` and ``unit``, by what is billed."""
    return _shown("price", service)


def _shown(kind: str, service: str) -> pd.DataFrame:
    whole = table()
    services = whole.loc[whole["kind"] == kind, "service"].unique()
    if service not in services:
        raise ValueError(f"service must be one of {', '.join(services)}, not {service!r}")
    chosen = whole[(whole["kind"] == kind) & (whole["service"] == service)]
    shown = chosen.rename(columns={"value": f"{kind} ({CHECKED})"}).set_index("about")
    return shown[[f"{kind} ({CHECKED})", "unit"]].rename_axis(None)


def _value(row: Row) -> float:
    value: float = globals()[row.name]
    return value if row.per == 1 else round(value * row.per, 9)


def bill(
    *, shard_hours: float = 0, put_units: float = 0, requests: float = 0, gb_seconds: float = 0
) -> "pd.Series[float]":
    """Return the items of a bill in USD, named as AWS names them.

    Args:
        shard_hours: shard hours of provisioned streams, used or not.
        put_units: units of 25 KB, counted record by record.
        requests: invocations of the function.
        gb_seconds: billed duration of the function times its memory.
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
