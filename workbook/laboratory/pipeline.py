"""The pipeline of an experiment, created for it and deleted afterwards."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook import deployment
from workbook.code import Code, runtime
from workbook.laboratory.experiment import CHANCES, Experiment
from workbook.target import Aws

PROBE = Path(__file__).with_name("lab_probe.py")
PROBE_HANDLER = f"{PROBE.stem}.lambda_handler"
SETTINGS = "WORKBOOK_PROBE"  # the variable with the probe's settings
TABLE_KEY = "service"  # of the table that stands for a throttled service


def with_probe(code: Code) -> bytes:
    """Return the zip of your own function, with the probe added."""
    return code.zipped(**{PROBE.stem: PROBE.read_bytes()})


def _package(experiment: Experiment) -> bytes:
    """Return the function's zip: the handler or your own function, and the probe."""
    if experiment.function is None:
        return deployment.package(deployment.HANDLER_FILE, PROBE)
    return with_probe(experiment.function.package)


def _probe_settings(experiment: Experiment, speed: float, table: str) -> dict[str, Any]:
    """Return the probe's settings, with times in real seconds."""
    own, downstream = experiment.function, experiment.downstream
    return {
        "handler": own.package.handler if own else deployment.HANDLER,
        "batch_seconds": experiment.batch_millis / 1000 / speed,
        "record_seconds": experiment.record_millis / 1000 / speed,
        "raises": experiment.bad_records == "raise",
        "slow_seconds": experiment.slow_millis / 1000 / speed,
        "hang_seconds": 2.0 * experiment.timeout,
        "downstream": None if downstream is None else downstream * speed,
        "downstream_table": table,
        **{name: getattr(experiment, name) for name in CHANCES},
    }


@dataclass(frozen=True)
class Pipeline:
    """The names of an experiment's resources, for your own calls while it runs."""

    name: str
    aws: Aws

    @property
    def input_stream(self) -> str:
        """Return the name of the stream that the workload is sent to."""
        return f"{self.name}-in"

    @property
    def output_stream(self) -> str:
        """Return the name of the stream that the function writes to."""
        return f"{self.name}-out"

    @property
    def queue(self) -> str:
        """Return the name of the queue to which the mapping reports records that it gives up."""
        return f"{self.name}-failures"

    @property
    def downstream(self) -> str:
        """Return the name of the table that stands for a throttled service, if there is one.

        It holds when that service next accepts records. All execution environments share it.
        """
        return f"{self.name}-downstream"

    @property
    def role(self) -> str:
        """Return the name of the function's role."""
        return f"{self.name}-role"

    def deploy(self, experiment: Experiment) -> str:
        """Create everything, and return the queue's URL."""
        aws, name = self.aws, self.name
        kinesis = aws.client("kinesis")
        with ThreadPoolExecutor() as at_once:  # on AWS each stream takes half a minute
            input_arn, output_arn = at_once.map(
                lambda stream: deployment.create_stream(kinesis, stream, experiment.shards),
                (self.input_stream, self.output_stream),
            )
        queue_url, queue_arn = deployment.create_queue(aws.client("sqs"), self.queue)
        policy = deployment.policy(input_arn, output_arn, name, queue_arn=queue_arn)
        if experiment.function is not None:
            write = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": output_arn}
            policy["Statement"].append(write)
        if experiment.downstream is not None:
            table_arn = deployment.create_table(aws.client("dynamodb"), self.downstream, TABLE_KEY)
            update = {"Effect": "Allow", "Action": "dynamodb:UpdateItem", "Resource": table_arn}
            policy["Statement"].append(update)
        role_arn = deployment.create_role(aws.client("iam"), policy, self.role)
        deployment.create_log_group(aws.client("logs"), name)
        deployment.create_function(
            aws,
            role_arn,
            _package(experiment),
            name,
            Runtime=runtime() if experiment.function else deployment.RUNTIME,
            Handler=PROBE_HANDLER,
            MemorySize=experiment.memory,
            Timeout=experiment.timeout,
            Environment={
                "Variables": {
                    **(experiment.function.environment if experiment.function else {}),
                    "OUTPUT_STREAM": self.output_stream,
                    SETTINGS: json.dumps(_probe_settings(experiment, aws.speed, self.downstream)),
                }
            },
        )
        if experiment.concurrency is not None:
            aws.client("lambda").put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=experiment.concurrency
            )
        deployment.create_mapping(aws, input_arn, name, queue_arn=queue_arn, **experiment.mapping)
        return queue_url

    def clean_up(self, has_table: bool) -> None:
        """Delete everything that ``deploy`` creates; check that nothing is left.

        Args:
            has_table: whether there may be the table of a downstream service.

        Raises:
            deployment.LeftOverError: something still exists; the message names it.
        """
        deployment.clean_up(
            self.aws,
            function=self.name,
            role=self.role,
            streams=(self.input_stream, self.output_stream),
            queues=(self.queue,),
            tables=(self.downstream,) if has_table else (),
        )
