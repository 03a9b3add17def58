"""Invocations read from a function's log, as written by Lambda and the probe."""

import math
from typing import Any

import pytest

from tests.laboratory.log_lines import Logs, begin, end, events, report, start
from workbook.laboratory import logbook


def read(*found: list[dict[str, Any]]) -> list[logbook.Invocation]:
    return logbook.Logbook(Logs([event for each in found for event in each]), "g").read()


def test_an_invocation_is_told_by_its_lines() -> None:
    cold = report("r1", "Max Memory Used: 40 MB", "Init Duration: 100.77 ms")
    (one,) = read(
        events("INIT_START\n", start("r1"), begin("r1", [7, 9]), "{}\n", end("r1"), "END\n", cold)
    )
    assert one.sequence_numbers == [7, 9]
    assert one.outcome(True) == "ok"
    assert one.done(True) == [7, 9]
    table = logbook.table([one], True)
    row = table.loc[0]
    assert row["shard_id"] == "shardId-000000000000"
    assert (row["records"], row["attempt"], row["failed"]) == (2, 1, 0)
    assert (row["duration_ms"], row["billed_ms"], row["init_ms"]) == (20.5, 121.0, 100.77)
    assert row["iterator_age_ms"] == 100_010 - 99_500
    assert row["started"].timestamp() == 100.01
    assert row["ended"].timestamp() == 100.06
    assert row["memory_mb"] == 256


def test_a_reported_failure_counts_only_where_the_mapping_heeds_it() -> None:
    (one,) = read(events(start("r"), begin("r", [7, 8, 9]), end("r", "8"), report("r")))
    assert (one.outcome(True), one.done(True)) == ("partial", [7])
    assert (one.outcome(False), one.done(False)) == ("ok", [7, 8, 9])


@pytest.mark.parametrize(
    ("status", "outcome"),
    [((), "error"), (("Status: timeout",), "timeout"), (("Status: error",), "error")],
)
def test_without_an_answer_the_report_says_why(status: tuple[str, ...], outcome: str) -> None:
    (one,) = read(events(start("r"), begin("r", [7]), report("r", *status)))
    assert one.outcome(True) == outcome
    assert one.done(True) == []


def test_attempts_are_counted_by_the_first_record() -> None:
    batches = [("r1", [1, 2, 3, 4]), ("r2", [1, 2]), ("r3", [3, 4]), ("r4", [5])]
    found = [
        events(start(r), begin(r, numbers), report(r), first=100_000 + 1_000 * i)
        for i, (r, numbers) in enumerate(batches)
    ]
    table = logbook.table(read(*found), True)
    assert list(table["attempt"]) == [1, 2, 2, 1]
    assert list(table["first_sequence_number"]) == ["1", "1", "3", "5"]


def test_environments_are_numbered_by_first_use() -> None:
    found = [
        events(start(r), begin(r, [i]), report(r), environment=name, first=100_000 + 1_000 * i)
        for i, (r, name) in enumerate([("r1", "b"), ("r2", "a"), ("r3", "b")])
    ]
    assert list(logbook.table(read(*found), True)["environment"]) == [0, 1, 0]


def test_what_has_not_ended_is_not_told_yet() -> None:
    assert read(events(start("r"), begin("r", [1]))) == []
    assert read(events("INIT_START\n")) == []


def test_a_second_look_asks_for_what_is_new_and_tells_everything() -> None:
    logs = Logs(events(start("r1"), begin("r1", [1]), end("r1"), report("r1")))
    book = logbook.Logbook(logs, "g")
    assert len(book.read()) == 1
    logs.events = logs.events + events(
        start("r2"), begin("r2", [2]), end("r2"), report("r2"), first=105_000
    )
    assert [each.request_id for each in book.read()] == ["r1", "r2"]
    assert len(book.read(whole=True)) == 2
    assert logs.since[0] == 0
    assert 0 < logs.since[1] < 105_000
    assert logs.since[2] == 0


def test_in_time_lapse_all_times_are_by_the_clock_of_aws() -> None:
    """A REPORT line has real milliseconds; the log's times are by a clock 20 times as fast."""
    cold = report("r", "Init Duration: 100.77 ms")
    (one,) = read(events(start("r"), begin("r", [7]), end("r"), cold))
    row = logbook.table([one], True, speed=20).loc[0]
    assert row["duration_ms"] == pytest.approx(20 * 20.5)
    assert row["init_ms"] == pytest.approx(20 * 100.77)
    assert row["billed_ms"] == math.ceil(20 * (20.5 + 100.77))


def test_an_empty_log_is_an_empty_table_with_all_columns() -> None:
    table = logbook.table([], True)
    assert list(table.columns) == list(logbook.COLUMNS)
    assert len(table) == 0
