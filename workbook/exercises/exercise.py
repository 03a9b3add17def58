"""What an exercise is, and where those of a notebook are."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from inspect import cleandoc
from typing import Any

Check = Callable[[Any, Mapping[str, Any]], str | None]


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A task and all that belongs to it. Texts may be indented as the code around them is.

    Args:
        title: a few words, without a full stop.
        task: in Markdown.
        blank: the cell that the learner gets: code with ``...`` where the answer goes.
        hint: leads towards the answer, in Markdown; folded under a blank cell and under errors.
        solution: code that the check accepts. It takes under two seconds, and may run twice.
        explanation: why it is so, in Markdown; under the solution and under a right answer.
        wrong: typical wrong answers, as code that runs to its end; two or more.
        check: gets what the learner bound to ``name``, and the notebook's variables; gives None
            when it is right, else a hint, in Markdown, that is about this wrong answer. It judges
            by the notebook's variables, which the learner's cell cannot have bound anew. What it
            raises is told as "cannot be judged", so it need not ask for the answer's type.
        name: what the learner's cell must bind: a value or a function.
    """

    title: str
    task: str
    blank: str
    hint: str
    solution: str
    explanation: str
    wrong: tuple[str, ...]
    check: Check
    name: str = "answer"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                object.__setattr__(self, field.name, cleandoc(value))
        object.__setattr__(self, "wrong", tuple(map(cleandoc, self.wrong)))


class UnknownExerciseError(LookupError):
    """There are no exercises for this notebook, or none of this number."""


def lesson(stem: str) -> tuple[Exercise, ...]:
    """The exercises of a notebook, in their order.

    Args:
        stem: of the notebook's name, or only the number that it starts with: ``05``.

    Raises:
        UnknownExerciseError: there is no module for them.
    """
    module = f"{__package__}.lesson_{stem.partition('_')[0]}"
    try:
        exercises: tuple[Exercise, ...] = importlib.import_module(module).EXERCISES
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        text = f"notebook {stem} has no exercises: {module} is missing"
        raise UnknownExerciseError(text) from error
    return exercises


def find(number: str) -> Exercise:
    """The exercise with a number such as ``05.1``: notebook 05, first exercise.

    Raises:
        UnknownExerciseError: there is none.
    """
    stem, _, position = number.partition(".")
    exercises = dict(enumerate(lesson(stem), 1))
    if not position.isdecimal() or int(position) not in exercises:
        text = f"there is no exercise {number!r}, only {stem}.1 to {stem}.{len(exercises)}"
        raise UnknownExerciseError(text)
    return exercises[int(position)]
