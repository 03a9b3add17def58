"""What the documents say about speed is what was measured, and what AWS's prices make of it."""

import math
import re
from pathlib import Path

from workbook import prices

ROOT = Path(__file__).parent.parent
MEMORY_GB = 0.25  # of the workbook's function
BATCH = 1_000


def cells(document: str, header: str) -> list[list[str]]:
    """The rows of the table that starts with a header, as text without emphasis."""
    lines = (ROOT / document).read_text("utf-8").splitlines()
    rows = []
    for line in lines[lines.index(header) + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("*") for cell in line.strip("|").split("|")])
    return rows


def test_what_aws_would_need_is_computed_from_the_prices() -> None:
    """A shard takes 1,000 records a second, and has one batch at once  [DG:with-kinesis]."""
    header = "| records a second | shards of each stream | concurrency | USD an hour, at most |"
    rows = cells("docs/performance.md", header)
    assert len(rows) >= 3
    for row in rows:
        rate = int(row[0].replace(",", ""))
        shards = math.ceil(rate / prices.SHARD_RECORDS_IN)
        bill = prices.bill(
            shard_hours=2 * shards,
            put_units=2 * rate * 3600,
            requests=rate * 3600 / BATCH,
            gb_seconds=shards * 3600 * MEMORY_GB,
        )
        assert row[1:] == [str(shards), str(shards), f"{bill.sum():.2f}"]


def test_the_figures_of_the_readme_are_those_that_were_measured() -> None:
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8")
    measured = {
        (found[1], found[2])
        for found in re.finditer(r"^\| (.+?) \| \*\*.+?\| (.+?) \|", results, re.M)
    }
    rows = cells("README.md", "| work | the workbook |")
    assert len(rows) >= 4
    assert {(work, figure) for work, figure in rows} <= measured
