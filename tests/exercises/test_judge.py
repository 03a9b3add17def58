"""What a learner is told about an answer, through the cell magic."""

import pytest

from tests.exercises.bench import Notebook


@pytest.mark.parametrize(
    ("code", "number", "line"),
    [
        ("answer = ...", "97.1", 2),
        ("first, second = 1, 2\nanswer = first, ...", "97.1", 3),
        ("def double(number):\n    return ...", "97.2", 3),
        ("def double(number):\n    ...  # and then?\n    return number", "97.2", 3),
    ],
)
def test_a_blank_is_no_answer_yet_and_its_hint_is_folded(
    notebook: Notebook, code: str, number: str, line: int
) -> None:
    told = notebook.answer(code, number)
    assert told.metadata == {"exercise": number, "outcome": "blank"}
    assert told.plain.startswith("**Not answered yet.** Put your answer where `...` stands")
    assert f"in line {line}, and" in told.plain
    hint = "Use `sum`." if number == "97.1" else "Twice."
    assert told.plain.endswith(f"Hint: {hint}")
    assert f"<details><summary>Hint</summary>\n\n{hint}\n\n</details>" in told.markdown


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nanswer = np.array([5])[...][0]",
        "answer: tuple[int, ...] = 5",
        "answer = max([5], key=lambda x, y=...: x)",
    ],
)
def test_three_dots_that_are_no_placeholder_are_part_of_the_answer(
    notebook: Notebook, code: str
) -> None:
    told = notebook.answer(code)
    assert (told.outcome, told.plain) == ("hint", "**Not yet.** 5 is not their sum.")


def test_a_right_answer_beside_a_placeholder_is_right(notebook: Notebook) -> None:
    told = notebook.answer("def double(number):\n    ...\n    return 2 * number", "97.2")
    assert told.outcome == "right"


def test_a_right_answer_is_told_so_with_the_explanation(notebook: Notebook) -> None:
    told = notebook.answer("answer = sum(numbers)")
    assert (told.outcome, told.plain) == ("right", "**Right.** All of them.")
    assert notebook.answer("def double(x):\n    return x + x", "97.2").outcome == "right"


def test_a_right_answer_stays_right_when_a_line_that_tries_it_fails(notebook: Notebook) -> None:
    told = notebook.answer("def double(x):\n    return x + x\ndouble(numbrs)", "97.2")
    assert told.outcome == "right"
    assert told.plain == (
        "**Right.** So it is.\n\n"
        "(One more thing: Line 4 of the cell raises `NameError: name 'numbrs' is not defined`.)"
    )
    wrong = notebook.answer("def double(x):\n    return x\ndouble(numbrs)", "97.2")
    assert wrong.outcome == "error"
    assert "Line 4 of the cell raises `NameError" in wrong.plain


def test_a_check_goes_by_what_the_notebook_has(notebook: Notebook) -> None:
    notebook.run("numbers = [10, 20]")
    assert notebook.answer("answer = 30").outcome == "right"
    assert notebook.answer("numbers = [1]\nanswer = 1").outcome == "hint"


def test_a_wrong_answer_gets_a_hint_about_itself(notebook: Notebook) -> None:
    told = notebook.answer("answer = len(numbers)")
    assert (told.outcome, told.plain) == ("hint", "**Not yet.** That is how many there are.")
    assert notebook.answer("answer = 5").plain == "**Not yet.** 5 is not their sum."


def test_a_wrong_function_that_ignores_a_parameter_of_the_solution_is_told_so(
    notebook: Notebook,
) -> None:
    notebook.run("two = 2")
    told = notebook.answer("def double(number):\n    return 3 * two", "97.2")
    assert told.plain == (
        "**Not yet.** 2 doubled is 4, not 6. `double` does not use its parameter `number`."
    )
    told = notebook.answer("def double(it):\n    return 3 * it", "97.2")
    assert told.plain == "**Not yet.** 2 doubled is 4, not 6."


def test_a_hint_may_be_raised_from_anywhere(notebook: Notebook) -> None:
    told = notebook.answer("answer = 0")
    assert (told.outcome, told.plain) == ("hint", "**Not yet.** Zero is nothing.")


def test_a_hint_is_not_stopped_by_a_learners_except(notebook: Notebook) -> None:
    notebook.run("from workbook.exercises.exercise import Hint")
    told = notebook.answer(
        """
def double(number):
    try:
        raise Hint("Seen.")
    except Exception:
        return 2 * number
""",
        "97.2",
    )
    assert (told.outcome, told.plain) == ("hint", "**Not yet.** Seen.")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "x = 1\nanswer = x / 0",
            "Line 3 of the cell raises `ZeroDivisionError: division by zero`.",
        ),
        ("answer = sum(numbers", "Line 2 of the cell raises `SyntaxError: '(' was never closed`."),
        ("if True:\nanswer = 1", "Line 3 of the cell raises `IndentationError: expected an"),
        ("answer = nunbers", "raises `NameError: name 'nunbers' is not defined`."),
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


def test_a_name_that_the_notebook_defines_is_asked_for(notebook: Notebook) -> None:
    notebook.run("del numbers")
    told = notebook.answer("answer = len(numbers)")
    assert "The notebook defines `numbers`: run all cells above first." in told.plain
    told = notebook.answer("answer = total")
    assert "The notebook defines" not in told.plain


def test_an_error_that_a_check_meets_in_the_learners_function_is_told_with_its_line(
    notebook: Notebook,
) -> None:
    told = notebook.answer("def double(number):\n    return number['x']", "97.2")
    assert told.outcome == "error"
    assert "Line 3 of the cell raises `TypeError: 'int' object is not subscriptable`" in told.plain


@pytest.mark.parametrize("answer", ["'seven'", "None", "[1, 2]", "{}", "object()"])
def test_an_answer_of_a_wrong_type_cannot_be_judged_and_that_is_said(
    notebook: Notebook, answer: str
) -> None:
    told = notebook.answer(f"answer = {answer}")
    assert told.outcome == "error"
    assert told.plain.startswith("**Not yet.** The check cannot judge `answer`, which is `")


def test_a_function_that_cannot_be_judged_is_named_without_its_address(
    notebook: Notebook,
) -> None:
    told = notebook.answer("def double(number): pass", "97.2")
    assert (
        "The check cannot judge the function `double`, or what it returns (`TypeError: "
        in told.plain
    )
    assert " at 0x" not in notebook.answer("answer = print").plain


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


@pytest.mark.parametrize(
    ("value", "change", "same"),
    [
        ("[1, 2, [3]]", "x[2].append(4); x.pop(0)", "x == [1, 2, [3]]"),
        ("{'a': [{'b': 1}]}", "x['a'][0]['b'] = 2; x['c'] = 3", "x == {'a': [{'b': 1}]}"),
        ("{1, 2}", "x.discard(1)", "x == {1, 2}"),
        ("np.arange(3)", "x[0] = 9", "x.tolist() == [0, 1, 2]"),
        ("pd.Series([1, 2])", "x[0] = 9; x.index = [5, 6]", "x.to_dict() == {0: 1, 1: 2}"),
        (
            "pd.DataFrame({'a': [1, 2]})",
            "x.loc[0, 'a'] = 9; x['b'] = 1; x['a'] += 1",
            "x.to_dict('list') == {'a': [1, 2]}",
        ),
    ],
)
def test_an_attempt_changes_no_table_or_container_of_the_notebook(
    notebook: Notebook, value: str, change: str, same: str
) -> None:
    notebook.run(f"import numpy as np, pandas as pd\nx = {value}")
    assert notebook.answer(f"{change}\nanswer = 7").outcome == "right"
    notebook.run(f"assert {same}")


def test_what_an_exercise_prepares_is_there_for_the_cell_and_then_put_away(
    notebook: Notebook,
) -> None:
    notebook.run("log, half = [], 'not this one'")
    assert notebook.answer("def double(n): return n / half", "97.2").outcome == "right"
    notebook.run("assert log == ['begin', 'end'] and half == 'not this one'")
    assert notebook.answer("1 / 0", "97.2").outcome == "error"
    notebook.run("assert log == ['begin', 'end'] * 2")


def test_an_exercise_that_cannot_be_prepared_says_what_aws_said(notebook: Notebook) -> None:
    notebook.run(
        """
class Log:
    def append(self, text):
        from botocore.exceptions import EndpointConnectionError
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
log = Log()
"""
    )
    told = notebook.answer("double = abs", "97.2")
    assert told.outcome == "error"
    assert told.plain == (
        "**Not yet.** This exercise needs AWS, which says `EndpointConnectionError: Could not "
        'connect to the endpoint URL: "http://127.0.0.1:1"`. AWS no longer answers: '
        "run all cells above again."
    )


def test_what_a_cell_prints_and_its_last_value_are_shown(notebook: Notebook) -> None:
    told = notebook.answer("print('hello')\nanswer = 7\nanswer + 1")
    assert told.outcome == "right"
    assert told.stdout.split() == ["hello", "Out[0]:", "8"]


def test_what_a_function_prints_is_shown_for_the_cells_own_calls_only(notebook: Notebook) -> None:
    told = notebook.answer(
        "def double(n):\n    print('called with', n)\n    return 2 * n\n_ = double(5)", "97.2"
    )
    assert told.outcome == "right"
    assert told.stdout == "called with 5\n"


def test_a_cell_may_use_magics(notebook: Notebook) -> None:
    assert notebook.answer("%xmode Minimal\nanswer = 7").outcome == "right"


@pytest.mark.parametrize("number", ["97.3", "97.0", "97", "", "97.x", "96.1", "é"])
def test_an_exercise_that_is_not_there_is_told(notebook: Notebook, number: str) -> None:
    told = notebook.answer("answer = 7", number)
    assert told.outcome == "error"
    assert told.plain.startswith("**Not checked**: ")
    assert "first line names it, as in `%%exercise 01.2`" in told.plain


def test_a_note_on_an_error_is_not_taken_for_a_call(notebook: Notebook) -> None:
    told = notebook.answer("error = KeyError()\nerror.add_note('more')\nraise error")
    assert "Line 4 of the cell raises `KeyError`." in told.plain


def test_an_interrupt_is_the_learners(notebook: Notebook) -> None:
    with pytest.raises(KeyboardInterrupt):
        notebook.answer("raise KeyboardInterrupt")
