"""Reading an exercise's two files, and what is said about a file that is not as it must be."""

from pathlib import Path

import pytest

from tests.exercises import bench
from tests.exercises.conftest import forget_lesson_97
from workbook.exercises import content
from workbook.exercises.exercise import lesson


def test_an_exercise_is_read_from_its_files(source: Path) -> None:
    first, second = lesson("97_count")
    assert (first.title, first.task) == ("A sum", "Add the `numbers`.")
    assert (first.hint, first.explanation) == ("Use `sum`.", "All of them.")
    assert (first.blank, first.solution) == ("answer = ...", "answer = sum(numbers)")
    assert list(first.right) == ["a loop", "as a float"]
    assert list(first.wrong) == ["the length", "the largest", "nothing", "one more"]
    assert first.wrong["the largest"] == "answer = max(numbers)"
    assert (first.name, second.name) == ("answer", "double")
    assert first.check(7, {"numbers": [3, 4]}) is None


def test_exercises_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("10_last.md", "2_second.md", "1_first.md", "notes.md", "README.md"):
        (tmp_path / name).touch()
    found = content.find(tmp_path)
    assert [path.name for path in found] == ["1_first.md", "2_second.md", "10_last.md"]
    assert content.slug(found[2]) == "last"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("1_total.md", "# A sum", "A sum", "1_total.md: must be a title, the task, '## Hint' and"),
        ("1_total.md", "## Hint", "## Tip", "must be a title, the task, '## Hint' and"),
        ("1_total.md", "## Explanation\n", "", "must be a title, the task, '## Hint' and"),
        ("1_total.md", "Add the `numbers`.", "", "the task is empty"),
        ("1_total.md", "All of them.", "", "the explanation is empty"),
        ("1_total.py", "# %% blank", "# %% empty", "'# %% empty' is no kind of cell"),
        ("1_total.py", "# %% blank", "# %% right", "'# %% right' is no kind of cell"),
        ("1_total.py", "# %% blank", "# %% blank: a", "'# %% blank: a' is no kind of cell"),
        ("1_total.py", "# %% blank\nanswer = ...", "", "'# %% blank' is missing"),
        ("1_total.py", "# %% solution", "# %% wrong: s", "'# %% solution' is missing"),
        ("1_total.py", "# %% blank", "x = 1\n# %% blank", "there is code above the first cell"),
        (
            "1_total.py",
            "wrong: nothing",
            "wrong: one more",
            "wrong: one more' is there twice",
        ),
        ("1_total.py", "answer = ...", "# nothing", "the blank defines no name"),
        ("checks.py", "def total(", "def sum_(", "no function total checks 1_total.md"),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_named(
    source: Path, file: str, old: str, new: str, said: str
) -> None:
    bench.write(source.parent, ((file, old, new),))
    forget_lesson_97()
    with pytest.raises(content.ContentError) as raised:
        lesson("97_count")
    assert said in str(raised.value)
    assert file.partition(".")[0] in str(raised.value) or "checks.py" in str(raised.value)
