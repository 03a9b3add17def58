"""Run a learner's code and say whether it solves an exercise; never with a traceback."""

import ast
import io
import symtable
import traceback
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from botocore.exceptions import ClientError, EndpointConnectionError

from workbook.exercises import trials
from workbook.exercises.exercise import Exercise, Hint
from workbook.exercises.values import shown

Outcome = Literal["right", "hint", "blank", "error"]

CELL = "<exercise>"  # where the learner's code is from, as Python's errors see it
MAGIC_LINE = "\n"  # stands for it above the code, so that lines count as in the cell


@dataclass(frozen=True)
class Feedback:
    """The verdict for the learner, in Markdown.

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
    """The notebook does not have a variable yet that the check needs."""


class Notebook(dict[str, Any]):
    """The notebook's variables; one that is missing means that its cell has not run."""

    def __missing__(self, name: str) -> Any:
        raise NotRunError(name)


def judge(exercise: Exercise, code: str, notebook: Mapping[str, Any]) -> Feedback:
    """Run the code and judge what it binds to the exercise's name.

    The code has variables of its own, in which it finds those of the notebook; tables, lists,
    dictionaries, sets and arrays are copies. So no attempt changes a name or such a value for the
    cells after it, and each attempt starts from the same place.

    Args:
        exercise: what it is to solve.
        code: Python.
        notebook: the notebook's variables, by name; never changed.
    """
    try:
        tree = ast.parse(MAGIC_LINE + code, CELL)
    except Exception as error:
        return Feedback("error", f"**Not yet.** {_told(error, exercise, {})}", exercise.hint)
    try:
        with exercise.prepare(Notebook(notebook)) as more:
            return _attempt(exercise, tree, Notebook({**notebook, **more}))
    except NotRunError as missing:
        text = f"The notebook has no `{missing}` yet: run all cells above first."
        return Feedback("error", f"**Not yet.** {text}")
    except Exception as error:
        text = f"This exercise needs AWS, which says {_said(error)}.{_advice(error, exercise)}"
        return Feedback("error", f"**Not yet.** {text}")


def _attempt(exercise: Exercise, tree: ast.Module, notebook: Notebook) -> Feedback:
    """Run the code, check what it binds, and put the two together.

    An answer that was bound before an error is judged too: the error may be in the lines that only
    try a right function out.
    """
    placeholder = next(_placeholders(tree), None)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    variables = {
        name: _own(value) if name in used else value
        for name, value in notebook.items()
        if name != exercise.name
    }
    failure: BaseException | None = None
    try:
        _run(tree, variables)
    except (Exception, SystemExit) as error:  # whatever the learner's code raises
        failure = error
    verdict: BaseException | str | None = failure
    if exercise.name in variables:
        verdict = _verdict(exercise, variables[exercise.name], notebook)
    elif failure is None:
        verdict = f"The cell must give `{exercise.name}` a value."
    if verdict is None:
        text = f"**Right.** {exercise.explanation}"
        if failure:
            text += f"\n\n(One more thing: {_told(failure, exercise, variables)})"
        return Feedback("right", text)
    if failure is None and placeholder:
        text = f"Put your answer where `...` stands, in line {placeholder}, and run the cell."
        return Feedback("blank", f"**Not answered yet.** {text}", exercise.hint)
    problem = failure or verdict
    if isinstance(problem, BaseException):
        text = f"**Not yet.** {_told(problem, exercise, variables)}"
        return Feedback("error", text, exercise.hint)
    if exercise.name not in variables:
        return Feedback("error", f"**Not yet.** {problem}", exercise.hint)
    return Feedback("hint", f"**Not yet.** {problem}{_unused(tree, exercise)}")


def _verdict(exercise: Exercise, answer: Any, notebook: Notebook) -> BaseException | str | None:
    """Return None for a right answer, else a hint, or the error that kept the check from judging.

    What a learner's function prints when the check calls it is not shown.

    Raises:
        NotRunError: the check needs a variable that the notebook does not have yet.
    """
    try:
        with redirect_stdout(io.StringIO()):
            return exercise.check(answer, notebook)
    except Hint as hint:
        return str(hint)
    except NotRunError:
        raise
    except (Exception, SystemExit) as error:  # of a learner's function, or of an odd answer
        return error


def _placeholders(tree: ast.Module) -> Iterator[int]:
    """Yield the lines where ``...`` stands for an answer.

    It does as a statement of its own, and as what is assigned or returned. In ``mask[...]`` it is
    an index.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr | ast.Assign | ast.Return):
            given = node.value
            for value in given.elts if isinstance(given, ast.Tuple | ast.List) else [given]:
                if isinstance(value, ast.Constant) and value.value is ...:
                    yield value.lineno


def _unused(tree: ast.Module, exercise: Exercise) -> str:
    """Return a sentence about a parameter that a learner's function, unlike the solution, ignores.

    Such a function gives the right result for the notebook's own data only.
    """
    needed = _parameters(ast.parse(exercise.solution), exercise.name)
    given = _parameters(tree, exercise.name)
    for (_, is_needed), (name, is_used) in zip(needed, given, strict=False):
        if is_needed and not is_used:
            return f" `{exercise.name}` does not use its parameter `{name}`."
    return ""


def _parameters(tree: ast.Module, function: str) -> list[tuple[str, bool]]:
    """Return the parameters of a function that a cell defines, each with whether it is used."""
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            return [(each.arg, each.arg in names) for each in node.args.args]
    return []


def _own(value: Any) -> Any:
    """Return a copy of what a cell could change in place; anything else as it is."""
    if isinstance(value, pd.DataFrame | pd.Series):
        return value.copy(deep=False)  # pandas copies what is written to, when it is
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) is dict:
        return {key: _own(item) for key, item in value.items()}
    if type(value) in (list, set):
        return type(value)(map(_own, value))
    return value


def _run(tree: ast.Module, variables: dict[str, Any]) -> None:
    """Run a cell's code; the value of a last expression is shown, as in any cell."""
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, CELL, "exec"), variables)
    if last:
        exec(compile(ast.Interactive([last]), CELL, "single"), variables)


def _told(error: BaseException, exercise: Exercise, variables: Mapping[str, Any]) -> str:
    """Say in a sentence or two what went wrong, and where."""
    said = _said(error)
    calls = [note for note in getattr(error, "__notes__", []) if isinstance(note, trials.Called)]
    called = "".join(f" when the check calls {_as_code(note)}" for note in calls[:1])
    line = _line(error)
    if line is not None:
        text = f"Line {line} of the cell raises {said}{called}."
    elif called:
        text = f"`{exercise.name}` raises {said}{called}."
    elif exercise.name in variables:  # the check, with an answer that it was not made for
        answer = variables[exercise.name]
        if callable(answer):
            name = exercise.name
            return f"The check cannot judge the function `{name}`, or what it returns ({said})."
        text = f"The check cannot judge `{exercise.name}`, which is {shown(answer)} ({said})."
    else:
        text = f"The cell raises {said}."
    return text + _advice(error, exercise)


def _said(error: BaseException) -> str:
    """Return an error's type and message, as code in one line that is not too long."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    if isinstance(error, ClientError):  # without the name of the error once more
        text = error.response["Error"].get("Message", "")
    name = type(error).__name__
    message = " ".join(f"{name}: {text}".split()) if text else name
    return _as_code(message if len(message) <= 200 else message[:199] + "…")


def _advice(error: BaseException, exercise: Exercise) -> str:
    """Say which cells to run, if an error shows that their variables are missing."""
    if isinstance(error, NameError) and error.name in _free_names(exercise.solution):
        return f" The notebook defines `{error.name}`: run all cells above first."
    if isinstance(error, EndpointConnectionError):
        return " AWS no longer answers: run all cells above again."
    if isinstance(error, ClientError) and "NotFound" in error.response["Error"]["Code"]:
        return " Check the name. If clean-up has deleted it, run the cells above that create it."
    return ""


def _free_names(code: str) -> set[str]:
    """Return the names that some code uses and does not define itself."""
    whole = symtable.symtable(code, CELL, "exec")
    used = {
        symbol.get_name()
        for table in _scopes(whole)
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (table is whole or symbol.is_global())
    }
    return used - {s.get_name() for s in whole.get_symbols() if s.is_assigned() or s.is_imported()}


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for inner in table.get_children():
        yield from _scopes(inner)


def _line(error: BaseException) -> int | None:
    """Return the line of the learner's cell where it happened, from 1; None if it was elsewhere."""
    if isinstance(error, SyntaxError) and error.filename == CELL:
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == CELL]
    return lines[-1] if lines else None


def _as_code(text: str) -> str:
    """Return the text as code in Markdown, where a backtick would end it."""
    return "`" + text.replace("`", "'") + "`"
