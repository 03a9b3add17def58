"""The exercises of the stored notebooks: complete, and in the notebooks as in their source."""

import ast

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from workbook import book
from workbook.exercises import cells, proof
from workbook.exercises.exercise import find, lesson

LONGEST_CODE = book.LONGEST_CELL_LINES - 1  # the magic's line comes above it
STEMS = [path.stem for path in book.stored() if path.stem != "00_ten_minutes"]  # which has none


def test_cells_are_put_behind_the_one_that_loads_and_replace_older_ones(source: None) -> None:
    ours = [new_markdown_cell("# Title"), new_code_cell(cells.LOAD), new_markdown_cell("Clean up")]
    stored = new_notebook(cells=list(ours))
    assert not cells.fit(stored, "97_count")

    cells.write_into(stored, "97_count")
    assert [stored.cells[0], stored.cells[1], stored.cells[-1]] == ours
    made = stored.cells[2:-1]
    task, yours, solution = made[:3]
    assert [task.id, yours.id, solution.id] == [
        f"exercise-1{end}" for end in ("", "-yours", "-solution")
    ]
    assert task.source == "**1. A sum.** Add the `numbers`."
    assert yours.source == "%%exercise 97.1\nanswer = ..."
    assert "<details><summary>Solution</summary>" in solution.source
    assert "```python\nanswer = sum(numbers)\n```\n\nAll of them." in solution.source
    assert len(made) == 6
    nbformat.validate(stored)

    assert cells.fit(stored, "97_count")
    yours.source = "%%exercise 97.1\nanswer = 7"
    assert not cells.fit(stored, "97_count")
    cells.write_into(stored, "97_count")
    assert cells.fit(stored, "97_count")
    assert len(stored.cells) == len(ours) + len(made)


def test_a_notebook_without_exercises_is_left_alone() -> None:
    plain = new_notebook(cells=[new_code_cell("1 + 1")])
    assert cells.fit(plain, "95_none")
    cells.write_into(plain, "95_none")
    assert len(plain.cells) == 1


@pytest.mark.parametrize("stem", STEMS)
def test_every_notebook_has_three_exercises_or_more_and_loads_them_once(stem: str) -> None:
    stored = book.read(book.ROOT / "notebooks" / f"{stem}.ipynb")
    assert [cell.source for cell in stored.cells].count(cells.LOAD) == 1
    assert len(lesson(stem)) >= 3
    assert cells.fit(stored, stem)


@pytest.mark.parametrize("stem", STEMS)
def test_an_exercise_is_complete_and_its_code_is_short_and_valid(stem: str) -> None:
    for exercise in lesson(stem):
        title = exercise.title
        assert title.rstrip(".") == title
        assert all([exercise.task, exercise.hint, exercise.explanation]), title
        assert len(exercise.wrong) >= proof.FEWEST_WRONG, title
        for code in (exercise.blank, exercise.solution, *exercise.wrong):
            assert len(code.splitlines()) <= LONGEST_CODE, title
            assert ellipsis_in(code) == (code == exercise.blank), title


def ellipsis_in(code: str) -> bool:
    nodes = ast.walk(ast.parse(code))
    return any(isinstance(node, ast.Constant) and node.value is ... for node in nodes)


def test_a_number_names_an_exercise() -> None:
    assert find("05.2") is lesson("05_analyse_the_output")[1]
