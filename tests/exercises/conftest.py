"""Exercises 97.1 and 97.2, and a notebook that knows them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from exercises_bench import SOURCE, Notebook
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes 97.1 and 97.2 known."""
    monkeypatch.setitem(sys.modules, "workbook.exercises.lesson_97", ModuleType("to be replaced"))
    exec(SOURCE, {})


@pytest.fixture
def notebook(source: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    notebook = Notebook(shell)
    notebook.run("%load_ext workbook.exercises\nnumbers = [1, 2, 4]")
    yield notebook
    InteractiveShell.clear_instance()
