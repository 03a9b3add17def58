"""The documents' statements about speed are measured, or computed from AWS's prices."""

import math
import re
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.measure import PEER, Aim, Contest, Result
from workbook import prices

ROOT = Path(__file__).parent.parent
MEMORY_GB = 0.25  # of the workbook's function
BATCH = 1_000


def cells(document: str, header: str) -> list[list[str]]:
    """Return the rows of the table with a header, as text without emphasis."""
    lines = (ROOT / document).read_text("utf-8").splitlines()
    rows = []
    for line in lines[lines.index(header) + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("*") for cell in line.strip("|").split("|")])
    return rows


def test_what_aws_would_need_is_computed_from_the_prices() -> None:
    """A shard accepts 1,000 records a second, and has one batch at once  [DG:with-kinesis]."""
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


def test_the_figures_in_the_readme_were_measured() -> None:
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8")
    measured = {
        (found[1], found[2])
        for found in re.finditer(r"^\| (.+?) \| \*\*.+?\| (.+?) \|", results, re.M)
    }
    rows = cells("README.md", "| work | the workbook |")
    assert len(rows) >= 4
    assert {(work, figure) for work, figure in rows} <= measured


def contest(unit: str, aim: Aim | None = None) -> Result:
    """A contest in which the workbook has 6, its peer 2 and then 4, and the floor 9."""
    peer = iter([2.0, 4.0, 3.0])
    floor = ("nothing", lambda: 9.0)
    peers = {"peer": lambda: next(peer)}
    aims = (aim,) if aim else ()
    return Contest("Row", "work", unit, lambda: 6.0, peers, floor, aims).run(3)


def test_contenders_work_in_turns() -> None:
    turns: list[str] = []

    def contender(name: str) -> float:
        turns.append(name)
        return 1.0

    one = Contest(
        "Row", "work", "s", lambda: contender("ours"), {"peer": lambda: contender("peer")}
    )
    assert one.run(2).figures == {"workbook": [1, 1], "peer": [1, 1]}
    assert turns == ["ours", "peer"] * 2


@pytest.mark.parametrize(("unit", "peer", "floor"), [("records/s", 2, 2 / 3), ("ms", 0.5, 1.5)])
def test_faster_means_a_higher_rate_or_less_time(unit: str, peer: float, floor: float) -> None:
    result = contest(unit)
    assert result.times_as_fast("peer") == pytest.approx(peer)
    assert result.times_as_fast("nothing") == pytest.approx(floor)


@pytest.mark.parametrize(
    ("aim", "reached"),
    [(Aim(2, PEER), True), (Aim(2.1, PEER), False), (Aim(0.7, "nothing"), False), (Aim(6), True)],
)
def test_an_aim_is_judged_by_the_medians(aim: Aim, reached: bool) -> None:
    ((_, met),) = contest("records/s", aim).reached()
    assert met is reached


def test_the_table_and_the_picture_have_every_contender(tmp_path: Path) -> None:
    results.write(tmp_path, [contest("records/s", Aim(2, PEER))], 60)
    text = (tmp_path / "RESULTS.md").read_text("utf-8")
    assert "| work | **workbook** | 6 records/s | 6 to 6 |  |" in text
    assert "| peer: peer | 3 records/s | 2 to 4 | 2.00 times as fast |" in text
    assert "| floor: nothing | 9 records/s | 9 to 9 | 0.67 times as fast |" in text
    assert "2 times as fast as the fastest peer: reached" in text
    assert "The workbook is faster in 1 of the 1 with peers" in text
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")


def test_a_documents_tables_get_the_figures_of_their_works(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("| what | the workbook |\n|---|---|\n| work | 1 s |\n| other | 2 s |\n")
    results.quote(document, [contest("s")])
    assert "| work | 6 s |\n| other | 2 s |" in document.read_text("utf-8")
