"""Follow the records until each is done with: processed, given up, or filtered out."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from tqdm.auto import tqdm

from workbook.laboratory.logbook import Invocation, Logbook
from workbook.target import Aws
from workbook.trial.place import Place

LOADS = 2  # attempts to load a function, after which it cannot be loaded
LOOK_SECONDS = 0.25  # between two looks
PATIENCE_SECONDS = 30.0  # in which one more record must be done with, or the rest is pending


@dataclass
class Fates:
    """What became of the records, by sequence number.

    Args:
        sent: the numbers, in order of sending.
        tries: how often each was handed to the function.
        processed: those that Lambda regards as processed.
        given_up: those that the mapping gave up.
        batches_given_up: the batches of these.
        filtered: how many a filter kept from the function.
        invocations: in order of their start.
    """

    sent: list[int]
    tries: Counter[int] = field(default_factory=Counter)
    processed: set[int] = field(default_factory=set)
    given_up: set[int] = field(default_factory=set)
    batches_given_up: list[list[int]] = field(default_factory=list)
    filtered: int = 0
    invocations: list[Invocation] = field(default_factory=list)

    @property
    def unreported(self) -> int:
        """How many records were given up in a batch of which the function reported only others."""
        last = {tuple(one.sequence_numbers): one.reported for one in self.invocations}
        reports = [(len(batch), last.get(tuple(batch), 0)) for batch in self.batches_given_up]
        return sum(size - reported for size, reported in reports if reported)

    @property
    def dragged(self) -> int:
        """How many of the processed records were handed over more than once."""
        return sum(self.tries[number] > 1 for number in self.processed)

    @property
    def pending(self) -> int:
        """How many are not done with."""
        return len(self.sent) - len(self.processed) - len(self.given_up) - self.filtered


class Watch:
    """Looks at a function's log and at what its mapping gives up.

    Args:
        aws: where.
        place: what is tried.
        reports_failures: whether the mapping respects partial batch responses.
        fates: is kept up to date.
        shards: the shard of each sequence number.
    """

    def __init__(
        self,
        aws: Aws,
        place: Place,
        reports_failures: bool,
        fates: Fates,
        shards: dict[int, str],
    ) -> None:
        self._aws = aws
        self._place = place
        self._reports_failures = reports_failures
        self._fates = fates
        self._shards = shards
        self._logbook = Logbook(aws.client("logs"), place.log_group)
        self._sqs = aws.client("sqs")
        self._since = datetime.now(UTC) - timedelta(days=1)

    def wait(self, *, patience: float = PATIENCE_SECONDS, progress: bool = True) -> None:
        """Wait until all records are done with, or none has been for a while.

        An interruption (Ctrl+C) ends the wait, too; so does a function that cannot be loaded.

        Args:
            patience: for how long, in seconds.
            progress: whether to show a bar.
        """
        fates = self._fates
        deadline = time.monotonic() + patience
        total = len(fates.sent)
        with tqdm(desc="done with", total=total, unit=" records", disable=not progress) as bar:
            while True:
                before = fates.pending
                try:
                    self._look()
                    bar.update(total - fates.pending - bar.n)
                    if fates.pending <= 0 or time.monotonic() > deadline or self._is_unloadable():
                        return
                    if fates.pending < before:
                        deadline = time.monotonic() + patience
                    time.sleep(LOOK_SECONDS)
                except KeyboardInterrupt:  # show what is known
                    return

    def _is_unloadable(self) -> bool:
        """Whether no attempt to load the function has succeeded, so that waiting is of no use."""
        return not self._fates.invocations and self._logbook.ended >= LOADS

    def _look(self) -> None:
        fates = self._fates
        told = self._read_failures()  # before the log, which then has the invocations behind them
        fates.invocations = self._read_log()
        fates.tries = Counter(n for one in fates.invocations for n in one.sequence_numbers)
        done = (n for one in fates.invocations for n in one.done(self._reports_failures))
        fates.processed = set(done).intersection(fates.sent)
        fates.given_up = (fates.given_up | told) - fates.processed
        fates.filtered = self._count_filtered() if fates.pending else fates.filtered

    def _read_log(self) -> list[Invocation]:
        try:
            return self._logbook.read()
        except ClientError as error:  # its log group is made with its first line
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return []

    def _read_failures(self) -> set[int]:
        """Return the numbers of records that the mapping has told of since the last look."""
        found: set[int] = set()
        receive = self._sqs.receive_message
        while messages := receive(QueueUrl=self._place.failures, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                batch = json.loads(message["Body"])["KinesisBatchInfo"]
                first, last = int(batch["startSequenceNumber"]), int(batch["endSequenceNumber"])
                shard = batch["shardId"]
                batch_found = [
                    n for n in self._fates.sent if first <= n <= last and self._shards[n] == shard
                ]
                self._fates.batches_given_up.append(batch_found)
                found.update(batch_found)
                self._sqs.delete_message(
                    QueueUrl=self._place.failures, ReceiptHandle=message["ReceiptHandle"]
                )
        return found

    def _count_filtered(self) -> int:
        answer: Any = self._aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="FilteredOutEventCount",
            Dimensions=[{"Name": "EventSourceMappingUUID", "Value": self._place.mapping}],
            StartTime=self._since,
            EndTime=datetime.now(UTC) + timedelta(days=1),
            Period=7 * 24 * 3600,
            Statistics=["Sum"],
        )
        return int(sum(point["Sum"] for point in answer["Datapoints"]))
