"""Run a trial from start to finish."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from workbook import code as packages
from workbook import records, target
from workbook.errors import UsageError
from workbook.laboratory import limits, pipeline
from workbook.records import Record
from workbook.target import Aws
from workbook.trial import errors, hints, outputs, place, template
from workbook.trial.fates import PATIENCE_SECONDS, Fates, Watch
from workbook.trial.place import Place
from workbook.trial.report import Report, duplicates

CALL_RECORDS, CALL_BYTES = 500, 5 * 1024 * 1024  # of PutRecords [BC]


def run(
    function: Path | str,
    records_file: Path | str,
    *,
    key: str | None = None,
    mapping: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    requirements: Path | str | None = None,
    template_file: Path | str | None = None,
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
        records_file: the file of records; see ``records.read``.
        key: the column with the partition key.
        mapping: settings of the event source mapping, ``NAME=VALUE``.
        variables: the function's environment variables.
        requirements: a requirements file for pip.
        template_file: a template that defines the function, mapping, environment, streams and
            tables.
        streams: names of the streams that the function writes to.
        queues: names of queues, likewise.
        tables: names of tables, likewise, as ``NAME:KEY``.
        buckets: names of buckets, likewise.
        shards: the number of shards of the stream that it reads.
        speed: the speed of the local AWS's clock.
        progress: whether to show progress bars.

    Raises:
        UsageError: one of these cannot be used.
    """
    variables = variables or {}
    check_variables(variables)
    place.check_outputs(streams, queues, tables, buckets)
    settings = place.settings_of(mapping)
    if not limits.is_whole(shards, 1, place.MAX_SHARDS):
        raise UsageError(f"--shards {shards}: must be a whole number, 1 to {place.MAX_SHARDS:,}")
    sent = records.read(Path(records_file), key)
    needed = None if requirements is None else Path(requirements)
    package = packages.read(str(function), needed)
    with closing(target.connect(target.LOCAL, limits=False, speed=speed)) as aws:
        if template_file is not None:
            tried = template.deploy(aws, Path(template_file), package)
        else:
            made = place.make_outputs(aws, streams, queues, tables, buckets)
            tried = place.make(
                aws, package, made, shards=shards, variables=variables, mapping=settings
            )
        notes = [packages.sizes(package)] if requirements else []
        tried.note = "\n".join([*notes, *filter(None, [tried.note])])
        return _send_and_watch(aws, tried, sent, package, progress)


def check_variables(variables: Mapping[str, str]) -> None:
    """Check environment variables.

    Raises:
        UsageError: a function cannot have one of them.
    """
    try:
        limits.check_variables(variables, (pipeline.SETTINGS,), "--env")
    except ValueError as problem:
        raise UsageError(str(problem)) from None


def _send_and_watch(
    aws: Aws, tried: Place, sent: list[Record], package: packages.Code, progress: bool
) -> Report:
    lambda_: Any = aws.client("lambda")
    found = lambda_.get_event_source_mapping(UUID=tried.mapping)
    timeout = lambda_.get_function_configuration(FunctionName=tried.function)["Timeout"]
    _refuse_large(aws, tried.stream, sent)
    reports = "ReportBatchItemFailures" in (found.get("FunctionResponseTypes") or [])
    begun = time.monotonic()
    numbers, shards = send(aws, tried.stream, sent)
    fates = Fates(numbers)
    window = found.get("MaximumBatchingWindowInSeconds") or 0
    watch = Watch(
        aws,
        tried,
        reports,
        fates,
        shards,
        has_filter=bool(found.get("FilterCriteria")),
        has_limited_retries=found.get("MaximumRetryAttempts", -1) >= 0,
    )
    window += (found.get("TumblingWindowInSeconds") or 0) / aws.speed
    watch.wait(patience=PATIENCE_SECONDS + window + timeout, progress=progress)
    seconds = time.monotonic() - begun
    log = errors.Log.of(_events(aws, tried.log_group))
    written = outputs.read_all(aws, tried.outputs)
    data = dict(zip(numbers, (one.data for one in sent), strict=True))
    module, _, name = package.handler.rpartition(".")
    called = {one.request_id for one in fates.invocations}
    error = errors.first(log, fates.invocations, data, module, reports)
    seen = hints.Seen(
        error=error.text if error else "",
        reports=reports,
        halves=bool(found.get("BisectBatchOnFunctionError")),
        invocations=fates.invocations,
        raised=len(log.errors.keys() & called),
        given_up_together=sum(len(one) for one in fates.batches_given_up if len(one) > 1),
        unreported=fates.unreported,
        dragged=fates.dragged,
        retries=fates.tries.total() - len(fates.tries),
        distinct=len(set(sent)) == len(sent),
        duplicates=duplicates(written),
        written=sum(map(len, written.values())),
    )
    return Report(
        records=sent,
        fates=fates,
        outputs=written,
        first_error=error,
        hints=hints.find(package.sources, name, [record.data for record in sent], seen),
        reports_failures=reports,
        log=log.lines,
        never_called=len(log.failed - called),
        note=tried.note,
        seconds=seconds,
    )


def _refuse_large(aws: Aws, stream: str, sent: Sequence[Record]) -> None:
    summary = aws.client("kinesis").describe_stream_summary(StreamName=stream)
    kib = summary["StreamDescriptionSummary"]["MaxRecordSizeInKiB"]
    records.check_sizes(sent, records.OPTIONS.records, kib * 1024)


def send(aws: Aws, stream: str, sent: Sequence[Record]) -> tuple[list[int], dict[int, str]]:
    """Send records in order; return their sequence numbers, and the shard of each number.

    Raises:
        UsageError: the stream refused a record; the message has its number and AWS's reason.
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


def _events(aws: Aws, group: str) -> list[Any]:
    logs = aws.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return []
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event for page in pages for event in page["events"]]
