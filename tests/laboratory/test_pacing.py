"""Sending on time, to a stream that refuses records and with a clock that tests set."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from workbook import producer
from workbook.laboratory import Workload, pacing


class Time:
    """The world's time, AWS's clock and its stream at once; time passes only in pauses.

    Args:
        refused: how many calls the stream refuses before it takes any.
    """

    def __init__(self, refused: int = 0) -> None:
        self.seconds = 0.0
        self.refused = refused
        self.taken: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    now = monotonic

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def client(self, service: str) -> Any:
        assert service == "kinesis"
        return self

    def put_records(self, StreamName: str, Records: list[Any]) -> dict[str, Any]:
        if self.refused:
            self.refused -= 1
            return {"Records": [{"ErrorCode": "Throttled"}] * len(Records)}
        self.taken += [self.seconds] * len(Records)
        answers = [{"ShardId": "0", "SequenceNumber": f"{n}"} for n in range(len(Records))]
        return {"Records": answers}


Send = Callable[..., Counter[int]]


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch) -> Send:
    """Send a workload by such a clock; return the refusals."""

    def send(time: Any, **workload: Any) -> Counter[int]:
        monkeypatch.setattr(pacing, "time", time)
        departures = Workload(**workload).departures()
        return pacing.send(time, "s", departures, sent=lambda count: None).refusals

    return send


def test_each_record_goes_when_it_is_due(send: Send) -> None:
    time = Time()
    assert not send(time, records=5, rate=2.0)
    assert time.taken[0] == 0
    gaps = [after - before for before, after in pairwise(time.taken)]
    assert gaps == pytest.approx([0.5] * 4, abs=2 * pacing.TICK_SECONDS)


def test_refused_records_go_again_and_are_counted(send: Send) -> None:
    time = Time(refused=2)
    assert send(time, records=3, rate=float("inf")) == {0: 2, 1: 2, 2: 2}
    assert len(time.taken) == 3


def test_a_stream_that_takes_nothing_is_given_up_after_a_minute(send: Send) -> None:
    time = Time(refused=1_000)
    with pytest.raises(producer.NotSentError, match="s did not accept 3 records"):
        send(time, records=3, rate=float("inf"))
    assert 60 < time.seconds < 60 + 2 * producer.LONGEST_PAUSE


def test_a_pause_of_the_workload_is_none_of_the_streams(send: Send) -> None:
    """Patience is for refusals: two minutes in which nothing was due do not count."""

    class RefusesTheSecondCall(Time):
        calls = 0

        def put_records(self, StreamName: str, Records: list[Any]) -> dict[str, Any]:
            self.calls += 1
            self.refused = int(self.calls == 2)
            return super().put_records(StreamName, Records)

    assert send(RefusesTheSecondCall(), records=2, rate=1 / 120) == {1: 1}
