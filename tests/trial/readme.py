"""The trials that the README shows, with their files, commands and outputs."""

import io
import re
import shlex
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

from workbook import cli

README = Path(__file__).parents[2] / "README.md"
FOLD = re.compile(r"<details><summary>(.*?)</summary>\n(.*?)</details>", re.DOTALL)
FILE = re.compile(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RUN = re.compile(
    r"^```console\n\$ \.venv/bin/workbook try (.*?)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


class Shown(NamedTuple):
    """A trial in the README: the contents of its files, the command's arguments, its output."""

    files: dict[str, str]
    command: str
    output: str

    def run(self, *, command: str | None = None) -> str:
        """Write the files into the working directory, and return what the command prints."""
        for name, text in self.files.items():
            Path(name).write_text(text, "utf-8")
        printed = io.StringIO()
        with redirect_stdout(printed):
            cli.main(["try", *shlex.split(command or self.command)])
        return same(printed.getvalue())


def same(output: str) -> str:
    """Return an output without what differs between runs: its time, and sequence numbers."""
    output = re.sub(r"^\d+\.\d s$", "a time", output, flags=re.MULTILINE)
    return re.sub(r"\b\d{56}\b", "a sequence number", output)


def shown() -> dict[str, Shown]:
    """Return the trials, by the name of the function's file."""
    text = README.read_text("utf-8").partition("## Your own function")[2].partition("\n## ")[0]
    trials = {}
    for _, part in FOLD.findall(text):
        ((command, output),) = RUN.findall(part)
        trials[command.partition(" ")[0]] = Shown(dict(FILE.findall(part)), command, output)
    return trials
