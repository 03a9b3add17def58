"""The parts of an exercise, and the exercises of a notebook."""

import importlib
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.exercises import content

Check = Callable[[Any, Mapping[str, Any]], str | None]
Prepare = Callable[[Mapping[str, Any]], AbstractContextManager[Mapping[str, Any]]]


class Hint(BaseException):
    """A hint that is raised, from wherever it is known, instead of returned by the check.

    It is no ``Exception``: an ``except Exception`` in a learner's function must not stop it.
    """


class UnknownExerciseError(LookupError):
    """There are no exercises for this notebook, or none of this number."""


def _nothing(notebook: Mapping[str, Any]) -> AbstractContextManager[Mapping[str, Any]]:
    return nullcontext({})


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A task, answers to it, and the functions that judge an answer.

    Args:
        title: a few words, without a full stop.
        task: in Markdown.
        hint: leads towards the answer, in Markdown; folded under a blank cell and under errors.
        explanation: why it is so, in Markdown; under the solution and under a right answer.
        name: the variable or function that the learner's cell must define.
        blank: the cell that the learner gets: code with ``...`` where the answer goes.
        solution: code that the check accepts.
        right: code of other right answers, by what is different about them.
        wrong: code of wrong answers, which runs to its end, by the mistake.
        check: gets what the learner's cell has bound to ``name``, and the notebook's variables;
            returns None when it is right, else a hint, in Markdown, about this wrong answer. It may
            raise ``Hint`` instead. For any other error, the learner reads "The check cannot judge".
        prepare: gets the notebook's variables and returns a context in which the cell runs and is
            judged: there it has what it needs of AWS, also after clean-up. The context's value
            replaces variables of the notebook, by name.
    """

    title: str
    task: str
    hint: str
    explanation: str
    name: str
    blank: str
    solution: str
    right: Mapping[str, str]
    wrong: Mapping[str, str]
    check: Check
    prepare: Prepare = _nothing


def lesson(stem: str) -> tuple[Exercise, ...]:
    """Return the exercises of a notebook, in their order.

    Args:
        stem: of the notebook's name, or only the number that it starts with: ``05``.

    Raises:
        UnknownExerciseError: the notebook has no folder of exercises.
        ContentError: a file there is not as it must be.
    """
    folder = f"{__package__}.lesson_{stem.partition('_')[0]}"
    try:
        checks = importlib.import_module(f"{folder}.checks")
    except ModuleNotFoundError as error:
        if error.name not in (folder, f"{folder}.checks"):
            raise
        text = f"notebook {stem} has no exercises: {folder}.checks is missing"
        raise UnknownExerciseError(text) from error
    assert checks.__file__ is not None
    exercises = []
    for path in content.find(Path(checks.__file__).parent):
        slug = content.slug(path)
        if not hasattr(checks, slug):
            raise content.ContentError(f"{checks.__file__}: no function {slug} checks {path.name}")
        prepare = getattr(checks, f"prepare_{slug}", _nothing)
        parts = content.read(path)
        exercises.append(Exercise(**parts, check=getattr(checks, slug), prepare=prepare))
    return tuple(exercises)


def find(number: str) -> Exercise:
    """Return the exercise with a number such as ``05.1``: notebook 05, first exercise.

    Raises:
        UnknownExerciseError: there is none.
    """
    if not re.fullmatch(r"\d\d\.\d+", number):
        raise UnknownExerciseError(f"{number!r} is not the number of an exercise")
    stem, _, position = number.partition(".")
    exercises = dict(enumerate(lesson(stem), 1))
    if int(position) not in exercises:
        text = f"there is no exercise {number!r}, only {stem}.1 to {stem}.{len(exercises)}"
        raise UnknownExerciseError(text)
    return exercises[int(position)]
