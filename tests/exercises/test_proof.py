"""The proof that solutions are accepted and that hints help, as a run of the book gives it."""

from pathlib import Path

import nbformat
import pytest
from exercises_bench import SOURCE, Notebook
from IPython.utils.capture import capture_output
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workbook import book
from workbook.exercises import cells, proof

TITLE = new_markdown_cell("# Count\n\nYou will count numbers.", id="title")


def prove(notebook: Notebook, code: str) -> list[str]:
    """What the proof finds when the exercises' source is this."""
    exec(code, {})
    stored = new_notebook(cells=[new_code_cell(cells.LOAD), new_code_cell("1 + 1", id="after")])
    cells.write_into(stored, "97_count")
    proof.add(stored, "97_count")
    for cell in book.code_cells(stored):
        with capture_output() as captured:
            failed = notebook.shell.run_cell(cell.source).error_in_exec
        cell.outputs = [
            new_output("display_data", output.data, metadata=output.metadata or {})
            for output in captured.outputs
        ]
        if failed:
            cell.outputs.append(new_output("error", ename=type(failed).__name__, evalue=""))
    return proof.failures(stored, "97_count")


def test_good_exercises_are_proven(notebook: Notebook) -> None:
    assert prove(notebook, SOURCE) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("answer = sum(numbers)", "answer = 6", "1, the solution: must end as 'right', not 'hint'"),
        (
            "answer = sum(numbers)",
            "answer = x",
            "1, the solution: must end as 'right', not 'error'",
        ),
        (
            "answer = sum(numbers)",
            "raise KeyboardInterrupt",
            "1, the solution: must give one feedback and no traceback, not 0 and ['Keyboard",
        ),
        ("answer = ...", "answer = 7", "1, the blank: must end as 'blank', not 'right'"),
        ("Use `sum`.", "", "1, the blank: has no hint"),
        (
            "answer = len(numbers)",
            "answer = 7",
            "1, wrong answer 1: must end as 'hint', not 'right'",
        ),
        ("double = abs", "double = 1", "2, wrong answer 2: must end as 'hint', not 'error'"),
        ("double = abs", "double = int", "2, wrong answer 2: has the same hint as wrong answer 1"),
        (
            "2 doubled is 4.",
            "No. Twice.",
            "2, wrong answer 1: has the blank's hint and none of its",
        ),
        ('"def double(number): return number", "double = abs"', '"double = abs",', "fewer than 2"),
    ],
)
def test_a_promise_that_an_exercise_breaks_is_named(
    notebook: Notebook, old: str, new: str, said: str
) -> None:
    assert SOURCE.count(old) == 1
    found = prove(notebook, SOURCE.replace(old, new))
    assert found[0].startswith("97_count, exercise ")
    assert any(said in text for text in found)


def empty_project(root: Path) -> Path:
    """Where its notebooks go."""
    (root / "notebooks").mkdir()
    (root / "handler.py").touch()
    return root / "notebooks"


def test_make_stores_the_blank_and_check_proves_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], notebook: Notebook
) -> None:
    path = empty_project(tmp_path) / "97_count.ipynb"
    opening = SOURCE + "numbers = [1, 2, 4]"
    first = [new_code_cell(opening, id="source"), new_code_cell(cells.LOAD, id="load")]
    after = new_code_cell("1 + 1", id="after")
    nbformat.write(new_notebook(cells=[TITLE, *first, after]), path)

    assert book.make(check=True, root=tmp_path) == 0
    assert len(book.read(path).cells) == 4
    book.make(root=tmp_path)
    stored = book.read(path)
    assert cells.fit(stored, "97_count")
    ids = [cell.id for cell in book.code_cells(stored)]
    assert ids == ["source", "load", "exercise-1-yours", "exercise-2-yours", "after"]
    blank = stored.cells[4]
    assert "Not answered yet" in blank.outputs[0].data["text/plain"]

    blank.source = "answer = 1"
    nbformat.write(stored, path)
    assert "its exercises are not those of workbook/exercises: make book" in book.problems(path)
    stored.cells[1].source = SOURCE.replace("answer = sum(numbers)", "answer = 6")
    nbformat.write(stored, path)
    assert book.make(check=True, root=tmp_path) == 1
    assert "97_count, exercise 1, the solution: must end as 'right'" in capsys.readouterr().out


def test_a_notebook_that_loads_exercises_and_has_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = empty_project(tmp_path) / "96_none.ipynb"
    nbformat.write(new_notebook(cells=[TITLE, new_code_cell(cells.LOAD)]), path)
    said = "notebook 96_none has no exercises: workbook.exercises.lesson_96 is missing"
    assert said in book.problems(path, tmp_path)
    assert book.make(root=tmp_path) == 1
    assert said in capsys.readouterr().out
