"""Experiments on a local AWS: every record accounted for, and nothing left behind."""

import math
from typing import Any

import pandas as pd
import pytest

from tests.laboratory.experiments import assert_nothing_is_left, experiment
from workbook import deployment, prices, reader
from workbook import laboratory as lab
from workbook.target import Aws


def test_every_record_is_written_once_and_timed_in_order(fast: Aws) -> None:
    result = lab.run(fast, experiment(BatchSize=25, shards=2), progress=False)
    records, invocations = result.records, result.invocations
    assert list(records.index) == list(range(60))
    assert set(records["fate"]) == {"written"}
    assert (records["copies"] == 1).all()
    assert (records["attempts"] == 1).all()
    assert records["shard_id"].nunique() == 2
    assert (records["arrived"] <= records["invoked"]).all()
    assert (records["invoked"] <= records["written"]).all()
    assert invocations["records"].sum() == 60
    assert invocations["records"].max() <= 25
    for batch, row in invocations.iterrows():
        group = records[records["batch"] == batch]
        assert len(group) == row["records"]
        assert set(group["shard_id"]) == {row["shard_id"]}
    summary = result.summary()
    assert summary["records"] == 60
    assert summary["p50_ms"] <= summary["p99_ms"]
    assert summary[["duplicates", "given_up", "lost", "pending", "retries"]].sum() == 0
    assert_nothing_is_left(fast)


def test_what_is_given_up_is_told_with_its_retries(fast: Aws) -> None:
    result = lab.run(
        fast,
        experiment(poison_every=60, BatchSize=100, BisectBatchOnFunctionError=False),
        progress=False,
    )
    records = result.records
    (bad,) = records.index[records["poison"]]
    assert (records.loc[: bad - 1, "fate"] == "written").all()
    assert (records.loc[bad:, "fate"] == "given up").all()  # all behind it share its batch
    assert list(result.failures["condition"]) == ["RetryAttemptsExhausted"]
    assert list(result.failures["records"]) == [60 - bad]
    assert result.summary()["given_up"] == 60 - bad
    assert_nothing_is_left(fast)


def test_bisecting_gives_up_only_the_poison_and_makes_duplicates(fast: Aws) -> None:
    result = lab.run(
        fast,
        experiment(
            poison_every=60,
            BatchSize=100,
            bad_records="raise",
            FunctionResponseTypes=[],
            MaximumRetryAttempts=0,
        ),
        progress=False,
    )
    records = result.records
    assert list(records.index[records["fate"] == "given up"]) == list(
        records.index[records["poison"]]
    )
    assert set(result.invocations["outcome"]) == {"ok", "error"}
    assert result.summary()["duplicates"] == records["copies"].sum() - 59


def test_a_report_that_nobody_heeds_loses_records(fast: Aws) -> None:
    result = lab.run(
        fast,
        experiment(poison_every=60, BatchSize=100, FunctionResponseTypes=[]),
        progress=False,
    )
    (bad,) = result.records.index[result.records["poison"]]
    assert (result.records.loc[bad:, "fate"] == "lost").all()
    assert result.summary()["lost"] == 60 - bad


def test_a_blocked_shard_is_pending_when_patience_is_over(fast: Aws) -> None:
    result = lab.run(
        fast,
        experiment(
            poison_every=60,
            BatchSize=10,
            bad_records="raise",
            FunctionResponseTypes=[],
            BisectBatchOnFunctionError=False,
            MaximumRetryAttempts=-1,
            MaximumRecordAgeInSeconds=-1,
            patience=20.0,
        ),
        progress=False,
    )
    (bad,) = result.records.index[result.records["poison"]]
    assert set(result.records.loc[bad:, "fate"]) <= {"pending", "written"}
    assert result.records.loc[bad, "fate"] == "pending"
    assert result.failures.empty
    assert_nothing_is_left(fast)


def test_the_function_spends_the_time_it_is_told_to_by_awss_clock(fast: Aws) -> None:
    """So that an hour with a call of 400 ms in each batch is the same hour in time-lapse."""
    result = lab.run(
        fast, experiment(BatchSize=20, batch_millis=400.0, record_millis=20.0), progress=False
    )
    invocations = result.invocations
    least = 400 + 20 * invocations["records"]
    assert (invocations["duration_ms"] >= least).all()
    assert (invocations["duration_ms"] < fast.speed * least).all()  # no real milliseconds
    took = (invocations["ended"] - invocations["started"]).dt.total_seconds() * 1000
    assert (took >= least - 1).all()  # one clock in all columns
    assert result.experiment["speed"] == fast.speed


def test_by_default_only_poison_is_given_up(fast: Aws) -> None:
    workload = lab.Workload(records=100, rate=math.inf, poison_every=10)
    result = lab.run(fast, lab.Experiment(workload=workload, patience=36_000), progress=False)
    records = result.records
    assert records["poison"].sum() == 10
    assert records["fate"].equals(records["poison"].map({True: "given up", False: "written"}))
    assert result.failures["records"].eq(1).all()
    summary = result.summary()
    assert (summary["never_written"], summary["given_up"]) == (0, 10)
    assert summary["p99_ms"] < math.inf


def test_the_pipeline_can_be_changed_while_it_runs(fast: Aws) -> None:
    def double(pipeline: lab.Pipeline) -> None:
        pipeline.aws.client("kinesis").update_shard_count(
            StreamName=pipeline.input_stream, TargetShardCount=2, ScalingType="UNIFORM_SCALING"
        )

    result = lab.run(fast, experiment(records=100, rate=1.0), during=double, progress=False)
    assert set(result.records["fate"]) == {"written"}
    assert result.records["shard_id"].nunique() > 1


def test_a_fault_in_what_changes_it_reaches_the_caller_and_leaves_nothing(fast: Aws) -> None:
    def fail(pipeline: lab.Pipeline) -> None:
        raise LookupError("no such knob")

    with pytest.raises(LookupError, match="no such knob"):
        lab.run(fast, experiment(), during=fail, progress=False)
    assert_nothing_is_left(fast)


def test_a_second_interruption_names_what_it_leaves(
    fast: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one ends the experiment and starts clean-up; the second ends clean-up."""

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(deployment, "wait_until", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        lab.run(fast, experiment(), progress=False)
    monkeypatch.undo()
    (note,) = caught.value.__notes__
    _, call = note.split("To delete them: ")
    for name in ("function='lab-", "role='lab-", "-in'", "-out'", "-failures'"):
        assert name in call
    eval(call, {"deployment": deployment, "aws": fast})
    assert_nothing_is_left(fast)


def test_clean_up_deletes_what_a_stopped_kernel_has_left(fast: Aws) -> None:
    """Whatever part of a pipeline is there; a name that is not the laboratory's is left alone."""
    kinesis, iam = fast.client("kinesis"), fast.client("iam")
    lab.Pipeline("lab-0123abcd", fast).deploy(experiment())
    kinesis.create_stream(StreamName="lab-4567cdef-out", ShardCount=1)
    deployment.create_queue(fast.client("sqs"), "lab-89abcdef-failures")
    arn = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
    deployment.create_role(iam, deployment.policy(arn, arn), "lab-00000000-role")
    deployment.create_log_group(fast.client("logs"), "lab-11111111")
    kinesis.create_stream(StreamName="my-lab-0123abcd-in", ShardCount=1)
    lab.clean_up(fast)
    lab.clean_up(fast)  # nothing is left
    deployment.delete_streams(kinesis, "my-lab-0123abcd-in")
    assert_nothing_is_left(fast)


def test_what_is_no_experiment_is_refused_by_name(fast: Aws) -> None:
    workload: Any = lab.Workload(records=1)
    with pytest.raises(ValueError, match="experiment must be an Experiment, not Workload"):
        lab.run(fast, workload, progress=False)
    with pytest.raises(ValueError, match="experiment must be an Experiment, not Workload"):
        lab.sweep(fast, workload, {"shards": [1]}, progress=False)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"aws": "local"}, "aws must be an Aws"),
        ({"experiment": lab.Workload}, "experiment must be an Experiment"),
        ({"during": 5}, "during must be a function"),
    ],
)
def test_an_argument_of_a_wrong_type_is_refused_by_name(
    fast: Aws, change: dict[str, Any], named: str
) -> None:
    arguments: dict[str, Any] = {"aws": fast, "experiment": experiment(), "during": None, **change}
    with pytest.raises(ValueError, match=named):
        lab.run(**arguments)
    assert_nothing_is_left(fast)


def test_a_refused_setting_is_told_and_leaves_nothing(fast: Aws) -> None:
    with pytest.raises(fast.client("lambda").exceptions.ClientError, match="UnreservedConcurrent"):
        lab.run(fast, experiment(concurrency=990), progress=False)  # above the account's quota
    assert_nothing_is_left(fast)


def test_time_lapse_tells_times_of_its_own_clock(fast: Aws) -> None:
    before = fast.now()
    result = lab.run(fast, experiment(records=40, rate=4.0), progress=False)
    sent = result.records["sent"]
    assert before <= sent.min().timestamp()
    assert (sent.max() - sent.min()).total_seconds() >= 39 / 4 - 0.001
    assert ((result.records["arrived"] - sent).dt.total_seconds() >= -0.1).all()


def test_the_bill_has_each_item_at_its_price(fast: Aws) -> None:
    result = lab.run(fast, experiment(BatchSize=20), progress=False)
    bill = result.cost()
    assert bill["Lambda requests"] == pytest.approx(len(result.invocations) * 0.2e-6)
    assert bill["PUT payload units"] == pytest.approx(120 * 0.014e-6)
    billed = result.invocations["billed_ms"].sum() / 1000 * 256 / 1024
    assert bill["Lambda GB-seconds"] == pytest.approx(billed * 0.0000166667)
    assert bill["shard hours"] == pytest.approx(2 * result.seconds / 3600 * 0.015)
    assert prices.bill().sum() == 0


def test_records_that_the_streams_have_forgotten_are_no_result(
    fast: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time-lapse, 24 hours are short; what is left would show too few records."""
    whole = reader.read_stream

    def without_the_first(aws: Aws, stream: str, **options: Any) -> pd.DataFrame:
        return whole(aws, stream, **options).iloc[1:]

    monkeypatch.setattr(reader, "read_stream", without_the_first)
    with pytest.raises(
        lab.ForgottenError, match=r"-in still has only 59 of 60 records.*lower speed"
    ):
        lab.run(fast, experiment(), progress=False)
    assert_nothing_is_left(fast)
