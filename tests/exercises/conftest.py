"""Exercises 97.1 and 97.2, and a notebook that knows them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import workbook.exercises
from tests.exercises import bench


def forget_lesson_97() -> None:
    """Let the lesson be imported anew."""
    for name in [name for name in sys.modules if name.startswith("workbook.exercises.lesson_97")]:
        del sys.modules[name]
    vars(workbook.exercises).pop("lesson_97", None)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make 97.1 and 97.2 known; gives their folder."""
    monkeypatch.setattr(
        workbook.exercises, "__path__", [*workbook.exercises.__path__, str(tmp_path)]
    )
    forget_lesson_97()
    yield bench.write(tmp_path)
    forget_lesson_97()


@pytest.fixture
def notebook(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[bench.Notebook]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    notebook = bench.Notebook(shell)
    notebook.run("%load_ext workbook.exercises\nnumbers = [1, 2, 4]")
    yield notebook
    InteractiveShell.clear_instance()
