"""Contests: contenders do the same work in turns, so that they meet the same conditions."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

OURS = "workbook"
PEER = "the fastest peer"


@dataclass(frozen=True)
class Sizes:
    """The amount of work to measure.

    Args:
        rounds: rounds of each contest; the table has the medians.
        records: records of a pipeline, and of reads and writes.
        many: records of the write and read that would reveal growth.
        year: flights of a whole run; None for the whole year.
        calls: invocations, and single records whose delay is measured.
        core: records for a handler alone in each round.
        clients: processes that put at the same time.
    """

    rounds: int
    records: int
    many: int
    year: int | None
    calls: int
    core: int
    clients: int


FULL = Sizes(rounds=5, records=10_000, many=1_000_000, year=None, calls=100, core=20_000, clients=8)
QUICK = Sizes(rounds=1, records=1_000, many=20_000, year=1_000, calls=5, core=1_000, clients=2)


@dataclass(frozen=True)
class Aim:
    """A target: a factor of another contender's figure, or a figure."""

    factor: float
    of: str | None = None


@dataclass(frozen=True)
class Contest:
    """A piece of work and its contenders.

    Args:
        row: the group of contests that it belongs to.
        work: the description of the work.
        unit: the unit of the figures; higher is better if it ends in ``/s``, otherwise lower.
        peers: contenders other than the workbook; each call does the work once and returns its
            figure.
        ours: the same for the workbook.
        floor: the minimum of the work, and what it consists of.
        aims: the targets.
    """

    row: str
    work: str
    unit: str
    ours: Callable[[], float]
    peers: Mapping[str, Callable[[], float]]
    floor: tuple[str, Callable[[], float]] | None = None
    aims: tuple[Aim, ...] = ()

    def run(self, rounds: int) -> "Result":
        """Let all contenders work in turns; return every figure."""
        contenders = {OURS: self.ours, **self.peers}
        if self.floor:
            contenders[self.floor[0]] = self.floor[1]
        figures: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, once in contenders.items():
                figures[name].append(once())
        return Result(self, figures)


@dataclass(frozen=True)
class Result:
    """A contest and the figures of each contender, round by round."""

    contest: Contest
    figures: Mapping[str, list[float]]

    @property
    def higher_is_better(self) -> bool:
        """Return whether the figures are rates."""
        return self.contest.unit.endswith("/s")

    def median(self, name: str) -> float:
        """Return a contender's median figure."""
        return statistics.median(self.figures[name])

    def kind(self, name: str) -> Literal["ours", "peer", "floor"]:
        """Return the kind of a contender."""
        if name == OURS:
            return "ours"
        return "peer" if name in self.contest.peers else "floor"

    def times_as_fast(self, name: str) -> float:
        """Return how many times as fast as a contender the workbook is."""
        ratio = self.median(OURS) / self.median(name)
        return ratio if self.higher_is_better else 1 / ratio

    def fastest_peer(self) -> str | None:
        """Return the name of the fastest peer."""
        return min(self.contest.peers, key=self.times_as_fast, default=None)

    def reached(self) -> list[tuple[str, bool]]:
        """Return the aims, and whether they were reached; omit aims about missing peers."""
        return [judged for aim in self.contest.aims if (judged := self._judge(aim)) is not None]

    def _judge(self, aim: Aim) -> tuple[str, bool] | None:
        if aim.of is None:
            ours = self.median(OURS)
            met = ours >= aim.factor if self.higher_is_better else ours <= aim.factor
            limit = "at least" if self.higher_is_better else "at most"
            return f"{limit} {aim.factor:,g} {self.contest.unit}", met
        other = self.fastest_peer() if aim.of == PEER else aim.of
        if other is None:
            return None
        met = self.times_as_fast(other) >= aim.factor
        return f"{aim.factor:.2g} times as fast as {aim.of}", met

    def __str__(self) -> str:
        figures = ", ".join(f"{name} {self.median(name):,.4g}" for name in self.figures)
        return f"{self.contest.row}: {self.contest.work}: {figures} {self.contest.unit}"
