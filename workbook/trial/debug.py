"""Run a function in this process, batch by batch, so that a debugger stops in it."""

import base64
import importlib
import importlib.util
import os
import sys
import tempfile
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from workbook import code as packages
from workbook import records, target
from workbook.target import Aws
from workbook.trial import outputs, place

BATCH = 100
NOTE = (
    "The function runs in this process, one batch at a time. Its timeout is off. A batch that "
    "fails is halved, not retried."
)


class Context:
    """The context object of an invocation; there is always a minute left."""

    function_name = "try"
    function_version = "$LATEST"
    memory_limit_in_mb = "128"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:try"
    log_group_name = "/aws/lambda/try"
    log_stream_name = "debug"

    def __init__(self) -> None:
        self.aws_request_id = str(uuid.uuid4())

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left, which does not pass."""
        return 60_000


def run(
    function: str,
    records_file: Path,
    *,
    key: str | None = None,
    batch_size: int = BATCH,
    variables: Mapping[str, str] | None = None,
    streams: Sequence[str] = (),
    queues: Sequence[str] = (),
    tables: Sequence[str] = (),
    buckets: Sequence[str] = (),
) -> dict[str, Any]:
    """Run a function with records in this process; return the figures, as ``Report.as_dict`` does.

    A batch that fails is halved, down to the records that cannot be processed; nothing is tried
    again.

    Args:
        function: ``FILE[:FUNCTION]``; a breakpoint in the file itself is hit.
        records_file: see ``records.read``.
        key: the column whose value is the partition key.
        batch_size: records in a batch.
        variables: of the environment, for as long as this takes.
        streams: names of streams that the function writes to.
        queues: the same of queues.
        tables: the same of tables, ``NAME:KEY``.
        buckets: the same of buckets.

    Raises:
        UsageError: something of that cannot be used.
    """
    sent = records.read(records_file, key)
    records.check_sizes(sent, records.OPTIONS.records)
    code = packages.read(function)
    with closing(target.connect(target.LOCAL, limits=False)) as aws:
        made = place.make_outputs(aws, streams, queues, tables, buckets)
        print(NOTE)
        with _environment(aws, variables or {}), _imported(function, code) as handler:
            events = [_event(number, record) for number, record in enumerate(sent, 1)]
            tally = _Tally(handler)
            for at in range(0, len(events), batch_size):
                tally.handle(events[at : at + batch_size])
        return tally.told(len(sent), {one.name: len(outputs.read(aws, one)) for one in made})


class _Tally:
    """Hands batches to a handler, and counts what comes of them."""

    def __init__(self, handler: Callable[[Any, Any], Any]) -> None:
        self._handler = handler
        self._invocations = self._errors = self._processed = self._given_up = 0

    def handle(self, batch: list[dict[str, Any]]) -> None:
        """Run a batch; halve it if it fails, and resume at a record that is reported."""
        self._invocations += 1
        try:
            answer = self._handler({"Records": batch}, Context())
        except Exception:  # whatever the function raises is its own affair
            traceback.print_exc()
            self._errors += 1
            self._split(batch, 1 if len(batch) == 1 else len(batch) // 2)
            return
        failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
        numbers = [one["kinesis"]["sequenceNumber"] for one in batch]
        bad = [numbers.index(one["itemIdentifier"]) for one in failures or []]
        if not bad:
            self._processed += len(batch)
            return
        self._errors += 1
        self._processed += min(bad)
        self._given_up += 1
        if batch[min(bad) + 1 :]:
            self.handle(batch[min(bad) + 1 :])

    def _split(self, batch: list[dict[str, Any]], at: int) -> None:
        if len(batch) == 1:
            self._given_up += 1
            return
        self.handle(batch[:at])
        self.handle(batch[at:])

    def told(self, sent: int, written: dict[str, int]) -> dict[str, Any]:
        """Return the figures."""
        return {
            "sent": sent,
            "processed": self._processed,
            "given_up": self._given_up,
            "pending": 0,
            "duplicates": 0,
            "invocations": self._invocations,
            "errors": self._errors,
            "outputs": written,
        }


def _event(number: int, record: records.Record) -> dict[str, Any]:
    """Return a record as Lambda hands it over."""
    sequence_number = f"{49_000_000_000_000_000_000_000 + number}"
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.key,
            "sequenceNumber": sequence_number,
            "data": base64.b64encode(record.data).decode(),
            "approximateArrivalTimestamp": round(time.time(), 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/try",
        "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/try",
    }


@contextmanager
def _environment(aws: Aws, variables: Mapping[str, str]) -> Iterator[None]:
    """Let boto3 find the local AWS, and the function its variables."""
    before = dict(os.environ)
    credentials = aws.credentials
    os.environ |= {
        "AWS_ENDPOINT_URL": str(aws.endpoint_url),
        "AWS_REGION": aws.region,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_LAMBDA_FUNCTION_NAME": "try",
        **variables,
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _imported(function: str, code: packages.Code) -> Iterator[Callable[[Any, Any], Any]]:
    """Import the function from its own file, so that breakpoints in it are hit."""
    path = Path(function if Path(function).exists() else function.rpartition(":")[0])
    with tempfile.TemporaryDirectory() as unpacked:
        folder = path if path.is_dir() else path.parent
        if path.suffix == ".zip":
            folder = Path(unpacked)
            for name, content in code.files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
        module, _, name = code.handler.rpartition(".")
        sys.path.insert(0, str(folder.resolve()))
        try:
            yield getattr(importlib.import_module(module), name)
        finally:
            sys.path.remove(str(folder.resolve()))
