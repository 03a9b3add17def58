"""The cell magic ``%%exercise 05.1``: runs the cell, and shows what is to say about it."""

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from workbook.exercises.exercise import UnknownExerciseError, find
from workbook.exercises.judge import Feedback, judge


def register(shell: InteractiveShell) -> None:
    """Give the shell the cell magic; its variables are the notebook's."""

    def exercise(line: str, cell: str) -> None:
        number = line.strip()
        try:
            wanted = find(number)
        except UnknownExerciseError as error:
            told = f"{error}. The cell's first line names it, as in `%%exercise 01.2`."
            show(Feedback("error", f"**Not checked**: {told}"), number)
        else:
            show(judge(wanted, _python(shell, cell), shell.user_ns), number)

    shell.magics_manager.register_function(exercise, "cell")
    shell.input_transformers_cleanup.append(_never_empty)


def _never_empty(lines: list[str]) -> list[str]:
    """Return the cell's lines, with an empty one if all are gone: IPython needs one."""
    alone = len(lines) == 1 and lines[0].startswith("%%exercise")
    return [*lines, "\n"] if alone else lines


def _python(shell: InteractiveShell, cell: str) -> str:
    """The cell with what IPython adds to Python, such as %time, turned into Python."""
    try:
        code: str = shell.input_transformer_manager.transform_cell(cell)
    except Exception:  # it trips over some broken code, of which Python itself says what is wrong
        return cell
    return code


def show(feedback: Feedback, number: str) -> None:
    """Show feedback as text; its metadata names the exercise and the outcome, for programs."""
    plain = markdown = feedback.text
    if feedback.hint:
        plain += f"\n\nHint: {feedback.hint}"
        markdown += f"\n\n{folded('Hint', feedback.hint)}"
    display(
        {"text/markdown": markdown, "text/plain": plain},
        raw=True,
        metadata={"exercise": number, "outcome": feedback.outcome},
    )


def folded(title: str, markdown: str) -> str:
    """Markdown that opens when its title is clicked."""
    return f"<details><summary>{title}</summary>\n\n{markdown}\n\n</details>"
