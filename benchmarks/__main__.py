"""Measure the workbook beside its alternatives, and beside the floor, in one run.

Run ``make bench``, or ``make bench ARGS=--quick`` to try everything at small sizes, which writes to
``build/bench``. The full run writes ``benchmarks/RESULTS.md`` and its picture, and updates the
figures in the README.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import peers, results
from benchmarks.measure import FULL, QUICK
from benchmarks.rows import frame, handler, invocation, lake, pipeline, start, streams

HERE = Path(__file__).parent
ROWS = {
    "pipeline": pipeline.measure,
    "handler": handler.measure,
    "streams": streams.measure,
    "frame": frame.measure,
    "invocation": invocation.measure,
    "start": start.measure,
    "lake": lake.measure,
}


def main() -> None:
    """Measure the chosen rows and write the table and the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    parser.add_argument("--rounds", type=int, metavar="N", help="of each contest (default: 5)")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    whole = not options.quick and not options.rows
    sizes = QUICK if options.quick else FULL
    sizes = replace(sizes, rounds=options.rounds or sizes.rounds)
    folder = HERE if whole else peers.BUILD
    began, found = time.monotonic(), []
    for missing in peers.missing():
        print(f"{missing} is not installed: left out", flush=True)
    for name in options.rows or ROWS:
        for result in ROWS[name](sizes):
            print(result, flush=True)
            found.append(result)
        # Write after each row, so that a failure loses none.
        results.write(folder, found, time.monotonic() - began)
    if whole:
        results.quote(HERE.parent / "README.md", found)
    print(f"{folder / results.TABLE} was written after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
