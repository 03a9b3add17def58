"""``workbook try`` as the README shows it, with packages from the package index."""

from pathlib import Path

import pandas as pd
import pytest

from tests.trial.readme import same, shown


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", ["tools.py", "aggregated.py"])
def test_a_function_prints_what_the_readme_shows(name: str) -> None:
    trial = shown()[name]
    assert trial.run() == same(trial.output)


def test_the_same_rows_as_parquet_give_the_same() -> None:
    trial = shown()["tools.py"]
    Path("orders.csv").write_text(trial.files["orders.csv"])
    pd.read_csv("orders.csv").to_parquet("orders.parquet")
    command = trial.command.replace("orders.csv", "orders.parquet")
    assert trial.run(command=command) == same(trial.output)
