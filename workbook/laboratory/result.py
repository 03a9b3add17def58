"""The outcome of an experiment, with a row for each record, invocation and failure."""

import json
import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from workbook import prices
from workbook.laboratory.logbook import Invocation

FRAMES = ("invocations", "records", "failures")
TIME = pd.DatetimeTZDtype("us", "UTC")
FAILURE_COLUMNS: dict[str, Any] = {
    "condition": "str",
    "shard_id": "str",
    "records": "int64",
    "invocations": "int64",
    "first_sequence_number": "str",
    "last_sequence_number": "str",
    "at": TIME,
}


@dataclass(frozen=True)
class Result:
    """The outcome of an experiment.

    Args:
        experiment: its settings, as returned by ``Experiment.as_dict``, with ``aws`` and ``speed``:
            where it ran, and the speed of its clock.
        invocations: see ``logbook.table``.
        records: see ``records_table``.
        failures: see ``failures_table``.
    """

    experiment: Mapping[str, Any]
    invocations: pd.DataFrame
    records: pd.DataFrame
    failures: pd.DataFrame

    def __repr__(self) -> str:
        fates = ", ".join(
            f"{n:,} {fate}" for fate, n in self.records["fate"].value_counts().items()
        )
        return (
            f"<{len(self.records):,} records: {fates}. "
            "Tables: records, invocations, failures. Figures: summary(), cost()>"
        )

    @property
    def seconds(self) -> float:
        """Return the time from the first record sent to the last event of any record."""
        ends = [self.invocations["ended"].max(), self.records["written"].max()]
        last = max((end for end in ends if not pd.isna(end)), default=self.records["sent"].max())
        return float((last - self.records["sent"].min()).total_seconds())

    def cost(self) -> "pd.Series[float]":
        """Return the cost of this run on AWS in USD, by item.

        Shards are billed by their number at the start. Hours and GB-seconds use the same clock: in
        time-lapse, the cost is that of a run that takes as long in real time. It does not include
        what your own function writes, or the table of ``downstream``.
        """
        is_own = self.experiment["function"] is not None
        written = 0 if is_own else int(self.records["copies"].sum())
        billed = self.invocations["billed_ms"] * self.invocations["memory_mb"]
        return prices.bill(
            shard_hours=2 * self.experiment["shards"] * self.seconds / 3600,
            put_units=self.experiment["workload"]["put_units"]
            + written,  # a flight is smaller than 25 KB
            requests=len(self.invocations),
            gb_seconds=float(billed.sum()) / 1000 / 1024,
        )

    def blocked_seconds(self) -> float:
        """Return how long batches were retried, added up over shards, by AWS's clock."""
        tries = self.invocations.groupby(["shard_id", "first_sequence_number"])["ended"]
        return float((tries.max() - tries.min()).dt.total_seconds().sum())

    def utilisation(self) -> float:
        """Return the share of the time, 0 to 1, in which the function worked.

        The whole is the time of the run, for each batch that may be processed at once.
        """
        at_once = self.experiment["shards"]
        at_once *= self.experiment["mapping"].get("ParallelizationFactor", 1)
        worked = float(self.invocations["duration_ms"].sum()) / 1000
        return worked / self.seconds / at_once if self.seconds else math.nan

    def summary(self) -> "pd.Series[Any]":
        """Return the run in figures: losses first, then speed, then cost.

        An *innocent* record is one that can be processed, that is, any that is not poison. Of your
        own records nothing is known, so all of them count as innocent.

        Returns:
            - ``records``, the number sent, and ``written``, those of them in the output; with a
              function of your own, those that Lambda regards as processed
            - ``never_written``, innocents that are not in the output, and ``innocents_given_up``,
              those of them that were given up
            - records that are not in the output, poison included, as ``given_up`` (reported to the
              queue), ``lost`` (regarded as processed) and ``pending`` (not done in time)
            - ``per_second``, records written a second
            - ``p50_ms``, ``p95_ms`` and ``p99_ms``, the time from sent to written within which 50,
              95 and 99 percent of the innocents were written; infinite if fewer ever were
            - ``blocked_seconds``, for which batches were retried, from the end of the first try to
              that of the last, added up over shards; ``utilisation``, the share of the time in
              which the function worked, of all that its shards' batches could have taken
            - ``max_iterator_age_ms``; ``invocations``; ``retries``, invocations that tried their
              first record again; ``duplicates``, records in the output beyond the first of each
            - ``usd_per_million``, the cost of the run for each million records written
        """
        records, invocations = self.records, self.invocations
        written = int(records["written"].notna().sum())
        innocents = records[~records["poison"]]
        latency = innocents["latency_ms"].fillna(math.inf)
        fates = records["fate"].value_counts()

        def within(share: float) -> float:
            return float(latency.quantile(share, interpolation="higher"))

        return pd.Series(
            {
                "records": len(records),
                "written": written,
                "never_written": int(innocents["written"].isna().sum()),
                "innocents_given_up": int((innocents["fate"] == "given up").sum()),
                "given_up": int(fates.get("given up", 0)),
                "lost": int(fates.get("lost", 0)),
                "pending": int(fates.get("pending", 0)),
                "per_second": written / self.seconds if self.seconds else math.nan,
                "p50_ms": within(0.5),
                "p95_ms": within(0.95),
                "p99_ms": within(0.99),
                "blocked_seconds": self.blocked_seconds(),
                "utilisation": self.utilisation(),
                "max_iterator_age_ms": invocations["iterator_age_ms"].max(),
                "invocations": len(invocations),
                "retries": int((invocations["attempt"] > 1).sum()),
                "duplicates": int(records["copies"].sum()) - written,
                "usd_per_million": self.cost().sum() / written * 1e6 if written else math.inf,
            },
            dtype=object,
        )

    def save(self, folder: Path | str) -> None:
        """Write the tables as Parquet and the settings as JSON into ``folder``.

        The folder appears only when it is complete, and replaces one of the same name.
        """
        folder = Path(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".saving-", dir=folder.parent) as beside:
            fresh = Path(beside) / "fresh"
            fresh.mkdir()
            for name in FRAMES:
                getattr(self, name).to_parquet(fresh / f"{name}.parquet")
            settings = json.dumps(self.experiment, indent=1, allow_nan=False)
            (fresh / "experiment.json").write_text(settings, "utf-8")
            if folder.exists():
                folder.replace(Path(beside) / "former")
            fresh.replace(folder)

    @classmethod
    def load(cls, folder: Path | str) -> "Result":
        """Return a result that ``save`` has written.

        Raises:
            FileNotFoundError: the folder contains no result.
        """
        folder = Path(folder)
        experiment = json.loads((folder / "experiment.json").read_text("utf-8"))
        return cls(experiment, *(pd.read_parquet(folder / f"{name}.parquet") for name in FRAMES))


def processed(
    sent: pd.DataFrame, invocations: list[Invocation], reports_failures: bool
) -> pd.DataFrame:
    """Return the records that your own function processed, in the form of a stream's records.

    Args:
        sent: the input stream, with ``n``.
        invocations: the function's invocations.
        reports_failures: whether the mapping respects partial batch responses.

    Returns:
        A row for each time that Lambda regarded a record as processed: ``n``, and as
        ``arrival_time`` the end of the invocation.
    """
    numbers = dict(zip(sent["sequence_number"].map(int), sent["n"], strict=True))
    rows = [
        (numbers[done], each.ended)
        for each in invocations
        for done in each.done(reports_failures)
        if done in numbers
    ]
    frame = pd.DataFrame(rows, columns=["n", "arrival_time"]).astype("int64")
    frame["arrival_time"] = pd.to_datetime(frame["arrival_time"], unit="ms", utc=True)
    return frame.astype({"arrival_time": TIME})


def failures_table(documents: list[dict[str, Any]]) -> pd.DataFrame:
    """Return what the mapping gave up: a row for each document in the queue, by time.

    Returns:
        Columns ``condition``, ``shard_id``, ``records``, ``invocations``,
        ``first_sequence_number``, ``last_sequence_number``, ``at`` (UTC).
    """
    rows = [
        (
            document["requestContext"]["condition"],
            batch["shardId"],
            batch["batchSize"],
            document["requestContext"]["approximateInvokeCount"],
            batch["startSequenceNumber"],
            batch["endSequenceNumber"],
            pd.Timestamp(document["timestamp"]),
        )
        for document in documents
        for batch in [document["KinesisBatchInfo"]]
    ]
    frame = pd.DataFrame(rows, columns=list(FAILURE_COLUMNS)).astype(FAILURE_COLUMNS)
    return frame.sort_values("at", kind="stable", ignore_index=True)


def records_table(
    *,
    sent: pd.DataFrame,
    written: pd.DataFrame,
    poison: set[int],
    refusals: Mapping[int, int],
    invocations: list[Invocation],
    failures: pd.DataFrame,
    reports_failures: bool,
) -> pd.DataFrame:
    """Return one row for each record sent, by its number ``n``.

    Args:
        sent: the input stream, with ``n`` and ``sent_at``.
        written: the output stream, with ``n``.
        poison: the numbers of the records that cannot be processed.
        refusals: how often the input stream refused a record, by its number.
        invocations: the function's invocations, in order of their start.
        failures: see ``failures_table``.
        reports_failures: whether the mapping respects partial batch responses.

    Returns:
        Columns ``partition_key``, ``shard_id``, ``sequence_number``; ``sent`` (when the producer
        had it to send, by the producer's clock), ``arrived`` (in the stream), ``invoked`` (first in
        a batch), ``written`` (its first copy in the output; with a function of your own, the end
        of the first invocation that processed it), all UTC and missing if never;
        ``refused`` (how often the stream refused it); ``attempts`` (the number of its invocations);
        ``batch`` (the last of them, as in ``invocations``); ``copies`` (in the output); ``poison``;
        ``latency_ms`` from sent to written; ``fate``: ``written``, else ``lost`` (Lambda regards it
        as processed), else ``given up`` (reported to the queue), else ``pending``.
    """
    # boto3 repeats a PutRecords call if its response is lost; the stream then has its records
    # twice.
    sent = sent.astype({"n": "int64"}).sort_values(["n", "arrival_time"]).drop_duplicates("n")
    sent = sent.set_index("n")
    frame = pd.DataFrame(
        {
            "partition_key": sent["partition_key"],
            "shard_id": sent["shard_id"].astype("str"),
            "sequence_number": sent["sequence_number"],
            "sent": pd.to_datetime(sent["sent_at"].astype("float64"), unit="s", utc=True),
            "arrived": sent["arrival_time"],
        }
    )
    frame.index.name = "n"
    numbers = frame["sequence_number"].map(int)
    tries: dict[int, list[int]] = {}
    done: set[int] = set()
    for batch, invocation in enumerate(invocations):
        done.update(invocation.done(reports_failures))
        for number in invocation.sequence_numbers:
            tries.setdefault(number, []).append(batch)
    starts = [invocation.started for invocation in invocations]
    invoked = numbers.map(lambda n: starts[tries[n][0]] if n in tries else math.nan)
    output = written.groupby(written["n"].astype("int64"))["arrival_time"].agg(["min", "size"])
    frame["sent"] = frame["sent"].astype(TIME)
    frame["invoked"] = pd.to_datetime(invoked, unit="ms", utc=True).astype(TIME)
    frame["written"] = output["min"].reindex(frame.index).astype(TIME)
    frame["refused"] = frame.index.map(lambda n: refusals.get(n, 0)).astype("int64")
    frame["attempts"] = numbers.map(lambda n: len(tries.get(n, ()))).astype("int64")
    frame["batch"] = numbers.map(lambda n: tries[n][-1] if n in tries else None).astype("Int64")
    frame["copies"] = output["size"].reindex(frame.index).fillna(0).astype("int64")
    frame["poison"] = frame.index.isin(poison)
    frame["latency_ms"] = (frame["written"] - frame["sent"]).dt.total_seconds() * 1000
    given_up: set[int] = set()
    for row in failures.itertuples():
        first, last = int(str(row.first_sequence_number)), int(str(row.last_sequence_number))
        # With a ParallelizationFactor, records of other batches may lie between these two. An
        # invocation that had both says which records were given up; a batch that was never tried
        # has no invocation.
        tried = set(tries.get(first, ())) & set(tries.get(last, ()))
        in_shard = numbers[frame["shard_id"] == row.shard_id]
        among = invocations[tried.pop()].sequence_numbers if tried else in_shard
        given_up.update(n for n in among if first <= n <= last)
    frame["fate"] = "pending"
    frame.loc[numbers.isin(given_up), "fate"] = "given up"
    frame.loc[numbers.isin(done), "fate"] = "lost"
    frame.loc[frame["copies"] > 0, "fate"] = "written"
    return frame
