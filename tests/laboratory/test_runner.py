"""Experiments on a local AWS: every record accounted for, and nothing left behind."""

import math
import threading
from collections.abc import Iterator
from dataclasses import replace

import boto3
import numpy as np
import orjson
import pandas as pd
import pytest
from botocore.exceptions import ClientError

from workbook import deployment, flights, prices, reader, target
from workbook import laboratory as lab
from workbook.laboratory.digest import digest


@pytest.fixture(scope="module")
def fast() -> Iterator[target.Aws]:
    """A local AWS in time-lapse: pauses between retries are short."""
    with target.connect(target.LOCAL, speed=20) as aws:
        yield aws


def experiment(**settings) -> lab.Experiment:
    """A small burst, with windows and retries as short as they can be.

    Patience is of the clock that runs 20 times as fast: a slow machine needs much of it.
    """
    base = lab.Experiment(
        workload=lab.Workload(records=60, rate=math.inf),
        mapping={"MaximumBatchingWindowInSeconds": 0, "MaximumRetryAttempts": 1},
        patience=3600.0,
    )
    return base.vary(**settings)


def assert_nothing_is_left(aws: target.Aws) -> None:
    assert not [n for n in aws.client("kinesis").list_streams()["StreamNames"] if "lab-" in n]
    functions = aws.client("lambda").list_functions()["Functions"]
    assert not [f for f in functions if f["FunctionName"].startswith("lab-")]
    assert not [r for r in aws.client("iam").list_roles()["Roles"] if "lab-" in r["RoleName"]]
    assert not aws.client("sqs").list_queues(QueueNamePrefix="lab-").get("QueueUrls")
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/lab-")
    assert not groups["logGroups"]


def test_every_record_is_written_once_and_timed_in_order(fast):
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
    for batch, group in records.groupby("batch"):
        assert len(group) == invocations.loc[batch, "records"]
        assert set(group["shard_id"]) == {invocations.loc[batch, "shard_id"]}
    summary = result.summary()
    assert summary["records"] == 60
    assert summary["p50_ms"] <= summary["p99_ms"]
    assert summary[["duplicates", "given_up", "lost", "pending", "retries"]].sum() == 0
    assert_nothing_is_left(fast)


def test_what_is_given_up_is_told_with_its_retries(fast):
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


def test_bisecting_gives_up_only_the_poison_and_makes_duplicates(fast):
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


def test_a_report_that_nobody_heeds_loses_records(fast):
    result = lab.run(
        fast,
        experiment(poison_every=60, BatchSize=100, FunctionResponseTypes=[]),
        progress=False,
    )
    (bad,) = result.records.index[result.records["poison"]]
    assert (result.records.loc[bad:, "fate"] == "lost").all()
    assert result.summary()["lost"] == 60 - bad


def test_a_blocked_shard_is_pending_when_patience_is_over(fast):
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


def test_the_function_spends_the_time_it_is_told_to_by_awss_clock(fast):
    """So that an hour with a call of 400 ms in each batch is the same hour in time-lapse."""
    result = lab.run(
        fast, experiment(BatchSize=20, batch_millis=400.0, record_millis=20.0), progress=False
    )
    invocations = result.invocations
    least = 400 + 20 * invocations["records"]
    assert (invocations["duration_ms"] >= least).all()
    assert (invocations["duration_ms"] < 20 * least).all()  # they were not real milliseconds
    took = (invocations["ended"] - invocations["started"]).dt.total_seconds() * 1000
    assert (took >= least - 1).all()  # one clock in all columns
    assert result.experiment["speed"] == fast.speed


def test_by_default_only_poison_is_given_up(fast):
    workload = lab.Workload(records=100, rate=math.inf, poison_every=10)
    result = lab.run(fast, lab.Experiment(workload=workload, patience=36_000), progress=False)
    records = result.records
    assert records["poison"].sum() == 10
    assert records["fate"].equals(records["poison"].map({True: "given up", False: "written"}))
    assert result.failures["records"].eq(1).all()
    summary = result.summary()
    assert (summary["never_written"], summary["given_up"]) == (0, 10)
    assert summary["p99_ms"] < math.inf


def test_the_pipeline_can_be_changed_while_it_runs(fast):
    def double(pipeline: lab.Pipeline) -> None:
        pipeline.aws.client("kinesis").update_shard_count(
            StreamName=pipeline.input_stream, TargetShardCount=2, ScalingType="UNIFORM_SCALING"
        )

    result = lab.run(fast, experiment(records=100, rate=1.0), during=double, progress=False)
    assert set(result.records["fate"]) == {"written"}
    assert result.records["shard_id"].nunique() > 1


def test_a_fault_in_what_changes_it_reaches_the_caller_and_leaves_nothing(fast):
    def fail(pipeline: lab.Pipeline) -> None:
        raise LookupError("no such knob")

    with pytest.raises(LookupError, match="no such knob"):
        lab.run(fast, experiment(), during=fail, progress=False)
    assert_nothing_is_left(fast)


def test_a_second_interruption_names_what_it_leaves(fast, monkeypatch):
    """The first one ends the experiment and begins clean-up; the second ends clean-up."""

    def interrupt(*_, **__):
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


def test_a_refused_setting_is_told_and_leaves_nothing(fast):
    with pytest.raises(fast.client("lambda").exceptions.ClientError, match="MaximumRecordAge"):
        lab.run(fast, experiment(BatchSize=100, MaximumRecordAgeInSeconds=5), progress=False)
    assert_nothing_is_left(fast)


def test_time_lapse_tells_times_of_its_own_clock(fast):
    before = fast.now()
    result = lab.run(fast, experiment(records=40, rate=4.0), progress=False)
    sent = result.records["sent"]
    assert before <= sent.min().timestamp()
    assert (sent.max() - sent.min()).total_seconds() >= 39 / 4 - 0.001
    assert ((result.records["arrived"] - sent).dt.total_seconds() >= -0.1).all()


def test_the_bill_has_each_item_at_its_price(fast):
    result = lab.run(fast, experiment(BatchSize=20), progress=False)
    bill = result.cost()
    assert bill["Lambda requests"] == pytest.approx(len(result.invocations) * 0.2e-6)
    assert bill["PUT payload units"] == pytest.approx(120 * 0.014e-6)
    billed = result.invocations["billed_ms"].sum() / 1000 * 256 / 1024
    assert bill["Lambda GB-seconds"] == pytest.approx(billed * 0.0000166667)
    assert bill["shard hours"] == pytest.approx(2 * result.seconds / 3600 * 0.015)
    assert prices.bill().sum() == 0


def test_records_that_the_streams_have_forgotten_are_no_result(fast, monkeypatch):
    """In time-lapse 24 hours are short; what is left would tell of too few records."""
    whole = reader.read_stream

    def without_the_first(aws, stream, **options):
        return whole(aws, stream, **options).iloc[1:]

    monkeypatch.setattr(reader, "read_stream", without_the_first)
    with pytest.raises(
        lab.ForgottenError, match=r"-in still has only 59 of 60 records.*lower speed"
    ):
        lab.run(fast, experiment(), progress=False)
    assert_nothing_is_left(fast)


# --- settings


def test_settings_go_where_they_belong():
    varied = lab.Experiment().vary(rate=9.0, BatchSize=7, shards=3, key="dest")
    assert (varied.workload.rate, varied.workload.key) == (9.0, "dest")
    assert varied.mapping == {"BatchSize": 7}
    assert varied.shards == 3


def test_an_unknown_setting_is_named_with_those_there_are():
    with pytest.raises(ValueError, match=r"no setting Batchsize; there are .*BatchSize"):
        lab.Experiment().vary(Batchsize=7)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shards", 0),
        ("batch_millis", -1.0),
        ("record_millis", math.inf),
        ("bad_records", "skip"),
        ("patience", math.inf),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=f"{field} must be .*, not {value!r}"):
        lab.Experiment(**{field: value})


@pytest.mark.parametrize("name", ["Batchsize", "FilterCriteria", "TumblingWindowInSeconds"])
def test_a_mapping_setting_that_no_experiment_has_is_refused_by_name(name):
    with pytest.raises(ValueError, match=f"mapping must not have {name}; .* BatchSize"):
        lab.Experiment(mapping={name: 1})


# --- sweeps


def test_a_sweep_has_a_row_for_each_run_and_its_settings_in_every_table(fast):
    settings = {"BatchSize": np.array([20, 60]), "shards": range(1, 3)}
    outcome = lab.sweep(fast, experiment(), settings, at_once=4, progress=False)
    assert list(outcome.summary["BatchSize"]) == [20, 20, 60, 60]
    assert list(outcome.summary["shards"]) == [1, 2, 1, 2]
    assert set(outcome.summary["records"]) == {60}
    for table in (outcome.invocations, outcome.records):
        assert list(table.columns[:2]) == ["BatchSize", "shards"]
    assert len(outcome.records) == 4 * 60
    assert outcome.records.groupby(["BatchSize", "shards"]).size().eq(60).all()


def test_a_sweep_that_was_stopped_goes_on_where_it_was(fast, tmp_path, monkeypatch):
    done = []
    run = lab.sweep.__globals__["run"]

    def counting(aws, each, **options):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(each.mapping["BatchSize"])
        return run(aws, each, **options)

    monkeypatch.setitem(lab.sweep.__globals__, "run", counting)
    sizes = {"BatchSize": [20, 30, 60]}
    with pytest.raises(KeyboardInterrupt):
        lab.sweep(fast, experiment(), sizes, folder=tmp_path, progress=False)
    assert done == [20, 30]

    monkeypatch.setitem(lab.sweep.__globals__, "run", run)
    outcome = lab.sweep(fast, experiment(), sizes, folder=tmp_path, progress=False)
    assert list(outcome.summary["BatchSize"]) == [20, 30, 60]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_second_interruption_of_a_sweep_tells_what_still_runs(fast, monkeypatch):
    """The first waits for the runs under way; who has no patience learns that they go on."""
    begun, end = threading.Event(), threading.Event()

    def slow(aws, each, **options):
        begun.set()
        end.wait(60)

    def interrupted(futures):
        begun.wait(60)
        threads = [t for t in threading.enumerate() if t.name.startswith("ThreadPoolExecutor")]
        monkeypatch.setattr(threads[0], "join", interrupt)
        interrupt()

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setitem(lab.sweep.__globals__, "run", slow)
    monkeypatch.setitem(lab.sweep.__globals__, "as_completed", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        lab.sweep(fast, experiment(), {"BatchSize": [20]}, progress=False)
    end.set()
    assert "Runs under way: 1." in caught.value.__notes__[0]


def test_a_run_that_fails_ends_the_sweep_and_is_named(fast, tmp_path, monkeypatch):
    begun = []
    run = lab.sweep.__globals__["run"]

    def counting(aws, each, **options):
        begun.append(each.mapping["BatchSize"])
        return run(aws, each, **options)

    monkeypatch.setitem(lab.sweep.__globals__, "run", counting)
    sizes = {"BatchSize": [20, 10_001, *range(30, 40)]}
    with pytest.raises(ClientError, match="10001") as refusal:
        lab.sweep(fast, experiment(), sizes, folder=tmp_path, progress=False)
    assert refusal.value.__notes__ == ["This was the run with {'BatchSize': 10001}."]
    assert len(begun) <= 3  # the next may have begun before the failure was seen
    assert len(list(tmp_path.iterdir())) == len(begun) - 1
    assert_nothing_is_left(fast)


def test_a_result_is_the_same_after_parquet(fast, tmp_path):
    result = lab.run(fast, experiment(BatchSize=20), progress=False)
    result.save(tmp_path / "one")
    loaded = lab.Result.load(tmp_path / "one")
    for name in ("invocations", "records", "failures"):
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(result, name))
    assert loaded.summary().equals(result.summary())
    replace(result, experiment={"shards": 2}).save(tmp_path / "one")
    assert lab.Result.load(tmp_path / "one").experiment == {"shards": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_run_that_was_not_written_to_its_end_is_not_there(tmp_path):
    """A value that JSON has not ends the writing when the tables are there already."""
    tables = [pd.DataFrame({"n": [1]})] * 3
    with pytest.raises(TypeError):
        lab.Result({"shards": object()}, *tables).save(tmp_path / "one")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        lab.Result.load(tmp_path / "one")


def test_a_run_of_another_handler_is_another_run(fast, tmp_path, monkeypatch):
    before = digest(fast, experiment())
    changed = tmp_path / "handler.py"
    changed.write_text("# changed\n")
    monkeypatch.setitem(digest.__globals__, "HANDLER_FILE", changed)
    assert digest(fast, experiment()) != before


class Doubled(lab.Workload):
    """The same fields as its parent, but other records."""

    def departures(self):
        for departure in super().departures():
            yield departure._replace(event={**departure.event, "distance": 0})


def test_a_run_is_known_by_all_that_decides_it(fast, monkeypatch):
    one = experiment()
    known = {digest(fast, one)}
    assert {digest(fast, experiment())} == known
    for other in (
        experiment(seed=2),
        experiment(BatchSize=7),
        experiment(shards=2),
        replace(one, workload=Doubled(**vars(one.workload))),
    ):
        assert digest(fast, other) not in known
        known.add(digest(fast, other))
    dummy = boto3.Session("test", "test", region_name="us-east-1")
    places = [
        target.Aws("local", dummy, "http://127.0.0.1:1", limits=False),
        target.Aws("other", dummy, "http://127.0.0.1:1"),
        target.Aws("other", dummy, "http://127.0.0.1:2"),
        target.Aws("aws", dummy, None),
        target.Aws("aws", boto3.Session("test", "test", region_name="eu-west-1"), None),
    ]
    assert len(known | {digest(place, one) for place in places}) == len(known) + len(places)
    monkeypatch.setitem(deployment.MAPPING, "MaximumRecordAgeInSeconds", 777)
    assert digest(fast, one) not in known


def test_another_data_set_is_another_run(fast, monkeypatch):
    before = digest(fast, experiment())
    year = flights.load()
    monkeypatch.setattr(flights, "load", lambda: year.assign(distance=0))
    assert digest(fast, experiment()) != before


def test_a_sweep_of_another_workload_does_not_find_this_ones_runs(fast, tmp_path):
    one = experiment()
    doubled = replace(one, workload=Doubled(**vars(one.workload)))
    for each in (one, doubled):
        lab.sweep(fast, each, {"BatchSize": [60]}, folder=tmp_path, progress=False)
    assert len(list(tmp_path.iterdir())) == 2


def test_settings_are_written_as_json_that_any_reader_takes(tmp_path):
    """JSON has no infinity: Python writes one all the same, and other readers refuse it."""
    tables = [pd.DataFrame({"n": [1]})] * 3
    lab.Result(experiment().as_dict(), *tables).save(tmp_path / "one")
    written = orjson.loads((tmp_path / "one" / "experiment.json").read_bytes())
    assert written == experiment().as_dict() == lab.Result.load(tmp_path / "one").experiment
    assert written["workload"]["class"] == "Workload"
    assert float(written["workload"]["rate"]) == math.inf
    assert written["mapping"]["BatchSize"] == deployment.MAPPING["BatchSize"]


@pytest.mark.parametrize("vary", [{}, {"BatchSize": []}, {"BatchSize": np.array([])}])
def test_a_sweep_over_nothing_is_refused(fast, vary):
    with pytest.raises(ValueError, match="vary needs settings"):
        lab.sweep(fast, experiment(), vary)


def test_a_sweep_of_no_run_at_once_is_refused(fast):
    with pytest.raises(ValueError, match="at_once must be 1 or more, not 0"):
        lab.sweep(fast, experiment(), {"BatchSize": [20]}, at_once=0)
