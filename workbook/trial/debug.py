"""Run a function in this process, batch by batch, so that a debugger can stop in it."""

import base64
import importlib
import json
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
from workbook.localaws.mapping.partial import Failed, FailedFrom, Succeeded, Verdict, verdict
from workbook.target import Aws
from workbook.trial import outputs, place
from workbook.trial.report import duplicates
from workbook.trial.run import check_variables

Handler = Callable[[Any, Any], Any]
BATCH = 100
YOURS = ("AWS_PROFILE", "AWS_SESSION_TOKEN")  # which boto3 would use before the local AWS's
NOTE = (
    "The function runs in this process, one batch at a time. Its timeout is off. A batch that "
    "fails is halved, not retried. There are no tumbling windows: each event is a plain batch."
)


class Context:
    """The context object of an invocation; a minute is always left."""

    function_name = "try"
    function_version = "$LATEST"
    memory_limit_in_mb = "256"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:try"
    log_group_name = "/aws/lambda/try"
    log_stream_name = "debug"
    client_context = None
    identity = None

    def __init__(self) -> None:
        self.aws_request_id = str(uuid.uuid4())

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left, which is always the same."""
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

    If a batch fails, it is halved, down to the records that cannot be processed; nothing is
    retried.

    Args:
        function: ``FILE[:FUNCTION]``; breakpoints in the file itself are hit.
        records_file: the file of records; see ``records.read``.
        key: the column with the partition key.
        batch_size: the number of records in a batch.
        variables: environment variables, set while this runs.
        streams: names of the streams that the function writes to.
        queues: names of queues, likewise.
        tables: names of tables, likewise, as ``NAME:KEY``.
        buckets: names of buckets, likewise.

    Raises:
        UsageError: one of these cannot be used.
    """
    check_variables(variables or {})
    place.check_outputs(streams, queues, tables, buckets)
    sent = records.read(records_file, key)
    records.check_sizes(sent, records.OPTIONS.records)
    code = packages.read(function)
    with closing(target.connect(target.LOCAL, limits=False)) as aws:
        made = place.make_outputs(aws, streams, queues, tables, buckets)
        print(NOTE)
        events = [_event(number, record) for number, record in enumerate(sent, 1)]
        tally = _Tally()
        with _environment(aws, variables or {}), _findable(function, code):
            handler = _imported(code.handler)
            if handler is None:
                tally.give_up(events)
            else:
                for at in range(0, len(events), batch_size):
                    tally.handle(handler, events[at : at + batch_size])
        return tally.told(outputs.read_all(aws, made))


class _Tally:
    """Passes batches to a handler, and counts the results."""

    def __init__(self) -> None:
        self._invocations = self._errors = self._processed = self._given_up = 0
        self._shown: set[str] = set()

    def handle(self, handler: Handler, batch: list[dict[str, Any]]) -> None:
        """Run a batch. If it fails, halve it; if a record is reported, resume after it."""
        left = [batch]
        while left:
            batch = left.pop()
            self._invocations += 1
            found = self._run(handler, batch)
            if found == Succeeded():
                self._processed += len(batch)
                continue
            self._errors += 1
            if isinstance(found, FailedFrom):
                self._processed += found.index
                self._given_up += 1
                rest = [batch[found.index + 1 :]]
            elif len(batch) == 1:
                self._given_up += 1
                rest = []
            else:
                rest = [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
            left += filter(None, rest)

    def _run(self, handler: Handler, batch: list[dict[str, Any]]) -> Verdict:
        """Call the handler; return its verdict on the batch."""
        try:
            answer = handler({"Records": batch}, Context())
            told = answer
            if isinstance(answer, dict) and "state" in answer:  # of a tumbling window
                told = {name: value for name, value in answer.items() if name != "state"}
            reply = json.dumps(told, default=str).encode()
        except (Exception, SystemExit):  # the function may raise anything
            self._show(traceback.format_exc())
            return Failed()
        found = verdict(reply, [int(one["kinesis"]["sequenceNumber"]) for one in batch])
        if found == Failed():
            self._show(f"The function returned {answer!r}, which is not a partial batch response.")
        return found

    def _show(self, problem: str) -> None:
        """Print a problem, in full only the first time."""
        again = problem in self._shown
        self._shown.add(problem)
        last = problem.rstrip().rpartition("\n")[2]
        print(f"again: {last}" if again else problem, file=sys.stderr)

    def give_up(self, batch: list[dict[str, Any]]) -> None:
        """Count a batch as given up, because the function could not be imported."""
        self._invocations += 1
        self._errors += 1
        self._given_up += len(batch)

    def told(self, written: dict[str, list[str]]) -> dict[str, Any]:
        """Return the figures."""
        return {
            "sent": self._processed + self._given_up,
            "processed": self._processed,
            "given_up": self._given_up,
            "pending": 0,
            "duplicates": duplicates(written),
            "invocations": self._invocations,
            "errors": self._errors,
            "outputs": {name: len(found) for name, found in written.items()},
        }


def _event(number: int, record: records.Record) -> dict[str, Any]:
    """Return a record in the form that Lambda passes to a function."""
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
    """Configure boto3 for the local AWS, and set the function's variables."""
    before = dict(os.environ)
    credentials = aws.credentials
    for name in YOURS:
        os.environ.pop(name, None)
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
def _findable(function: str, code: packages.Code) -> Iterator[None]:
    """Let Python import the function's own file, so that breakpoints in it are hit."""
    path = Path(function if Path(function).exists() else function.rpartition(":")[0])
    with tempfile.TemporaryDirectory() as unpacked:
        folder = path if path.is_dir() else path.parent
        if path.suffix == ".zip":
            folder = Path(unpacked)
            for name, content in code.files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
        sys.path.insert(0, str(folder.resolve()))
        try:
            yield
        finally:
            sys.path.remove(str(folder.resolve()))


def _imported(handler: str) -> Handler | None:
    """Import the function; if that fails, print the traceback and return None."""
    module, _, name = handler.rpartition(".")
    try:
        found: Handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    except (Exception, SystemExit):  # the module may raise anything
        traceback.print_exc()
        return None
    return found
