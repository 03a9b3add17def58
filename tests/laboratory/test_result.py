"""The tables of an experiment, computed from AWS's data, and how they are stored."""

import math
from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest

from tests.laboratory.experiments import FIRST, experiment, failure, invocation, stream
from workbook import deployment
from workbook import laboratory as lab
from workbook.laboratory import pictures
from workbook.laboratory.logbook import Invocation, table
from workbook.laboratory.result import Result, failures_table, records_table
from workbook.target import Aws

SETTINGS = lab.Experiment().as_dict()


def records(
    sent: pd.DataFrame,
    written: pd.DataFrame,
    invocations: Sequence[Invocation] = (),
    documents: Sequence[dict[str, Any]] = (),
    poison: Set[int] = frozenset(),
) -> pd.DataFrame:
    return records_table(
        sent=sent,
        written=written,
        poison=set(poison),
        refusals={},
        invocations=list(invocations),
        failures=failures_table(list(documents)),
        reports_failures=True,
    )


def test_of_batches_side_by_side_only_the_one_given_up_is_told_so() -> None:
    """With a ParallelizationFactor, a batch's span contains records of other batches."""
    side_by_side = [invocation("a", 0, 2, 4), invocation("b", 1, 3)]
    found = records(stream(*range(6)), stream(), side_by_side, [failure(0, 4, 3)])
    assert list(found["fate"]) == ["given up", "pending"] * 2 + ["given up", "pending"]


def test_a_batch_that_nobody_tried_is_given_up_by_its_span() -> None:
    found = records(stream(*range(4)), stream(), [], [failure(1, 2, 2)])
    assert list(found["fate"]) == ["pending", "given up", "given up", "pending"]


def test_a_record_that_was_written_and_given_up_is_written() -> None:
    """For example, if a batch fails after it: the consumer has it, whatever the queue says."""
    found = records(stream(0, 1), stream(0, 0), [invocation("a", 0, 1)], [failure(0, 1, 2)])
    assert list(found["fate"]) == ["written", "given up"]
    assert list(found["copies"]) == [2, 0]


def test_a_result_is_shown_in_a_line() -> None:
    found = records(stream(0, 1, 2), stream(0, 1))
    shown = repr(Result(SETTINGS, table([], reports_failures=True), found, failures_table([])))
    assert shown.startswith("<3 records: 2 written, 1 pending. Tables: records,")


def test_a_record_that_a_producer_sent_twice_has_one_row() -> None:
    """A PutRecords call whose response was lost is repeated; the stream then has two copies."""
    sent, both = stream(0, 1, 0, places=(0, 1, 2)), [invocation("a", 0, 1, 2, answered=True)]
    found = records(sent, stream(0, 1, 0), both)
    assert list(found.index) == [0, 1]
    assert list(found["sequence_number"]) == [str(FIRST), str(FIRST + 1)]
    result = Result(SETTINGS, table(both, True), found, failures_table([]))
    assert result.summary()["records"] == 2
    assert result.summary()["duplicates"] == 1
    assert pictures.NAMED.keys() <= set(result.summary().index)


def test_a_run_in_which_nothing_happened_has_all_its_figures() -> None:
    found = records(stream(0, 1), stream())
    summary = Result(SETTINGS, table([], True), found, failures_table([])).summary()
    assert (summary["pending"], summary["invocations"], summary["duplicates"]) == (2, 0, 0)
    assert summary["never_written"] == 2
    assert summary["p50_ms"] == summary["usd_per_million"] == math.inf


def test_a_summary_puts_loss_first_and_does_not_make_it_look_cheap() -> None:
    """Of ten innocents, two are given up with the poison between them, and one is waiting."""
    sent = stream(*range(11))
    batches = [invocation("a", *range(7), answered=True), invocation("b", 7, 8, 9)]
    found = records(sent, stream(*range(7)), batches, [failure(7, 9, 3)], poison={8})
    summary = Result(SETTINGS, table(batches, True), found, failures_table([])).summary()
    assert list(summary.index[:4]) == ["records", "written", "never_written", "innocents_given_up"]
    assert list(summary.iloc[:4]) == [11, 7, 3, 2]
    assert (summary["given_up"], summary["lost"], summary["pending"]) == (3, 0, 1)
    latency = found["latency_ms"].dropna()
    assert latency.min() <= summary["p50_ms"] <= latency.max()
    assert summary["p95_ms"] == summary["p99_ms"] == math.inf
    cost = Result(SETTINGS, table(batches, True), found, failures_table([])).cost().sum()
    assert summary["usd_per_million"] == pytest.approx(cost / 7 * 1e6)


def test_percentiles_are_those_of_the_records_that_could_be_written() -> None:
    """A percentile counts the records that can be written; poison never will be."""
    numbers = range(101)
    batches = [invocation("a", *numbers, answered=True)]
    found = records(stream(*numbers), stream(*numbers[:100]), batches, poison={100})
    summary = Result(SETTINGS, table(batches, True), found, failures_table([])).summary()
    latency = found["latency_ms"]
    assert [summary[f"p{p}_ms"] for p in (50, 95, 99)] == [latency[50], latency[95], latency[99]]


# --- stored as Parquet and JSON


def test_a_result_is_the_same_after_parquet(fast: Aws, tmp_path: Path) -> None:
    result = lab.run(fast, experiment(BatchSize=20), progress=False)
    result.save(tmp_path / "one")
    loaded = lab.Result.load(tmp_path / "one")
    for name in ("invocations", "records", "failures"):
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(result, name))
    assert loaded.summary().equals(result.summary())
    replace(result, experiment={"shards": 2}).save(tmp_path / "one")
    assert lab.Result.load(tmp_path / "one").experiment == {"shards": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_run_that_was_not_written_to_its_end_is_not_there(tmp_path: Path) -> None:
    """A value that JSON does not have stops the writing after the tables are written."""
    tables = [pd.DataFrame({"n": [1]})] * 3
    with pytest.raises(TypeError):
        lab.Result({"shards": object()}, *tables).save(tmp_path / "one")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        lab.Result.load(tmp_path / "one")


def test_settings_are_written_as_json_that_any_reader_takes(tmp_path: Path) -> None:
    """JSON has no infinity: Python writes one anyway, and other readers refuse it."""
    tables = [pd.DataFrame({"n": [1]})] * 3
    lab.Result(experiment().as_dict(), *tables).save(tmp_path / "one")
    written = orjson.loads((tmp_path / "one" / "experiment.json").read_bytes())
    assert written == experiment().as_dict() == lab.Result.load(tmp_path / "one").experiment
    assert written["workload"]["class"] == "Workload"
    assert float(written["workload"]["rate"]) == math.inf
    assert written["mapping"]["BatchSize"] == deployment.MAPPING["BatchSize"]
