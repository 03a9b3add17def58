"""Experiments with your own function and records."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests import sources
from tests.laboratory.experiments import assert_nothing_is_left
from workbook import laboratory as lab
from workbook.laboratory.digest import digest
from workbook.target import Aws
from workbook.trial.capture import capture

CODE = """
import base64, json, os

def on_orders(event, context):
    failures = []
    for record in event["Records"]:
        order = json.loads(base64.b64decode(record["kinesis"]["data"]))
        if order["amount"] < 0:
            failures.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]})
            break
        assert os.environ["CURRENCY"] == "EUR" and os.environ["OUTPUT_STREAM"]
    return {"batchItemFailures": failures}
"""
ORDERS = pd.DataFrame({"order": range(40), "amount": [5] * 40, "customer": ["a", "b"] * 20})


@pytest.fixture
def function(tmp_path: Path) -> lab.Function:
    path = tmp_path / "orders.py"
    path.write_text(CODE, "utf-8")
    return lab.Function(path, environment={"CURRENCY": "EUR"})


def experiment(function: lab.Function, frame: Any = ORDERS, **settings: Any) -> lab.Experiment:
    return lab.Experiment(
        function=function,
        workload=lab.Records(frame, key="customer", rate=math.inf),
        mapping={"MaximumBatchingWindowInSeconds": 0, "MaximumRetryAttempts": 1},
        patience=18_000.0,
    ).vary(**settings)


def test_every_record_of_your_own_is_processed_once(fast: Aws, function: lab.Function) -> None:
    result = lab.run(fast, experiment(function, BatchSize=10), progress=False)
    summary = result.summary()
    assert list(summary[["records", "written", "never_written", "duplicates"]]) == [40, 40, 0, 0]
    assert set(result.records["fate"]) == {"written"}
    assert list(result.records["partition_key"]) == list(ORDERS["customer"])
    assert (result.records["written"] >= result.records["invoked"]).all()
    assert 0 < summary["utilisation"] <= 1
    assert summary["blocked_seconds"] == 0
    assert_nothing_is_left(fast)


def test_a_record_that_your_function_reports_is_given_up_alone(
    fast: Aws, function: lab.Function
) -> None:
    frame = ORDERS.assign(amount=[5] * 20 + [-1] + [5] * 19)
    result = lab.run(fast, experiment(function, frame, bad_records="raise"), progress=False)
    assert list(result.records.index[result.records["fate"] == "given up"]) == [20]
    assert result.summary()["blocked_seconds"] > 0


def test_records_of_a_stream_that_services_write_to_are_captured_and_processed(
    fast: Aws, tmp_path: Path
) -> None:
    """Binary data too: what CloudWatch Logs writes is gzipped."""
    stream, _ = sources.feed(fast)
    captured, path = tmp_path / "captured.jsonl", tmp_path / "reader.py"
    assert capture(fast, stream, captured, progress=False) == sources.RECORDS
    path.write_text(sources.READER, "utf-8")
    workload = lab.Records(captured, rate=math.inf)
    base = experiment(lab.Function(path))
    result = lab.run(fast, replace(base, workload=workload), progress=False)
    assert list(result.records["fate"]) == ["written"] * sources.RECORDS


@pytest.mark.parametrize("kind", ["frame", "generator", "lines", "array", "csv", "parquet"])
def test_records_come_from_frames_files_and_generators(kind: str, tmp_path: Path) -> None:
    values = ORDERS.to_dict("records")
    path = tmp_path / {"csv": "o.csv", "parquet": "o.parquet"}.get(kind, "o.json")
    source: Any = path
    match kind:
        case "frame":
            source = ORDERS
        case "generator":
            source = (value for value in values)
        case "lines":
            path.write_text("\n".join(map(json.dumps, values)), "utf-8")
        case "array":
            path.write_text(json.dumps(values), "utf-8")
        case "csv":
            ORDERS.to_csv(path, index=False)
        case "parquet":
            ORDERS.to_parquet(path)
    workload = lab.Records(source, key="customer", rate=10)
    departures = list(workload.departures())
    assert [json.loads(one.event) for one in departures] == values
    assert [one.partition_key for one in departures] == list(ORDERS["customer"])
    assert departures[-1].due == pytest.approx(3.9)


def empty() -> Iterator[Any]:
    yield from ()


@pytest.mark.parametrize(
    ("frame", "settings", "named"),
    [
        (ORDERS, {"key": "shop"}, "key shop"),
        (ORDERS, {"rate": 0}, "rate"),
        (ORDERS, {"spacing": "wild"}, "spacing"),
        (ORDERS, {"seed": []}, "seed"),
        (empty(), {}, "frame"),
        ([{"a": {1, 2}}], {}, "frame"),
        ("missing.csv", {}, "frame missing.csv"),
        (7, {}, "frame"),
    ],
)
def test_records_that_cannot_be_sent_are_refused_with_the_field(
    frame: Any, settings: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{named}"):
        lab.Records(frame, **settings)


def test_what_cannot_be_run_is_refused_with_the_field(function: lab.Function) -> None:
    with pytest.raises(ValueError, match=r"^function must be your own Function"):
        lab.Experiment(workload=lab.Records(ORDERS))
    with pytest.raises(ValueError, match=r"missing\.py"):
        lab.Function("missing.py")
    with pytest.raises(ValueError, match=r"^FUNCTION nothing"):
        lab.Function(function.path, handler="nothing")
    with pytest.raises(ValueError, match=r"^environment must not have OUTPUT_STREAM"):
        lab.Function(function.path, environment={"OUTPUT_STREAM": "x"})
    with pytest.raises(ValueError, match=r"^environment must be variables by name"):
        lab.Function(function.path, environment=["CURRENCY"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^requirements must be a file"):
        lab.Function(function.path, requirements=["boto3"])  # type: ignore[arg-type]
    for setting in ("transient", "crash", "hang", "slow"):
        with pytest.raises(ValueError, match=rf"^{setting} must be 0 to 1"):
            experiment(function, **{setting: 1.5})
    with pytest.raises(ValueError, match=r"^downstream must be above 0"):
        experiment(function, downstream=0)


def test_a_run_is_known_by_its_code_its_records_and_its_settings(
    fast: Aws, function: lab.Function, tmp_path: Path
) -> None:
    base = experiment(function)
    path = tmp_path / "other" / "orders.py"
    path.parent.mkdir()
    path.write_text(CODE + "\n", "utf-8")
    others = [
        experiment(lab.Function(path, environment={"CURRENCY": "EUR"})),
        experiment(lab.Function(function.path, environment={"CURRENCY": "USD"})),
        experiment(function, ORDERS.assign(amount=6)),
        base.vary(key="order"),
        base.vary(transient=0.1),
        base.vary(downstream=10.0),
    ]
    names = {digest(fast, one) for one in (base, experiment(function), *others)}
    assert len(names) == 1 + len(others)


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        ({"transient": 1.0}, "error"),
        ({"crash": 1.0}, "error"),
        ({"hang": 1.0, "timeout": 1}, "timeout"),
        ({"downstream": 0.001, "BatchSize": 10}, "error"),
    ],
)
def test_a_failure_model_fails_invocations(
    fast: Aws, function: lab.Function, settings: dict[str, Any], outcome: str
) -> None:
    """Each fails all invocations, except the first one of a throttled service."""
    frame = ORDERS.assign(customer="a")
    base = experiment(function, frame, BisectBatchOnFunctionError=False, MaximumRetryAttempts=1)
    result = lab.run(fast, base.vary(**settings), progress=False)
    outcomes = list(result.invocations["outcome"])
    first = "ok" if "downstream" in settings else outcome
    assert outcomes == [first] + [outcome] * (len(outcomes) - 1)
    assert "retries" in result.summary()
    assert (result.records["fate"] == "given up").sum() >= 30


def test_all_environments_share_a_throttled_service(fast: Aws, function: lab.Function) -> None:
    """As on AWS, where a rate limit is an account's or a table's, not an environment's."""
    base = experiment(function, shards=2, downstream=0.001, BisectBatchOnFunctionError=False)
    result = lab.run(fast, base, progress=False)
    assert result.records["shard_id"].nunique() == 2
    assert result.invocations["environment"].nunique() > 1
    assert list(result.invocations["outcome"]).count("ok") == 1
    assert_nothing_is_left(fast)


def test_a_slow_invocation_takes_longer(fast: Aws, function: lab.Function) -> None:
    base = experiment(function, slow=1.0, slow_millis=60_000.0, timeout=30)
    result = lab.run(fast, base, progress=False)
    assert (result.invocations["duration_ms"] >= 60_000).all()
    assert result.summary()["never_written"] == 0


def test_a_sweep_varies_failures_of_a_function_of_your_own(
    fast: Aws, function: lab.Function
) -> None:
    sweep = lab.sweep(fast, experiment(function), {"transient": [0.0, 1.0]}, progress=False)
    assert list(sweep.summary["innocents_given_up"]) == [0, 40]
    assert list(sweep.summary["usd_per_million"] < math.inf) == [True, False]
