"""Experiments with the pipeline: a workload, settings, and tidy tables of the outcome.

result = run(aws, Experiment(workload=Workload(rate=500), mapping={"BatchSize": 10}))
result.summary()

``Function`` and ``Records`` replace handler.py and the flights with your own function and records.
"""

from workbook.laboratory.experiment import Experiment
from workbook.laboratory.leftovers import clean_up
from workbook.laboratory.own import Function, Records
from workbook.laboratory.pipeline import Pipeline
from workbook.laboratory.result import Result
from workbook.laboratory.runner import ForgottenError, run
from workbook.laboratory.sweeps import Sweep, sweep
from workbook.laboratory.workload import Workload

__all__ = [
    "Experiment",
    "ForgottenError",
    "Function",
    "Pipeline",
    "Records",
    "Result",
    "Sweep",
    "Workload",
    "clean_up",
    "run",
    "sweep",
]
