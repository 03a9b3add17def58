"""The exercises of the stored notebooks: complete, and in the notebooks as in their source."""

import ast
import inspect
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from workbook import book
from workbook.exercises import cells, proof
from workbook.exercises.exercise import find, lesson
from workbook.exercises.judge import judge

LONGEST_CODE = book.LONGEST_CELL_LINES - 1  # the magic's line comes above it
STEMS = [path.stem for path in book.stored() if path.stem != "00_ten_minutes"]  # which has none


def test_cells_are_put_behind_the_one_that_loads_and_replace_older_ones(source: Path) -> None:
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


def test_the_introduction_has_the_same_words_in_each_notebook(source: Path) -> None:
    heading = new_markdown_cell("## Exercises\n\nother words", id=cells.INTRODUCTION_ID)
    stored = new_notebook(cells=[heading, new_code_cell(cells.LOAD)])
    cells.write_into(stored, "97_count")
    assert stored.cells[0].source == cells.INTRODUCTION
    assert stored.cells[0].id == cells.INTRODUCTION_ID
    nbformat.validate(stored)


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
        assert exercise.title.rstrip(".") == exercise.title
        assert len(exercise.right) >= proof.FEWEST_RIGHT, exercise.title
        assert len(exercise.wrong) >= proof.FEWEST_WRONG, exercise.title
        codes = [exercise.solution, *exercise.right.values(), *exercise.wrong.values()]
        for code in (exercise.blank, *codes):
            assert len(code.splitlines()) <= LONGEST_CODE, (exercise.title, code)
            ast.parse(code)


@pytest.mark.parametrize("stem", STEMS)
def test_a_lesson_has_no_check_that_no_exercise_uses(stem: str) -> None:
    exercises = lesson(stem)
    module = inspect.getmodule(exercises[0].check)
    functions = {
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and inspect.getmodule(value) is module
        and list(inspect.signature(value).parameters) == ["answer", "notebook"]
        and not name.startswith("_")
    }
    assert functions == {exercise.check.__name__ for exercise in exercises}


@pytest.mark.parametrize("stem", STEMS)
def test_without_the_cells_above_an_exercise_asks_for_them(stem: str) -> None:
    for exercise in lesson(stem):
        feedback = judge(exercise, exercise.solution, {})
        assert feedback.outcome == "right" or "run all cells above first" in feedback.text


def test_a_number_names_an_exercise() -> None:
    assert find("05.2").title == lesson("05_analyse_the_output")[1].title
