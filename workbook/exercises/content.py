"""Read an exercise from its two files: ``1_eight_shards.md`` and ``1_eight_shards.py``.

The Markdown file has the title as its heading, the task, and the sections *Hint* and *Explanation*.
The Python file has cells in the percent format that editors know: ``# %% blank``,
``# %% solution``, and several ``# %% right: ...`` and ``# %% wrong: ...`` with a few words about
the answer. Each cell stands for itself and may use the notebook's variables.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CELL = re.compile(r"^# %% (.*)$", re.MULTILINE)
HEADING = re.compile(r"^(#{1,2}) (.*)$", re.MULTILINE)
SECTIONS = ("hint", "explanation")


class ContentError(ValueError):
    """A file of an exercise is not as it must be; the message names the file and the fault."""


def find(folder: Path) -> list[Path]:
    """Return the Markdown files of a lesson's exercises, in the order of their numbers."""
    return sorted(folder.glob("[0-9]*_*.md"), key=lambda path: int(path.stem.partition("_")[0]))


def slug(path: Path) -> str:
    """Return the name of an exercise, which is also its check's: ``eight_shards``."""
    return path.stem.partition("_")[2]


def read(path: Path) -> dict[str, Any]:
    """Read an exercise.

    Args:
        path: of the Markdown file; the Python file is beside it.

    Returns:
        The fields of ``Exercise`` that are content.

    Raises:
        ContentError: a part is missing, empty, or there twice.
    """
    texts = _texts(path)
    answers = _answers(path.with_suffix(".py"))
    return {**texts, **answers, "name": _last_bound(answers["blank"], path)}


def _texts(path: Path) -> dict[str, str]:
    before, *parts = HEADING.split(path.read_text("utf-8"))
    sections = list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))
    levels = [level for level, _, _ in sections]
    names = [title.lower() for _, title, _ in sections[1:]]
    if before.strip() or levels != ["#", "##", "##"] or names != list(SECTIONS):
        raise ContentError(f"{path}: must be a title, the task, '## Hint' and '## Explanation'")
    found = {"title": sections[0][1].strip()}
    for name, (_, _, body) in zip(("task", *SECTIONS), sections, strict=True):
        if not body.strip():
            raise ContentError(f"{path}: the {name} is empty")
        found[name] = body.strip()
    return found


def _answers(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"right": {}, "wrong": {}}
    for title, code in _cells(path):
        kind, _, words = title.partition(": ")
        place = found if kind in ("blank", "solution") else found.get(kind)
        name = kind if place is found else words
        if not isinstance(place, dict) or not name or (place is found and words):
            raise ContentError(f"{path}: '# %% {title}' is no kind of cell")
        if name in place:
            raise ContentError(f"{path}: '# %% {title}' is there twice")
        place[name] = code
    for kind in ("blank", "solution"):
        if kind not in found:
            raise ContentError(f"{path}: '# %% {kind}' is missing")
    return found


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    before, *parts = CELL.split(path.read_text("utf-8"))
    if before.strip():
        raise ContentError(f"{path}: there is code above the first cell")
    for title, code in zip(parts[::2], parts[1::2], strict=True):
        yield title.strip(), code.strip()


def _last_bound(blank: str, path: Path) -> str:
    """Return the last name that the blank defines: what a learner's cell must define."""
    names = []
    for node in ast.parse(blank).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    if not names:
        raise ContentError(f"{path.with_suffix('.py')}: the blank defines no name")
    return names[-1]
