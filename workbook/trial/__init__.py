"""Try a function of your own with records of your own, and see what becomes of each record.

    records -> [stream -> mapping -> probe -> your function -> outputs] -> fates -> report

``run`` makes what is in brackets on a local AWS, from a file of code or from a template, sends the
records, and waits until each is done with.  It watches through AWS's APIs only: the function's log,
in which the probe notes each batch, the queue of what the mapping gives up, and the outputs.
"""

from workbook.errors import UsageError
from workbook.trial.report import Report
from workbook.trial.run import run

__all__ = ["Report", "UsageError", "run"]
