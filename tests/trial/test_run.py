"""What a trial takes and refuses before it starts anything."""

from pathlib import Path

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
