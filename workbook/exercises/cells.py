"""The exercises' cells in a notebook, made from their source."""

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from workbook.exercises.exercise import lesson
from workbook.exercises.magic import folded

LOAD = "%load_ext workbook.exercises"
PREFIX = "exercise-"  # of the ids of the cells that are made here
INTRODUCTION_ID = "exercises"
INTRODUCTION = """\
## Exercises

Each exercise has a cell for your answer. Put the answer where `...` stands, and run the cell. The \
output says whether your answer is right, or gives you a hint. First run all cells above (menu \
*Run*, *Run All Above Selected Cell*), because your answer may use what they define. You can do \
the exercises in any order, as often as you like, and also after the clean-up at the end.

Names you define in an exercise cell are not visible in other cells. Run the next cell now: \
without it, the exercises do not work."""


def cells(stem: str) -> list[NotebookNode]:
    """Make three cells for each exercise of a notebook: the task, the learner's, and the solution.

    Args:
        stem: of the notebook's name.

    Raises:
        UnknownExerciseError: there are no exercises for it.
    """
    made = []
    for number, exercise in enumerate(lesson(stem), 1):
        name = f"{PREFIX}{number}"
        solution = f"```python\n{exercise.solution}\n```\n\n{exercise.explanation}"
        made += [
            new_markdown_cell(f"**{number}. {exercise.title}.** {exercise.task}", id=name),
            new_code_cell(attempt(stem, number, exercise.blank), id=f"{name}-yours"),
            new_markdown_cell(folded("Solution", solution), id=f"{name}-solution"),
        ]
    return made


def attempt(stem: str, number: int, code: str) -> str:
    """Return the source of a cell that answers an exercise with this code."""
    return f"%%exercise {stem.partition('_')[0]}.{number}\n{code}"


def write_into(notebook: NotebookNode, stem: str) -> None:
    """Put the exercises' cells, anew, behind the cell that loads the extension.

    The cell with the id ``exercises``, which stands above it, gets the same words everywhere.

    Args:
        notebook: changed in place; left alone when it does not load the extension.
        stem: of its name.

    Raises:
        UnknownExerciseError: it loads the extension, and there are no exercises for it.
    """
    kept = [cell for cell in notebook.cells if not cell.get("id", "").startswith(PREFIX)]
    for position, cell in enumerate(kept, 1):
        if cell.cell_type == "code" and cell.source == LOAD:
            kept = [_introduced(each) for each in kept]
            notebook.cells = [*kept[:position], *cells(stem), *kept[position:]]
            return


def _introduced(cell: NotebookNode) -> NotebookNode:
    made: NotebookNode = new_markdown_cell(INTRODUCTION, id=INTRODUCTION_ID)
    return made if cell.get("id") == INTRODUCTION_ID else cell


def fit(notebook: NotebookNode, stem: str) -> bool:
    """Return whether a notebook has the exercises' cells that ``write_into`` would write.

    Raises:
        UnknownExerciseError: it loads the extension, and there are no exercises for it.
    """
    fresh = NotebookNode(notebook)
    write_into(fresh, stem)
    return _looks(fresh) == _looks(notebook)


def _looks(notebook: NotebookNode) -> list[tuple[str, str, str]]:
    return [(cell.get("id", ""), cell.cell_type, cell.source) for cell in notebook.cells]
