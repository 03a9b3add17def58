"""A trial from its beginning to its end."""

import re
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from workbook import code as packages
from workbook import records, target
from workbook.errors import UsageError
from workbook.laboratory.logbook import REPORT
from workbook.records import Record
from workbook.target import Aws
from workbook.trial import hints, outputs, place, template
from workbook.trial.fates import PATIENCE_SECONDS, Fates, Watch
from workbook.trial.place import Place
from workbook.trial.report import FirstError, Report, duplicates

PROBE_FRAME = re.compile(r' *File "/var/task/workbook_probe.py".*\n.*\n?')
CALL_RECORDS, CALL_BYTES = 500, 5 * 1024 * 1024  # of PutRecords [BC]


def run(
    function: str,
    records_file: Path,
    *,
    key: str | None = None,
    mapping: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    requirements: Path | None = None,
    template_file: Path | None = None,
    streams: Sequence[str] = (),
    queues: Sequence[str] = (),
    tables: Sequence[str] = (),
    buckets: Sequence[str] = (),
    shards: int = 1,
    speed: float = 1.0,
    progress: bool = True,
) -> Report:
    """Try a function with records on a fresh local AWS, and return the fate of each record.

    Args:
        function: ``FILE[:FUNCTION]``; see ``code.read``.
        records_file: see ``records.read``.
        key: the column whose value is the partition key.
        mapping: settings of the event source mapping, ``NAME=VALUE``.
        variables: of the function's environment.
        requirements: a file for pip.
        template_file: function, mapping, environment, streams and tables come from it.
        streams: names of streams that the function writes to.
        queues: the same of queues.
        tables: the same of tables, ``NAME:KEY``.
        buckets: the same of buckets.
        shards: of the stream that it reads.
        speed: of the local AWS's clock.
        progress: whether to show bars.

    Raises:
        UsageError: something of that cannot be used.
    """
    runtime = _runtime()
    sent = records.read(records_file, key)
    package = packages.read(function, requirements, runtime)
    settings = place.settings_of(mapping)
    with closing(target.connect(target.LOCAL, limits=False, speed=speed)) as aws:
        if template_file is not None:
            tried = template.deploy(aws, template_file, package)
        else:
            made = place.make_outputs(aws, streams, queues, tables, buckets)
            tried = place.make(
                aws,
                package,
                made,
                runtime=runtime,
                shards=shards,
                variables=variables or {},
                mapping=settings,
            )
        told = packages.sizes(package) if requirements else ""
        return _send_and_watch(aws, tried, sent, package, told, progress)


def _runtime() -> str:
    """Return the runtime of the Python at hand, or the nearest that Lambda has."""
    return f"python3.{min(max(sys.version_info.minor, 9), 14)}"


def _send_and_watch(
    aws: Aws,
    tried: Place,
    sent: list[Record],
    package: packages.Code,
    told: str,
    progress: bool,
) -> Report:
    found: Any = aws.client("lambda").get_event_source_mapping(UUID=tried.mapping)
    _refuse_large(aws, tried.stream, sent)
    reports = "ReportBatchItemFailures" in (found.get("FunctionResponseTypes") or [])
    begun = time.monotonic()
    numbers, shards = send(aws, tried.stream, sent)
    fates = Fates(numbers)
    window = found.get("MaximumBatchingWindowInSeconds") or 0
    watch = Watch(aws, tried, reports, fates, shards)
    watch.wait(patience=PATIENCE_SECONDS + window, progress=progress)
    seconds = time.monotonic() - begun
    log = _log(aws, tried.function)
    written = {one.name: outputs.read(aws, one) for one in tried.outputs}
    shown = hints.find(
        package.source,
        [record.data for record in sent],
        reports=reports,
        ever_reported=any('"reports": true' in line for line in log),
        errors=sum(one.outcome(reports) != "ok" for one in fates.invocations),
        duplicates=duplicates(written),
        innocents=fates.innocents,
    )
    lines = [line for line in log if not line.startswith('{"probe": ')]
    error = _first_error(fates, log, sent, reports)
    return Report(sent, fates, written, error, shown, reports, lines, told, seconds)


def _refuse_large(aws: Aws, stream: str, sent: Sequence[Record]) -> None:
    summary = aws.client("kinesis").describe_stream_summary(StreamName=stream)
    kib = summary["StreamDescriptionSummary"]["MaxRecordSizeInKiB"]
    records.check_sizes(sent, records.OPTIONS.records, kib * 1024)


def send(aws: Aws, stream: str, sent: Sequence[Record]) -> tuple[list[int], dict[int, str]]:
    """Send records in order; return their sequence numbers, and the shard of each number.

    Raises:
        UsageError: the stream refused one; the message has its number and AWS's reason.
    """
    kinesis = aws.client("kinesis")
    numbers: list[int] = []
    shards: dict[int, str] = {}
    for call in _calls(sent):
        answer = kinesis.put_records(
            StreamName=stream,
            Records=[{"Data": one.data, "PartitionKey": one.key} for one in call],
        )
        for each in answer["Records"]:
            if "SequenceNumber" not in each:
                raise UsageError(
                    f"--records: record {len(numbers) + 1} is refused ({each['ErrorMessage']})"
                )
            numbers.append(int(each["SequenceNumber"]))
            shards[numbers[-1]] = each["ShardId"]
    return numbers, shards


def _calls(sent: Sequence[Record]) -> list[list[Record]]:
    calls: list[list[Record]] = [[]]
    size = 0
    for record in sent:
        more = len(record.data) + len(record.key.encode())
        if len(calls[-1]) == CALL_RECORDS or (calls[-1] and size + more > CALL_BYTES):
            calls.append([])
            size = 0
        calls[-1].append(record)
        size += more
    return calls


def _log(aws: Aws, function: str) -> list[str]:
    logs = aws.client("logs")
    group = f"/aws/lambda/{function}"
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return []
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"]]


def _first_error(
    fates: Fates, log: Sequence[str], sent: Sequence[Record], reports: bool
) -> FirstError | None:
    """Return the first error's text, and the record at which the smallest failed batch began."""
    failed = [one for one in fates.invocations if one.outcome(reports) != "ok"]
    text = next((line for line in log if line.startswith("[ERROR]")), "")
    if not failed and (fates.processed or not text):
        return None
    if not text:
        first = failed[0]
        reported = first.failed_from is not None and first.outcome(reports) == "partial"
        text = (
            f"The function reported record {first.failed_from}."
            if reported
            else _report_of(log, first.request_id)
        )
    record = ""
    if failed:
        smallest = min(failed, key=lambda one: (len(one.sequence_numbers), one.started))
        number = smallest.failed_from or smallest.sequence_numbers[0]
        record = sent[fates.sent.index(number)].data.decode("utf-8", "replace")
    return FirstError(PROBE_FRAME.sub("", text.replace("\xa0", " ")), record)


def _report_of(log: Sequence[str], request_id: str) -> str:
    for line in log:
        found = REPORT.match(line)
        if found and found[1] == request_id:
            return line
    return ""
