"""The whole pipeline: complete, checked, measured, and cleaned up."""

import dataclasses

import pandas as pd
import psutil
import pytest
from tqdm import tqdm

from workbook import pipeline


@pytest.fixture(scope="module")
def run() -> tuple[pipeline.Report, set[psutil.Process]]:
    """A report, and the processes that the run left behind."""
    before = set(psutil.Process().children(recursive=True))
    report = pipeline.run(1_500, progress=False)
    return report, set(psutil.Process().children(recursive=True)) - before


@pytest.fixture(scope="module")
def report(run: tuple[pipeline.Report, set[psutil.Process]]) -> pipeline.Report:
    return run[0]


def test_every_flight_comes_out(report: pipeline.Report) -> None:
    assert report.sent == 1_500
    assert report.received == 1_500 + report.duplicates
    assert report.lost == 0


def test_answers_with_all_their_flights_are_right(report: pipeline.Report) -> None:
    answers = report.answers.set_index("question")
    assert answers.loc["flights on 1 January", "ok"]
    assert answers["ok"].notna().sum() == 1
    assert report.passed


def test_every_stage_is_measured(report: pipeline.Report) -> None:
    assert list(report.stages) == ["send", "process", "read"]
    assert all(stage.records >= 1_500 for stage in report.stages.values())
    assert all(0 < stage.seconds < report.seconds for stage in report.stages.values())
    here = psutil.Process().memory_info().rss
    assert report.peak_bytes > 50 * 2**20
    assert report.peak_bytes < 20 * here


def test_the_report_says_where_the_time_went(report: pipeline.Report) -> None:
    spent = report.spent
    assert list(spent) == ["set-up", "send", "process", "read", "the rest"]
    assert all(seconds > 0 for seconds in spent.values())
    assert sum(spent.values()) == pytest.approx(report.seconds)
    text = str(report)
    told = text[text.index("where the time went") :]
    for name, seconds in spent.items():
        assert f"{name:<16}{seconds:>9.1f} s" in told
    assert list(report.as_dict()["spent"]) == list(spent)


def test_a_run_leaves_no_process(run: tuple[pipeline.Report, set[psutil.Process]]) -> None:
    assert not run[1]


def test_the_text_has_every_figure(report: pipeline.Report) -> None:
    text = str(report)
    for expected in ("flights sent", "records out", "duplicates", "lost", "records/s", "MiB"):
        assert expected in text
    for question in report.answers["question"]:
        assert question in text
    assert "needs the whole year" in text
    assert "pass" in text
    assert "FAIL" not in text


def test_a_wrong_answer_and_a_lost_flight_fail(report: pipeline.Report) -> None:
    wrong = report.answers.assign(ok=pd.array([False] + [None] * 27, dtype="boolean"))
    assert not dataclasses.replace(report, answers=wrong).passed
    assert "FAIL" in str(dataclasses.replace(report, answers=wrong))
    assert not dataclasses.replace(report, lost=1).passed


def test_a_run_of_no_flights_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 flight, not 0"):
        pipeline.run(0)


def test_waiting_ends_when_the_count_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "COUNT_SECONDS", 0)
    counts = iter([0, 3, 3, 7, 10, 99])
    with tqdm(disable=True) as bar:
        assert pipeline.await_count(lambda: next(counts), 10, bar)
    assert next(counts) == 99


def test_waiting_ends_when_the_count_stops_growing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "COUNT_SECONDS", 0)
    monkeypatch.setattr(pipeline, "STALL_SECONDS", 0)
    with tqdm(disable=True) as bar:
        assert not pipeline.await_count(lambda: 5, 10, bar)


def test_a_run_to_the_lake_answers_from_its_files() -> None:
    report = pipeline.run(1_500, to_lake=True, progress=False)
    assert (report.received - report.duplicates, report.lost) == (1_500, 0)
    assert report.passed
    assert report.answers.set_index("question").loc["flights on 1 January", "ours"] == 842
    assert list(report.stages) == ["send", "process", "deliver", "query"]
    steps = ["set-up", "send", "process", "deliver", "query", "the rest"]
    assert list(report.spent) == steps
    assert sum(report.spent.values()) == pytest.approx(report.seconds)
    assert report.files is not None
    assert report.files.count >= 1
    assert report.files.bytes > 10_000
    assert report.as_dict()["file_bytes"] == report.files.bytes
    assert "bytes in files" in str(report)
