"""A notebook with exercises that is not among the stored ones, run in the test's own process."""

from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

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
    if answer(-1) + 0 == 1:
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
