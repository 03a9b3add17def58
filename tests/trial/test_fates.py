"""The fates of the records, from the log and the queue of failures."""

import json
from typing import Any, cast

from tests.laboratory.log_lines import Logs, begin, end, events, report, start
from workbook.target import Aws
from workbook.trial.fates import Fates, Watch
from workbook.trial.place import Place

SHARD = "shardId-000000000000"


class Late:
    """An AWS whose mapping retries and gives up while the trial reads.

    The last invocation ends just before its batch is given up, so it is in the log only once the
    failure is in the queue.
    """

    def __init__(self) -> None:
        first = events(start("r1"), begin("r1", [1, 2, 3]), end("r1", "2", reported=1))
        self.logs = Logs([*first, *events(report("r1"), first=100_100)])

    def now(self) -> float:
        return 0.0

    def client(self, service: str) -> Any:
        return self.logs if service == "logs" else self

    def receive_message(self, **request: Any) -> dict[str, Any]:
        if len(self.logs.events) > 4:
            return {}
        lines = (start("r2"), begin("r2", [2, 3]), end("r2", "2", reported=1), report("r2"))
        self.logs.events += events(*lines, first=200_000)
        batch = {"startSequenceNumber": "2", "endSequenceNumber": "3", "shardId": SHARD}
        body = json.dumps({"KinesisBatchInfo": batch})
        return {"Messages": [{"Body": body, "ReceiptHandle": "h"}]}

    def delete_message(self, **request: Any) -> None:
        """Do nothing."""


def test_a_batch_is_not_given_up_before_its_last_invocation_is_known() -> None:
    fates = Fates([1, 2, 3])
    place = Place("stream", "function", "mapping", "queue", "group")
    shards = dict.fromkeys(fates.sent, SHARD)
    Watch(cast(Aws, Late()), place, True, fates, shards).wait(progress=False)
    assert (fates.processed, fates.given_up) == ({1}, {2, 3})
    assert len(fates.invocations) == 2
    assert fates.unreported == 1
