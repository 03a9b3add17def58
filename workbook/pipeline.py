"""The whole pipeline in one call: send flights, read the output, check answers, time it all."""

import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd
import psutil
import pyarrow as pa
from tqdm.auto import tqdm

from workbook import answers, deployment, flights, lake, producer, reader, target
from workbook.target import Aws

COLUMNS = ("event_id", *answers.COLUMNS)  # to read of the output stream
SHARDS = 2  # of the input stream: a batch in flight for each core
BATCH_SIZE = 1_000
STALL_SECONDS = 30.0  # without a written record, after which the function counts as stuck
COUNT_SECONDS = 0.5  # between counts of the records
SAMPLE_SECONDS = 1.0  # between samples of the memory, each of which takes about 20 ms


@dataclass(frozen=True)
class Stage:
    """The number of records that a stage processed, and the time it took."""

    records: int
    seconds: float

    @property
    def records_per_second(self) -> float:
        """Return the mean rate."""
        return self.records / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Report:
    """The outcome of a run.

    Args:
        sent: the number of flights sent.
        received: the number of records in the output.
        duplicates: the number of records beyond the first of each flight.
        lost: the number of flights missing from the output.
        stages: the stages ``send``; ``process``, from the first record sent to the last one written
            by the function; and ``read``. With a lake, instead of the last: ``deliver``, from the
            first record sent to the last file written, and ``query``.
        answers: see ``answers.check``.
        peak_bytes: the peak memory of all processes together.
        set_up: seconds from the start to the first record sent.
        seconds: seconds from the start to the end of clean-up.
        files: the files in the lake; None without a lake.
    """

    sent: int
    received: int
    duplicates: int
    lost: int
    stages: dict[str, Stage]
    answers: pd.DataFrame
    peak_bytes: int
    set_up: float
    seconds: float
    files: lake.Files | None = None

    @property
    def passed(self) -> bool:
        """Return whether no flight was lost and no answer is wrong."""
        return not self.lost and bool(self.answers["ok"].fillna(True).all())

    @property
    def spent(self) -> dict[str, float]:
        """Return the time of each step in seconds, without overlaps; together they are ``seconds``.

        Sending and processing overlap: here ``process`` starts when all records have been sent.
        """
        took = {name: stage.seconds for name, stage in self.stages.items()}
        spent = {"set-up": self.set_up, "send": took["send"]}
        spent["process"] = took["process"] - took["send"]
        if "deliver" in took:
            spent |= {"deliver": took["deliver"] - took["process"], "query": took["query"]}
        else:
            spent["read"] = took["read"]
        return {**spent, "the rest": self.seconds - sum(spent.values())}

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values; memory in bytes, times in seconds."""
        table = self.answers.astype(object).where(self.answers.notna(), None)
        files = {"files": self.files.count, "file_bytes": self.files.bytes} if self.files else {}
        return {
            "passed": self.passed,
            "flights_sent": self.sent,
            "records_out": self.received,
            "duplicates": self.duplicates,
            "lost": self.lost,
            **files,
            "stages": {
                name: {
                    "records": stage.records,
                    "seconds": round(stage.seconds, 3),
                    "records_per_second": round(stage.records_per_second),
                }
                for name, stage in self.stages.items()
            },
            "peak_memory_bytes": self.peak_bytes,
            "seconds": round(self.seconds, 3),
            "spent": {name: round(seconds, 3) for name, seconds in self.spent.items()},
            "answers": table.to_dict("records"),
        }

    def __str__(self) -> str:
        lines = [
            f"{'flights sent':<16}{self.sent:>9,}",
            f"{'records out':<16}{self.received:>9,}",
            f"{'duplicates':<16}{self.duplicates:>9,}",
            f"{'lost':<16}{self.lost:>9,}",
            *(self._lines_of_files()),
            "",
            f"{'question':<48}{'published':>12}{'ours':>12}  result",
            *map(_line, self.answers.to_dict("records")),
            "",
            *(
                f"{name:<16}{stage.records_per_second:>9,.0f} records/s ({stage.seconds:.1f} s)"
                for name, stage in self.stages.items()
            ),
            f"{'peak memory':<16}{self.peak_bytes / 2**20:>9,.0f} MiB, all processes together",
            "",
            "where the time went (process: after the last record was sent)",
            *(
                f"{name:<16}{seconds:>9.1f} s {seconds / self.seconds:>5.0%}"
                for name, seconds in self.spent.items()
            ),
            f"{'in all':<16}{self.seconds:>9.1f} s",
        ]
        return "\n".join(lines)

    def _lines_of_files(self) -> list[str]:
        if self.files is None:
            return []
        return [
            f"{'files':<16}{self.files.count:>9,}",
            f"{'bytes in files':<16}{self.files.bytes:>9,}",
        ]


def _line(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["ok"]):
        verdict, ours = f"needs {row['needs']}", ""
    else:
        verdict, ours = "pass" if row["ok"] else "FAIL", _number(row["ours"])
    return f"{row['question']:<48}{_number(row['published']):>12}{ours:>12}  {verdict}"


def _number(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:,}"


class PeakMemory:
    """The peak memory of this process and its descendants within ``with``, in ``bytes``.

    If the system reports it, shared pages are divided among the processes that share them (PSS);
    otherwise only unshared pages count (USS).
    """

    def __init__(self) -> None:
        self.bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        here = psutil.Process()
        while not self._stop.wait(SAMPLE_SECONDS):
            processes = [here, *here.children(recursive=True)]
            self.bytes = max(self.bytes, sum(map(_memory, processes)))


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.Error:  # the process has ended
        return 0
    return int(getattr(full, "pss", 0) or full.uss)


@dataclass(frozen=True)
class _Outcome:
    """The outcome: records, distinct flights, answers, and the time of each stage."""

    received: int
    unique: int
    answers: pd.DataFrame
    stages: dict[str, Stage]
    files: lake.Files | None = None


def run(first: int | None = None, *, to_lake: bool = False, progress: bool = True) -> Report:
    """Run the pipeline on a new local AWS.

    Args:
        first: the number of flights to send, in arrival order; by default, the whole year.
        to_lake: whether Firehose writes the output stream to Parquet files, from which the answers
            are computed in SQL; otherwise they are computed in pandas, from the stream.
        progress: whether to show progress bars.

    Raises:
        ValueError: ``first`` is below 1.
    """
    if first is not None and first < 1:
        raise ValueError(f"a run needs at least 1 flight, not {first}")
    started = time.monotonic()
    with PeakMemory() as memory:
        sent = flights.load(first)
        with target.connect(target.LOCAL, limits=False) as aws:
            deployment.deploy(
                aws, shards=SHARDS, BatchSize=BATCH_SIZE, MaximumBatchingWindowInSeconds=0
            )
            bucket = lake.create(aws) if to_lake else ""
            began = time.monotonic()
            sending = producer.send(
                aws.client("kinesis"),
                deployment.INPUT_STREAM,
                flights.events(sent),
                total=len(sent),
                progress=progress,
            )
            sent = sent[["month", "day"]].copy()  # free the rest, because memory is measured
            pa.default_memory_pool().release_unused()
            if to_lake:
                outcome = _from_lake(aws, bucket, sent, began, progress)
                lake.clean_up(aws, bucket)
            else:
                outcome = _from_stream(aws, sent, began, progress)
            deployment.clean_up(aws)
    return Report(
        sent=len(sent),
        received=outcome.received,
        duplicates=outcome.received - outcome.unique,
        lost=len(sent) - outcome.unique,
        stages={"send": Stage(sending.records, sending.seconds), **outcome.stages},
        answers=outcome.answers,
        peak_bytes=memory.bytes,
        set_up=began - started,
        seconds=time.monotonic() - started,
        files=outcome.files,
    )


def _from_stream(aws: Aws, sent: pd.DataFrame, began: float, progress: bool) -> _Outcome:
    """Return the outcome from the output stream."""
    received, processed_at, read_at = collect(aws, len(sent), progress)
    once = received.drop_duplicates("event_id")
    return _Outcome(
        len(received),
        len(once),
        answers.check(once, sent),
        {
            "process": Stage(len(received), processed_at - began),
            "read": Stage(len(received), read_at - processed_at),
        },
    )


def _from_lake(aws: Aws, bucket: str, sent: pd.DataFrame, began: float, progress: bool) -> _Outcome:
    """Return the outcome from the lake, once all flights are there or no more arrive."""
    expected = len(sent)
    with (
        tqdm(total=expected, desc="through function", unit=" records", disable=not progress) as bar,
        tqdm(total=expected, desc="into the lake", unit=" records", disable=not progress) as files,
    ):
        while True:
            complete = await_count(lambda: written(aws), expected, bar)
            processed_at = time.monotonic()
            expected = max(expected, written(aws))
            complete = await_count(lambda: lake.delivered(aws), expected, files) and complete
            delivered_at = time.monotonic()
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                downloaded = lake.download(aws, bucket, folder)
                with lake.connect(folder) as database:
                    received, unique = lake.count(database)
                    table = answers.check_sql(partial(lake.row, database), sent)
            if unique >= len(sent) or not complete:
                break
            expected = len(sent) + received - unique  # the duplicates were counted as flights
    return _Outcome(
        received,
        unique,
        table,
        {
            "process": Stage(received, processed_at - began),
            "deliver": Stage(received, delivered_at - began),
            "query": Stage(received, time.monotonic() - delivered_at),
        },
        downloaded,
    )


def collect(aws: Aws, count: int, progress: bool) -> tuple[pd.DataFrame, float, float]:
    """Wait for the function's output, and read it.

    Args:
        aws: the AWS that the pipeline is in.
        count: the number of flights that must be written.
        progress: whether to show progress bars.

    Returns:
        The output stream, and the times (monotonic, in seconds) when it was complete and read.
    """
    expected = count
    with tqdm(total=count, desc="through function", unit=" records", disable=not progress) as bar:
        while True:
            complete = await_count(lambda: written(aws), expected, bar)
            processed_at = time.monotonic()
            received = reader.read_stream(
                aws, deployment.OUTPUT_STREAM, columns=COLUMNS, progress=progress
            )
            read_at = time.monotonic()
            unique = received["event_id"].nunique()
            if unique >= count or not complete:
                return received, processed_at, read_at
            expected = count + len(received) - unique  # the duplicates were counted as flights


def written(aws: Aws) -> int:
    """Return the number of records written to the output stream, from CloudWatch."""
    now = datetime.fromtimestamp(aws.now(), UTC)
    answer = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Kinesis",
        MetricName="IncomingRecords",
        Dimensions=[{"Name": "StreamName", "Value": deployment.OUTPUT_STREAM}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return int(sum(point["Sum"] for point in answer["Datapoints"]))


def await_count(count: Callable[[], int], expected: int, bar: Any) -> bool:
    """Wait until ``count`` reaches the expected number, as long as it grows.

    Args:
        count: returns the number so far.
        expected: the number to wait for.
        bar: the progress bar that shows the number.

    Returns:
        False if the count did not grow for half a minute.
    """
    seen, grew_at = -1, time.monotonic()
    while True:
        now = count()
        if now > seen:
            seen, grew_at = now, time.monotonic()
            bar.update(now - bar.n)
        if now >= expected:
            return True
        if time.monotonic() - grew_at > STALL_SECONDS:
            return False
        time.sleep(COUNT_SECONDS)
