"""Names of runs: two runs have the same name only if everything that determines a run is equal."""

import hashlib
import json
from pathlib import Path

from workbook.deployment import HANDLER_FILE
from workbook.laboratory.experiment import Experiment
from workbook.target import Aws

PACKAGE = Path(__file__).parents[1]  # contains the laboratory and the local AWS
DIGITS = 16


def digest(aws: Aws, experiment: Experiment) -> str:
    """Return the name of a run, 16 hexadecimal digits.

    It depends on everything that determines a run: the AWS and its speed; all settings, defaults
    included; every record sent, with its key and time, and so the workload's class and data; the
    code of the handler and of the workbook.

    Args:
        aws: where the experiment runs.
        experiment: the experiment.
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
