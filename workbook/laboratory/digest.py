"""Names for runs: the same when nothing that decides a run differs, else another one."""

import hashlib
import json
from pathlib import Path

from workbook.deployment import HANDLER_FILE
from workbook.laboratory.experiment import Experiment
from workbook.target import Aws

PACKAGE = Path(__file__).parents[1]  # the bench that measures, and the local AWS
DIGITS = 16


def digest(aws: Aws, experiment: Experiment) -> str:
    """Return the name of a run, 16 hexadecimal digits.

    It stands for all that decides a run: where it takes place and at which speed; all settings with
    their defaults; every record that is sent, with its key and its moment, and thereby the
    workload's class and data; the handler's code, and that of the workbook.

    Args:
        aws: where.
        experiment: what.
    """
    place = {
        "aws": aws.where,
        "endpoint": aws.endpoint_url if aws.where == "other" else None,
        "region": aws.region,
        "speed": aws.speed,
        "limits": aws.limits,
    }
    settings = json.dumps([place, experiment.as_dict()], sort_keys=True, allow_nan=False)
    whole = hashlib.sha256(settings.encode())
    for departure in experiment.workload.departures():
        whole.update(b"\n" + json.dumps(departure, default=str).encode())
    for path in (HANDLER_FILE, *sorted(PACKAGE.rglob("*.py"))):
        whole.update(b"\n" + path.read_bytes())
    return whole.hexdigest()[:DIGITS]
