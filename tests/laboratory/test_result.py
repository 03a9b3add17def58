"""The table of records, from tables and invocations as an experiment gives them."""

import math

import pandas as pd
import pytest

from workbook.laboratory.logbook import Invocation, table
from workbook.laboratory.result import Result, failures_table, records_table

SHARD = "shardId-000000000000"
FIRST = 10**55  # a sequence number; those behind it follow by one


def moment(seconds):
    return pd.Timestamp("2026-01-01T00:00:00Z") + pd.Timedelta(seconds=seconds)


def stream(*numbers, places=None):
    """A stream with these records, one a second; ``places`` are their sequence numbers' ends."""
    return pd.DataFrame(
        {
            "n": pd.array(numbers, "Int64"),
            "sent_at": pd.array([moment(0).timestamp()] * len(numbers), "Float64"),
            "shard_id": SHARD,
            "sequence_number": [str(FIRST + place) for place in places or numbers],
            "partition_key": "key",
            "arrival_time": [moment(at) for at in range(len(numbers))],
        }
    )


def invocation(request_id, *places, answered=False):
    started = int(moment(10).timestamp() * 1000)
    report = {"Duration": "1.0", "Billed Duration": "1", "Memory Size": "256"}
    numbers = [FIRST + place for place in places]
    return Invocation(
        request_id, "e", SHARD, numbers, 0.0, started, started + 1, report, None, answered
    )


def failure(first, last, records):
    return {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 1},
        "timestamp": moment(20).isoformat(),
        "KinesisBatchInfo": {
            "shardId": SHARD,
            "batchSize": records,
            "startSequenceNumber": str(FIRST + first),
            "endSequenceNumber": str(FIRST + last),
        },
    }


def records(sent, written, invocations=(), documents=(), poison=frozenset()):
    return records_table(
        sent=sent,
        written=written,
        poison=poison,
        refusals={},
        invocations=list(invocations),
        failures=failures_table(list(documents)),
        reports_failures=True,
    )


def test_of_batches_side_by_side_only_the_one_given_up_is_told_so():
    """Under a ParallelizationFactor, a batch's span has records of the other batches in it."""
    side_by_side = [invocation("a", 0, 2, 4), invocation("b", 1, 3)]
    found = records(stream(*range(6)), stream(), side_by_side, [failure(0, 4, 3)])
    assert list(found["fate"]) == ["given up", "pending"] * 2 + ["given up", "pending"]


def test_a_batch_that_nobody_tried_is_given_up_by_its_span():
    found = records(stream(*range(4)), stream(), [], [failure(1, 2, 2)])
    assert list(found["fate"]) == ["pending", "given up", "given up", "pending"]


def test_a_record_that_was_written_and_given_up_is_written():
    """As when a batch fails behind it: the consumer has it, whatever the queue says."""
    found = records(stream(0, 1), stream(0, 0), [invocation("a", 0, 1)], [failure(0, 1, 2)])
    assert list(found["fate"]) == ["written", "given up"]
    assert list(found["copies"]) == [2, 0]


def test_a_record_that_a_producer_sent_twice_has_one_row():
    """A PutRecords call whose answer was lost goes again: then the stream has its records twice."""
    sent, both = stream(0, 1, 0, places=(0, 1, 2)), [invocation("a", 0, 1, 2, answered=True)]
    found = records(sent, stream(0, 1, 0), both)
    assert list(found.index) == [0, 1]
    assert list(found["sequence_number"]) == [str(FIRST), str(FIRST + 1)]
    result = Result({"shards": 1}, table(both, True), found, failures_table([]))
    assert result.summary()["records"] == 2
    assert result.summary()["duplicates"] == 1


def test_a_run_in_which_nothing_happened_has_all_its_figures():
    found = records(stream(0, 1), stream())
    summary = Result({"shards": 1}, table([], True), found, failures_table([])).summary()
    assert (summary["pending"], summary["invocations"], summary["duplicates"]) == (2, 0, 0)
    assert summary["never_written"] == 2
    assert summary["p50_ms"] == summary["usd_per_million"] == math.inf


def test_a_summary_puts_loss_first_and_does_not_make_it_look_cheap():
    """Of ten innocents two are given up with the poison between them, and one waits."""
    sent = stream(*range(11))
    batches = [invocation("a", *range(7), answered=True), invocation("b", 7, 8, 9)]
    found = records(sent, stream(*range(7)), batches, [failure(7, 9, 3)], poison={8})
    summary = Result({"shards": 1}, table(batches, True), found, failures_table([])).summary()
    assert list(summary.index[:4]) == ["records", "written", "never_written", "innocents_given_up"]
    assert list(summary.iloc[:4]) == [11, 7, 3, 2]
    assert (summary["given_up"], summary["lost"], summary["pending"]) == (3, 0, 1)
    latency = found["latency_ms"].dropna()
    assert latency.min() <= summary["p50_ms"] <= latency.max()
    assert summary["p95_ms"] == summary["p99_ms"] == math.inf
    cost = Result({"shards": 1}, table(batches, True), found, failures_table([])).cost().sum()
    assert summary["usd_per_million"] == pytest.approx(cost / 7 * 1e6)


def test_percentiles_are_those_of_the_records_that_could_be_written():
    """Within so many milliseconds, so many of a hundred were written; poison never will be."""
    numbers = range(101)
    batches = [invocation("a", *numbers, answered=True)]
    found = records(stream(*numbers), stream(*numbers[:100]), batches, poison={100})
    summary = Result({"shards": 1}, table(batches, True), found, failures_table([])).summary()
    latency = found["latency_ms"]
    assert [summary[f"p{p}_ms"] for p in (50, 95, 99)] == [latency[50], latency[95], latency[99]]
