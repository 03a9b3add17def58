"""Exercises: how answers are judged, what stands in the notebooks, and the proof of both."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from workbook import book
from workbook.exercises import cells, proof
from workbook.exercises.exercise import find, lesson

LONGEST_CODE = book.LONGEST_CELL_LINES - 1  # the magic's line comes above it
STEMS = [path.stem for path in book.stored()]

# The exercises of a notebook that is not there. The kernel of the proof's test runs this too.
SOURCE = '''
import sys
from types import ModuleType
from workbook.exercises.exercise import Exercise

def check_total(answer, notebook):
    total = sum(notebook["numbers"])
    if answer == len(notebook["numbers"]):
        return "That is how many there are."
    return None if answer == total else f"{answer + 0} is not their sum."

def check_double(answer, notebook):
    if answer(-1) == 1:
        return "The sign of -1 is lost."
    return None if answer(2) == 4 else "2 doubled is 4."

EXERCISES = (
    Exercise(
        title="A sum", task="Add the `numbers`.", blank="answer = ...", hint="Use `sum`.",
        solution="answer = sum(numbers)", explanation="All of them.",
        wrong=("answer = len(numbers)", "answer = max(numbers)"), check=check_total,
    ),
    Exercise(
        title="A function", task="Double it.", blank="""
            def double(number):
                return ...
            """, hint="Twice.", name="double",
        solution="def double(number): return 2 * number", explanation="So it is.",
        wrong=("def double(number): return number", "double = abs"), check=check_double,
    ),
)
module = sys.modules["workbook.exercises.lesson_97"] = ModuleType("lesson_97")
module.EXERCISES = EXERCISES
'''

TITLE = new_markdown_cell("# Count\n\nYou will count numbers.", id="title")


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes 97.1 and 97.2 known."""
    monkeypatch.setitem(sys.modules, "workbook.exercises.lesson_97", ModuleType("to be replaced"))
    exec(SOURCE, {})


class Told:
    """What a cell showed: nothing but words and their metadata."""

    def __init__(self, outputs: list[Any], stdout: str) -> None:
        (feedback,) = outputs
        self.metadata = feedback.metadata
        self.outcome = feedback.metadata["outcome"]
        self.plain = feedback.data["text/plain"]
        self.markdown = feedback.data["text/markdown"]
        self.stdout = stdout


class Notebook:
    """A notebook that runs in this process."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    def run(self, code: str) -> None:
        self.shell.run_cell(code).raise_error()

    def answer(self, code: str, number: str = "97.1") -> Told:
        with capture_output() as captured:
            self.run(f"%%exercise {number}\n{code}")  # an exception would end the test
        assert captured.stderr == ""
        return Told(captured.outputs, captured.stdout)


@pytest.fixture
def notebook(source: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    notebook = Notebook(shell)
    notebook.run("%load_ext workbook.exercises\nnumbers = [1, 2, 4]")
    yield notebook
    InteractiveShell.clear_instance()


# --- how answers are judged


def test_a_blank_is_no_answer_yet_and_its_hint_is_folded(notebook: Notebook) -> None:
    told = notebook.answer("answer = ...")
    assert told.metadata == {"exercise": "97.1", "outcome": "blank"}
    assert told.plain.startswith("**Not answered yet.**")
    assert told.plain.endswith("Hint: Use `sum`.")
    assert "<details><summary>Hint</summary>\n\nUse `sum`.\n\n</details>" in told.markdown
    assert notebook.answer("def double(number):\n    return ...", "97.2").outcome == "blank"
    assert notebook.answer("answer = sum(numbers) + (...,)[0:0].count(1)").outcome == "blank"


def test_a_right_answer_is_told_so_with_the_explanation(notebook: Notebook) -> None:
    told = notebook.answer("answer = sum(numbers)")
    assert (told.outcome, told.plain) == ("right", "**Right.** All of them.")
    assert notebook.answer("def double(x):\n    return x + x", "97.2").outcome == "right"


def test_a_check_goes_by_what_the_notebook_has(notebook: Notebook) -> None:
    notebook.run("numbers = [10, 20]")
    assert notebook.answer("answer = 30").outcome == "right"
    assert notebook.answer("numbers = [1]\nanswer = 1").outcome == "hint"


def test_a_wrong_answer_gets_a_hint_about_itself(notebook: Notebook) -> None:
    told = notebook.answer("answer = len(numbers)")
    assert (told.outcome, told.plain) == ("hint", "**Not yet.** That is how many there are.")
    assert notebook.answer("answer = 5").plain == "**Not yet.** 5 is not their sum."


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "x = 1\nanswer = x / 0",
            "Line 3 of the cell raises `ZeroDivisionError: division by zero`.",
        ),
        ("answer = sum(numbers", "Line 2 of the cell raises `SyntaxError: '(' was never closed`."),
        ("if True:\nanswer = 1", "Line 3 of the cell raises `IndentationError: expected an"),
        ("answer = nunbers", "`NameError: name 'nunbers' is not defined`. If the name is"),
        ("import sys\nsys.exit(3)", "Line 3 of the cell raises `SystemExit: 3`."),
        ("def f():\n    return f()\nanswer = f()", "Line 3 of the cell raises `RecursionError"),
        ("raise ValueError('one\\ntwo `three`')", "`ValueError: one two 'three'`"),
        ("total = 7", "The cell must give `answer` a value."),
        ("# nothing", "The cell must give `answer` a value."),
    ],
)
def test_an_error_is_told_in_a_line_with_the_hint(notebook: Notebook, code: str, said: str) -> None:
    told = notebook.answer(code)
    first, rest = told.plain.split("\n", 1)
    assert told.outcome == "error"
    assert said in first
    assert rest.strip() == "Hint: Use `sum`."
    assert "Traceback" not in told.plain


def test_an_error_that_a_check_meets_in_the_learners_function_is_told_with_its_line(
    notebook: Notebook,
) -> None:
    told = notebook.answer("def double(number):\n    return number['x']", "97.2")
    assert told.outcome == "error"
    assert "Line 3 of the cell raises `TypeError: 'int' object is not subscriptable`" in told.plain


@pytest.mark.parametrize("answer", ["'seven'", "None", "[1, 2]", "print", "{}", "object()"])
def test_an_answer_of_a_wrong_type_cannot_be_judged_and_that_is_said(
    notebook: Notebook, answer: str
) -> None:
    told = notebook.answer(f"answer = {answer}")
    assert told.outcome == "error"
    assert "`answer` is " in told.plain
    assert "cannot be judged (`TypeError: " in told.plain
    assert notebook.answer("double = 7", "97.2").outcome == "error"


def test_a_long_message_is_cut(notebook: Notebook) -> None:
    assert len(notebook.answer("raise ValueError('x' * 10_000)").plain) < 400


def test_cells_that_have_not_run_are_asked_for(notebook: Notebook) -> None:
    notebook.run("del numbers")
    told = notebook.answer("answer = 7")
    assert told.outcome == "error"
    assert (
        told.plain == "**Not yet.** The notebook has no `numbers` yet: run all cells above first."
    )


def test_an_attempt_leaves_no_name_behind_and_finds_none_of_another(notebook: Notebook) -> None:
    notebook.run("answer = 7")  # the notebook's own
    notebook.answer("numbers, other = [], 1\nanswer = 3")
    notebook.run("assert numbers == [1, 2, 4] and answer == 7 and 'other' not in globals()")
    assert "must give `answer` a value" in notebook.answer("pass").plain


def test_what_a_cell_prints_and_its_last_value_are_shown(notebook: Notebook) -> None:
    told = notebook.answer("print('hello')\nanswer = 7\nanswer + 1")
    assert told.outcome == "right"
    assert told.stdout.split() == ["hello", "Out[0]:", "8"]


def test_a_cell_may_use_magics(notebook: Notebook) -> None:
    assert notebook.answer("%xmode Minimal\nanswer = 7").outcome == "right"


@pytest.mark.parametrize("number", ["97.3", "97.0", "97", "", "97.x", "96.1", "é"])
def test_an_exercise_that_is_not_there_is_told(notebook: Notebook, number: str) -> None:
    told = notebook.answer("answer = 7", number)
    assert told.outcome == "error"
    assert told.plain.startswith("**Not checked**: ")


def test_an_interrupt_is_the_learners(notebook: Notebook) -> None:
    with pytest.raises(KeyboardInterrupt):
        notebook.answer("raise KeyboardInterrupt")


# --- the cells in a notebook


def test_cells_are_put_behind_the_one_that_loads_and_replace_older_ones(source: None) -> None:
    ours = [new_markdown_cell("# Title"), new_code_cell(cells.LOAD), new_markdown_cell("Clean up")]
    stored = new_notebook(cells=list(ours))
    assert not cells.fit(stored, "97_count")

    cells.write_into(stored, "97_count")
    assert [stored.cells[0], stored.cells[1], stored.cells[-1]] == ours
    made = stored.cells[2:-1]
    task, yours, solution = made[:3]
    assert [task.id, yours.id, solution.id] == [
        f"exercise-1{end}" for end in ("", "-yours", "-solution")
    ]
    assert task.source == "**1. A sum.** Add the `numbers`."
    assert yours.source == "%%exercise 97.1\nanswer = ..."
    assert "<details><summary>Solution</summary>" in solution.source
    assert "```python\nanswer = sum(numbers)\n```\n\nAll of them." in solution.source
    assert len(made) == 6
    nbformat.validate(stored)

    assert cells.fit(stored, "97_count")
    yours.source = "%%exercise 97.1\nanswer = 7"
    assert not cells.fit(stored, "97_count")
    cells.write_into(stored, "97_count")
    assert cells.fit(stored, "97_count")
    assert len(stored.cells) == len(ours) + len(made)


def test_a_notebook_without_exercises_is_left_alone() -> None:
    plain = new_notebook(cells=[new_code_cell("1 + 1")])
    assert cells.fit(plain, "95_none")
    cells.write_into(plain, "95_none")
    assert len(plain.cells) == 1


@pytest.mark.parametrize("stem", STEMS)
def test_every_notebook_has_three_exercises_or_more_and_loads_them_once(stem: str) -> None:
    stored = book.read(book.ROOT / "notebooks" / f"{stem}.ipynb")
    assert [cell.source for cell in stored.cells].count(cells.LOAD) == 1
    assert len(lesson(stem)) >= 3
    assert cells.fit(stored, stem)


@pytest.mark.parametrize("stem", STEMS)
def test_an_exercise_is_complete_and_its_code_is_short_and_valid(stem: str) -> None:
    for exercise in lesson(stem):
        title = exercise.title
        assert title.rstrip(".") == title
        assert all([exercise.task, exercise.hint, exercise.explanation]), title
        assert len(exercise.wrong) >= proof.FEWEST_WRONG, title
        for code in (exercise.blank, exercise.solution, *exercise.wrong):
            assert len(code.splitlines()) <= LONGEST_CODE, title
            assert ellipsis_in(code) == (code == exercise.blank), title


def ellipsis_in(code: str) -> bool:
    nodes = ast.walk(ast.parse(code))
    return any(isinstance(node, ast.Constant) and node.value is ... for node in nodes)


def test_a_number_names_an_exercise() -> None:
    assert find("05.2") is lesson("05_analyse_the_output")[1]


# --- the proof


def prove(notebook: Notebook, code: str) -> list[str]:
    """What the proof finds when the exercises' source is this."""
    exec(code, {})
    stored = new_notebook(cells=[new_code_cell(cells.LOAD), new_code_cell("1 + 1", id="after")])
    cells.write_into(stored, "97_count")
    proof.add(stored, "97_count")
    for cell in book.code_cells(stored):
        with capture_output() as captured:
            failed = notebook.shell.run_cell(cell.source).error_in_exec
        cell.outputs = [
            new_output("display_data", output.data, metadata=output.metadata or {})
            for output in captured.outputs
        ]
        if failed:
            cell.outputs.append(new_output("error", ename=type(failed).__name__, evalue=""))
    return proof.failures(stored, "97_count")


def test_good_exercises_are_proven(notebook: Notebook) -> None:
    assert prove(notebook, SOURCE) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("answer = sum(numbers)", "answer = 6", "1, the solution: must end as 'right', not 'hint'"),
        (
            "answer = sum(numbers)",
            "answer = x",
            "1, the solution: must end as 'right', not 'error'",
        ),
        (
            "answer = sum(numbers)",
            "raise KeyboardInterrupt",
            "1, the solution: must give one feedback and no traceback, not 0 and ['Keyboard",
        ),
        ("answer = ...", "answer = 7", "1, the blank: must end as 'blank', not 'right'"),
        ("Use `sum`.", "", "1, the blank: has no hint"),
        (
            "answer = len(numbers)",
            "answer = 7",
            "1, wrong answer 1: must end as 'hint', not 'right'",
        ),
        ("double = abs", "double = 1", "2, wrong answer 2: must end as 'hint', not 'error'"),
        ("double = abs", "double = int", "2, wrong answer 2: has the same hint as wrong answer 1"),
        (
            "2 doubled is 4.",
            "No. Twice.",
            "2, wrong answer 1: has the blank's hint and none of its",
        ),
        ('"def double(number): return number", "double = abs"', '"double = abs",', "fewer than 2"),
    ],
)
def test_a_promise_that_an_exercise_breaks_is_named(
    notebook: Notebook, old: str, new: str, said: str
) -> None:
    assert SOURCE.count(old) == 1
    found = prove(notebook, SOURCE.replace(old, new))
    assert found[0].startswith("97_count, exercise ")
    assert any(said in text for text in found)


def empty_project(root: Path) -> Path:
    """Where its notebooks go."""
    (root / "notebooks").mkdir()
    (root / "handler.py").touch()
    return root / "notebooks"


def test_make_stores_the_blank_and_check_proves_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], notebook: Notebook
) -> None:
    path = empty_project(tmp_path) / "97_count.ipynb"
    opening = SOURCE + "numbers = [1, 2, 4]"
    first = [new_code_cell(opening, id="source"), new_code_cell(cells.LOAD, id="load")]
    after = new_code_cell("1 + 1", id="after")
    nbformat.write(new_notebook(cells=[TITLE, *first, after]), path)

    assert book.make(check=True, root=tmp_path) == 0
    assert len(book.read(path).cells) == 4
    book.make(root=tmp_path)
    stored = book.read(path)
    assert cells.fit(stored, "97_count")
    ids = [cell.id for cell in book.code_cells(stored)]
    assert ids == ["source", "load", "exercise-1-yours", "exercise-2-yours", "after"]
    blank = stored.cells[4]
    assert "Not answered yet" in blank.outputs[0].data["text/plain"]

    blank.source = "answer = 1"
    nbformat.write(stored, path)
    assert "its exercises are not those of workbook/exercises: make book" in book.problems(path)
    stored.cells[1].source = SOURCE.replace("answer = sum(numbers)", "answer = 6")
    nbformat.write(stored, path)
    assert book.make(check=True, root=tmp_path) == 1
    assert "97_count, exercise 1, the solution: must end as 'right'" in capsys.readouterr().out


def test_a_notebook_that_loads_exercises_and_has_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = empty_project(tmp_path) / "96_none.ipynb"
    nbformat.write(new_notebook(cells=[TITLE, new_code_cell(cells.LOAD)]), path)
    said = "notebook 96_none has no exercises: workbook.exercises.lesson_96 is missing"
    assert said in book.problems(path, tmp_path)
    assert book.make(root=tmp_path) == 1
    assert said in capsys.readouterr().out
