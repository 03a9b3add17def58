"""The outcome of a trial: figures, the first error, hints; as text, as JSON, as files."""

import json
import textwrap
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from workbook.laboratory import logbook
from workbook.records import Record
from workbook.trial.errors import FirstError
from workbook.trial.fates import Fates

WIDTH = 100  # of the lines in a hint


@dataclass(frozen=True)
class Report:
    """The outcome of a trial.

    Args:
        records: the records sent.
        fates: the fates of the records.
        outputs: the content of each output, by its name.
        first_error: None if there was none.
        hints: hints about common mistakes.
        reports_failures: whether the mapping respects partial batch responses.
        log: the function's log, event by event.
        never_called: the number of invocations that ended before the function was called, because
            it could not be loaded.
        note: anything else worth saying, such as the package's size beside the limits.
        seconds: the time from sending the first record until the last one was done with.
    """

    records: list[Record]
    fates: Fates
    outputs: dict[str, list[str]]
    first_error: FirstError | None
    hints: list[str]
    reports_failures: bool
    log: list[str]
    never_called: int
    note: str
    seconds: float

    @property
    def passed(self) -> bool:
        """Return whether every record was processed, or dropped by a filter."""
        return not self.fates.given_up and not self.fates.pending

    @property
    def duplicates(self) -> int:
        """Return how many outputs equal an earlier one, byte for byte."""
        return duplicates(self.outputs)

    @property
    def errors(self) -> int:
        """Return how many invocations failed, wholly or in part."""
        failed = (one.outcome(self.reports_failures) != "ok" for one in self.fates.invocations)
        return sum(failed) + self.never_called

    @property
    def retries(self) -> int:
        """Return how often records were passed to the function again."""
        return self.fates.tries.total() - len(self.fates.tries)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures, ready for JSON."""
        error = self.first_error
        return {
            "sent": len(self.fates.sent),
            "processed": len(self.fates.processed),
            "given_up": len(self.fates.given_up),
            "pending": self.fates.pending,
            "filtered": self.fates.filtered,
            "duplicates": self.duplicates,
            "invocations": len(self.fates.invocations) + self.never_called,
            "errors": self.errors,
            "retries": self.retries,
            "outputs": {name: len(found) for name, found in self.outputs.items()},
            "first_error": None if error is None else asdict(error),
            "hints": self.hints,
            "seconds": round(self.seconds, 3),
        }

    def __str__(self) -> str:
        told = self.as_dict()
        lines = [self.note] if self.note else []
        for name in ("sent", "processed", "given_up", "pending", "filtered", "duplicates"):
            lines.append(f"{name.replace('_', ' '):<13}{told[name]:>10,}")
        lines.append("")
        for name in ("invocations", "errors", "retries"):
            lines.append(f"{name:<13}{told[name]:>10,}")
        if self.outputs:
            lines += ["", *(f"in {name}: {len(found):,}" for name, found in self.outputs.items())]
        if self.first_error is not None:
            lines += ["", "first error", self.first_error.text.rstrip()]
            lines += _failed_on(self.first_error)
        for hint in self.hints:
            lines += ["", *textwrap.wrap(f"hint: {hint}", WIDTH, break_long_words=False)]
        return "\n".join([*lines, f"\n{self.seconds:.1f} s"])

    def records_table(self) -> pd.DataFrame:
        """Return one row for each record: data, key, sequence number, tries and fate."""
        fates = self.fates
        return pd.DataFrame(
            {
                "data": [record.data.decode("utf-8", "replace") for record in self.records],
                "partition_key": [record.key for record in self.records],
                "sequence_number": [str(number) for number in fates.sent],
                "tries": [fates.tries[number] for number in fates.sent],
                "fate": [_fate(fates, number) for number in fates.sent],
            }
        )

    def write(self, folder: Path) -> None:
        """Write records, invocations and outputs as Parquet, and the log and this report as text.

        Args:
            folder: the folder; created if it does not exist.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.records_table().to_parquet(folder / "records.parquet")
        invocations = logbook.table(self.fates.invocations, self.reports_failures)
        invocations.to_parquet(folder / "invocations.parquet")
        for name, found in self.outputs.items():
            frame = pd.DataFrame({"data": pd.Series(found, dtype="str")})
            frame.to_parquet(folder / f"output-{name.replace(' ', '-')}.parquet")
        (folder / "log.txt").write_text("".join(_with_end(line) for line in self.log), "utf-8")
        (folder / "report.txt").write_text(f"{self}\n", "utf-8")
        (folder / "report.json").write_text(json.dumps(self.as_dict(), indent=2), "utf-8")


def duplicates(outputs: dict[str, list[str]]) -> int:
    """Return how many outputs equal an earlier one, byte for byte."""
    return sum(len(found) - len(Counter(found)) for found in outputs.values())


def _failed_on(error: FirstError) -> list[str]:
    shown = error.record[:500]
    if error.records == 0:
        return ["No record reached the function: it could not be loaded."]
    if error.records == 1:
        return [f"The record that it failed on: {shown}"]
    return [
        f"The smallest batch with it has {error.records:,} records, of which the first is {shown}"
    ]


def _fate(fates: Fates, number: int) -> str:
    if number in fates.processed:
        return "processed"
    if number in fates.given_up:
        return "given up"
    return "pending" if fates.tries[number] or not fates.filtered else "filtered"


def _with_end(line: str) -> str:
    return line if line.endswith("\n") else line + "\n"
