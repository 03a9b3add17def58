"""Follow the records until each is done with: processed, given up, or filtered out.

A tumbling window's function writes when the window ends, so that its end is awaited too.
"""

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

LOADS = 2  # attempts to load a function, before it counts as impossible to load
LOOK_SECONDS = 0.25  # between reads
PATIENCE_SECONDS = 30.0  # without a change, after which the rest is pending


@dataclass
class Fates:
    """The fates of the records, by sequence number.

    Args:
        sent: the records' numbers, in the order of sending.
        tries: how often each record was passed to the function.
        processed: the records that Lambda regards as processed.
        given_up: the records that the mapping gave up.
        batches_given_up: the batches of the records given up.
        filtered: the number of records that a filter kept from the function.
        invocations: the invocations, in order of their start.
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
        """Return how many records were given up unreported, in batches with reported records."""
        last = {tuple(one.sequence_numbers): one.reported for one in self.invocations}
        reports = [(len(batch), last.get(tuple(batch), 0)) for batch in self.batches_given_up]
        return sum(size - reported for size, reported in reports if reported)

    @property
    def dragged(self) -> int:
        """Return how many processed records were passed to the function more than once."""
        return sum(self.tries[number] > 1 for number in self.processed)

    @property
    def pending(self) -> int:
        """Return how many records are not done with."""
        return len(self.sent) - len(self.processed) - len(self.given_up) - self.filtered


class Watch:
    """Reads a function's log, and the queue for records that its mapping gives up.

    Args:
        aws: the AWS that the function is in.
        place: the function and its surroundings.
        reports_failures: whether the mapping respects partial batch responses.
        fates: updated by each read.
        shards: the shard of each sequence number.
        has_filter: whether the mapping has a filter. Only then is it asked for what it filtered.
        has_limited_retries: whether the mapping gives up a record after a number of retries.
    """

    def __init__(
        self,
        aws: Aws,
        place: Place,
        reports_failures: bool,
        fates: Fates,
        shards: dict[int, str],
        has_filter: bool = False,
        has_limited_retries: bool = False,
    ) -> None:
        self._aws = aws
        self._place = place
        self._reports_failures = reports_failures
        self._fates = fates
        self._shards = shards
        self._has_filter = has_filter
        self._has_limited_retries = has_limited_retries
        self._logbook = Logbook(aws.client("logs"), place.log_group)
        self._sqs = aws.client("sqs")
        self._since = datetime.fromtimestamp(aws.now(), UTC) - timedelta(days=1)

    def wait(self, *, patience: float = PATIENCE_SECONDS, progress: bool = True) -> None:
        """Wait until all records are done with, or nothing has changed for a while.

        Interrupting it (Ctrl+C) ends the wait too, as does a function that cannot be loaded.

        Args:
            patience: for how many seconds without a change to keep waiting. A change is a record
                that is done with, or, if retries are limited, an invocation that has ended.
            progress: whether to show a bar.
        """
        fates = self._fates
        deadline = time.monotonic() + patience
        before = 0, 0
        total = len(fates.sent)
        with tqdm(desc="done with", total=total, unit=" records", disable=not progress) as bar:
            while True:
                try:
                    self._look()
                    bar.update(total - fates.pending - bar.n)
                    windows = self._logbook.open_windows
                    if fates.pending <= 0 and not windows:
                        return
                    if time.monotonic() > deadline or self._is_unloadable():
                        return
                    # Retries without limit are no progress: they may never end.
                    tries = self._logbook.ended if self._has_limited_retries else 0
                    if (fates.pending, tries) != before:
                        deadline = time.monotonic() + patience
                    before = fates.pending, tries
                    if windows and fates.pending <= 0:
                        bar.set_postfix_str(f"waiting for the end of {windows} windows")
                    time.sleep(LOOK_SECONDS)
                except KeyboardInterrupt:  # report what is known
                    return

    def _is_unloadable(self) -> bool:
        """Return whether every attempt to load the function failed, so that waiting is useless."""
        return not self._fates.invocations and self._logbook.ended >= LOADS

    def _look(self) -> None:
        fates = self._fates
        told = self._read_failures()  # before the log, which then contains their invocations
        fates.invocations = self._read_log()
        fates.tries = Counter(n for one in fates.invocations for n in one.sequence_numbers)
        done = (n for one in fates.invocations for n in one.done(self._reports_failures))
        fates.processed = set(done).intersection(fates.sent)
        fates.given_up = (fates.given_up | told) - fates.processed
        if self._has_filter and fates.pending:
            fates.filtered = self._count_filtered()

    def _read_log(self) -> list[Invocation]:
        try:
            return self._logbook.read()
        except ClientError as error:  # the first line creates the log group
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return []

    def _read_failures(self) -> set[int]:
        """Return the numbers of records that the mapping has given up since the last read."""
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
            EndTime=datetime.fromtimestamp(self._aws.now(), UTC) + timedelta(days=1),
            Period=7 * 24 * 3600,
            Statistics=["Sum"],
        )
        return int(sum(point["Sum"] for point in answer["Datapoints"]))
