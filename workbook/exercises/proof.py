"""The proof that exercises can be solved and that their hints help: attempts that a run adds.

Each attempt is a cell like the learner's, right behind it, so it meets the notebook's own data.
At the notebook's end, after clean-up, the solutions run again, the last exercise's first.
"""

from collections.abc import Iterator
from typing import NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from workbook.exercises.cells import PREFIX, attempt
from workbook.exercises.exercise import Exercise, lesson
from workbook.exercises.judge import Outcome

FEWEST_RIGHT, FEWEST_WRONG = 2, 4  # answers, beside the solution


class Attempt(NamedTuple):
    """An answer to an exercise, and what its outcome must be."""

    cell_id: str
    variant: str  # in words
    code: str
    outcome: Outcome


def attempts(number: int, exercise: Exercise) -> list[Attempt]:
    """Return the blank, which is the notebook's own cell, and all answers to an exercise."""
    name = f"{PREFIX}{number}-yours"
    return [
        Attempt(name, "the blank", exercise.blank, "blank"),
        Attempt(f"{name}-solved", "the solution", exercise.solution, "right"),
        *(
            Attempt(f"{name}-right-{place}", f"the right answer '{words}'", code, "right")
            for place, (words, code) in enumerate(exercise.right.items(), 1)
        ),
        *(
            Attempt(f"{name}-wrong-{place}", f"the wrong answer '{words}'", code, "hint")
            for place, (words, code) in enumerate(exercise.wrong.items(), 1)
        ),
        Attempt(f"{name}-later", "the solution after the last cell", exercise.solution, "right"),
    ]


def add(notebook: NotebookNode, stem: str) -> None:
    """Put cells with all attempts but the blank into a notebook.

    Args:
        notebook: with its exercises' cells; changed in place.
        stem: of its name.
    """
    behind = {}
    at_the_end: list[NotebookNode] = []
    for number, exercise in _exercises(notebook, stem):
        blank, *others = attempts(number, exercise)
        *behind[blank.cell_id], later = [
            new_code_cell(
                attempt(stem, number, other.code),
                id=other.cell_id,
                metadata={"tags": ["raises-exception"]},  # told by ``failures``, all at once
            )
            for other in others
        ]
        at_the_end.insert(0, later)
    kept = [c for cell in notebook.cells for c in (cell, *behind.get(cell.id, []))]
    notebook.cells = kept + at_the_end


def failures(notebook: NotebookNode, stem: str) -> list[str]:
    """Return the promises that the exercises of a notebook break, in words.

    Args:
        notebook: as ``add`` left it, and executed.
        stem: of its name.
    """
    ran = {cell.id: cell for cell in notebook.cells}
    found = []
    for number, exercise in _exercises(notebook, stem):
        where = f"{stem}, exercise {number}"
        if len(exercise.right) < FEWEST_RIGHT:
            found.append(f"{where}: fewer than {FEWEST_RIGHT} other right answers")
        if len(exercise.wrong) < FEWEST_WRONG:
            found.append(f"{where}: fewer than {FEWEST_WRONG} wrong answers")
        hints: dict[str, str] = {}  # and which variants have got them
        for one in attempts(number, exercise):
            broken = _broken(one, exercise, ran[one.cell_id], hints)
            found += [f"{where}, {one.variant}: {text}" for text in broken]
    return found


def _broken(
    one: Attempt, exercise: Exercise, cell: NotebookNode, hints: dict[str, str]
) -> Iterator[str]:
    errors = [output.ename for output in cell.outputs if output.output_type == "error"]
    said = [output for output in cell.outputs if "outcome" in output.get("metadata", {})]
    if errors or len(said) != 1:
        yield f"must give one feedback and no traceback, not {len(said)} and {errors or 'none'}"
        return
    outcome, text = said[0].metadata["outcome"], said[0].data["text/plain"]
    if outcome != one.outcome:
        yield f"must end as {one.outcome!r}, not {outcome!r}: {text}"
    elif one.outcome == "blank" and not exercise.hint:
        yield "has no hint"
    elif one.outcome == "right" and text != f"**Right.** {exercise.explanation}":
        yield f"must run to its end: {text}"
    elif one.outcome == "hint":
        if exercise.hint in text:
            yield f"has the blank's hint and none of its own: {text}"
        if text in hints:
            yield f"has the same hint as {hints[text]}: {text}"
        hints[text] = one.variant


def _exercises(notebook: NotebookNode, stem: str) -> list[tuple[int, Exercise]]:
    """Return the exercises that have their cells in the notebook, with their numbers."""
    if not any(cell.get("id", "").startswith(PREFIX) for cell in notebook.cells):
        return []
    return list(enumerate(lesson(stem), 1))
