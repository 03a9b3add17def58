"""Names of runs: everything that determines a run affects its name."""

from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from tests.laboratory.experiments import experiment
from tests.laboratory.workloads import Doubled
from workbook import deployment, flights, target
from workbook.laboratory.digest import digest
from workbook.target import Aws


def test_a_run_of_another_handler_is_another_run(
    fast: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest(fast, experiment())
    changed = tmp_path / "handler.py"
    changed.write_text("# changed\n")
    monkeypatch.setitem(digest.__globals__, "HANDLER_FILE", changed)
    assert digest(fast, experiment()) != before


def test_a_runs_digest_depends_on_everything_that_determines_it(
    fast: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_another_data_set_is_another_run(fast: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(fast, experiment())
    year = flights.load()
    monkeypatch.setattr(flights, "load", lambda: year.assign(distance=0))
    assert digest(fast, experiment()) != before
