"""The README's examples of ``workbook try`` really run; ``make clients`` runs the others."""

import re
from pathlib import Path

import pytest

from tests.trial.readme import README, same, shown
from workbook import cli


def test_the_readme_shows_three_short_functions_with_their_records() -> None:
    trials = shown()
    assert set(trials) == {"naive.py", "tools.py", "aggregated.py"}
    for name, trial in trials.items():
        assert len([line for line in trial.files[name].splitlines() if line]) <= 10
        assert "sent " in trial.output
        for file in ("--records ", "--requirements "):
            for given in trial.command.split(file)[1:]:
                assert given.split()[0] in trial.files


def test_the_readme_explains_each_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["try", "--help"])
    helped = capsys.readouterr().out
    options = set(re.findall(r"^  (--[a-z]+)(?: [A-Z][^ ]*)?(?:$|  )", helped, re.MULTILINE))
    assert len(options) == 15
    section = README.read_text("utf-8").partition("## Your own function")[2].partition("\n## ")[0]
    table = re.findall(r"^\| (.*?) \| ", section, re.MULTILINE)
    assert set(re.findall(r"`(--[a-z]+)", "".join(table))) == options
    for option in options:  # each has a text
        assert re.search(
            rf"^  {option}\b.*\S {{2,}}\S|^  {option}\b.*\n {{10,}}\S", helped, re.MULTILINE
        )


def test_the_naive_function_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    naive = shown()["naive.py"]
    assert naive.run() == same(naive.output)
