"""A notebook with exercises that is not among the stored ones, run in the test's own process."""

from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.utils.capture import capture_output

# The exercises 97.1 and 97.2, of a notebook that is not there.
FILES = {
    "checks.py": """
from contextlib import contextmanager
from workbook.exercises.exercise import Hint

def total(answer, notebook):
    right = sum(notebook["numbers"])
    if answer == len(notebook["numbers"]):
        return "That is how many there are."
    if answer == 0:
        raise Hint("Zero is nothing.")
    return None if answer == right else f"{answer + 0} is not their sum."

def double(answer, notebook):
    if answer(-1) + 0 == 1:
        return "The sign of -1 is lost."
    if answer(2) == 4:
        return None
    return f"2 doubled is 4, not {answer(2)}."

@contextmanager
def prepare_double(notebook):
    notebook.get("log", []).append("begin")
    yield {"half": 0.5}
    notebook.get("log", []).append("end")
""",
    "1_total.md": """
# A sum

Add the `numbers`.

## Hint

Use `sum`.

## Explanation

All of them.
""",
    "1_total.py": """
# %% blank
answer = ...

# %% solution
answer = sum(numbers)

# %% right: a loop
answer = 0
for number in numbers:
    answer += number

# %% right: as a float
answer = float(sum(numbers))

# %% wrong: the length
answer = len(numbers)

# %% wrong: the largest
answer = max(numbers)

# %% wrong: nothing
answer = 0

# %% wrong: one more
answer = sum(numbers) + 1
""",
    "2_double.md": """
# A function

Double it.

## Hint

Twice.

## Explanation

So it is.
""",
    "2_double.py": """
# %% blank
def double(number):
    return ...

# %% solution
def double(number): return number / half

# %% right: a sum
def double(number): return number + number

# %% right: a lambda
double = lambda number: number * 2

# %% wrong: the number
def double(number): return number

# %% wrong: without its sign
double = abs

# %% wrong: three times
def double(number): return 3 * number

# %% wrong: half
def double(number): return half * number
""",
}


def write(root: Path, changes: tuple[tuple[str, str, str], ...] = ()) -> Path:
    """Write the folder ``lesson_97`` with its files, some of them changed."""
    folder = root / "lesson_97"
    folder.mkdir(exist_ok=True)
    texts = dict(FILES)
    for name, old, new in changes:
        assert texts[name].count(old) == 1
        texts[name] = texts[name].replace(old, new)
    for name, text in texts.items():
        (folder / name).write_text(text.lstrip(), "utf-8")
    return folder


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
        self.run_cell(code).raise_error()

    def run_cell(self, code: str) -> ExecutionResult:
        """Run a cell; what failed in it is in the result."""
        result: ExecutionResult = self.shell.run_cell(code)
        return result

    def answer(self, code: str, number: str = "97.1") -> Told:
        with capture_output() as captured:
            self.run(f"%%exercise {number}\n{code}")  # an exception would end the test
        assert captured.stderr == ""
        return Told(captured.outputs, captured.stdout)
