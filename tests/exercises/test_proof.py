"""The proof that solutions are accepted and that hints help, as a run of the book gives it."""

from pathlib import Path

import nbformat
import pytest
from IPython.utils.capture import capture_output
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.exercises import bench
from tests.exercises.bench import Notebook
from tests.exercises.conftest import forget_lesson_97
from workbook import book
from workbook.exercises import cells, proof

TITLE = new_markdown_cell("# Count\n\nYou will count numbers.", id="title")


def prove(notebook: Notebook, *last: str) -> list[str]:
    """Return what the proof finds in a notebook that ends with these cells."""
    ends = [new_code_cell(code, id=f"last-{place}") for place, code in enumerate(last)]
    stored = new_notebook(cells=[new_code_cell(cells.LOAD), *ends])
    cells.write_into(stored, "97_count")
    proof.add(stored, "97_count")
    for cell in book.code_cells(stored):
        with capture_output() as captured:
            failed = notebook.run_cell(cell.source).error_in_exec
        cell.outputs = [
            new_output("display_data", output.data, metadata=output.metadata or {})
            for output in captured.outputs
        ]
        if failed:
            cell.outputs.append(new_output("error", ename=type(failed).__name__, evalue=""))
    return proof.failures(stored, "97_count")


def test_good_exercises_are_proven(notebook: Notebook) -> None:
    assert prove(notebook, "1 + 1") == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("1_total.py", "sum(numbers)\n\n# %% right: a loop", "6\n\n# %% right: a loop", "right'"),
        ("1_total.py", "float(sum(numbers))", "sum(numbers) - 2", "answer 'as a float': must end"),
        ("1_total.py", "answer = ...", "answer = 7", "1, the blank: must end as 'blank', not"),
        ("1_total.md", "Use `sum`.", "", "the hint is empty"),
        ("1_total.py", "answer = len(numbers)", "answer = 7", "'the length': must end as 'hint'"),
        ("1_total.py", "answer = max(numbers)", "raise KeyboardInterrupt", "not 0 and ['Keyboard"),
        ("1_total.py", "answer = max(numbers)", "answer = 'x'", "must end as 'hint', not 'error'"),
        ("1_total.py", "answer = sum(numbers) + 1", "answer = 0", "the same hint as the wrong"),
        ("1_total.md", "Use `sum`.", "not their sum", "the blank's hint and none of its own"),
        ("1_total.py", "# %% right: as a float\nanswer = float(sum(numbers))", "", "fewer than 2"),
        ("1_total.py", "# %% wrong: nothing\nanswer = 0", "", "1: fewer than 4 wrong answers"),
        (
            "2_double.py",
            "number / half",
            "number / half\ndouble()",
            "the solution: must run to its",
        ),
    ],
)
def test_a_promise_that_an_exercise_breaks_is_named(
    notebook: Notebook, source: Path, file: str, old: str, new: str, said: str
) -> None:
    bench.write(source.parent, ((file, old, new),))
    forget_lesson_97()
    try:
        found = prove(notebook)
    except ValueError as error:  # the file itself
        found = [str(error)]
    assert any(said in text for text in found), found


def test_a_solution_that_fails_after_the_last_cell_is_named(notebook: Notebook) -> None:
    (found,) = prove(notebook, "del numbers")
    assert found.startswith(
        "97_count, exercise 1, the solution after the last cell: must end as 'right', not 'error'"
    )


def empty_project(root: Path) -> Path:
    """Make a project without code; gives the folder of its notebooks."""
    (root / "notebooks").mkdir()
    (root / "handler.py").touch()
    return root / "notebooks"


def test_make_stores_the_blank_and_check_proves_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], notebook: Notebook, source: Path
) -> None:
    path = empty_project(tmp_path) / "97_count.ipynb"
    opening = f"import workbook.exercises as e; e.__path__.append({str(source.parent)!r})"
    first = [
        new_code_cell(f"{opening}\nnumbers = [1, 2, 4]", id="source"),
        new_code_cell(cells.LOAD, id="load"),
    ]
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
    answers = source / "1_total.py"
    answers.write_text(answers.read_text().replace("float(sum(numbers))", "6"))
    assert book.make(check=True, root=tmp_path) == 1
    said = "97_count, exercise 1, the right answer 'as a float': must end as 'right'"
    assert said in capsys.readouterr().out


def test_a_notebook_that_loads_exercises_and_has_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = empty_project(tmp_path) / "96_none.ipynb"
    nbformat.write(new_notebook(cells=[TITLE, new_code_cell(cells.LOAD)]), path)
    said = "notebook 96_none has no exercises: workbook.exercises.lesson_96.checks is missing"
    assert said in book.problems(path, tmp_path)
    assert book.make(root=tmp_path) == 1
    assert said in capsys.readouterr().out
