"""Contests: the same work by several contenders, in turns, so that all have the same weather."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

OURS = "workbook"
PEER = "the fastest peer"


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Args:
        rounds: of each contest; the table has their medians.
        records: of a pipeline, and of reads and writes.
        many: records of the read and write at which growth would show.
        year: flights of a whole run; None for all of the year.
        calls: invocations, and single records whose way is timed.
        core: records that a handler alone gets in a round.
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
    """What was to be reached: a factor of another's figure, or without one a figure."""

    factor: float
    of: str | None = None


@dataclass(frozen=True)
class Contest:
    """One work and those who do it.

    Args:
        row: the group of works that it belongs to.
        work: what is done.
        unit: of the figures; what ends in ``/s`` is better when higher, all else when lower.
        peers: what others than the workbook bring; each call does the work once and returns its
            figure.
        ours: the same by the workbook.
        floor: the least that the work takes, and what that is.
        aims: what was to be reached.
    """

    row: str
    work: str
    unit: str
    ours: Callable[[], float]
    peers: Mapping[str, Callable[[], float]]
    floor: tuple[str, Callable[[], float]] | None = None
    aims: tuple[Aim, ...] = ()

    def run(self, rounds: int) -> "Result":
        """Let all do the work in turns; return every figure."""
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
        """Whether the figures are rates."""
        return self.contest.unit.endswith("/s")

    def median(self, name: str) -> float:
        """Return a contender's figure."""
        return statistics.median(self.figures[name])

    def kind(self, name: str) -> Literal["ours", "peer", "floor"]:
        """Return what a contender is."""
        if name == OURS:
            return "ours"
        return "peer" if name in self.contest.peers else "floor"

    def times_as_fast(self, name: str) -> float:
        """Return how many times as fast the workbook is as this contender."""
        ratio = self.median(OURS) / self.median(name)
        return ratio if self.higher_is_better else 1 / ratio

    def fastest_peer(self) -> str | None:
        """Return the name of the fastest of those that the workbook is compared with."""
        return min(self.contest.peers, key=self.times_as_fast, default=None)

    def reached(self) -> list[tuple[str, bool]]:
        """Return the aims in words, and whether they were reached; none of peers that are away."""
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
