"""One experiment: a pipeline of its own, a workload through it, and what came of every record.

    Workload -> stream -> mapping -> probe + handler -> stream -> Result

All that the result says is read from AWS's own traces, namely both streams, the function's log and
the queue for failures, so the same call works on real AWS. There it takes minutes more, and costs
what ``Result.cost`` says.
"""

import json
import math
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Self

import pandas as pd
from tqdm.auto import tqdm

from workbook import deployment, reader
from workbook.laboratory import logbook, pacing
from workbook.laboratory.logbook import Invocation, Logbook
from workbook.laboratory.result import Result, failures_table, records_table
from workbook.laboratory.workload import Departure, Workload
from workbook.target import Aws

CODE = (deployment.HANDLER_FILE, Path(__file__).with_name("probe.py"))  # the function's
LOOK_SECONDS = 0.25  # real ones between two looks at the log
REPORTS = "ReportBatchItemFailures"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A workload and all the settings that it runs under.

    Args:
        workload: what is sent.
        shards: of the input stream; the output stream has as many.
        mapping: what differs from ``deployment.MAPPING``, in AWS's names. Filters and tumbling
            windows are not for experiments: what a filter drops leaves no trace to account for,
            and the handler keeps no state.
        batch_millis: time that the function spends on each batch, as for a call elsewhere.
        record_millis: the same for each record.
        bad_records: what follows a record that cannot be processed: the handler's ``report``, or
            ``raise``, which fails the batch.
        memory: of the function, in MB.
        timeout: of the function, in seconds.
        concurrency: reserved for the function; None is no limit of its own.
        patience: seconds (of AWS's clock) that the pipeline has after the last record was sent;
            what is not done by then is ``pending``.

    Raises:
        ValueError: a value is out of range, or the mapping has no such setting; it is named.
    """

    workload: Workload = field(default_factory=Workload)
    shards: int = 1
    mapping: Mapping[str, Any] = field(default_factory=dict)
    batch_millis: float = 0.0
    record_millis: float = 0.0
    bad_records: Literal["report", "raise"] = "report"
    memory: int = 256
    timeout: int = 60
    concurrency: int | None = None
    patience: float = 60.0

    def __post_init__(self) -> None:
        for name, is_good, wanted in (
            ("shards", self.shards >= 1, "1 or more"),
            ("batch_millis", self.batch_millis >= 0, "0 or more"),
            ("record_millis", self.record_millis >= 0, "0 or more"),
            ("bad_records", self.bad_records in ("report", "raise"), "'report' or 'raise'"),
            ("patience", 0 < self.patience < math.inf, "above 0"),
        ):
            if not is_good:
                raise ValueError(f"{name} must be {wanted}, not {getattr(self, name)!r}")
        unknown = ", ".join(sorted(self.mapping.keys() - MAPPING_SETTINGS))
        if unknown:
            known = ", ".join(sorted(MAPPING_SETTINGS))
            raise ValueError(f"mapping must not have {unknown}; an experiment may set {known}")

    def vary(self, **settings: Any) -> Self:
        """The same with other values.

        Args:
            settings: by the name of a field here (``shards``), of the workload (``rate``), or of
                a mapping's setting as AWS writes it (``BatchSize``).

        Raises:
            ValueError: no setting has such a name.
        """
        ours = {each.name for each in fields(self)} - {"workload", "mapping"}
        sent = {each.name for each in fields(self.workload)}
        unknown = [n for n in settings if n not in ours | sent and n not in MAPPING_SETTINGS]
        if unknown:
            known = ", ".join(sorted(ours) + sorted(sent) + sorted(MAPPING_SETTINGS))
            raise ValueError(f"there is no setting {', '.join(unknown)}; there are {known}")
        return replace(
            self,
            workload=replace(self.workload, **{n: v for n, v in settings.items() if n in sent}),
            mapping={**self.mapping, **{n: v for n, v in settings.items() if n[0].isupper()}},
            **{n: v for n, v in settings.items() if n in ours},
        )

    @property
    def reports_failures(self) -> bool:
        """Whether the mapping heeds what the handler reports."""
        return REPORTS in {**deployment.MAPPING, **self.mapping}["FunctionResponseTypes"]

    def as_dict(self) -> dict[str, Any]:
        """All settings as JSON has them."""
        return asdict(self)


MAPPING_SETTINGS = {*deployment.MAPPING, "ParallelizationFactor"}  # that experiments may vary


class ForgottenError(RuntimeError):
    """The streams kept records for a shorter time than the experiment took."""


@dataclass(frozen=True)
class Pipeline:
    """What an experiment made: names, for calls of one's own while it runs."""

    name: str
    aws: Aws

    @property
    def input_stream(self) -> str:
        """What is sent goes there."""
        return f"{self.name}-in"

    @property
    def output_stream(self) -> str:
        """What the function writes goes there."""
        return f"{self.name}-out"

    @property
    def queue(self) -> str:
        """What the mapping gives up is described there."""
        return f"{self.name}-failures"

    @property
    def role(self) -> str:
        """The function's role."""
        return f"{self.name}-role"

    def deploy(self, experiment: Experiment) -> str:
        """Make it all; gives the queue's URL."""
        aws, name = self.aws, self.name
        kinesis, lambda_ = aws.client("kinesis"), aws.client("lambda")
        input_arn = deployment.create_stream(kinesis, self.input_stream, experiment.shards)
        output_arn = deployment.create_stream(kinesis, self.output_stream, experiment.shards)
        queue_url, queue_arn = deployment.create_queue(aws.client("sqs"), self.queue)
        policy = deployment.policy(input_arn, output_arn, name, queue_arn=queue_arn)
        role_arn = deployment.create_role(aws.client("iam"), policy, self.role)
        deployment.create_log_group(aws.client("logs"), name)
        deployment.create_function(
            lambda_,
            role_arn,
            deployment.package(*CODE),
            name,
            Handler="probe.lambda_handler",
            MemorySize=experiment.memory,
            Timeout=experiment.timeout,
            Environment={
                "Variables": {
                    "OUTPUT_STREAM": self.output_stream,
                    "BATCH_MILLIS": str(experiment.batch_millis),
                    "RECORD_MILLIS": str(experiment.record_millis),
                    "BAD_RECORDS": experiment.bad_records,
                }
            },
        )
        if experiment.concurrency is not None:
            lambda_.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=experiment.concurrency
            )
        destination = {"OnFailure": {"Destination": queue_arn}}
        deployment.create_mapping(
            lambda_, input_arn, name, **{"DestinationConfig": destination, **experiment.mapping}
        )
        return queue_url

    def clean_up(self) -> None:
        """Delete it all, and see that nothing is left.

        Raises:
            deployment.LeftOverError: something is still there; it is named.
        """
        deployment.clean_up(
            self.aws,
            function=self.name,
            role=self.role,
            streams=(self.input_stream, self.output_stream),
            queues=(self.queue,),
        )


def run(
    aws: Aws,
    experiment: Experiment,
    *,
    during: Callable[[Pipeline], None] | None = None,
    progress: bool = True,
) -> Result:
    """Run an experiment; everything it made is gone afterwards, also when it fails.

    Args:
        aws: where. In time-lapse, rates and times are those of its clock.
        experiment: what.
        during: called once half of the records are taken, while the others are being sent: to
            change the pipeline under load.
        progress: whether to show bars.

    Raises:
        producer.NotSentError: the stream refused everything for a minute.
        ForgottenError: in time-lapse, the streams' 24 hours were over before all was read.
        deployment.LeftOverError: something could not be deleted.
        botocore.exceptions.ClientError: AWS refused a setting, for instance.
    """
    pipeline = Pipeline(f"lab-{uuid.uuid4().hex[:8]}", aws)
    try:
        queue_url = pipeline.deploy(experiment)
        departures = list(experiment.workload.departures())
        refusals = _send(pipeline, departures, during, progress)
        invocations, documents = _follow(pipeline, experiment, queue_url, progress)
        return _result(pipeline, experiment, departures, refusals, invocations, documents)
    finally:
        pipeline.clean_up()


def _send(
    pipeline: Pipeline,
    departures: list[Departure],
    during: Callable[[Pipeline], None] | None,
    progress: bool,
) -> Mapping[int, int]:
    """Send the workload, and call ``during`` in a thread of its own halfway; gives refusals."""
    taken = 0
    changing: Future[None] | None = None
    with (
        ThreadPoolExecutor(1) as aside,
        tqdm(desc="sent", total=len(departures), unit=" records", disable=not progress) as bar,
    ):

        def sent(count: int) -> None:
            nonlocal taken, changing
            taken += count
            bar.update(count)
            if during and changing is None and 2 * taken >= len(departures):
                changing = aside.submit(during, pipeline)

        refusals = pacing.send(pipeline.aws, pipeline.input_stream, departures, sent=sent)
    if changing is not None:
        changing.result()  # its exception, if it raised one
    return refusals


def _follow(
    pipeline: Pipeline, experiment: Experiment, queue_url: str, progress: bool
) -> tuple[list[Invocation], list[dict[str, Any]]]:
    """Wait until every record is processed or given up, or until patience is over."""
    aws, total = pipeline.aws, experiment.workload.records
    book = Logbook(aws.client("logs"), f"/aws/lambda/{pipeline.name}")
    sqs = aws.client("sqs")
    documents: dict[str, dict[str, Any]] = {}
    give_up_at = aws.now() + experiment.patience
    with tqdm(desc="processed", total=total, unit=" records", disable=not progress) as bar:
        while True:
            is_late = aws.now() > give_up_at
            _receive(sqs, queue_url, documents, wait=int(is_late))
            done: set[int] = set()
            for invocation in book.look():
                done.update(invocation.done(experiment.reports_failures))
            given_up = sum(d["KinesisBatchInfo"]["batchSize"] for d in documents.values())
            bar.update(min(total, len(done) + given_up) - bar.n)
            if is_late or len(done) + given_up >= total:
                return book.look(whole=True), list(documents.values())
            time.sleep(LOOK_SECONDS)


def _receive(sqs: Any, queue_url: str, documents: dict[str, dict[str, Any]], wait: int) -> None:
    """Take what is in the queue; ``documents`` has each once, by its message's id.

    Without seconds to wait, SQS asks some of its servers only and may miss messages.  [BC]
    """
    while True:
        answer = sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait
        )
        if not answer.get("Messages"):
            return
        for message in answer["Messages"]:
            documents[message["MessageId"]] = json.loads(message["Body"])
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])


def _result(
    pipeline: Pipeline,
    experiment: Experiment,
    departures: list[Departure],
    refusals: Mapping[int, int],
    invocations: list[Invocation],
    documents: list[dict[str, Any]],
) -> Result:
    def read(stream: str, *columns: str) -> pd.DataFrame:
        return reader.read_stream(pipeline.aws, stream, columns=columns, progress=False)

    # In this order: what is written came later than what was sent, and is forgotten later.
    written = read(pipeline.output_stream, "n")
    sent = read(pipeline.input_stream, "n", "sent_at")
    if sent["n"].nunique() < len(departures):
        raise ForgottenError(
            f"{pipeline.input_stream} has only {sent['n'].nunique()} of {len(departures)} records "
            f"any more: streams keep them for 24 hours, and time runs at {pipeline.aws.speed} "
            "times its pace; connect with a lower speed"
        )
    reports = experiment.reports_failures
    failures = failures_table(documents)
    return Result(
        experiment=experiment.as_dict(),
        invocations=logbook.table(invocations, reports),
        records=records_table(
            sent=sent,
            written=written,
            poison={departure.number for departure in departures if departure.is_poison},
            refusals=refusals,
            invocations=invocations,
            failures=failures,
            reports_failures=reports,
        ),
        failures=failures,
    )
