"""Run an experiment: a workload passes through its own pipeline, and every record is traced.

    Workload -> stream -> mapping -> probe + handler -> stream -> Result

The result is read from both streams, the function's log and the queue for failures, so this works
on real AWS too. There it takes some minutes longer, and costs what ``Result.cost`` says.

``tests/laboratory/test_refusals.py`` checks the requests of ``run`` against botocore's models and
Lambda's rules. Without an account we cannot check: quotas of the account (shards, concurrency),
policies of its organisation, how long a new role takes to become visible, how late log lines
arrive, and whether wheels that pip chose for Lambda's platform load there.
"""

import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pandas as pd
from tqdm.auto import tqdm

from workbook import reader
from workbook.laboratory import logbook, pacing
from workbook.laboratory.experiment import Experiment
from workbook.laboratory.logbook import Invocation, Logbook
from workbook.laboratory.pacing import Sending
from workbook.laboratory.pipeline import Pipeline
from workbook.laboratory.result import Result, failures_table, processed, records_table
from workbook.laboratory.workload import Departure
from workbook.target import Aws

PREFIX = "lab-"  # of all resources' names
READ_SECONDS = 0.25  # real seconds between reads of the log


class ForgottenError(RuntimeError):
    """The experiment took longer than streams keep records."""


def check_types(aws: object, experiment: object) -> None:
    """Check that this is an AWS, and an experiment and not its workload, for instance.

    Raises:
        ValueError: one of them is not; the message names it.
    """
    if not isinstance(aws, Aws):
        raise ValueError(f"aws must be an Aws, as target.connect() returns it, not {aws!r}")
    if not isinstance(experiment, Experiment):
        raise ValueError(f"experiment must be an Experiment, not {experiment!r}")


def run(
    aws: Aws,
    experiment: Experiment,
    *,
    during: Callable[[Pipeline], None] | None = None,
    progress: bool = True,
) -> Result:
    """Run an experiment, and delete everything that it created, even if it fails.

    Args:
        aws: the AWS to run it in. In time-lapse, rates and times are by its clock.
        experiment: the experiment.
        during: called when half of the records are accepted, while the others are being sent, to
            change the pipeline under load.
        progress: whether to show progress bars.

    Raises:
        ValueError: an argument has a wrong type; the message names it.
        producer.NotSentError: the stream accepted nothing for a minute.
        ForgottenError: in time-lapse, the streams' 24 hours ended before they were read.
        deployment.LeftOverError: something could not be deleted.
        botocore.exceptions.ClientError: AWS refused a setting, for example.
    """
    check_types(aws, experiment)
    if not callable(during) and during is not None:
        raise ValueError(f"during must be a function of a Pipeline, or None, not {during!r}")
    pipeline = Pipeline(f"{PREFIX}{uuid.uuid4().hex[:8]}", aws)
    try:
        queue_url = pipeline.deploy(experiment)
        departures = list(experiment.workload.departures())
        sending = _send(pipeline, departures, during, progress)
        invocations, documents = _follow(pipeline, experiment, queue_url, progress)
        return _result(pipeline, experiment, departures, sending, invocations, documents)
    finally:
        pipeline.clean_up(has_table=experiment.downstream is not None)


def _send(
    pipeline: Pipeline,
    departures: list[Departure],
    during: Callable[[Pipeline], None] | None,
    progress: bool,
) -> Sending:
    """Send the workload, and call ``during`` in its own thread halfway."""
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

        sending = pacing.send(pipeline.aws, pipeline.input_stream, departures, sent=sent)
    if changing is not None:
        changing.result()  # raises the exception of ``during``, if any
    return sending


def _follow(
    pipeline: Pipeline, experiment: Experiment, queue_url: str, progress: bool
) -> tuple[list[Invocation], list[dict[str, Any]]]:
    """Wait until every record is processed or given up, or patience is over."""
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
            for invocation in book.read():
                done.update(invocation.done(experiment.reports_failures))
            given_up = sum(d["KinesisBatchInfo"]["batchSize"] for d in documents.values())
            bar.update(min(total, len(done) + given_up) - bar.n)
            if is_late or len(done) + given_up >= total:
                return book.read(whole=True), list(documents.values())
            time.sleep(READ_SECONDS)


def _receive(sqs: Any, queue_url: str, documents: dict[str, dict[str, Any]], wait: int) -> None:
    """Move all messages from the queue into ``documents``, by their ids.

    If the wait is zero, SQS asks only some of its servers and may miss messages.  [BC]
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
    sending: Sending,
    invocations: list[Invocation],
    documents: list[dict[str, Any]],
) -> Result:
    def read(stream: str, *columns: str) -> pd.DataFrame:
        return reader.read_stream(pipeline.aws, stream, columns=columns, progress=False)

    # Read the input first: the output is newer, and expires later.
    reports, speed = experiment.reports_failures, pipeline.aws.speed
    if experiment.function is None:
        written = read(pipeline.output_stream, "n")
    sent = read(pipeline.input_stream)
    taken = pd.DataFrame.from_dict(sending.taken, "index", columns=["n", "sent_at"])
    # boto3 repeats a call if its response is lost; then only one of the two copies has a number.
    sent = sent.join(taken, on="sequence_number", how="inner")
    if experiment.function is not None:
        written = processed(sent, invocations, reports)
    if sent["n"].nunique() < len(departures):
        raise ForgottenError(
            f"{pipeline.input_stream} still has only {sent['n'].nunique()} of {len(departures)} "
            "records: streams keep them for 24 hours, and the clock runs at "
            f"{pipeline.aws.speed} times the real pace; connect with a lower speed"
        )
    failures = failures_table(documents)
    return Result(
        experiment={
            "aws": pipeline.aws.where,
            "speed": speed,
            **experiment.as_dict(),
        },
        invocations=logbook.table(invocations, reports, speed),
        records=records_table(
            sent=sent,
            written=written,
            poison={departure.number for departure in departures if departure.is_poison},
            refusals=sending.refusals,
            invocations=invocations,
            failures=failures,
            reports_failures=reports,
        ),
        failures=failures,
    )
