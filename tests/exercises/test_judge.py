"""What a learner is told about an answer, through the cell magic."""

import pytest
from exercises_bench import Notebook


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
        ('=%"""é=1a', "Line 2 of the cell raises `SyntaxError"),  # IPython's parser fails on it
        ("total = 7", "The cell must give `answer` a value."),
        ("", "The cell must give `answer` a value."),
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
    assert told.plain.startswith("**Not yet.** `answer` is ")
    assert "cannot be judged (`TypeError: " in told.plain
    told = notebook.answer("def double(number): pass", "97.2")
    assert (
        "`double` is a function; it, or what it gives back, cannot be judged (`TypeError: "
        in told.plain
    )


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
