"""Try your own function with your own records, and see the fate of each record.

    records -> [stream -> mapping -> probe -> your function -> outputs] -> fates -> report

``run`` creates what is in brackets on a local AWS, from a file of code or from a template, sends
the records, and waits until each is done with. It observes through AWS's APIs only: the function's
log, in which the probe notes each batch; the queue for records that the mapping gives up; and the
outputs.
"""

from workbook.errors import UsageError
from workbook.trial.report import Report
from workbook.trial.run import run

__all__ = ["Report", "UsageError", "run"]
