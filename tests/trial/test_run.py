"""What a trial takes and refuses before it starts anything."""

from pathlib import Path
from typing import Any

import pytest

from workbook import trial


@pytest.mark.parametrize("form", [str, Path])
def test_the_file_of_records_is_a_path_or_text(form: type[str | Path], tmp_path: Path) -> None:
    file = tmp_path / "records.csv"
    file.write_text("origin\nJFK\n", "utf-8")
    with pytest.raises(trial.UsageError, match="no such file"):  # the function's, read after it
        trial.run("missing.py", form(file))
    with pytest.raises(trial.UsageError, match=r"gone\.csv"):
        trial.run("missing.py", form("gone.csv"))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"streams": "out"}, "streams must be a list"),
        ({"mapping": "BatchSize=1"}, "mapping must be a list"),
        ({"variables": ["OUT"]}, "--env must be variables by name"),
        ({"shards": "2"}, "--shards 2: must be a whole number"),
        ({"requirements": "gone.txt"}, "--requirements gone.txt"),
        ({"template_file": "gone.yaml"}, "--template gone.yaml"),
        ({"speed": "fast"}, "speed must be a number"),
    ],
)
def test_an_argument_of_a_wrong_type_is_named(
    settings: dict[str, Any], named: str, tmp_path: Path
) -> None:
    app, file = tmp_path / "app.py", tmp_path / "records.jsonl"
    app.write_text("def handler(event, context): pass\n")
    file.write_text('{"n": 1}\n')
    with pytest.raises(ValueError, match=named):
        trial.run(app, file, **settings)
