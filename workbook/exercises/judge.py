"""Run a learner's code and say whether it solves an exercise; never with a traceback."""

import ast
import reprlib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from workbook.exercises.exercise import Exercise

Outcome = Literal["right", "hint", "blank", "error"]

CELL = "<exercise>"  # where the learner's code is from, as Python's errors see it
MAGIC_LINE = "\n"  # stands for it above the code, so that lines count as in the cell


@dataclass(frozen=True)
class Feedback:
    """What a learner is told, in Markdown.

    Args:
        outcome: ``right``; ``hint``, a hint about this wrong answer; ``blank``, not answered yet;
            or ``error``, the code or the answer is such that nothing could be judged.
        text: the answer to the learner.
        hint: the exercise's own hint, if it helps; shown folded.
    """

    outcome: Outcome
    text: str
    hint: str = ""


class NotRunError(LookupError):
    """A variable that the check needs is not in the notebook yet."""


class Notebook(dict[str, Any]):
    """The notebook's variables; one that is missing means that its cell has not run."""

    def __missing__(self, name: str) -> Any:
        raise NotRunError(name)


def judge(exercise: Exercise, code: str, notebook: Mapping[str, Any]) -> Feedback:
    """Run the code and judge what it binds to the exercise's name.

    It runs in a copy of the notebook's variables: the same objects, but names that it binds stay
    its own. So an attempt, a wrong one too, cannot take a name from the cells after it, and
    running it again starts from the same place.

    Args:
        exercise: what it is to solve.
        code: Python.
        notebook: the notebook's variables, by name; never changed.
    """
    variables = {name: value for name, value in notebook.items() if name != exercise.name}
    try:
        tree = ast.parse(MAGIC_LINE + code, CELL)
        unanswered = any(isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(tree))
        _run(tree, variables)
        if unanswered:
            text = "**Not answered yet.** Put your answer where `...` stands, and run the cell."
            return Feedback("blank", text, exercise.hint)
        if exercise.name not in variables:
            text = f"**Not yet.** The cell must give `{exercise.name}` a value."
            return Feedback("error", text, exercise.hint)
        hint = exercise.check(variables[exercise.name], Notebook(notebook))
    except NotRunError as missing:
        text = f"The notebook has no `{missing}` yet: run all cells above first."
        return Feedback("error", f"**Not yet.** {text}")
    except (Exception, SystemExit) as error:  # whatever the learner's code raises
        text = _told(error, exercise.name, variables)
        return Feedback("error", f"**Not yet.** {text}", exercise.hint)
    if hint is None:
        return Feedback("right", f"**Right.** {exercise.explanation}")
    return Feedback("hint", f"**Not yet.** {hint}")


def _run(tree: ast.Module, variables: dict[str, Any]) -> None:
    """Run a cell's code; the value of a last expression is shown, as in any cell."""
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, CELL, "exec"), variables)
    if last:
        exec(compile(ast.Interactive([last]), CELL, "single"), variables)


def _told(error: BaseException, name: str, variables: Mapping[str, Any]) -> str:
    """What went wrong and where, in a sentence or two."""
    message = " ".join(f"{type(error).__name__}: {_message(error)}".split())
    said = _as_code(message if len(message) <= 200 else message[:199] + "…")
    line = _line(error)
    if line is None:  # not the learner's code: the check, with an answer it was not made for
        answer = variables.get(name)
        if callable(answer):
            return f"`{name}` is a function; it, or what it gives back, cannot be judged ({said})."
        kind, value = type(answer).__name__, _as_code(reprlib.repr(answer))
        return f"`{name}` is {value}, of type `{kind}`, which cannot be judged ({said})."
    text = f"Line {line} of the cell raises {said}."
    if isinstance(error, NameError):
        text += " If the name is the notebook's, run all cells above first."
    return text


def _message(error: BaseException) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)


def _line(error: BaseException) -> int | None:
    """The line of the learner's cell where it happened, from 1; None when it was elsewhere."""
    if isinstance(error, SyntaxError) and error.filename == CELL:
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == CELL]
    return lines[-1] if lines else None


def _as_code(text: str) -> str:
    """The text as code in Markdown, where a backtick would end it."""
    return "`" + text.replace("`", "'") + "`"
