"""The README's examples of ``workbook try`` really run; ``make clients`` runs the others."""

from pathlib import Path

import pytest

from tests.trial.readme import same, shown


def test_the_readme_shows_three_short_functions_with_their_records() -> None:
    trials = shown()
    assert set(trials) == {"naive.py", "tools.py", "aggregated.py"}
    for name, trial in trials.items():
        assert len([line for line in trial.files[name].splitlines() if line]) <= 10
        assert "sent " in trial.output
        for file in ("--records ", "--requirements "):
            for given in trial.command.split(file)[1:]:
                assert given.split()[0] in trial.files


def test_the_naive_function_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    naive = shown()["naive.py"]
    assert naive.run() == same(naive.output)
